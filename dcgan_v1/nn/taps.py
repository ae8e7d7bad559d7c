"""Where a graph can be looked into: what layers and updates leave in collections of it.

A tap costs nothing in a graph that nobody looks into.
"""

from typing import NamedTuple

import tensorflow.compat.v1 as tf

# no words: collections of such a name are left out where a graph is written down
LAYERS, UPDATES = ("dcgan_v1", "layers"), ("dcgan_v1", "updates")


class Layer(NamedTuple):
    """One call of a layer.

    Attributes:
      kind: the function in `ops`.
      scope: the variable scope it was called in, the layer's own last if it has one.
      y: its output.
      settings: name -> number, what a port must have alike.
    """

    kind: str
    scope: str
    y: tf.Tensor
    settings: dict


class Update(NamedTuple):
    """One update of some variables.

    Attributes:
      optimizer: an optimiser of `optimizers`.
      gradients, variables: what it is given.
    """

    optimizer: tf.train.Optimizer
    gradients: list
    variables: list


def tap_layer(kind, y, /, **settings):
    """Notes the output of a layer, in its own variable scope. Returns it."""
    scope = tf.get_variable_scope().name
    tf.add_to_collection(LAYERS, Layer(kind, scope, y, settings))
    return y


def tap_update(optimizer, gradients, variables):
    tf.add_to_collection(UPDATES, Update(optimizer, list(gradients), list(variables)))
