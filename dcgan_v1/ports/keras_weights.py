"""TF1's variables into and out of a counterpart made of Keras layers and optimisers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dcgan_v1.migration.adam_powers import power_after, updates_done
from dcgan_v1.ports import names


def load(gan: Any, model: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Sets a counterpart's variables.

    Args:
      gan: a `Gan` of one of the TF2 or Keras counterparts.
      arrays: name -> array of a TF1 checkpoint. What is missing stays as it is.
    """
    for name, array in arrays.items():
        if row := names.row(model, "tf2", name, array.shape):
            _variable(gan, row).assign(row.to_other(array))
    for adam, optimizer in gan.optimizers.items():
        power = arrays.get(f"{adam}/beta2_power")
        if power is not None:
            optimizer.iterations.assign(updates_done(power[()]))


def state(gan: Any, model: str, shapes: Mapping[str, Sequence[int]]) -> dict[str, np.ndarray]:
    """Returns name -> array of the TF1 variables in `shapes` (name -> shape)."""
    arrays: dict[str, np.ndarray] = {}
    for name, shape in shapes.items():
        if row := names.row(model, "tf2", name, shape):
            arrays[name] = row.to_tf1(np.asarray(_variable(gan, row)))
    dtype = next(iter(arrays.values())).dtype
    for adam, optimizer in gan.optimizers.items():
        updates = int(optimizer.iterations.numpy())
        for number, beta in ((1, optimizer.beta_1), (2, optimizer.beta_2)):
            name = f"{adam}/beta{number}_power"
            if name in shapes:
                arrays[name] = np.asarray(power_after(beta, updates, dtype))
    return arrays


def _variable(gan: Any, row: names.Row) -> Any:
    layer = getattr(gan, row.net).get_layer(row.layer)
    variable = getattr(layer, row.attribute)
    if not row.slot:
        return variable
    optimizer = gan.optimizers[row.slot[0]]
    index = optimizer._get_variable_index(variable)  # no public way
    slots = optimizer._momentums if row.slot[1] == "m" else optimizer._velocities
    return slots[index]
