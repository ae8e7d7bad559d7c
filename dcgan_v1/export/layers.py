"""A network as a list of layers with their weights, read off its graph: what is needed
to build it anew in something that is not TensorFlow."""

from typing import NamedTuple

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.nn import layer_registry

UNARY = {"Relu": "relu", "Tanh": "tanh", "Sigmoid": "sigmoid", "Reshape": "reshape"}
AVERAGES = ("moving_mean", "moving_variance")


class UnknownLayer(UserError):
    """A network that is no chain of known layers."""


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
    input_shape: tuple
    output_shape: tuple
    settings: dict
    weights: dict


def read_layers(network):
    """Returns the Layers of a `networks.Network`, from its input to its output.

    Raises:
      UnknownLayer: it is no chain of known layers; the op in the way is named.
    """
    graph = network.session.graph
    calls = {call.y.name: call for call in graph.get_collection(layer_registry.LAYERS)}
    variables = {v.op.name: v for v in graph.get_collection("variables")}
    layers, y = [], network.y
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
            shapes = (tuple(t.shape.as_list()[1:]) for t in (x, y))
            layers.append(Layer(kind, scope, *shapes, settings, weights))
        y = x
    return layers[::-1]


def _weights(call, variables):
    """Returns name -> variable of those in a layer's scope."""
    averages = call.settings.get("averages", "")
    inside = f"{call.scope}/{averages}/" if averages else f"{call.scope}/"
    places = {name: f"{call.scope}/{name}" for name in ("w", "b", "gamma", "beta")}
    places |= {name: inside + name for name in AVERAGES}
    return {n: variables[place] for n, place in places.items() if place in variables}


def _unary(op):
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
    raise UnknownLayer(f"there is no layer here for op {op.type} ({op.name})")


def scale_and_shift(layer):
    """Returns batch norm by its averages as float32 (scale [C], shift [C]): y is
    x * scale + shift."""
    w = {name: array.astype(np.float64) for name, array in layer.weights.items()}
    scale = w.get("gamma", 1.0) / np.sqrt(w["moving_variance"] + layer.settings["epsilon"])
    shift = w["beta"] - w["moving_mean"] * scale
    return scale.astype(np.float32), shift.astype(np.float32)
