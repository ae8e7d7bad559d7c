"""Which of TF1's draws the dropouts of a recorded port took: by what they multiply."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison.inputs import dropout_order
from dcgan_v1.migration.comparison.inputs.feeding import Feeding, fitted
from dcgan_v1.migration.matching.map_file import Map
from dcgan_v1.migration.records import Arrays, Input, LayerOutput
from dcgan_v1.migration.runners.recorded_port import RecordedPort


def settled(
    port: RecordedPort,
    given: Feeding,
    map_: Map,
    batch_of: Callable[[Feeding], Arrays],
    layers_of: Callable[[Arrays], list[LayerOutput]],
) -> Feeding:
    """Returns what TF1's step is given, each dropout's numbers where TF1 drops out the same.

    Args:
      port: the recorded side.
      given: by shapes and order.
      map_: a user's: what its [inputs] pairs stays so, and so does its order of dropouts.
      batch_of: gives the arrays of a first step; layers_of: what TF1's ops give of these.
    """
    dropped = port.dropped_out(0)
    keys = {item: key for key, item in given.items.items()}
    # in the order of their calls
    places = [item for item in dropped if item in keys and item not in map_.inputs]
    names = [keys[item] for item in places]
    arrays = batch_of(given)

    def with_order(order: list[str]) -> Feeding:
        items = {**given.items, **dict(zip(order, places, strict=True))}
        return replace(given, items=items)

    def run(order: list[str]) -> tuple[Arrays, list[np.ndarray], list[np.ndarray]]:
        fed = batch_of(with_order(order))
        draws = {name: fed[name] for name in order}
        drops = [_as_fed(dropped[i], fed[n]) for i, n in zip(places, order, strict=True)]
        return draws, drops, [layer.output for layer in layers_of(fed)]

    shapes = {n: arrays[n].shape for n in names}
    if map_.dropouts:
        order, by = _of_map(map_.dropouts, shapes), "the map"
    else:
        order, by = dropout_order.settled(names, shapes, run), "what it multiplies"
    lines = [
        f"port's {item} -> TF1's {name} (by {by})"
        for item, name, before in zip(places, order, names, strict=True)
        if name != before
    ]
    return replace(with_order(order), lines=[*given.lines, *lines])


def _as_fed(dropped: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """What a port's dropout gave in the axes in which TF1 is fed its numbers."""
    form = fitted(dropped, Input(list(draw.shape), str(draw.dtype)))
    return np.zeros_like(draw) if form is None else form  # which tells nothing


def _of_map(dropouts: list[str], shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
    """Names of uniform numbers as a map has them, those of each shape where that shape's are."""
    if unknown := [n for n in dropouts if n not in shapes]:
        raise UserError(
            f"the map's [step] dropouts has {unknown[0]}, which no dropout of the recorded port's "
            f"is given; they are given {', '.join(shapes) or 'none'}"
        )
    left = [*dropouts, *(n for n in shapes if n not in dropouts)]
    order = []
    for shape in shapes.values():
        name = next(n for n in left if shapes[n] == shape)
        left.remove(name)
        order.append(name)
    return order
