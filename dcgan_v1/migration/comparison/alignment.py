"""Which op of TF1's gives what a layer of the port gives: by value, and where the
values differ, by order and kind. Pure numpy."""

from typing import NamedTuple

import numpy as np

from dcgan_v1.migration.matching import layouts

SAMPLES = 256  # elements that are looked at first


class Seen(NamedTuple):
    """A layer's output on one side.

    Attributes:
      name: its own side's, with the number of the call behind it.
      kind: 'conv', 'deconv', 'dense', 'norm', 'activation', 'pool', 'resize',
        'dropout', 'recurrent', 'model' or 'other'; on TF1's side `graph_layers.KINDS`.
      settings: name -> number or text, what a port must have alike.
      output: array, feature maps as [N, H, W, C]; input: the first input, where no
        layer seen before gave it; else None.
      applied: how many updates of the step came before.
      twin: on TF1's side, what is read by an op that is there for inference alone.
    """

    name: str
    kind: str
    settings: dict
    output: np.ndarray
    input: np.ndarray | None
    applied: int = 0
    twin: tuple = ()


class Aligned(NamedTuple):
    """A layer of the port and the op of TF1's that stands beside it.

    Attributes:
      new, old: Seen; old is None where nothing has that shape.
      by: 'value', 'order' or 'nothing'.
      relative, absolute: how far the outputs are apart.
    """

    new: Seen
    old: Seen | None
    by: str
    relative: float
    absolute: float


def align(old, new, tolerance, maps):
    """Returns the Aligned of every layer of the port, in its order.

    Args:
      old, new: lists of Seen.
      tolerance: relative difference below which values are the same.
      maps: layer of the port -> its pixels, see `Layout`.
    """
    by_shape = {}
    for place, seen in enumerate(old):
        by_shape.setdefault(seen.output.shape, []).append(place)
    sketches = [_sketch(seen.output) for seen in old]
    lasts, made, used, maps_before = {}, [], set(), None
    for layer in new:
        model = layer.name.partition("/")[0].partition(":")[0]
        last = lasts.get(model, -1)
        found = None
        for output in _orders(in_tf1_order(layer, maps), maps_before):
            places = by_shape.get(output.shape, [])
            place = _nearest(places, sketches, output, last, used)
            if place is not None:
                measured = apart(old[place].output, output)
                if measured[0] <= tolerance:
                    found = layer._replace(output=output), place, measured
                    break
        layer = layer._replace(output=in_tf1_order(layer, maps))
        if layer.output.ndim == 4:
            maps_before = layer.output.shape
        if found:
            layer, place, measured = found
            used.add(place)
            lasts[model] = max(last, place)
            made.append(Aligned(layer, old[place], "value", *measured))
            continue
        places = by_shape.get(layer.output.shape, [])
        place = _following(places, old, layer, last, used)
        if place is None:
            made.append(Aligned(layer, None, "nothing", np.inf, np.inf))
        else:
            measured = apart(old[place].output, layer.output)
            made.append(Aligned(layer, old[place], "order", *measured))
    return made


def _orders(output, maps_before):
    """Yields an output, and with its pixels in TF1's order if it is flattened maps."""
    yield output
    if maps_before and output.ndim == 2:
        _, h, w, c = maps_before
        if output.shape[1] == h * w * c and min(h * w, c) > 1:
            yield layouts.channels_last(output, (c, h, w))


def in_tf1_order(layer, maps):
    """A layer's output with its pixels numbered as TF1 numbers them."""
    path = layer.name.partition("#")[0]
    columns = maps.get(path, {}).get("columns")
    if columns and layer.output.ndim == 2:
        return layouts.channels_last(layer.output, tuple(columns))
    return layer.output


def apart(a, b):
    """Returns (relative, absolute): the largest difference of two elements."""
    absolute = float(np.max(np.abs(np.subtract(a, b, dtype=np.float64)), initial=0.0))
    scale = float(np.max(np.abs(a), initial=0.0))
    return (absolute / scale if scale else float(absolute > 0)), absolute


def _sketch(array):
    flat = array.reshape(-1)
    if flat.size <= SAMPLES:
        return np.asarray(flat, np.float64)
    rng = np.random.default_rng(flat.size)
    return np.asarray(flat[rng.integers(0, flat.size, SAMPLES)], np.float64)


def _nearest(places, sketches, output, last, used):
    """The op whose sample is nearest; of equals, one that was not used, after
    `last`."""
    sketch = _sketch(output)
    scored = [
        (
            round(float(np.max(np.abs(sketches[p] - sketch), initial=0.0)), 14),
            p in used,
            p < last,
            p,
        )
        for p in places
    ]
    return min(scored)[3] if scored else None


def _following(places, old, layer, last, used):
    """The next op of the layer's kind, else the next of its shape, else one before."""
    after = [p for p in places if p > last] or [p for p in places if p not in used]
    after = after or places
    alike = [p for p in after if _same_kind(old[p].kind, layer.kind)]
    return (alike or after or [None])[0]


def _same_kind(old, new):
    others = {
        "conv": ("bias",),
        "deconv": ("bias",),
        "dense": ("bias", "add"),
        "norm": ("add", "merge"),
        "dropout": ("mul",),
        "model": ("identity", "activation", "bias"),
    }
    return old == new or old in others.get(new, ())
