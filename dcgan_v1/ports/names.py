"""Which variable of a counterpart is which of TF1's, and in which layout.

Layers have one name everywhere, so a row of the map follows from two small tables: how a
framework calls a layer's parts, and how it lays out a kernel. Where a dense layer meets feature
maps PyTorch numbers the pixels channel by channel.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from dcgan_v1 import systems
from dcgan_v1.errors import UserError
from dcgan_v1.migration.matching.layouts import Layout
from dcgan_v1.migration.records import SlotKey

PARTS = {  # what is not here has TF1's name, with _ for /
    "keras": {"w": "kernel", "b": "bias"},
    "torch": {
        "w": "weight",
        "b": "bias",
        "gamma": "weight",
        "beta": "bias",
        "moving_mean": "running_mean",
        "moving_variance": "running_var",
    },
}
KERNELS = {"linear": "torch dense", "conv": "torch conv", "deconv": "torch conv"}


class Row(NamedTuple):
    """One variable on both sides.

    Attributes:
      variable: the counterpart's, as a runner calls it: 'generator/linear0/kernel'; that a slot
        belongs to.
      slot: None for a weight or an average.
      layout: how the counterpart lays out what TF1 has.
    """

    variable: str
    slot: SlotKey | None
    layout: Layout


def row(model: str, against: str, name: str, shape: Sequence[int]) -> Row | None:
    """Returns the Row of a TF1 variable, None for the counts (see `is_count`).

    Args:
      model: the system's name.
      against: 'tf2', 'keras' or 'torch'.
      name, shape: in a TF1 checkpoint.

    Raises:
      UserError: it is no variable of that system.
    """
    if is_count(name):
        return None
    match = re.fullmatch(rf"{model}/(\w+)/(\w+)/(.+?)(?:/(\w+_adam)(_1)?)?", name)
    if not match:
        raise UserError(f"{name} is no variable of {model}")
    net, layer, part, adam, second = match.groups()
    framework = "torch" if against == "torch" else "keras"
    *sets, last = part.split("/")
    attribute = "_".join([*sets, PARTS[framework].get(last, last)])
    variable = f"{net}/{layer}/{attribute}"
    slot = SlotKey(variable, adam, "v" if second else "m") if adam else None
    layout = Layout()
    if framework == "torch" and last == "w":
        layout = Layout(KERNELS[layer.rstrip("0123456789")])
    side = systems.get(model).maps.get(f"{net}/{layer}")
    if framework == "torch" and side:
        if net == "generator":
            layout = layout._replace(columns=(shape[1] // side**2, side, side))
        else:
            layout = layout._replace(rows=(shape[0] // side**2, side, side))
    return Row(variable, slot, layout)


def is_count(name: str) -> bool:
    """Whether a TF1 variable only counts: the step, or a power of Adam's betas."""
    return name == "global_step" or name.endswith(("beta1_power", "beta2_power"))
