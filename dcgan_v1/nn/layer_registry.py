"""Registers each call of a layer in a collection of the graph, for `export.layers` to read.

It costs nothing in a graph that is not exported."""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow.compat.v1 as tf

# not a string: such collections are left out where a graph is written down
LAYERS = ("dcgan_v1", "layers")


class LayerCall(NamedTuple):
    """One call of a layer.

    Attributes:
      kind: the function's name.
      scope: the variable scope it was called in, the layer's own last if it has one.
      x: its input.
      y: its output.
      settings: its arguments other than tensors and initialisers.
    """

    kind: str
    scope: str
    x: tf.Tensor
    y: tf.Tensor
    settings: dict[str, Any]


def register(kind: str, x: tf.Tensor, y: tf.Tensor, /, **settings: Any) -> tf.Tensor:
    """Registers a call of a layer, within its variable scope. Returns y.

    Args:
      kind, x, y, settings: see `LayerCall`.
    """
    scope = tf.get_variable_scope().name
    tf.add_to_collection(LAYERS, LayerCall(kind, scope, x, y, settings))
    return y
