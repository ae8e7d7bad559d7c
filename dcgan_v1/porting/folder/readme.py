"""README.md of a port: where it came from, what was read off, what is spelled out and why."""

from collections import Counter
from collections.abc import Iterable
from importlib import metadata

from dcgan_v1.porting import description as d
from dcgan_v1.porting.folder import templates
from dcgan_v1.porting.reading import rows_beside
from dcgan_v1.porting.targets import TARGETS
from dcgan_v1.porting.text import contents, imports

FRAMEWORKS = {"keras": "Keras", "torch": "PyTorch", "tf2": "TensorFlow 2"}
PACKAGES = {"keras": "keras", "torch": "torch", "tf2": "tensorflow"}  # where versions are asked
WIDTH = 100  # of a line
LOADING = {
    "keras": 'training.{network}.load_weights("weights/{network}.weights.h5")',
    "tf2": (
        'tf.train.Checkpoint({network}=training.{network}).read("weights/checkpoint")'
        ".expect_partial()"
    ),
    "torch": (
        'training.{network}.load_state_dict(torch.load("weights/checkpoint.pt")["{network}"])'
    ),
}


def text(
    program: d.Program,
    to: str,
    *,
    name: str,
    folder: str,
    verdict: str,
    lacking: Iterable[str],
    weights: bool,
    meta: str,
) -> str:
    """Returns the file.

    Args:
      program: what is written; to: the framework.
      name: of the original; folder: of the port.
      verdict: of the comparison, or why there is none.
      lacking: what own_layers.py holds.
      weights: whether the port has its weights.
      meta: path of the original's graph.
    """
    plain = name.rpartition("/")[2]
    first, *more = verdict.splitlines() or [""]
    notes = "".join(f"\n- {line.strip()}" for line in more)
    step = ", ".join(f"`{o.name}`" for o in program.optimizers)
    inputs = [n.value.name.partition(".")[0] for n in program.inputs]
    load = "\n".join(LOADING[to].format(network=n.name) for n in program.networks)
    taken = imports.lines(load, {}) if weights else []
    return templates.get("readme.md.j2").render(
        name=plain,
        original=f"`{name}`",
        framework=FRAMEWORKS[to],
        version=metadata.version(PACKAGES[to]),
        verdict=f"{first}\n{notes}" if notes else first,
        networks=", ".join(f"`{n.name}`" for n in program.networks),
        lacking=", ".join(f"`{name}`" for name in lacking),
        optimizers=f"the losses, the optimisers {step}",
        stages=program.stages,
        weights=(", slots and step with them" if program.optimizers else "") if weights else None,
        lines=list(_lines(program)),
        spelled=list(_spelled(program, to)),
        left_out=program.left_out,
        folder=folder,
        meta=meta,
        load=load,
        imports=[*taken, ""] if taken else [],
        step=_called("losses = training.train_step", inputs),
    )


def _called(start: str, words: list[str]) -> str:
    """Returns a call as ruff formats it: on a line, or on lines where it is too long."""
    line = f"{start}({', '.join(words)})"
    if len(line) <= WIDTH:
        return line
    inner = f"    {', '.join(words)}"
    inner = inner if len(inner) <= WIDTH else "\n".join(f"    {word}," for word in words)
    return f"{start}(\n{inner}\n)"


def _lines(program: d.Program) -> list[str]:
    calls = Counter(
        n.settings["network"]
        for nodes in (*(s.nodes for s in program.stages), program.forward)
        for n in d.walk(nodes)
        if n.kind == "call"
    )
    lines = []
    for network in program.networks:
        layers = [n for f in network.functions[:1] for n in f.nodes if n.kind in d.LAYERS]
        scope = f", scope `{network.scope}`" if network.scope else ""
        times = calls[network.name]
        lines.append(
            f"network `{network.name}`{scope}: {len(layers)} layers, "
            f"{len(network.variables)} variables, called {times} time{'' if times == 1 else 's'}"
        )
    for o in program.optimizers:
        numbers = ", ".join(f"{k} {v}" for k, v in o.settings.items() if v is not False)
        more = f", {o.schedule[0]} schedule {o.schedule[1]}" if o.schedule else ""
        lines.append(f"optimiser `{o.name}` (`{o.tf1}`): {o.kind}, {numbers}{more}")
    for number in sorted({s.run for s in program.stages}):
        effects = [e for s in program.stages if s.run == number for e in s.effects]
        kinds = Counter(f"{e.kind} of {e.optimizer}" if e.optimizer else e.kind for e in effects)
        what = ", ".join(f"{k}" + (f" ({n})" if n > 1 else "") for k, n in kinds.items())
        lines.append(f"session run {number + 1} of a step: {what}")
    named = [*((n, "fed") for n in program.inputs), *((n, "drawn") for n in program.draws)]
    for node, how in named:
        word = node.value.name.partition(".")[0]
        shape = ", ".join("N" if n is None else str(n) for n in node.value.shape or ())
        lines.append(f"`{word}` (`{node.ops[0]}`): {how}, [{shape}] {node.value.dtype}")
    return lines


