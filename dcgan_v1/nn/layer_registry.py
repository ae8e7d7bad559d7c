"""What a network's layers leave in a collection of the graph, for whoever takes the
network elsewhere (`export.layers`). It costs nothing in a graph that nobody looks into.
"""

from typing import NamedTuple

import tensorflow.compat.v1 as tf

# no word: collections of such a name are left out where a graph is written down
LAYERS = ("dcgan_v1", "layers")


class LayerCall(NamedTuple):
    """One call of a layer.

    Attributes:
      kind: the function's name.
      scope: the variable scope it was called in, the layer's own last if it has one.
      x: its input.
      y: its output.
      settings: its arguments that are no tensors and no initialisers.
    """

    kind: str
    scope: str
    x: tf.Tensor
    y: tf.Tensor
    settings: dict


def register(kind, x, y, /, **settings):
    """Notes a call of a layer, in its own variable scope. Returns y."""
    scope = tf.get_variable_scope().name
    tf.add_to_collection(LAYERS, LayerCall(kind, scope, x, y, settings))
    return y
