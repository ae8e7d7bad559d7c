"""How the original fed each input of its step, as far as its graph or a recording tells.

The port's `train.py` goes by it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dcgan_v1.porting import description as d
from dcgan_v1.porting.reading import recorded_rows

PICTURES = (1, 3, 4)  # channels of a picture
BATCH = 64  # where nothing tells


@dataclass(frozen=True)
class Feed:
    """How an argument of the step is fed.

    Attributes:
      argument: its name.
      kind: 'images', 'labels' (numbers), 'one_hot' (rows of labels), 'uniform', 'normal' (noise),
        'number' (the same at every step); 'array' where nothing tells.
      shape: of one row; of 'number' the whole.
      low, high: limits of images and of uniform noise; of normal noise its mean and deviation;
        of a 'number' what it is.
      dtype: numpy's.
      told: whether a recording showed it, and nothing was assumed.
    """

    argument: str
    kind: str
    shape: tuple[int, ...]
    low: float = 0.0
    high: float = 1.0
    dtype: str = "float32"
    told: bool = False


@dataclass(frozen=True)
class Sampler:
    """How pictures are drawn.

    Attributes:
      network: the generator; function: of it that draws.
      feeds: for its inputs, in order.
      low, high: limits of what it draws.
      shape: of one picture, [H, W, C].
    """

    network: str
    function: str
    feeds: tuple[Feed, ...]
    low: float
    high: float
    shape: tuple[int, ...]


def of(program: d.Program, fed: Mapping[str, np.ndarray]) -> tuple[Feed, ...]:
    """Returns how a step's inputs are fed.

    Args:
      program: what is written.
      fed: TF1's input -> arrays [steps, ...] of a recording, or nothing.
    """
    sampler = _generated(program)
    return tuple(_feed(node, fed.get(node.ops[0]), sampler) for node in program.inputs)


def batch_size(program: d.Program, fed: Mapping[str, np.ndarray]) -> int:
    """Returns how many rows the original's batches have."""
    for node in program.inputs:
        shape = node.value.shape or ()
        recorded = fed.get(node.ops[0])
        if len(shape) > 1:
            if shape[0]:
                return shape[0]
            if recorded is not None and recorded.ndim > 2:
                return int(recorded.shape[1])
    return BATCH


def _feed(node: d.Node, recorded: np.ndarray | None, drawn: "_Drawn | None") -> Feed:
    value = node.value
    name = value.name.partition(".")[0]
    full = tuple(value.shape or ()) if recorded is None else recorded.shape[1:]
    row = tuple(int(n or 1) for n in full[1:])
    told = recorded is not None
    dtype = "float32" if value.dtype == "float64" else value.dtype
    if not full:
        number, is_one = 1.0, False
        if recorded is not None:
            number = float(recorded.flat[0])
            is_one = bool((recorded == recorded.flat[0]).all())  # else it changes by steps
        return Feed(name, "number", (), number, number, dtype, is_one)
    if not dtype.startswith("float"):
        kind = "labels" if len(full) == 1 and dtype.startswith("int") else "images"
        return Feed(name, kind if len(full) in (1, 4) else "array", row, 0.0, 255.0, dtype, told)
    is_row_of_labels = len(row) == 1 and recorded_rows.are_labels(name, recorded)
    if is_row_of_labels and (told or not _is_pictures(row, drawn)):
        return Feed(name, "one_hot", row, dtype=dtype, told=told)
    is_flat = drawn is None and recorded_rows.are_flat_pictures(row, recorded)
    if (is_flat or _is_pictures(row, drawn)) and not recorded_rows.is_scaled_otherwise(recorded):
        low, high = _limits(recorded, drawn)
        return Feed(name, "images", row, low, high, dtype, told)
    noise = drawn.noise if drawn else frozenset()
    if node.ops[0].partition("@")[0] in noise:  # or what a later run has of it
        return _noise(name, row, recorded, dtype)
    return Feed(name, "array", row, dtype=dtype, told=told)


def _is_pictures(row: tuple[int, ...], drawn: "_Drawn | None") -> bool:
    if drawn is not None and np.prod(row) == np.prod(drawn.shape):
        return True
    return len(row) == 3 and row[-1] in PICTURES and row[0] > 1


def _limits(recorded: np.ndarray | None, drawn: "_Drawn | None") -> tuple[float, float]:
    if recorded is not None:
        low, high = float(recorded.min()), float(recorded.max())
        return (-1.0, 1.0) if low < -1e-3 else (0.0, 255.0 if high > 1.5 else 1.0)
    return (drawn.low, drawn.high) if drawn else (0.0, 1.0)


def _noise(name: str, row: tuple[int, ...], recorded: np.ndarray | None, dtype: str) -> Feed:
    """Noise of a recording is uniform where it has the limits and the spread of that."""
    if recorded is None:
        return Feed(name, "uniform", row, -1.0, 1.0, dtype)
    for low, high in ((-1.0, 1.0), (0.0, 1.0)):
        is_inside = recorded.min() >= low and recorded.max() <= high
        spread = (high - low) / 12**0.5
        if is_inside and abs(recorded.std() - spread) < 0.1 * spread:
            return Feed(name, "uniform", row, low, high, dtype, told=True)
    mean, deviation = float(recorded.mean()), float(recorded.std())
    error = 4 * deviation / recorded.size**0.5
    mean = 0.0 if abs(mean) < error else round(mean, 3)
    deviation = 1.0 if abs(deviation - 1) < error else round(deviation, 3)
    return Feed(name, "normal", row, mean, deviation, dtype, told=True)


