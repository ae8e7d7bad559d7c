"""mnist_beginners: the TF1 'GANs for beginners' network on MNIST, pixels in [0, 1].

Its generator works from large to small: a 56x56 plane, shrunk by strided convolutions
with bilinear resizes between them. Its discriminator is the TF1 MNIST tutorial's
classifier with one output. Three Adams train them (see `training_steps.separate_losses`).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import tensorflow.compat.v1 as tf

from dcgan_v1 import systems
from dcgan_v1.nn import ops, optimizers, resizing, training_steps
from dcgan_v1.nn.training_steps import Network, Output, Step

BN: dict[str, Any] = {"decay": 0.999, "epsilon": 1e-5}  # tf.contrib's decay; beta but no gamma
STDDEV = 0.02


def generator(z: tf.Tensor, is_training: bool | tf.Tensor) -> Output:
    """Makes images from noise.

    Args:
      z: [N, 100], standard normal.
      is_training: bool or bool tensor, see `ops.batch_norm`.

    Returns:
      Images [N, 28, 28, 1] in (0, 1), and batch norm's update ops.
    """
    normal = dict.fromkeys(  # biases too
        ("w_initializer", "b_initializer"), ops.truncated_normal(STDDEV)
    )
    with tf.variable_scope("mnist_beginners/generator", reuse=tf.AUTO_REUSE):
        h = ops.linear(z, 56 * 56, "linear1", **normal)  # [N, 3136]
        h = tf.reshape(h, [-1, 56, 56, 1])  # [N, 56, 56, 1]
        h, updates1 = ops.batch_norm(h, is_training, "bn1", **BN)
        h = tf.nn.relu(h)

        h = ops.conv2d(h, 50, 3, "conv2", stride=2, **normal)  # [N, 28, 28, 50]
        h, updates2 = ops.batch_norm(h, is_training, "bn2", **BN)
        h = tf.nn.relu(h)

        # source: resize to 56x56, then a 3x3 convolution of stride 2
        h = resizing.resize_conv2d(h, 25, "conv3", **normal)  # [N, 28, 28, 25]
        h, updates3 = ops.batch_norm(h, is_training, "bn3", **BN)
        h = tf.nn.relu(h)

        # source: resize to 56x56, then a 1x1 convolution of stride 2. That reads only
        # the even rows and columns, which TF1's resize copies from the small map.
        h = ops.conv2d(h, 1, 1, "conv4", stride=1, **normal)  # [N, 28, 28, 1]
        return tf.sigmoid(h), updates1 + updates2 + updates3


def discriminator(images: tf.Tensor, is_training: bool | tf.Tensor) -> Output:
    """Tells real images from fakes: positive logits for those it takes for real.

    Args:
      images: [N, 28, 28, 1] in [0, 1].
      is_training: unused, there is no batch norm here.

    Returns:
      Logits [N, 1], and an empty list of updates.
    """
    del is_training
    init = {"w_initializer": ops.truncated_normal(STDDEV), "b_initializer": tf.zeros_initializer()}
    with tf.variable_scope("mnist_beginners/discriminator", reuse=tf.AUTO_REUSE):
        h = ops.conv2d(images, 32, 5, "conv1", stride=1, **init)  # [N, 28, 28, 32]
        h = tf.nn.avg_pool2d(tf.nn.relu(h), 2, 2, "SAME")  # [N, 14, 14, 32]

        h = ops.conv2d(h, 64, 5, "conv2", stride=1, **init)  # [N, 14, 14, 64]
        h = tf.nn.avg_pool2d(tf.nn.relu(h), 2, 2, "SAME")  # [N, 7, 7, 64]

        h = tf.reshape(h, [-1, 7 * 7 * 64])  # [N, 3136]
        h = tf.nn.relu(ops.linear(h, 1024, "linear3", **init))  # [N, 1024]
        return ops.linear(h, 1, "linear4", **init), []  # [N, 1]


def networks(config: systems.MnistBeginnersConfig) -> tuple[Network, Network]:
    """Returns (generator, discriminator); no setting changes them."""
    del config
    return generator, discriminator


def training_step(
    config: systems.MnistBeginnersConfig,
    generator: Network,
    discriminator: Network,
    real: tf.Tensor,
    z_discriminator: tf.Tensor,
    z_generator: tf.Tensor,
) -> Step:
    """Returns the `training_steps.Step` of this system.

    Args:
      generator, discriminator: see `networks`.
      real: [N, 28, 28, 1] in [0, 1].
      z_discriminator, z_generator: [N, 100], noise of the D and of the G update.
    """
    adam = partial(optimizers.adam, beta1=config.beta1, dtype=real.dtype)
    return training_steps.separate_losses(
        "mnist_beginners",
        generator,
        discriminator,
        real,
        z_discriminator,
        z_generator,
        d_real_adam=adam(config.d_learning_rate, name="d_real_adam"),
        d_fake_adam=adam(config.d_learning_rate, name="d_fake_adam"),
        g_adam=adam(config.g_learning_rate, name="g_adam"),
        real_label=1 - config.label_smoothing,
    )
