"""How the original fed each input of its step, as far as its graph or a recording tells.

The port's `train.py` goes by it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dcgan_v1.porting import description as d
from dcgan_v1.porting.reading import generated, recorded_rows

PICTURES = (1, 3, 4)  # channels of a picture
BATCH = 64  # where nothing tells


@dataclass(frozen=True)
class Feed:
    """How an argument of the step is fed.

    Attributes:
      argument: its name.
      kind: 'images', 'labels' (numbers), 'one_hot' (rows of labels), 'uniform', 'normal' (noise),
        'number', 'constant' (rows; both the same at every step); 'array' where nothing tells.
      shape: of one row; of 'number' the whole.
      low, high: limits of images and of uniform noise; of normal noise its mean and deviation;
        of a 'number' what it is; of a 'constant' its rows, each of them as often, and how many
        batches they are of (0: none).
      dtype: numpy's.
      told: whether a recording showed it, and nothing was assumed.
      note: what the recording shows that the port's train.py does not do.
    """

    argument: str
    kind: str
    shape: tuple[int, ...]
    low: Any = 0.0
    high: float = 1.0
    dtype: str = "float32"
    told: bool = False
    note: str = ""


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
    sampler, batch = generated.of(program), batch_size(program, fed)
    large = [a for a in fed.values() if np.prod(a.shape[2:]) >= recorded_rows.SMALLEST**2]
    is_new = not any((a == a[0]).all() for a in large)
    feeds = []
    for node in program.inputs:
        recorded = fed.get(node.ops[0])
        kept = _kept(node, recorded, batch, is_new)
        feeds.append(kept or _rows_noted(_feed(node, recorded, sampler), recorded, batch))
    return tuple(feeds)


def _kept(node: d.Node, recorded: np.ndarray | None, batch: int, is_new: bool) -> Feed | None:
    """Rows that are the same at every step."""
    if recorded is None or recorded.ndim < 2:
        return None
    kept = recorded_rows.kept_rows(recorded.astype(_dtype(node)), batch, is_new)
    if kept is None:
        return None
    return Feed(_name(node), "constant", recorded.shape[2:], *kept, _dtype(node), told=True)


def _rows_noted(feed: Feed, recorded: np.ndarray | None, batch: int) -> Feed:
    """What has other rows than a batch is none of the data's, nor noise that goes with it."""
    if recorded is None or recorded.ndim < 2 or recorded.shape[1] == batch:
        return feed
    why = f"{feed.argument} has {recorded.shape[1]} rows a step in the recording, a batch {batch}"
    kind = "array" if feed.kind == "labels" else feed.kind
    return replace(feed, kind=kind, note=feed.note or why)


def notes(feeds: tuple[Feed, ...]) -> tuple[str, ...]:
    """Returns what a recording shows that the port's train.py does not do, a sentence each."""
    given = "give it with --data, or work it out in train.py"
    return tuple(
        f"{f.note}: {given if f.kind == 'array' else 'work it out in train.py'}"
        for f in feeds
        if f.note
    )


def _name(node: d.Node) -> str:
    return node.value.name.partition(".")[0]


def _dtype(node: d.Node) -> str:
    return "float32" if node.value.dtype == "float64" else node.value.dtype


def batch_size(program: d.Program, fed: Mapping[str, np.ndarray]) -> int:
    """Returns how many rows the original's batches have."""

    def rank(node: d.Node) -> int:
        recorded = fed.get(node.ops[0])
        return len(node.value.shape or ()) if recorded is None else recorded.ndim - 1

    for node in sorted(program.inputs, key=rank, reverse=True):  # pictures first
        shape = node.value.shape or ()
        recorded = fed.get(node.ops[0])
        if len(shape) > 1:
            if shape[0]:
                return shape[0]
            if recorded is not None and recorded.ndim > 2:
                return int(recorded.shape[1])
    return BATCH


def _feed(node: d.Node, recorded: np.ndarray | None, drawn: generated.Drawn | None) -> Feed:
    value = node.value
    name, dtype = _name(node), _dtype(node)
    full = tuple(value.shape or ()) if recorded is None else recorded.shape[1:]
    row = tuple(int(n or 1) for n in full[1:])
    told = recorded is not None
    if not full:
        return _number(name, recorded, dtype)
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


def _number(name: str, recorded: np.ndarray | None, dtype: str) -> Feed:
    if recorded is None:
        return Feed(name, "number", (), 1.0, 1.0, dtype)
    number, note = float(recorded.flat[0]), ""
    if not (recorded == recorded.flat[0]).all():
        values = ", ".join(f"{float(x):.5g}" for x in recorded.flat[:3])
        note = f"{name} changes from step to step in the recording ({values}), and stays here"
    return Feed(name, "number", (), number, number, dtype, told=True, note=note)


def _is_pictures(row: tuple[int, ...], drawn: generated.Drawn | None) -> bool:
    if drawn is not None and np.prod(row) == np.prod(drawn.shape):
        return True
    return len(row) == 3 and row[-1] in PICTURES and row[0] > 1


def _limits(recorded: np.ndarray | None, drawn: generated.Drawn | None) -> tuple[float, float]:
    if recorded is not None:
        low, high = float(recorded.min()), float(recorded.max())
        if -0.501 < low < -0.4 and high < 0.501:
            return -0.5, 0.5
        return (-1.0, 1.0) if low < -1e-3 else (0.0, 255.0 if high > 1.5 else 1.0)
    return (drawn.low, drawn.high) if drawn else (0.0, 1.0)


def _noise(name: str, row: tuple[int, ...], recorded: np.ndarray | None, dtype: str) -> Feed:
    """Noise of a recording is uniform where it has the limits and the spread of that."""
    if recorded is None:
        return Feed(name, "uniform", row, -1.0, 1.0, dtype)
    if why := recorded_rows.why_no_noise(recorded):
        return Feed(name, "array", row, dtype=dtype, told=True, note=f"{name} is no noise: {why}")
    for low, high in ((-1.0, 1.0), (0.0, 1.0), (-0.5, 0.5)):
        is_inside = recorded.min() >= low and recorded.max() <= high
        spread = (high - low) / 12**0.5
        if is_inside and abs(recorded.std() - spread) < 0.1 * spread:
            return Feed(name, "uniform", row, low, high, dtype, told=True)
    if recorded_rows.is_bounded(recorded):
        why = f"{name} is noise neither normal nor of limits that are known"
        return Feed(name, "array", row, dtype=dtype, told=True, note=why)
    mean, deviation = float(recorded.mean()), float(recorded.std())
    error = 4 * deviation / recorded.size**0.5
    mean = 0.0 if abs(mean) < error else round(mean, 3)
    deviation = 1.0 if abs(deviation - 1) < error else round(deviation, 3)
    return Feed(name, "normal", row, mean, deviation, dtype, told=True)


def sampler(program: d.Program, feeds: tuple[Feed, ...]) -> Sampler | None:
    """Returns how the generator draws pictures; None where there is none, or where it is given
    what nobody can make without the step.

    Args:
      program: what is written.
      feeds: of its step.
    """
    drawn = generated.of(program)
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
        if feed is None or feed.kind in ("array", "constant"):
            return None
        own.append(feed)
    function = drawn.call.settings["function"]
    limits = drawn.low, drawn.high
    if not drawn.is_limited:  # BEGAN's are as the pictures that it is fed
        limits = next(((f.low, f.high) for f in feeds if f.kind == "images" and f.told), limits)
    return Sampler(drawn.network, function, tuple(own), *limits, shape)


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
