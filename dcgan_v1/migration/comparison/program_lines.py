"""What was read off a TF1 program, in lines that are printed before anything can fail."""

from dcgan_v1.migration.comparison.inputs.bindings import Bindings
from dcgan_v1.migration.records import Tf1Info


def of(old: Tf1Info, bound: Bindings) -> list[str]:
    """Returns what was read off the TF1 program, a line each.

    Args:
      old: what it says of itself.
      bound: which of its inputs the port's arguments are.
    """
    lines = inputs(old, bound)
    lines += [f"run {i + 1} of a step: {', '.join(run)}" for i, run in enumerate(old.runs)]
    for u in old.updates:
        losses = ", ".join(u.losses) or "not found"
        lines.append(f"update {u.name} ({u.kind}, {len(u.variables)} variables), of loss {losses}")
    return lines


def inputs(old: Tf1Info, bound: Bindings) -> list[str]:
    """Returns a line for each input and each draw of TF1's, with the argument that it is."""
    argument_of: dict[str, str] = {}
    for argument, name in bound.arguments.items():
        argument_of[name] = ", ".join(filter(None, [argument_of.get(name), argument]))
    lines = []
    for name, v in old.inputs.items():
        use = f" -> {argument_of[name]}" if name in argument_of else ""
        if name in old.switches:
            use = " (says the mode: true in training, false in inference)"
        elif old.updates and not v.is_of_step and not use:
            use = " (no training run needs it)"
        lines.append(f"input {name} {v.dtype} {v.shape}{use}")
    for name, v in old.random.items():
        use = f" -> {argument_of[name]}" if name in argument_of else ""
        if name in bound.dropouts:
            use = " -> the port's dropout layers"
        lines.append(f"drawn at random: {name} {v.shape}{use}")
    return lines
