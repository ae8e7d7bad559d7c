"""Which of TF1's draws the dropouts of a recorded port took: by what they multiply."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from dcgan_v1.migration.comparison.inputs import dropout_order
from dcgan_v1.migration.comparison.inputs.feeding import Feeding
from dcgan_v1.migration.records import Arrays, LayerOutput
from dcgan_v1.migration.runners.recorded_port import RecordedPort


def settled(
    port: RecordedPort,
    given: Feeding,
    batch_of: Callable[[Feeding], Arrays],
    layers_of: Callable[[Arrays], list[LayerOutput]],
) -> Feeding:
    """Returns what TF1's step is given, each dropout's numbers where TF1 drops out the same.

    Args:
      port: the recorded side.
      given: by shapes and order.
      batch_of: gives the arrays of a first step; layers_of: what TF1's ops give of these.
    """
    dropped = port.dropped_out(0)
    keys = {item: key for key, item in given.items.items()}
    places = [item for item in dropped if item in keys]  # in the order of their calls
    names = [keys[item] for item in places]
    arrays = batch_of(given)

    def with_order(order: list[str]) -> Feeding:
        items = {**given.items, **dict(zip(order, places, strict=True))}
        return replace(given, items=items)

    def run(order: list[str]) -> tuple[Arrays, list[np.ndarray], list[np.ndarray]]:
        fed = batch_of(with_order(order))
        draws = {name: fed[name] for name in order}
        drops = [dropped[item].reshape(fed[n].shape) for item, n in zip(places, order, strict=True)]
        return draws, drops, [layer.output for layer in layers_of(fed)]

    order = dropout_order.settled(names, {n: arrays[n].shape for n in names}, run)
    lines = [
        f"port's {item} -> TF1's {name} (by what it multiplies)"
        for item, name, before in zip(places, order, names, strict=True)
        if name != before
    ]
    return replace(with_order(order), lines=[*given.lines, *lines])
