"""Which variable of a counterpart is which of TF1's, and in which layout.

Layers have one name everywhere, so a row of the map follows from three small tables:
how a framework calls a layer's parts, how PyTorch orders their axes, and where a dense
layer meets feature maps, whose pixels PyTorch numbers channel by channel.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dcgan_v1 import systems
from dcgan_v1.errors import UserError

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
PYTORCH_AXES = {"linear": (1, 0), "conv": (3, 2, 0, 1), "deconv": (3, 2, 0, 1)}


class Row(NamedTuple):
    """One variable on both sides.

    Attributes:
      tf1: its name in a TF1 checkpoint.
      net, layer, attribute: where it is in the counterpart.
      slot: None for a weight or an average; else (optimiser, 'm' or 'v').
      shape: TF1's.
      split, axes: the counterpart's array is TF1's reshaped to `split`, with its axes
        reordered, reshaped to `other_shape`.
      other_shape: the counterpart's.
    """

    tf1: str
    net: str
    layer: str
    attribute: str
    slot: tuple[str, str] | None
    shape: tuple[int, ...]
    split: tuple[int, ...]
    axes: tuple[int, ...]
    other_shape: tuple[int, ...]

    @property
    def other(self) -> str:
        """The counterpart's name, for messages."""
        name = f"{self.net}.{self.layer}.{self.attribute}"
        return f"{name} ({self.slot[1]} of {self.slot[0]})" if self.slot else name

    def to_other(self, array: np.ndarray) -> np.ndarray:
        """Brings an array of TF1's to the counterpart's layout."""
        moved = array.reshape(self.split).transpose(self.axes)
        return np.ascontiguousarray(moved).reshape(self.other_shape)

    def to_tf1(self, array: np.ndarray) -> np.ndarray:
        """Brings an array of the counterpart's to TF1's layout."""
        moved = array.reshape([self.split[axis] for axis in self.axes])
        return np.ascontiguousarray(moved.transpose(np.argsort(self.axes))).reshape(self.shape)


def row(model: str, against: str, name: str, shape: Sequence[int]) -> Row | None:
    """Returns the Row of a TF1 variable, None for the counts (see `is_count`).

    Args:
      against: 'tf2', 'keras' or 'torch'.
      name, shape: in a TF1 checkpoint.
    """
    if is_count(name):
        return None
    match = re.fullmatch(rf"{model}/(\w+)/(\w+)/(.+?)(?:/(\w+_adam)(_1)?)?", name)
    if not match:
        raise UserError(f"{name} is no variable of {model}")
    net, layer, part, adam, second = match.groups()
    framework = framework_of(against)
    *sets, last = part.split("/")
    attribute = "_".join([*sets, PARTS[framework].get(last, last)])
    slot = (adam, "v" if second else "m") if adam else None
    shape = tuple(shape)
    split, axes = shape, tuple(range(len(shape)))
    if framework == "torch" and last == "w":
        axes = PYTORCH_AXES[layer.rstrip("0123456789")]
    other_shape = tuple(shape[axis] for axis in axes)
    side = systems.get(model).maps.get(f"{net}/{layer}")
    if framework == "torch" and side:
        ins, outs = shape
        if net == "generator":  # rows and columns first, then channels: [in, y, x, c]
            split, axes = (ins, side, side, outs // side**2), (3, 1, 2, 0)
        else:
            split, axes = (side, side, ins // side**2, outs), (3, 2, 0, 1)
    return Row(name, net, layer, attribute, slot, shape, split, axes, other_shape)


def framework_of(against: str) -> str:
    """Returns which of PARTS a counterpart goes by."""
    return "torch" if against == "torch" else "keras"


def is_count(name: str) -> bool:
    """Whether a TF1 variable only counts: the step, or a power of Adam's betas."""
    return name == "global_step" or name.endswith(("beta1_power", "beta2_power"))
