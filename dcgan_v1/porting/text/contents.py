"""What a network's class holds, whatever framework it is written in."""

from collections.abc import Callable
from dataclasses import dataclass

from dcgan_v1.porting import description as d
from dcgan_v1.porting.reading.network_names import identifier, unused
from dcgan_v1.porting.text import names as naming
from dcgan_v1.porting.text.printing import ACTIVATIONS, Names, comment, inlined, used_next

TAKEN = ("F", "Training", "Adam", "Momentum", "BatchNorm", "Dropout", "Lstm")  # in a port
WIDTH = 92  # of a line in a method
DEEPEST = 4  # calls within each other on a line of a network
WITH_KERNELS = ("dense", "conv", "deconv")
SHAPES = ("reshape", "flatten")
BESIDE = ("concat", "beside_pixels")
HEADS = (*SHAPES, *BESIDE)  # what may stand before a layer on its line
POOLS = ("max_pool", "avg_pool")
NORMS = ("batch_norm", "layer_norm")
AFTER = (*NORMS, "leaky_relu", "dropout", *POOLS)  # and activations: follow on a layer's line


@dataclass(frozen=True)
class Contents:
    """What a network's class holds.

    Attributes:
      attributes: key of a layer -> attribute.
      layers: attribute -> its node.
      weights: variables that bodies use as they are.
    """

    attributes: dict[tuple[str, ...], str]
    layers: dict[str, d.Node]
    weights: tuple[str, ...]


def of(program: d.Program, network: d.Network) -> Contents:
    """Returns what a network's class holds."""
    attributes = naming.layers(network)
    layers: dict[str, d.Node] = {}
    weights: list[str] = []
    for node in nodes(network):
        key = naming.key_of(node)
        if key is not None:
            layers.setdefault(attributes[key], node)
        weights += [
            x.variable
            for x in node.inputs
            if isinstance(x, d.Weight) and x.variable in program.variables
        ]
    return Contents(attributes, layers, tuple(dict.fromkeys(weights)))


def nodes(network: d.Network) -> list[d.Node]:
    """Returns the nodes of all of a network's functions."""
    return [n for f in network.functions for n in d.walk(f.nodes)]


def class_name(network: d.Network) -> str:
    """Returns a network's class."""
    name = "".join(word.capitalize() for word in network.name.split("_") if word)
    return f"{name}Network" if name in TAKEN else name


def attribute_of(network: d.Network, variable: str) -> str:
    """Returns the attribute of a variable that a body uses as it is."""
    inner = variable.removeprefix(f"{network.scope}/") if network.scope else variable
    return identifier(inner.replace("/", "_"))


def sets(node: d.Node) -> int:
    """Returns how many pairs of averages a batch norm keeps."""
    return len(node.settings.get("averages", ()))


def has_sets(function: d.Function) -> bool:
    """Whether a batch norm in it has several pairs of averages."""
    return any(n.kind == "batch_norm" and sets(n) > 1 for n in d.walk(function.nodes))


def keeps_averages(function: d.Function) -> bool:
    """Whether there is a batch norm in it that keeps averages."""
    return any(n.kind == "batch_norm" and sets(n) for n in d.walk(function.nodes))


def calls(program: d.Program, network: d.Network) -> list[d.Node]:
    """Returns the calls of a network in a step."""
    every = (n for stage in program.stages for n in d.walk(stage.nodes))
    return [n for n in every if n.kind == "call" and n.settings["network"] == network.name]


def holds_averages(program: d.Program, network: d.Network) -> bool:
    """Whether a call of a network leaves averages as they are that another would move."""
    of_network = calls(program, network)
    holds = any(c.settings["training"] and not c.settings["moves"] for c in of_network)
    return holds and any(keeps_averages(f) for f in network.functions)


def is_penalised(program: d.Program, network: d.Network) -> bool:
    """Whether a loss holds a gradient through a network: its layers are differentiated twice."""
    every = (n for stage in program.stages for n in d.walk(stage.nodes) if n.kind == "gradient")
    called = (c for n in every for c in d.walk(n.body) if c.kind == "call")
    return any(c.settings["network"] == network.name for c in called)


