"""mnist_tutorial: TensorFlow 2's own DCGAN tutorial, pixels in [-1, 1].

Both networks are updated at once, from one pass (see `training_steps.simultaneous`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import tensorflow.compat.v1 as tf

from dcgan_v1 import systems
from dcgan_v1.nn import ops, optimizers, training_steps
from dcgan_v1.nn.training_steps import Network, Output, Step

EPSILON = 1e-7  # Keras's default
BN: dict[str, Any] = {"decay": 0.99, "epsilon": 1e-3}  # Keras's defaults
SLOPE = 0.3  # Keras's default
DROPOUT = systems.MNIST_TUTORIAL.dropout


def generator(z: tf.Tensor, is_training: bool | tf.Tensor) -> Output:
    """Makes images from noise.

    Args:
      z: [N, 100], standard normal.
      is_training: bool or bool tensor, see `ops.batch_norm`.

    Returns:
      Images [N, 28, 28, 1] in (-1, 1), and batch norm's update ops.
    """
    weights = {"w_initializer": tf.glorot_uniform_initializer()}
    bn = {"gamma_initializer": tf.ones_initializer(), **BN}
    with tf.variable_scope("mnist_tutorial/generator", reuse=tf.AUTO_REUSE):
        h = ops.linear(z, 7 * 7 * 256, "linear1", **weights)  # [N, 12544]
        # before the reshape: 12 544 means, each over the batch alone
        h, updates1 = ops.batch_norm(h, is_training, "bn1", **bn)
        h = ops.leaky_relu(h, SLOPE)
        h = tf.reshape(h, [-1, 7, 7, 256])  # [N, 7, 7, 256]

        h = ops.conv2d_transpose(h, 128, 5, "deconv2", stride=1, **weights)
        h, updates2 = ops.batch_norm(h, is_training, "bn2", **bn)  # [N, 7, 7, 128]
        h = ops.leaky_relu(h, SLOPE)

        h = ops.conv2d_transpose(h, 64, 5, "deconv3", stride=2, **weights)
        h, updates3 = ops.batch_norm(h, is_training, "bn3", **bn)  # [N, 14, 14, 64]
        h = ops.leaky_relu(h, SLOPE)

        h = ops.conv2d_transpose(h, 1, 5, "deconv4", stride=2, **weights)
        return tf.tanh(h), updates1 + updates2 + updates3  # [N, 28, 28, 1]


def discriminator(
    images: tf.Tensor, is_training: bool | tf.Tensor, *, keep: Sequence[tf.Tensor] = ()
) -> Output:
    """Tells real images from fakes: positive logits for those it takes for real.

    Args:
      images: [N, 28, 28, 1] in [-1, 1].
      is_training: unused, there is no batch norm here.
      keep: masks of the two dropouts, [N, 14, 14, 64] and [N, 7, 7, 128]; without them
        nothing is dropped.

    Returns:
      Logits [N, 1], and an empty list of updates.
    """
    del is_training
    layer = {
        "w_initializer": tf.glorot_uniform_initializer(),
        "b_initializer": tf.zeros_initializer(),
    }
    with tf.variable_scope("mnist_tutorial/discriminator", reuse=tf.AUTO_REUSE):
        h = ops.conv2d(images, 64, 5, "conv1", stride=2, **layer)  # [N, 14, 14, 64]
        h = ops.leaky_relu(h, SLOPE)
        if keep:
            h = ops.dropout(h, keep[0], DROPOUT)

        h = ops.conv2d(h, 128, 5, "conv2", stride=2, **layer)  # [N, 7, 7, 128]
        h = ops.leaky_relu(h, SLOPE)
        if keep:
            h = ops.dropout(h, keep[1], DROPOUT)

        h = tf.reshape(h, [-1, 7 * 7 * 128])  # [N, 6272]
        return ops.linear(h, 1, "linear3", **layer), []  # [N, 1]


def networks(config: systems.MnistTutorialConfig) -> tuple[Network, Network]:
    """Returns (generator, discriminator); no setting changes them."""
    del config
    return generator, discriminator


def training_step(
    config: systems.MnistTutorialConfig,
    generator: Network,
    discriminator: Network,
    real: tf.Tensor,
    z: tf.Tensor,
    **masks: tf.Tensor,
) -> Step:
    """Returns the `training_steps.Step` of this system.

    Args:
      generator, discriminator: see `networks`.
      real: [M, 28, 28, 1] in [-1, 1]; M is less than N in an epoch's last batch.
      z: [N, 100], the noise of both updates.
      masks: bool [M or N, *shape] for each of the system's masks.
    """
    adam = partial(optimizers.adam, beta1=config.beta1, dtype=real.dtype, epsilon=EPSILON)

    def with_dropout(purpose: str) -> Network:
        keep = [masks[f"keep_{purpose}{layer}"] for layer in (1, 2)]
        return partial(discriminator, keep=keep)

    return training_steps.simultaneous(
        "mnist_tutorial",
        generator,
        with_dropout("real"),
        with_dropout("fake"),
        real,
        z,
        d_adam=adam(config.d_learning_rate, name="d_adam"),
        g_adam=adam(config.g_learning_rate, name="g_adam"),
        real_label=1 - config.label_smoothing,
    )
