"""Layers of torch.nn.Modules: their kinds, what their tensors are, their settings."""

from dataclasses import replace
from typing import Any

import torch
from torch import nn

from dcgan_v1.migration.records import OPEN, Settings, Variable
from dcgan_v1.migration.runners.torch import classes

SPECTRAL_NORM = "_SpectralNorm"  # torch's, of parametrizations
NO_LAYERS = tuple(getattr(nn, name) for name in sorted(classes.NO_LAYERS))


def describe(place: str, module: Any, attribute: str, tensor: torch.Tensor) -> Variable:
    """Describes a parameter or a buffer.

    Args:
      place: path of the module.
      module: what holds it, as `attribute`.
      attribute: its name there.
      tensor: itself.
    """
    variable = classes.variable(
        place,
        attribute,
        list(tensor.shape),
        dtype=str(tensor.dtype).removeprefix("torch."),
        trainable=tensor.requires_grad,
        classes=_classes(module),
        averages=_averages(module),
        scales=_scales(module),
        groups=getattr(module, "groups", 1),
    )
    is_open = tensor.ndim in (2, 4) and kind_of(module) == "other"  # its use tells
    return replace(variable, layout=OPEN) if is_open else variable


def kind_of(module: Any) -> str:
    """Returns one of `records.LAYER_KINDS`."""
    return classes.kind_of(_classes(module), averages=_averages(module), scales=_scales(module))


def is_leaf(module: Any) -> bool:
    """Whether a module holds no other but what its weights are made by."""
    return all(name == classes.PARAMETRIZATIONS for name, _ in module.named_children())


def follows(module: Any, attribute: str) -> bool:
    """Whether a buffer comes of others: the second vector of a spectral norm, which TF1's programs
    do not keep."""
    return type(module).__name__ == SPECTRAL_NORM and attribute == "_v"


def let_follow(model: Any) -> None:
    """Sets such buffers to what the others make of them."""
    for module in model.modules():
        norm = getattr(module, "parametrizations", {})
        for own in norm.values() if norm else ():
            for part in own:
                if type(part).__name__ == SPECTRAL_NORM and hasattr(part, "_v"):
                    kernel = part._reshape_weight_to_matrix(own.original)
                    right = nn.functional.normalize(kernel.T @ part._u, dim=0, eps=part.eps)
                    part._v.copy_(right)


def settings(module: Any) -> Settings:
    """Returns what a TF1 program must have alike."""
    names = (*classes.LAYER_SETTINGS, "momentum")
    return classes.settings(type(module).__name__, {n: getattr(module, n, None) for n in names})


def _classes(module: Any) -> list[str]:
    return [cls.__name__ for cls in type(module).__mro__]


def _averages(module: Any) -> bool:
    return any(b.is_floating_point() for b in module.buffers(recurse=False))


def _scales(module: Any) -> bool:
    # not the attribute: one that is made of others may move them, as a spectral norm does
    return getattr(module._parameters.get("weight"), "ndim", 0) == 1
