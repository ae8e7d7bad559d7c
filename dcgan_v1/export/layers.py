"""A network as a list of layers with their weights, read off its graph: what is needed
to build it in something other than TensorFlow."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1.errors import UserError
from dcgan_v1.export.networks import Network
from dcgan_v1.nn import layer_registry
from dcgan_v1.nn.layer_registry import LayerCall

UNARY = {"Relu": "relu", "Tanh": "tanh", "Sigmoid": "sigmoid", "Reshape": "reshape"}
AVERAGES = ("moving_mean", "moving_variance")


class UnknownLayer(UserError):
    """A network that is not a chain of known layers."""


class Layer(NamedTuple):
    """One layer.

    Attributes:
      kind: the layer's function in `nn`; or relu, tanh, sigmoid, reshape, avg_pool.
      scope: the last word of its variable scope, '' where it has none of its own.
      input_shape, output_shape: without the batch.
      settings: stride, padding, slope, epsilon, is_training, or size, by kind.
      weights: name -> float32 array: w, b; gamma, beta, moving_mean, moving_variance.
    """

    kind: str
    scope: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    settings: dict[str, Any]
    weights: dict[str, np.ndarray]


def read_layers(network: Network) -> list[Layer]:
    """Returns a network's layers, from its input to its output.

    Raises:
      UnknownLayer: it is not a chain of known layers; the op in the way is named.
    """
    graph = network.session.graph
    calls = {call.y.name: call for call in graph.get_collection(layer_registry.LAYERS)}
    variables = {v.op.name: v for v in graph.get_collection("variables")}
    layers: list[Layer] = []
    y = network.y
    while y is not network.x:
        call = calls.get(y.name)
        if call is not None:
            kind, x, settings = call.kind, call.x, call.settings
            weights = network.session.run(_weights(call, variables))
            scope = call.scope.rpartition("/")[2] if weights else ""
        else:
            kind, x, settings = _unary(y.op)
            scope, weights = "", {}
        if kind:
            input_shape, output_shape = (tuple(t.shape.as_list()[1:]) for t in (x, y))
            layers.append(Layer(kind, scope, input_shape, output_shape, settings, weights))
        y = x
    return layers[::-1]


def _weights(call: LayerCall, variables: dict[str, tf.Variable]) -> dict[str, tf.Variable]:
    """Returns name -> variable of those in a layer's scope."""
    averages = call.settings.get("averages", "")
    inside = f"{call.scope}/{averages}/" if averages else f"{call.scope}/"
    places = {name: f"{call.scope}/{name}" for name in ("w", "b", "gamma", "beta")}
    places |= {name: inside + name for name in AVERAGES}
    return {n: variables[place] for n, place in places.items() if place in variables}


def _unary(op: tf.Operation) -> tuple[str, tf.Tensor, dict[str, Any]]:
    """Returns (kind, input, settings) of an op outside all layers; no kind where it
    changes nothing."""
    if op.type == "Identity":
        return "", op.inputs[0], {}
    if op.type in UNARY:
        return UNARY[op.type], op.inputs[0], {}
    if op.type == "AvgPool":
        size, stride = (op.get_attr(name)[1] for name in ("ksize", "strides"))
        if size == stride and op.get_attr("padding") == b"SAME":
            return "avg_pool", op.inputs[0], {"size": size}
    raise UnknownLayer(f"no known layer computes op {op.type} ({op.name})")


def scale_and_shift(layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    """Returns batch norm by its averages as float32 (scale [C], shift [C]): y is
    x * scale + shift."""
    w = {name: array.astype(np.float64) for name, array in layer.weights.items()}
    scale = w.get("gamma", 1.0) / np.sqrt(w["moving_variance"] + layer.settings["epsilon"])
    shift = w["beta"] - w["moving_mean"] * scale
    return scale.astype(np.float32), shift.astype(np.float32)
