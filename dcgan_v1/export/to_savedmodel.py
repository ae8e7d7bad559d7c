"""TensorFlow's SavedModel: for TF2, TensorFlow Serving, gradients included."""

from __future__ import annotations

from pathlib import Path

import tensorflow.compat.v1 as tf

from dcgan_v1.export import Recipes
from dcgan_v1.export.networks import Network

TITLE = "a SavedModel of TensorFlow 2"
BOUND = 1e-5
NOTE = ""
NEEDS: tuple[str, ...] = ()
LOAD = """\
import tensorflow as tf
model = tf.saved_model.load("{name}").signatures["serving_default"]
{y} = model({x}=tf.constant({x}))["{y}"].numpy()
"""


def write(network: Network, folder: Path) -> Recipes:
    """Writes `folder`/NAME/saved_model.pb and its variables."""
    x, y = network.x.op.name, network.y.op.name
    with network.session.graph.as_default():
        tf.saved_model.simple_save(
            network.session,
            str(folder / network.name),
            inputs={x: network.x},
            outputs={y: network.y},
        )
    return {network.name: (LOAD, BOUND)}
