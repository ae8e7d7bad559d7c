"""Reads a recording of a TensorFlow or Keras program into a comparison's records.

Nothing of either framework is needed."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dcgan_v1.migration.records import LayerOutput, Settings, Variable
from dcgan_v1.migration.runners.flattening import Flattening, Pixels
from dcgan_v1.migration.runners.keras import classes, keras_optimizers

FRAMEWORK = "TensorFlow"
KIND = "Keras"
Told = Mapping[str, Any]


def variable(told: Told, module: Told) -> Variable:
    """Returns a variable from its entry and its layer's."""
    of_lstm = {"LSTM", "LSTMCell"} & set(module.get("classes", ()))
    return Variable(
        shape=list(told["shape"]),
        dtype=str(told["dtype"]),
        trainable=bool(told["trainable"]),
        part=classes.PARTS.get(str(told["attribute"]), ""),
        layer=str(told["layer"]),
        gates="ifjo" if of_lstm else "",
    )


def is_layer(module: Told) -> bool:
    """Whether a layer is more than a way to write others."""
    return not set(module.get("classes", ())) & classes.NO_LAYERS


def layer_kind(module: Told) -> str:
    """Returns one of `records.LAYER_KINDS`."""
    return classes.kind_of(module.get("classes", ()))


def layer_settings(attributes: Told) -> Settings:
    """Returns a layer's settings as a comparison has them."""
    return classes.settings(str(attributes.get("class", "")), attributes)


def oriented(array: np.ndarray) -> np.ndarray:
    """[N, H, W, C] as it is."""
    return array


def pixels(layers: list[tuple[LayerOutput, Told]]) -> Pixels:
    """Returns the layers that meet feature maps.

    Args:
      layers: (layer, its entry) in the order of their calls.
    """
    known: Pixels = {}
    flat = Flattening()
    for layer, told in layers:
        given = tuple(told.get("given", ()))
        if given and layer.kind in ("conv", "deconv", "dense"):
            path = layer.name.partition("#")[0]
            flat.note(known, path, _channels_first(given), _channels_first(layer.output.shape))
    return known


def _channels_first(shape: tuple[int, ...]) -> tuple[int, ...]:
    n, *rest = shape
    return (n, rest[-1], *rest[:-1]) if rest else shape


def optimizer_kind(told: Told) -> str:
    """The name of Keras's own class that an optimiser is, or is derived from."""
    names = list(told["classes"])
    return next((n for n in names if n in keras_optimizers.SLOTS), names[0])


def optimizer_settings(told: Told, settings: Told) -> Settings:
    """Returns the settings that an update had, as TF1 calls them."""
    return keras_optimizers.settings_of(optimizer_kind(told), settings)


def slots(told: Told) -> dict[str, str]:
    """Returns key of an optimiser's state -> what TF1 calls that slot: recorded by TF1's names."""
    settings = told["settings"]
    idle = {"mom": not settings.get("momentum"), "mg": not settings.get("centered")}
    idle["accum"] = optimizer_kind(told) == "SGD" and not settings.get("momentum")
    of_kind = keras_optimizers.SLOTS.get(optimizer_kind(told), {})
    return {slot: slot for slot in of_kind if not idle.get(slot)}
