"""One network of a checkpoint, restored into a graph of its own, to be exported."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

import tensorflow.compat.v1 as tf

from dcgan_v1 import models, runtime, systems
from dcgan_v1.checkpoints import restoring
from dcgan_v1.checkpoints.checkpoint import Checkpoint
from dcgan_v1.nn import fast_ops, layer_registry

INPUTS = {"generator": "z", "discriminator": "images"}
OUTPUTS = {"generator": "images", "discriminator": "logits"}


class Network(NamedTuple):
    """A restored network. The batch dimension is free.

    Attributes:
      name: 'generator' or 'discriminator'.
      system: its `systems.System`.
      session: holds its variables, and nothing else.
      x: placeholder 'z' [N, z_dim] or 'images' [N, H, W, C].
      y: tensor 'images' [N, H, W, C] or 'logits' [N, 1].
    """

    name: str
    system: systems.System
    session: tf.Session
    x: tf.Tensor
    y: tf.Tensor

    def has_batch_norm(self) -> bool:
        layers = self.session.graph.get_collection(layer_registry.LAYERS)
        return any(layer.kind == "batch_norm" for layer in layers)

    def constants(self) -> tf.GraphDef:
        """Returns the GraphDef, its variables made constants."""
        return tf.graph_util.convert_variables_to_constants(
            self.session, self.session.graph.as_graph_def(), [self.y.op.name]
        )


@contextlib.contextmanager
def open_network(
    checkpoint: Checkpoint, name: str, bn: str = "ema", latest: bool = False
) -> Iterator[Network]:
    """Restores one network for inference, of TensorFlow's plain ops alone.

    Args:
      checkpoint: see `open_checkpoint`.
      name: 'generator' or 'discriminator'.
      bn: batch norm by its averages, 'ema', or by the 'batch'.
      latest: take G's weights as they are, also where there are averages of them.

    Raises:
      UserError: the checkpoint does not fit.
    """
    config = checkpoint.config
    system = systems.get(config.model)
    nets = models.get(config.model).networks(config)
    net = dict(zip(INPUTS, nets, strict=True))[name]
    shape = {"z": [system.z_dim], "images": system.image_shape}[INPUTS[name]]
    graph = tf.Graph()
    # the CPU is enough, and a GPU may be busy with a training
    on_cpu, _ = runtime.session_config("cpu")
    with contextlib.closing(tf.Session(graph=graph, config=on_cpu)) as session:
        with graph.as_default(), fast_ops.plain():
            x = tf.placeholder(tf.float32, [None, *shape], INPUTS[name])
            y, _ = net(x, bn == "batch")
            y = tf.identity(y, OUTPUTS[name])
            saved = tf.global_variables()
            plan = restoring.plan_networks(checkpoint, saved, latest)
            restoring.restore(session, plan)
        # no graph is the default one now: Keras and TensorFlow Lite run eagerly
        yield Network(name, system, session, x, y)
