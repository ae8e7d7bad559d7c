"""Layers of torch.nn.Modules: their kinds, what their tensors are, their settings."""

from dataclasses import replace
from typing import Any

import torch
from torch import nn

from dcgan_v1.migration.records import OPEN, Settings, Variable
from dcgan_v1.migration.runners.torch import classes

NO_LAYERS = tuple(getattr(nn, name) for name in sorted(classes.NO_LAYERS))


def describe(place: str, module: Any, attribute: str, tensor: torch.Tensor) -> Variable:
    """Describes a parameter or a buffer.

    Args:
      place: path of the module.
      module: what holds it, as `attribute`.
      attribute: its name there.
      tensor: itself.
    """
    described = classes.variable(
        place,
        attribute,
        list(tensor.shape),
        dtype=str(tensor.dtype).removeprefix("torch."),
        trainable=tensor.requires_grad,
        classes=_classes(module),
        averages=_averages(module),
        scales=_scales(module),
    )
    if attribute == "weight" and tensor.ndim == 4 and _is_depthwise(module, tensor):
        return replace(described, layout="torch depthwise")
    is_open = tensor.ndim in (2, 4) and kind_of(module) == "other"  # its use tells
    return replace(described, layout=OPEN) if is_open else described


def kind_of(module: Any) -> str:
    """Returns one of `records.LAYER_KINDS`."""
    return classes.kind_of(_classes(module), averages=_averages(module), scales=_scales(module))


def settings(module: Any) -> Settings:
    """Returns what a TF1 program must have alike."""
    names = (*classes.LAYER_SETTINGS, "momentum")
    return classes.settings(type(module).__name__, {n: getattr(module, n, None) for n in names})


def _is_depthwise(module: Any, kernel: torch.Tensor) -> bool:
    """Whether a convolution is of each channel by itself, to one channel."""
    groups = getattr(module, "groups", 1)
    return kind_of(module) == "conv" and groups > 1 and list(kernel.shape[:2]) == [groups, 1]


def _classes(module: Any) -> list[str]:
    return [cls.__name__ for cls in type(module).__mro__]


def _averages(module: Any) -> bool:
    return any(b.is_floating_point() for b in module.buffers(recurse=False))


def _scales(module: Any) -> bool:
    return getattr(getattr(module, "weight", None), "ndim", 0) == 1
