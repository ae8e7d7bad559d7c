"""Python names for values: `h` again and again down a chain, another where two are alive."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from dcgan_v1.porting import description as d
from dcgan_v1.porting.reading.network_names import identifier
from dcgan_v1.porting.text.printing import of_shapes

TAKEN = (  # attributes that models of the frameworks have
    *("input", "output", "name", "layers", "weights", "variables", "metrics", "losses"),
    *("dtype", "path", "call", "build", "training", "modules", "parameters", "forward"),
    *("train", "eval", "type", "float", "double", "half", "to", "apply", "children", "buffers"),
    *("submodules", "trainable_variables", "optimizer", "compile", "fit", "save", "summary"),
)
SCALED = ("Add", "AddV2", "Sub", "Mul", "Div", "RealDiv")
NOISE = ("z", "random_normal", "random_uniform", "truncated_normal")  # how names of it begin

PART = re.compile(  # of a layer, with the layer's number, and TF1's own where it is there twice
    r"(?:(?:d|dis|disc|g|gen)_)?(?:w|weights?|kernel|matrix|b|bias|beta|gamma)_?(\d*)(?:_\d+)?",
    re.IGNORECASE,
)


def allocate(
    nodes: Sequence[d.Node],
    fixed: dict[str, str],
    kept: Collection[str] = (),
    wished: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Returns value -> name.

    Args:
      nodes: of a body, in order.
      fixed: names that are settled: of inputs.
      kept: values that are needed after the body.
      wished: value -> name that it should have.
    """
    order = list(d.walk(tuple(nodes)))
    uses = Counter(x.name for node in order for x in node.inputs if isinstance(x, d.Value))
    last: dict[str, int] = {name: len(order) + 1 for name in kept}
    for i, node in enumerate(order):
        for x in node.inputs:
            if isinstance(x, d.Value):
                last[x.name] = max(last.get(x.name, 0), i)
    shapes = of_shapes(nodes)
    for node in reversed(order):  # what is said of a shape stands where it is used
        for x in node.inputs:
            if node.value.name in shapes and isinstance(x, d.Value):
                last[x.name] = max(last[x.name], last.get(node.value.name, 0))
    origins = _origins(order, fixed)
    names = dict(fixed)
    live = {name: value for value, name in fixed.items()}
    for i, node in enumerate(order):
        for value in node.values:
            if value.name in names:
                continue
            rows = _rows_of_maps(node, value)
            if rows in fixed and uses[rows] == 1 and rows not in kept:
                names[value.name] = fixed[rows]  # z = tf.reshape(z, [-1, 1, 1, 100])
                live[fixed[rows]] = value.name
                continue
            said = names | origins
            stem = (wished or {}).get(value.name, "") or _stem_of(node, value, said, fixed)
            name, number = stem, 1
            between = "_" if stem[-1].isdigit() else ""  # on_input_1_2, h2
            while (name in live and last.get(live[name], -1) > i) or name in fixed.values():
                number += 1
                name = f"{stem}{between}{number}"
            names[value.name] = name
            live[name] = value.name
    return names


def _stem_of(
    node: d.Node, value: d.Value, names: Mapping[str, str], fixed: Mapping[str, str]
) -> str:
    """What a value is called: the result of a network after what it was given, labels as a map
    after the labels."""
    inputs = [x for x in node.inputs if isinstance(x, d.Value)]
    if (rows := _of_one_pixel(node, value)) in fixed:
        return f"{fixed[rows]}_map"
    if node.kind == "call" and inputs:
        of = names[max(inputs, key=lambda x: len(x.shape or ())).name]
        if of.startswith("on_"):
            return f"{node.settings['network']}_{of}"
        return "fake" if of.startswith(NOISE) or "noise" in of else f"on_{of}"
    if node.kind in d.LOSSES and inputs:
        of = names[inputs[-1].name]  # the logits
        made, on, whose = of.rpartition("on_")
        return f"loss_on_{whose}" if on and made[-1:] in ("", "_") else "loss"
    return value.name.partition(".")[0]


def _origins(order: Sequence[d.Node], fixed: Mapping[str, str]) -> dict[str, str]:
    """Returns value -> the input or draw that it is, scaled, shifted or reshaped alone."""
    origins = dict(fixed)
    for node in order:
        inputs = [x for x in node.inputs if isinstance(x, d.Value)]
        is_same = node.kind == "reshape" or node.settings.get("type") in SCALED
        if node.kind == "draw":
            origins[node.value.name] = _of_draw(node, fixed)
        elif is_same and len(inputs) == 1 and inputs[0].name in origins:
            origins[node.value.name] = origins[inputs[0].name]
    return origins


def _of_draw(node: d.Node, fixed: Mapping[str, str]) -> str:
    argument = node.settings.get("argument")
    return fixed.get(argument.name, "noise") if isinstance(argument, d.Value) else "noise"


def _rows_of_maps(node: d.Node, value: d.Value) -> str:
    """The value of rows that a node reshapes into maps, '' where it does something else."""
    x = node.inputs[0] if node.inputs else None
    is_reshape = node.kind == "reshape" and len(value.shape or ()) == 4
    return x.name if is_reshape and isinstance(x, d.Value) and len(x.shape or ()) == 2 else ""


def _of_one_pixel(node: d.Node, value: d.Value) -> str:
    """The value that a node reshapes into maps of one pixel, '' where it does something else."""
    is_map = node.kind == "reshape" and (value.shape or ())[1:3] == (1, 1)
    return node.inputs[0].name if is_map and isinstance(node.inputs[0], d.Value) else ""


def layers(network: d.Network) -> dict[tuple[str, ...], str]:
    """Returns key of a layer (its variables, or its node's op) -> attribute."""
    names: dict[tuple[str, ...], str] = {}
    counts: dict[str, int] = {}
    for function in network.functions:
        for node in d.walk(function.nodes):
            key = key_of(node)
            if key is None or key in names:
                continue
            stem = _stem(node, network.scope)
            counts[stem] = counts.get(stem, 0) + 1
            names[key] = stem if counts[stem] == 1 else f"{stem}_{counts[stem]}"
    return names


def key_of(node: d.Node) -> tuple[str, ...] | None:
    """Returns what makes a node a layer of its own, None where it is none."""
    own = {p: v for p, v in node.variables.items() if p not in ("mean", "variance")}
    if own:
        return tuple(own.values())
    if "mean" in node.variables:
        return "mean", node.variables["mean"]
    if node.kind in ("dropout", "batch_norm"):
        return (node.kind, *node.ops)
    return None


def _stem(node: d.Node, scope: str) -> str:
    if "attribute" in node.settings:  # a map's
        return str(node.settings["attribute"])
    if not node.variables:
        return node.kind
    variable = next(iter(node.variables.values()))
    inner = variable.removeprefix(f"{scope}/") if scope else variable
    path, _, last = inner.rpartition("/")
    if not path and re.fullmatch(r"Variable(_\d+)?", last):  # TF1's own name for what has none
        return node.kind
    if not path and (part := PART.fullmatch(last)):  # g_w2: a part's name, and no layer's
        return f"{node.kind}{part[1]}"
    name = identifier("_".join(_said_once(path.split("/"))) if path else last)
    return f"{name}_" if name in TAKEN else name


def _said_once(scopes: list[str]) -> list[str]:
    """Scopes without those that say again what the one before ends with: of
    flatten_fully_connected_1/fully_connected the first."""
    kept = scopes[:1]
    for scope in scopes[1:]:
        before = re.sub(r"_\d+$", "", kept[-1])
        if not before.lower().endswith(f"_{scope.lower()}"):
            kept.append(scope)
    return kept