def _spelled(program: d.Program, to: str) -> list[str]:
    places = [(n.name, f.nodes) for n in program.networks for f in n.functions]
    places += [("the step", s.nodes) for s in program.stages]
    lines = []
    for place, nodes in places:
        ops = [n for n in d.walk(nodes) if n.kind == "op" and not _is_sum_of_losses(n)]
        counted = Counter(n.settings["type"] for n in ops)
        if counted:
            kinds = ", ".join(f"{k} ({n})" if n > 1 else k for k, n in counted.items())
            own = f"arithmetic that is no layer or loss of {FRAMEWORKS[to]}"
            lines.append(f"{place}: {kinds}: {own}")
    if any("form" in n.settings for _, nodes in places for n in d.walk(nodes)):
        lines.append("leaky ReLU: its derivative at 0 is not the slope, as the framework's is")
    if any(n.kind == rows_beside.KIND for _, nodes in places for n in d.walk(nodes)):
        lines.append("rows beside each pixel of maps: TF1 multiplies them with ones")
    lines += _spelled_norms(program, to)
    lines += _spelled_layer_norms(program, to)
    return list(dict.fromkeys(lines))


def _is_sum_of_losses(node: d.Node) -> bool:
    """Whether an op adds numbers, as whoever writes a loss of two parts does."""
    is_sum = node.settings["type"] in ("Add", "AddV2", "AddN")
    return is_sum and all(isinstance(x, d.Value) and x.shape == () for x in node.inputs)


def _spelled_layer_norms(program: d.Program, to: str) -> list[str]:
    """Why there are layer norms that are a class of the port's."""
    norms = [(w, n) for w in program.networks for n in contents.nodes(w) if n.kind == "layer_norm"]
    if norms and to == "tf2":
        return ["layer norm: a tf.Module has no layer for it"]
    if all(TARGETS[to].has_layer_norm(program, w, n) for w, n in norms):
        return []
    what = "holds no gradient back" if to == "torch" else "holds a gradient back"
    return [f"layer norm in a penalty, a few lines: {FRAMEWORKS[to]}'s {what}, unlike TF1's"]


def _spelled_norms(program: d.Program, to: str) -> list[str]:
    """Why there are batch norms that are a class of the port's."""
    placed = [
        (w, n)
        for w in program.networks
        for n in contents.nodes(w)
        if n.kind == "batch_norm" and not TARGETS[to].has_norm(program, w, n)
    ]
    norms = [n for _, n in placed]
    lines = []
    if norms and to == "tf2":
        lines.append("batch norm: a tf.Module has no layer for it")
    if any(contents.holds_averages(program, w) for w, _ in placed):
        lines.append("batch norm, a few lines: TF1 moves its averages in some calls alone")
    if to != "tf2" and any(not contents.sets(n) for n in norms):
        lines.append("batch norm by the batch alone: TF1 moved no averages")
    for fused, follows in ((True, "unbiased"), (False, "biased")):
        if any(n.settings["fused"] == fused and contents.sets(n) for n in norms):
            kind = "fused batch norm" if fused else "batch norm"
            lines.append(f"{kind}: its averages follow the {follows} variance")
    if to == "torch" and any(len(n.variables.keys() & {"gamma", "beta"}) == 1 for n in norms):
        lines.append("batch norm with one of gamma and beta: PyTorch's has both or none")
    if any(contents.sets(n) > 1 for n in norms):
        lines.append("batch norm with several pairs of averages: TF1 keeps reals and fakes apart")
    return lines
