"""TF1's variables into and out of a PyTorch counterpart."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from dcgan_v1.migration.adam_powers import power_after, updates_done
from dcgan_v1.ports import names

SLOTS = {"m": "exp_avg", "v": "exp_avg_sq"}


def load(gan: Any, model: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Sets a counterpart's variables.

    Args:
      gan: a `Gan` of one of the PyTorch counterparts.
      arrays: name -> array of a TF1 checkpoint. What is missing stays as it is.
    """
    for adam, optimizer in gan.optimizers.items():
        power = arrays.get(f"{adam}/beta2_power")
        start(optimizer, 0 if power is None else updates_done(power[()]))
    for name, array in arrays.items():
        if row := names.row(model, "torch", name, array.shape):
            with torch.no_grad():
                _tensor(gan, row).copy_(torch.from_numpy(row.to_other(array)))


def state(gan: Any, model: str, shapes: Mapping[str, Sequence[int]]) -> dict[str, np.ndarray]:
    """Returns name -> array of the TF1 variables in `shapes` (name -> shape)."""
    arrays: dict[str, np.ndarray] = {}
    for name, shape in shapes.items():
        if row := names.row(model, "torch", name, shape):
            arrays[name] = row.to_tf1(_tensor(gan, row).detach().numpy())
    dtype = next(iter(arrays.values())).dtype
    for adam, optimizer in gan.optimizers.items():
        (group,) = optimizer.param_groups
        updates = _updates(optimizer)
        for number, beta in enumerate(group["betas"], 1):
            name = f"{adam}/beta{number}_power"
            if name in shapes:
                arrays[name] = np.asarray(power_after(beta, updates, dtype))
    return arrays


def _tensor(gan: Any, row: names.Row) -> torch.Tensor:
    tensor = getattr(getattr(getattr(gan, row.net), row.layer), row.attribute)
    if not row.slot:
        return tensor
    return gan.optimizers[row.slot[0]].state[tensor][SLOTS[row.slot[1]]]


def start(optimizer: Any, updates: int) -> None:
    """Gives an optimiser the state that its first step would make, at `updates`."""
    if hasattr(optimizer, "updates"):
        optimizer.updates = updates
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            optimizer.state[parameter] = {
                "step": torch.tensor(float(updates)),
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }


def _updates(optimizer: Any) -> int:
    first = optimizer.param_groups[0]["params"][0]
    return int(optimizer.state[first]["step"]) if first in optimizer.state else 0
