"""Layers of Keras models and tf.Modules: their kinds, places and settings."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from dcgan_v1.migration.records import Settings

L = keras.layers
KINDS = (
    (L.Conv1DTranspose, "deconv"),
    (L.Conv2DTranspose, "deconv"),
    (L.Conv3DTranspose, "deconv"),
    (L.Conv1D, "conv"),
    (L.Conv2D, "conv"),
    (L.Conv3D, "conv"),
    (L.DepthwiseConv2D, "conv"),
    (L.SeparableConv2D, "conv"),
    (L.Dense, "dense"),
    (L.BatchNormalization, "norm"),
    (L.LayerNormalization, "norm"),
    (L.LeakyReLU, "activation"),
    (L.ReLU, "activation"),
    (L.ELU, "activation"),
    (L.PReLU, "activation"),
    (L.Activation, "activation"),
    (L.Softmax, "activation"),
    (L.MaxPooling2D, "pool"),
    (L.AveragePooling2D, "pool"),
    (L.GlobalAveragePooling2D, "pool"),
    (L.UpSampling2D, "resize"),
    (L.Resizing, "resize"),
    (L.RNN, "recurrent"),
)
NO_LAYERS = (L.Flatten, L.Reshape, L.InputLayer, L.Permute, L.Concatenate)
PARTS = {
    "kernel": "kernel",
    "bias": "bias",
    "gamma": "gamma",
    "beta": "beta",
    "moving_mean": "mean",
    "moving_variance": "variance",
    "embeddings": "kernel",
    "recurrent_kernel": "recurrent",
}
LAYER_SETTINGS = {
    "negative_slope": "slope",
    "epsilon": "epsilon",
    "momentum": "decay",
    "rate": "rate",
    "strides": "strides",
    "padding": "padding",
    "unbiased": "unbiased",
}


def layers(model: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yields (path, layer) of everything inside a model that a layer can be."""
    if isinstance(model, keras.Model):
        inner = list(model._flatten_layers(include_self=False))
        cells = {
            id(x)
            for rnn in inner
            if isinstance(rnn, L.RNN)
            for x in rnn._flatten_layers(include_self=False)
        }
        for layer in inner:
            if id(layer) in cells:  # they run in a loop, which TF1 has no output of
                continue
            if not isinstance(layer, (keras.Model, *NO_LAYERS)):
                path = getattr(layer, "path", None) or layer.name
                yield f"{name}/{path.removeprefix(model.name + '/')}", layer
    else:
        paths = {id(model): name}
        for module in model.submodules:
            attribute = next(
                (k for k, v in vars(model).items() if v is module), type(module).__name__
            )
            if id(module) not in paths and callable(module):
                paths[id(module)] = f"{name}/{attribute}"
                yield f"{name}/{attribute}", module


def kind(layer: Any) -> str:
    """Returns one of `records.LAYER_KINDS`."""
    if is_dropout(layer):
        return "dropout"
    return next((kind for cls, kind in KINDS if isinstance(layer, cls)), "other")


def is_dropout(layer: Any) -> bool:
    """Whether a layer drops out: Keras's, or a tf.Module of that name with a rate."""
    is_module = type(layer).__name__ == "Dropout" and isinstance(layer, tf.Module)
    return isinstance(layer, L.Dropout) or (is_module and hasattr(layer, "rate"))


def settings(layer: Any) -> Settings:
    """Returns what a TF1 program must have alike."""
    values: Settings = {"class": type(layer).__name__}
    for attribute, name in LAYER_SETTINGS.items():
        value = getattr(layer, attribute, None)
        if isinstance(value, bool | str):
            values[name] = value
        elif isinstance(value, int | float | np.floating):
            values[name] = float(f"{float(value):.6g}")
        elif isinstance(value, tuple):
            values[name] = "x".join(map(str, value))
    padding = values.get("padding")
    if isinstance(padding, str):
        values["padding"] = padding.upper()
    function = getattr(layer, "activation", None)
    if function is not None:
        values["activation"] = getattr(function, "__name__", "")
    return values


def variable_paths(model: Any) -> dict[int, str]:
    """id of a variable -> its place: its layer's path, or that among the attributes of
    a tf.Module."""
    if isinstance(model, keras.Model):
        return {
            id(v): f"{path.partition('/')[2]}/{v.name}"
            for path, layer in reversed(list(layers(model, "")))
            for v in layer.weights
        }
    flat = model._flatten(predicate=lambda x: isinstance(x, tf.Variable), with_path=True)
    return {id(v): "/".join(map(str, path)) for path, v in flat}


def path_of(variable: Any) -> str:
    """Returns a variable's own name."""
    return getattr(variable, "path", None) or variable.name.partition(":")[0]


def key_of(variable: Any) -> int:
    """Keras wraps the tf.Variable that an optimiser may be given as it is."""
    return id(getattr(variable, "value", variable)) if hasattr(variable, "path") else id(variable)


def dtype_of(variable: Any) -> str:
    """Returns 'float64' or the like."""
    return tf.as_dtype(variable.dtype).name


def is_float(variable: Any) -> bool:
    """Whether a variable is no count."""
    return tf.as_dtype(variable.dtype).is_floating