def arguments(function: d.Function) -> dict[str, str]:
    """Returns value -> what the function's argument is called."""
    fixed: dict[str, str] = {}
    for value in function.inputs:
        fixed[value.name] = unused(value.name.partition(".")[0], fixed.values())
    return fixed


def body(
    function: d.Function,
    printer: Names,
    right: Callable[[d.Node], str],
    channels_first: bool = False,
) -> list[str]:
    """Returns the lines of a function: a layer with its norm and activation on a line, as far as
    that holds them, and the shape that the line makes, where it is not that of the line before.

    Args:
      function: of a network.
      printer: that knows what values are called.
      right: returns the right side of a node's line.
      channels_first: whether maps are [N, C, H, W] in the port.
    """
    outputs = [v.name for v in function.outputs]
    chained = _chained(function.nodes) - set(outputs)
    within = inlined(function.nodes, outputs, kinds=("op",)) - set(outputs)
    lines: list[tuple[str, str]] = []  # and the shape that each makes
    chain: list[d.Node] = []
    for node in function.nodes:
        if node.value.name in within:
            printer.waiting[node.value.name] = right(node)
            continue
        chain.append(node)
        if node.value.name not in chained:
            is_last = node is function.nodes[-1] and outputs == [node.value.name]
            lines += _lines(chain, printer, right, is_last, channels_first)
            chain = []
            if is_last:
                return _said_once(lines)
    results = ", ".join(printer.values[name] for name in outputs)
    return _said_once([*lines, (f"return {results}", "")])


def _lines(
    chain: list[d.Node],
    printer: Names,
    right: Callable[[d.Node], str],
    is_last: bool,
    channels_first: bool,
) -> list[tuple[str, str]]:
    """Returns a chain as one line, each node within the next, or as several where that is too
    long or too deep: what is put together before a layer comes first, else as many as fit."""

    def line(count: int) -> tuple[str, str]:
        for node in chain[: count - 1]:
            printer.waiting[node.value.name] = right(node)
        last = chain[count - 1]
        printer.waiting.pop(last.value.name, None)
        ends = is_last and count == len(chain)
        start = "return " if ends else f"{printer.made(last)} = "
        return start + right(last), comment(last.value, channels_first)

    most = min(len(chain), DEEPEST)
    fits = [n for n in range(most, 1, -1) if len("".join(line(n))) <= WIDTH]
    count = fits[0] if fits else 1
    heads = [i for i, node in enumerate(chain[:-1], 1) if node.kind in BESIDE]
    if count < len(chain) and heads:
        count = heads[0]
    first, rest = line(count), chain[count:]
    return [first, *(_lines(rest, printer, right, is_last, channels_first) if rest else [])]


def _said_once(lines: list[tuple[str, str]]) -> list[str]:
    """Returns lines with their shapes, but for what keeps the shape of the line before."""
    shapes = ["", *(said for _, said in lines)]
    return [
        line if said == last else line + said
        for (line, said), last in zip(lines, shapes, strict=False)
    ]


def _chained(nodes: tuple[d.Node, ...]) -> set[str]:
    """Returns the values that may stand within the next line: a layer's before its norm, its
    activation and its pooling; a reshape's before the layer, or after it where no other follows;
    what is put beside another before a layer that takes both."""
    names: set[str] = set()
    chain: list[str] = []  # kinds of what a line holds already
    pairs = list(used_next(nodes))
    for i, (name, node, following) in enumerate(pairs):
        chain.append(node.kind)
        has_layer = bool({*chain} & {*WITH_KERNELS, *NORMS})
        if following.kind in WITH_KERNELS:
            fits = set(chain) <= {*HEADS}
        elif following.kind in BESIDE:
            fits = set(chain) <= {*SHAPES}
        elif following.kind in SHAPES:
            ahead = pairs[i + 1 : i + 2]
            leads = any(alone and then.kind in (*WITH_KERNELS, *BESIDE) for alone, _, then in ahead)
            fits = has_layer and not leads
        else:
            fits = has_layer and following.kind in (*AFTER, *ACTIVATIONS)
        if name and fits and sum(kind not in HEADS for kind in chain) < DEEPEST:
            names.add(name)
        else:
            chain = []
    return names