# ---- the generator ----


@dataclass(frozen=True)
class _Drawn:
    """What a program's generator draws, and TF1's inputs that are its noise."""

    network: str
    shape: tuple[int, ...]
    low: float
    high: float
    noise: frozenset[str]
    call: d.Node


def _generated(program: d.Program) -> _Drawn | None:
    """The first network that makes what another one is given, or more numbers than it takes."""
    nodes = [n for s in program.stages for n in d.walk(s.nodes)]
    by_value = {v.name: n for n in nodes for v in n.values}
    calls = [n for n in nodes if n.kind == "call"]
    for call in calls:
        shape = tuple(n or 1 for n in (call.value.shape or ())[1:])
        names = _sources(call.inputs, by_value)
        sizes = [int(np.prod([n or 1 for n in (v.shape or ())[1:]])) for v in names]
        is_noise = bool(names) and all(_is_vector(v) for v in names)
        goes_on = any(call is not other and _leads(call, other.inputs, by_value) for other in calls)
        if not (shape and goes_on and is_noise and int(np.prod(shape)) > max(sizes)):
            continue
        low, high = _end(program, call)
        fed = {n.value: n.ops[0] for n in program.inputs}
        noise = frozenset(fed[v].partition("@")[0] for v in names if v in fed)
        return _Drawn(call.settings["network"], shape, low, high, noise, call)
    return None


def _is_vector(v: d.Value) -> bool:
    """Whether a row has one axis that is longer than 1: [N, 100], [N, 1, 1, 100]."""
    return v.shape is not None and sum((n or 1) > 1 for n in v.shape[1:]) <= 1 < len(v.shape)


def _sources(inputs: tuple[d.Operand, ...], by_value: Mapping[str, d.Node]) -> list[d.Value]:
    """The inputs and draws that operands are made of."""
    result: list[d.Value] = []
    for x in inputs:
        if not isinstance(x, d.Value):
            continue
        node = by_value.get(x.name)
        if node is None or node.kind in ("input", "draw"):
            result.append(x)
        else:
            result += _sources(node.inputs, by_value)
    return result


def _leads(call: d.Node, inputs: tuple[d.Operand, ...], by_value: Mapping[str, d.Node]) -> bool:
    for x in inputs:
        node = by_value.get(x.name) if isinstance(x, d.Value) else None
        if node is call or (node is not None and _leads(call, node.inputs, by_value)):
            return True
    return False


def _end(program: d.Program, call: d.Node) -> tuple[float, float]:
    """The limits of a network's output, by its last activation."""
    network = next(n for n in program.networks if n.name == call.settings["network"])
    function = next(f for f in network.functions if f.name == call.settings["function"])
    kinds = [n.kind for n in function.nodes if n.kind in ("tanh", "sigmoid")]
    return (0.0, 1.0) if kinds[-1:] == ["sigmoid"] else (-1.0, 1.0)


def sampler(program: d.Program, feeds: tuple[Feed, ...]) -> Sampler | None:
    """Returns how the generator draws pictures; None where there is none, or where it is given
    what nobody can make without the step.

    Args:
      program: what is written.
      feeds: of its step.
    """
    drawn = _generated(program)
    if drawn is None:
        return None
    side = round(float(np.prod(drawn.shape)) ** 0.5)
    shape = drawn.shape
    if len(shape) == 1 and side * side == shape[0]:
        shape = (side, side, 1)
    if len(shape) != 3 or shape[-1] not in PICTURES:
        return None
    nodes = {v.name: n for s in program.stages for n in d.walk(s.nodes) for v in n.values}
    by_argument = {f.argument: f for f in feeds}
    own = []
    for x in drawn.call.inputs:
        if not isinstance(x, d.Value):
            return None
        known = by_argument.get(x.name.partition(".")[0]) if x.name not in nodes else None
        feed = known or _drawn_in_graph(x, nodes)
        if feed is None:
            return None
        own.append(feed)
    function = drawn.call.settings["function"]
    return Sampler(drawn.network, function, tuple(own), drawn.low, drawn.high, shape)


def _drawn_in_graph(x: d.Value, nodes: Mapping[str, d.Node]) -> Feed | None:
    """Noise that the graph draws, scaled and shifted."""
    scale, shift = 1.0, 0.0
    value, row = x, tuple(int(n or 1) for n in (x.shape or ())[1:])
    while (node := nodes.get(value.name)) is not None and node.kind == "op":
        numbers = [i.number for i in node.inputs if isinstance(i, d.Constant)]
        values = [i for i in node.inputs if isinstance(i, d.Value)]
        type_ = node.settings["type"]
        if len(values) != 1 or len(numbers) != 1 or numbers[0] is None:
            return None
        if type_ == "Mul":
            scale *= numbers[0]
        elif type_ in ("Add", "AddV2"):
            shift += scale * numbers[0]
        else:
            return None
        value = values[0]
    if node is None or node.kind != "draw":
        return None
    if node.settings["type"] == "RandomUniform":
        return Feed("", "uniform", row, shift, shift + scale)
    return Feed("", "normal", row, shift, scale)
