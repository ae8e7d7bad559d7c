"""Parts and settings of layers that functions of torch make, by their names alone.

Of a recorded port there is no PyTorch to ask."""

from collections.abc import Mapping, Sequence
from typing import Any

from dcgan_v1.migration.recordings.port_recorder.torch_functions import FUNCTIONS
from dcgan_v1.migration.records import Settings
from dcgan_v1.migration.runners.torch import classes

PARTS = {  # name of an argument -> what a variable given there is to its layer
    "batch_norm": {"running_mean": "mean", "running_var": "variance"}
}
SETTINGS = {"negative_slope": "slope", "eps": "epsilon", "padding": "padding", "stride": "strides"}
SETTINGS |= {"p": "rate"}
LAYOUTS = {"linear": "torch dense", "matmul": "plain", "__matmul__": "plain", "mm": "plain"}


def part(name: str, argument: str) -> str:
    """What a variable is to the layer that a function makes, by the argument it is given as."""
    if name in PARTS and argument in PARTS[name]:
        return PARTS[name][argument]
    if FUNCTIONS[name] == "norm":
        return {"weight": "gamma", "bias": "beta"}.get(argument, argument)
    if FUNCTIONS[name] == "bias":
        return "bias"
    return "bias" if argument == "bias" else "kernel"


def settings(name: str, numbers: Mapping[str, Any]) -> Settings:
    """Returns what a call of a function says of itself, as a comparison has it.

    Args:
      name: of the function.
      numbers: by its arguments' names, others as they are.
    """
    values: Settings = {"class": name}
    for key, number in numbers.items():
        if key == "momentum":  # of a batch norm's averages
            values["decay"] = float(f"{1 - number:.6g}")
        else:
            values[SETTINGS.get(key, key)] = float(number)
    return values


def layout(name: str, shape: Sequence[int], groups: float = 1) -> str:
    """Returns how a function has its kernel, one of `matching.layouts.AXES`.

    Args:
      name: of a convolution, or of what makes a dense layer.
      shape: of the kernel.
      groups: of a convolution.
    """
    if FUNCTIONS[name] == "dense":
        return LAYOUTS.get(name, "plain")
    return classes.convolution_layout(shape, groups)
