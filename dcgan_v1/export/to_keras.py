"""Keras's own format: a functional model of standard layers, which loads without our code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.export import Recipes
from dcgan_v1.export.layers import Layer, read_layers
from dcgan_v1.export.networks import INPUTS, Network

TITLE = "a Keras model"
BOUND = 2e-5
NOTE = ""
NEEDS: tuple[str, ...] = ()
LOAD = """\
import keras
model = keras.saving.load_model("{name}.keras")
{y} = keras.ops.convert_to_numpy(model({x}))
"""


def write(network: Network, folder: Path) -> Recipes:
    """Writes `folder`/NAME.keras."""
    import keras

    layers = read_layers(network)
    x = h = keras.Input(layers[0].input_shape, name=INPUTS[network.name])
    weighted = []
    for layer in layers:
        h, keras_layer = _apply(keras, layer, h)
        weighted += [(keras_layer, layer)] if layer.weights else []
    model = keras.Model(x, h, name=network.name)
    for keras_layer, layer in weighted:
        keras_layer.set_weights(_weights(layer))
    path = folder / f"{network.name}.keras"
    model.save(path)
    return {path.name: (LOAD, BOUND)}


def _apply(keras: Any, layer: Layer, h: Any) -> tuple[Any, Any]:
    """Returns (what a layer makes of h, the Keras layer that takes its weights)."""
    make, settings, filters = keras.layers, layer.settings, layer.output_shape[-1]
    name = layer.scope or None
    bias = {"use_bias": "b" in layer.weights, "name": name}
    if layer.kind == "linear":
        keras_layer = make.Dense(filters, **bias)
    elif layer.kind in ("conv2d", "conv2d_transpose"):
        kind = {"conv2d": make.Conv2D, "conv2d_transpose": make.Conv2DTranspose}
        keras_layer = kind[layer.kind](
            filters,
            layer.weights["w"].shape[0],
            strides=settings["stride"],
            padding=settings["padding"].lower(),
            **bias,
        )
    elif layer.kind == "resize_conv2d":
        h = _grow(keras.ops, _grow(keras.ops, h, 1), 2)
        keras_layer = make.Conv2D(filters, 3, strides=2, padding="same", **bias)
    elif layer.kind == "batch_norm":
        epsilon = settings["epsilon"]
        if settings["is_training"]:
            axes = list(range(len(layer.output_shape)))  # all but the last, the batch's first
            mean, variance = keras.ops.moments(h, axes, keepdims=True)
            h, epsilon = (h - mean) * keras.ops.rsqrt(variance + epsilon), 0.0
        scale = "gamma" in layer.weights
        keras_layer = make.BatchNormalization(epsilon=epsilon, scale=scale, name=name)
    else:
        keras_layer = _weightless(make, layer)
    return keras_layer(h), keras_layer


def _weightless(make: Any, layer: Layer) -> Any:
    if layer.kind == "leaky_relu":
        return make.LeakyReLU(negative_slope=layer.settings["slope"])
    if layer.kind == "reshape":
        return make.Reshape(layer.output_shape)
    if layer.kind == "avg_pool":
        return make.AveragePooling2D(layer.settings["size"], padding="same")
    if layer.kind in ("relu", "tanh", "sigmoid"):
        return make.Activation(layer.kind)
    raise UserError(f"Keras's layers have no {layer.kind}; --to savedmodel can hold it")


def _grow(ops: Any, x: Any, axis: int) -> Any:
    """TF1's bilinear resize to twice the size along one axis of NHWC: row 2i is x[i],
    row 2i + 1 the mean of x[i] and x[i + 1], the last row being repeated."""
    size = x.shape[axis]
    following = ops.take(x, [*range(1, size), size - 1], axis)
    between = (x + following) / 2
    pairs = ops.stack([x, between], axis + 1)
    shape = list(x.shape)
    shape[0], shape[axis] = -1, 2 * size
    return ops.reshape(pairs, shape)


def _weights(layer: Layer) -> list[np.ndarray]:
    """Returns a layer's weights in the order of Keras's layer."""
    weights = dict(layer.weights)
    if layer.kind == "batch_norm" and layer.settings["is_training"]:
        weights["moving_mean"] = 0 * weights["moving_mean"]
        weights["moving_variance"] = 0 * weights["moving_variance"] + 1
    order = ("w", "b", "gamma", "beta", "moving_mean", "moving_variance")
    return [weights[name] for name in order if name in weights]
