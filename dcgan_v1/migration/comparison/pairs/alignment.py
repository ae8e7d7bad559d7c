"""Pairs the port's layers with TF1's ops by their values, or by the variables that they read.

Pure numpy.

An order alone pairs nothing: a layer whose equal is not there stands beside an op of the same
network, made of the same variables, or beside none. Ops after a network's last weights may be its
end or a part of a loss, and pair by value alone.
"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from dcgan_v1.migration.comparison.evidence import OUTPUT, Aligned
from dcgan_v1.migration.comparison.pairs import joined_batches
from dcgan_v1.migration.comparison.pairs.functions import FUNCTIONS
from dcgan_v1.migration.comparison.pairs.joined_batches import Part
from dcgan_v1.migration.comparison.pairs.sketches import apart as apart
from dcgan_v1.migration.comparison.pairs.sketches import nearest, sketch_of
from dcgan_v1.migration.matching import layouts
from dcgan_v1.migration.matching.fingerprints import PixelsOf
from dcgan_v1.migration.matching.layouts import Pixels
from dcgan_v1.migration.matching.matching import Matching
from dcgan_v1.migration.records import LayerOutput, PortInfo
from dcgan_v1.migration.runners.torch.classes import WITHOUT_PIXELS

SHADOW = "/ExponentialMovingAverage"
NEAR = 0.5  # relative distance of a norm with another epsilon, at most
ALIKE = {  # kind of the port's layer -> kinds of TF1's ops that may stand beside it
    "conv": ("conv", "bias", "add"),
    "deconv": ("deconv", "bias", "add"),
    "dense": ("dense", "bias", "add"),
    "norm": ("norm", "add", "mul", "merge", "reshape"),
    "dropout": ("dropout", "mul"),
    "recurrent": ("recurrent", "reshape"),
    "model": ("model", "identity", "activation", "bias", "add", "dense", "deconv", "conv"),
}


def model_of(layer: str) -> str:
    """'generator/conv1#2' -> 'generator', and 'G: output' -> 'G'."""
    return layer.partition("/")[0].partition(":")[0].partition("#")[0]


def with_reads(
    layers: Sequence[LayerOutput], port: PortInfo, matching: Matching
) -> list[LayerOutput]:
    """Returns the port's layers with the trained variables, in TF1's names, that they are made of:
    those of the layers of the same model that were called before, in one pass. A layer without
    weights, an activation perhaps, may be called several times in it.

    Args:
      layers: in the order of their calls.
      port: what it says of itself.
      matching: which of its variables is which of TF1's.
    """
    names = {
        row.new: row.old for row in matching.rows if port.variables[row.new].trainable is not False
    }
    weighted = {v.layer for v in port.variables.values()}
    passes: dict[str, tuple[set[str], set[str]]] = {}  # model -> layers called, variables read
    result = []
    for layer in layers:
        model, path = model_of(layer.name), layer.name.partition("#")[0]
        called, read = passes.setdefault(model, (set(), set()))
        if path in called and (path in weighted or layer.reads):  # the model is called once more
            called, read = passes[model] = set(), set()
        called.add(path)
        read |= {
            names[name]
            for name, v in port.variables.items()
            if name in names and (v.layer == path or v.layer.startswith(f"{path}/"))
        }
        read |= {names[name] for name in layer.reads if name in names}
        if layer.name.endswith(OUTPUT):  # of a model that may have no layers
            read |= {old for new, old in names.items() if new.startswith(f"{model}/")}
            passes.pop(model)
        result.append(_with(layer, reads=tuple(sorted(read))))
    return result


def align(
    old: Sequence[LayerOutput],
    new: Sequence[LayerOutput],
    tolerance: float,
    pixels: PixelsOf,
    variables: dict[str, set[str]] | None = None,
) -> list[Aligned]:
    """Returns the Aligned of every layer of the port, in its order.

    Args:
      old, new: what both sides' layers gave; the port's with what they read.
      tolerance: relative difference below which values are the same.
      pixels: layer of the port -> its pixels, see `records.Observation`.
      variables: model of the port -> TF1's names of what it trains.
    """
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for place, layer in enumerate(old):
        by_shape.setdefault(layer.output.shape, []).append(place)
    sketches = [sketch_of(layer.output) for layer in old]
    lasts: dict[str, int] = {}
    used: set[int] = set()
    aligned: list[Aligned] = []
    maps_before: tuple[int, ...] | None = None
    read: dict[str, set[str]] = {}  # model -> what its layers before are made of
    columns: dict[str, Pixels | None] = {}  # model -> how its last layer's vectors count pixels
    parts: dict[tuple[str, str], Part | None] = {}  # model and call -> of TF1's joined batch
    for layer in new:
        model = model_of(layer.name)
        is_kept = layer.kind in WITHOUT_PIXELS and layer.output.ndim == 2
        before = columns.get(model) if is_kept else None
        columns[model] = pixels.get(layer.name.partition("#")[0], {}).get("columns", before)
        ordered = _with(layer, output=_channels_last(layer.output, columns[model]))
        last = lasts.get(model, -1)
        match: tuple[LayerOutput, int, tuple[float, float]] | None = None
        for output in _orders(ordered.output, maps_before):
            near = nearest(by_shape.get(output.shape, []), sketches, output, last, used)
            if near is not None:
                distance = apart(old[near].output, output)
                if distance[0] <= tolerance:
                    match = _with(layer, output=output), near, distance
                    break
        layer = ordered
        if layer.output.ndim == 4:
            maps_before = layer.output.shape
        if match:
            layer, place, distance = match
            used.add(place)
            lasts[model] = max(last, place)
            aligned.append(Aligned(layer, old[place], "value", *distance))
            continue
        own, call = (variables or {}).get(model, set()), (model, layer.name.partition("#")[2])
        found, parts[call] = joined_batches.find(old, layer, tolerance, parts.get(call))
        if found is None:
            ops = joined_batches.cut(old, parts[call])
            found = _by_function(ops, layer, own, tolerance)
            found = found or _by_use(ops, layer, own, last, used)
            if found.old is None:
                found = _by_kernel(ops, layer, set(layer.reads) - read.get(model, set()), last)
        read.setdefault(model, set()).update(layer.reads)
        aligned.append(found)
    return aligned


def _by_function(
    old: Sequence[LayerOutput], layer: LayerOutput, own: set[str], tolerance: float
) -> Aligned | None:
    """An end of the port's network that TF1 leaves to its loss, or the reverse: a known function
    of an op that is made of the same variables. What a network gives is perhaps one head of
    several, which is made of some of its variables."""
    for op in old:
        read = reads_of(op, own)
        is_head = layer.name.endswith(OUTPUT) and read and read < set(layer.reads)
        if not (op.is_last and op.output.ndim) or not (is_head or read == set(layer.reads)):
            continue  # of a number no function here is a layer's
        for name, function in FUNCTIONS.items():
            with np.errstate(all="ignore"):
                output = function(op.output)
            if output.shape != layer.output.shape or not np.isfinite(output).all():
                continue
            distance = apart(output, layer.output)
            if distance[0] <= tolerance:
                return Aligned(layer, _with(op, output=output), "function", *distance, name)
    return None


def _by_use(
    old: Sequence[LayerOutput], layer: LayerOutput, own: set[str], last: int, used: set[int]
) -> Aligned:
    """The op that stands where the layer does, by the variables that both are made of."""
    is_output = layer.name.endswith(OUTPUT)
    places = [
        place
        for place, op in enumerate(old)
        if _but_for_ones(op.output) == _but_for_ones(layer.output)
        and layer.reads
        and reads_of(op, own) == set(layer.reads)
        and op.kind in ALIKE.get(layer.kind, (layer.kind,))
    ]
    shaped = {p: _with(old[p], output=old[p].output.reshape(layer.output.shape)) for p in places}
    if is_output:  # the nearest of all that the network may end in
        distances = [(apart(op.output, layer.output), p) for p, op in shaped.items()]
        if distances:
            distance, place = min(distances)
            return Aligned(layer, shaped[place], "use", *distance)
    has_weights = layer.kind in ("conv", "deconv", "dense", "norm", "recurrent")
    ends = [
        op for op in old if op.is_last and op.output.ndim and reads_of(op, own) == {*layer.reads}
    ]
    is_joined = bool(ends) and _but_for_ones(ends[0].output) != _but_for_ones(layer.output)
    # what comes after the end of a network, of a joined batch perhaps, is its loss
    places = [p for p in places if not old[p].is_last or (has_weights and not is_joined)]
    after = [p for p in places if p > last] or [p for p in places if p not in used]
    # by then weights are others: what comes after an update has its equal after it, too
    after = [p for p in after if old[p].applied == layer.applied] or after
    exact = [p for p in after if old[p].kind == layer.kind]
    if layer.kind == "norm" and not exact:
        exact = _made_up(after, old, shaped, layer)
        after = [p for p in after if old[p].kind != "mul"]
    for place in (exact or after)[:1]:
        distance = apart(shaped[place].output, layer.output)
        return Aligned(layer, shaped[place], "use", *distance)
    return Aligned(layer, None, "nothing", np.inf, np.inf)


def _by_kernel(
    old: Sequence[LayerOutput], layer: LayerOutput, fresh: set[str], last: int
) -> Aligned:
    """The op of the same kind that takes what no layer before has taken, or that is the softmax of
    as many numbers: what else both are made of may differ, where something is left out."""
    is_softmax = "softmax" in f"{layer.name} {layer.settings.get('class', '')}".lower()
    for place, op in enumerate(old):
        if place <= last or op.kind != layer.kind or op.output.shape != layer.output.shape:
            continue
        is_same = layer.kind in ("conv", "deconv", "dense") and fresh & set(op.reads)
        if is_same or (is_softmax and op.settings.get("op") == "Softmax" and not op.is_last):
            return Aligned(layer, op, "use", *apart(op.output, layer.output))
    return Aligned(layer, None, "nothing", np.inf, np.inf)


def _made_up(
    places: list[int], old: Sequence[LayerOutput], shaped: dict[int, LayerOutput], norm: LayerOutput
) -> list[int]:
    """The op that a norm by hand ends in, which has no weights perhaps: of those that make it up,
    the one whose value is near."""
    if any(old[p].kind not in ("add", "mul") for p in places):
        return []
    far = {p: apart(shaped[p].output, norm.output)[0] for p in places}
    return sorted((p for p in places if far[p] < NEAR), key=lambda p: far[p])


def _but_for_ones(output: np.ndarray) -> tuple[int, ...]:
    """An output's shape without axes of one element: a single number of each row may stand in a
    vector, in a column or in maps of one pixel."""
    return output.shape[:1] + tuple(size for size in output.shape[1:] if size > 1)


def reads_of(op: LayerOutput, own: set[str]) -> set[str]:
    """Returns which weights of a model an op is made of; an average of a weight stands for the
    weight.

    Args:
      op: of TF1's; own: TF1's names of the model's weights.
    """
    return {name.removesuffix(SHADOW) for name in op.reads} & own


def _orders(output: np.ndarray, maps_before: tuple[int, ...] | None) -> Iterator[np.ndarray]:
    """Yields an output, and with its pixels in TF1's order if it is flattened maps."""
    yield output
    if maps_before and output.ndim == 2:
        _, h, w, c = maps_before
        if output.shape[1] == h * w * c and min(h * w, c) > 1:
            yield layouts.channels_last(output, (c, h, w))


def in_tf1_order(layer: LayerOutput, pixels: PixelsOf) -> np.ndarray:
    """A layer's output with its pixels numbered as TF1 numbers them."""
    return _channels_last(layer.output, pixels.get(layer.name.partition("#")[0], {}).get("columns"))


def _channels_last(output: np.ndarray, columns: Pixels | None) -> np.ndarray:
    return layouts.channels_last(output, columns) if columns and output.ndim == 2 else output


def _with(layer: LayerOutput, **changed: object) -> LayerOutput:
    return dataclasses.replace(layer, **changed)  # type: ignore[arg-type]  # its own fields
