"""Reads a recording of a PyTorch program into a comparison's records.

Nothing of PyTorch is needed."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dcgan_v1.migration.records import LayerOutput, Settings, Variable
from dcgan_v1.migration.runners.flattening import Flattening, Pixels
from dcgan_v1.migration.runners.torch import classes, torch_optimizers

FRAMEWORK = "PyTorch"
KIND = "Torch"
Told = Mapping[str, Any]


def variable(told: Told, module: Told) -> Variable:
    """Returns a variable from its entry and its module's."""
    return classes.variable(
        str(told["layer"]),
        str(told["attribute"]),
        told["shape"],
        dtype=str(told["dtype"]),
        trainable=bool(told["trainable"]),
        classes=module.get("classes", ()),
        averages=bool(module.get("averages")),
        scales=bool(module.get("scales")),
    )


def is_layer(module: Told) -> bool:
    """Whether a module is more than a way to write others."""
    return not set(module.get("classes", ())) & classes.NO_LAYERS


def layer_kind(module: Told) -> str:
    """Returns one of `records.LAYER_KINDS`."""
    return classes.kind_of(
        module.get("classes", ()),
        averages=bool(module.get("averages")),
        scales=bool(module.get("scales")),
    )


def layer_settings(attributes: Told) -> Settings:
    """Returns a layer's settings as a comparison has them."""
    return classes.settings(str(attributes.get("class", "")), attributes)


def oriented(array: np.ndarray) -> np.ndarray:
    """[N, C, H, W] -> [N, H, W, C]; others as they are."""
    return array.transpose(0, 2, 3, 1) if array.ndim == 4 else array


def pixels(layers: list[tuple[LayerOutput, Told]]) -> Pixels:
    """Returns the layers that meet feature maps.

    Args:
      layers: (layer, its entry) in the order of their calls.
    """
    known: Pixels = {}
    flat = Flattening()
    for layer, told in layers:
        shape = layer.output.shape
        given = tuple(told.get("given", ()))
        if not given or layer.kind == "model":
            continue
        first = (shape[0], shape[3], *shape[1:3]) if len(shape) == 4 else shape
        flat.note(known, layer.name.partition("#")[0], given, first)
    return known


def optimizer_kind(told: Told) -> str:
    """The name of PyTorch's own class that an optimiser is, or is derived from."""
    names = list(told["classes"])
    return next((n for n in names if n in torch_optimizers.SLOTS), names[0])


def optimizer_settings(told: Told, settings: Told) -> Settings:
    """Returns the settings that an update had, as TF1 calls them."""
    return torch_optimizers.settings_of(optimizer_kind(told), settings)


def slots(told: Told) -> dict[str, str]:
    """Returns key of an optimiser's state -> what TF1 calls that slot, of those that it keeps."""
    group = told["settings"]
    absent = {"momentum_buffer": group.get("momentum"), "grad_avg": group.get("centered")}
    of_kind = torch_optimizers.SLOTS.get(optimizer_kind(told), {})
    return {key: slot for slot, key in of_kind.items() if absent.get(key, True)}
