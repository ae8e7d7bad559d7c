"""A TF1 checkpoint's arrays into and out of a counterpart, by the runners that comparisons use."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dcgan_v1.migration.adam_powers import power_after, updates_done
from dcgan_v1.migration.records import Arrays, SlotKey, State
from dcgan_v1.migration.runners.protocol import PortRunner
from dcgan_v1.migration.specs import Keras, Torch
from dcgan_v1.ports import names


def load(gan: Any, model: str, against: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Sets a counterpart's variables, slots and numbers of updates.

    Args:
      gan: a counterpart's `Gan`.
      model: the system's name.
      against: 'tf2', 'keras' or 'torch'.
      arrays: name -> array of a TF1 checkpoint. Weights that are missing stay as they are, slots
        begin at zero.
    """
    runner = _runner(gan, against)
    variables: Arrays = {}
    slots = _zeros(runner) if against == "torch" else {}
    for name, array in arrays.items():
        row = names.row(model, against, name, array.shape)
        if row and row.slot:
            slots[row.slot] = row.layout.to_port(array, values=False)
        elif row:
            variables[row.variable] = row.layout.to_port(array)
    powers = {adam: arrays.get(f"{adam}/beta2_power") for adam in gan.optimizers}
    updates = {a: 0 if p is None else updates_done(p[()]) for a, p in powers.items()}
    runner.load(State(variables, slots, updates))


def arrays(
    gan: Any, model: str, against: str, shapes: Mapping[str, Sequence[int]]
) -> dict[str, np.ndarray]:
    """Returns name -> array of TF1's variables.

    Args:
      gan: a counterpart's `Gan`.
      model: the system's name.
      against: 'tf2', 'keras' or 'torch'.
      shapes: name -> shape of the variables that a TF1 checkpoint holds.
    """
    runner = _runner(gan, against)
    state, optimizers = runner.state(), runner.describe().optimizers
    held: dict[str, np.ndarray] = {}
    for name, shape in shapes.items():
        if row := names.row(model, against, name, shape):
            array = state.slots[row.slot] if row.slot else state.variables[row.variable]
            held[name] = row.layout.to_tf1(array, values=row.slot is None)
    dtype = next(iter(held.values())).dtype
    for adam, updates in state.updates.items():
        for beta in ("beta1", "beta2"):
            if f"{adam}/{beta}_power" in shapes:
                power = power_after(float(optimizers[adam][beta]), updates, dtype)
                held[f"{adam}/{beta}_power"] = np.asarray(power)
    return held


def _runner(gan: Any, against: str) -> PortRunner:
    """A counterpart as a comparison runs it, but for its step."""
    models_of = {"generator": gan.generator, "discriminator": gan.discriminator}
    if against == "torch":
        from dcgan_v1.migration.runners.torch.runner import TorchRunner

        return TorchRunner(Torch(models_of, gan.optimizers), [])
    from dcgan_v1.migration.runners.keras.runner import KerasRunner

    return KerasRunner(Keras(models_of, gan.optimizers), "float32", [])


def _zeros(runner: Any) -> dict[SlotKey, np.ndarray]:
    """The slots that PyTorch's optimisers make at their first update."""
    from dcgan_v1.migration.runners.torch import torch_optimizers

    return {
        SlotKey(runner.names[id(parameter)], name, slot): np.zeros(parameter.shape, np.float32)
        for name, optimizer in runner.optimizers.items()
        for parameter in torch_optimizers.parameters(optimizer)
        for slot in torch_optimizers.slots(optimizer)
    }
