"""mnist_keras: a Keras DCGAN trained by `train_on_batch`, pixels in [-1, 1].

The source trains D on a batch of reals and on a batch of fakes in two calls, then G
through a frozen D (see `training_steps.separate_batches`). Its weights start from Keras's
defaults: it assigns other values, but to a list that Keras builds at each access.
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
SLOPE = 0.2
DROPOUT = systems.MNIST_KERAS.dropout


def generator(z: tf.Tensor, is_training: bool | tf.Tensor, *, init: str) -> Output:
    """Makes images from noise.

    Args:
      z: [N, 100], standard normal.
      is_training: bool or bool tensor, see `ops.batch_norm`.
      init: 'paper' or 'source', see `initializers`.

    Returns:
      Images [N, 28, 28, 1] in (-1, 1), and batch norm's update ops.
    """
    weights, gamma = initializers(init)
    bias = tf.zeros_initializer()
    conv = {"w_initializer": weights}
    bn = {"gamma_initializer": gamma, **BN}
    with tf.variable_scope("mnist_keras/generator", reuse=tf.AUTO_REUSE):
        h = ops.linear(z, 7 * 7 * 256, "linear1", b_initializer=bias, **conv)
        h = tf.reshape(h, [-1, 7, 7, 256])  # [N, 7, 7, 256]
        h, updates1 = ops.batch_norm(h, is_training, "bn1", **bn)
        h = ops.leaky_relu(h, SLOPE)

        h = ops.conv2d_transpose(h, 128, 5, "deconv2", stride=1, **conv)
        h, updates2 = ops.batch_norm(h, is_training, "bn2", **bn)  # [N, 7, 7, 128]
        h = ops.leaky_relu(h, SLOPE)

        h = ops.conv2d_transpose(h, 64, 5, "deconv3", stride=2, **conv)
        h, updates3 = ops.batch_norm(h, is_training, "bn3", **bn)  # [N, 14, 14, 64]
        h = ops.leaky_relu(h, SLOPE)

        h = ops.conv2d_transpose(h, 32, 5, "deconv4", stride=2, **conv)
        h, updates4 = ops.batch_norm(h, is_training, "bn4", **bn)  # [N, 28, 28, 32]
        h = ops.leaky_relu(h, SLOPE)

        h = ops.conv2d(h, 1, 5, "conv5", stride=1, **conv)  # [N, 28, 28, 1]
        return tf.tanh(h), updates1 + updates2 + updates3 + updates4


def discriminator(
    images: tf.Tensor, is_training: bool | tf.Tensor, *, init: str, keep: Sequence[tf.Tensor] = ()
) -> Output:
    """Tells real images from fakes: positive logits for those it takes for real.

    Args:
      images: [N, 28, 28, 1] in [-1, 1].
      is_training: unused, there is no batch norm here.
      init: 'paper' or 'source', see `initializers`.
      keep: masks of the two dropouts, [N, 14, 14, 64] and [N, 7, 7, 128]; without them
        nothing is dropped.

    Returns:
      Logits [N, 1], and an empty list of updates.
    """
    del is_training
    weights, _ = initializers(init)
    conv = {"stride": 2, "w_initializer": weights}
    with tf.variable_scope("mnist_keras/discriminator", reuse=tf.AUTO_REUSE):
        h = ops.conv2d(images, 64, 5, "conv1", **conv)  # [N, 14, 14, 64]
        h = ops.leaky_relu(h, SLOPE)
        if keep:
            h = ops.dropout(h, keep[0], DROPOUT)

        h = ops.conv2d(h, 128, 5, "conv2", **conv)  # [N, 7, 7, 128]
        h = ops.leaky_relu(h, SLOPE)
        if keep:
            h = ops.dropout(h, keep[1], DROPOUT)

        h = tf.reshape(h, [-1, 7 * 7 * 128])  # [N, 6272]
        bias = tf.zeros_initializer()
        linear = {"w_initializer": weights, "b_initializer": bias}
        return ops.linear(h, 1, "linear3", **linear), []  # [N, 1]


def initializers(init: str) -> tuple[tf.Initializer, ...]:
    """Returns the initialisers of (all weights, batch norm's gamma).

    'paper': N(0, 0.02), gamma N(1, 0.02) (Radford et al. 2016, section 4), which the
    source means to set.
    'source': what its weights really start from: Glorot uniform, and ones.
    """
    if init == "paper":
        return (tf.random_normal_initializer(stddev=0.02), tf.random_normal_initializer(1.0, 0.02))
    return tf.glorot_uniform_initializer(), tf.ones_initializer()


def networks(config: systems.MnistKerasConfig) -> tuple[Network, Network]:
    """Returns (generator, discriminator) with the config's start."""
    return partial(generator, init=config.init), partial(discriminator, init=config.init)


def training_step(
    config: systems.MnistKerasConfig,
    generator: Network,
    discriminator: Network,
    real: tf.Tensor,
    z_discriminator: tf.Tensor,
    z_generator: tf.Tensor,
    **masks: tf.Tensor,
) -> Step:
    """Returns the `training_steps.Step` of this system.

    Args:
      generator, discriminator: see `networks`.
      real: [N, 28, 28, 1] in [-1, 1].
      z_discriminator, z_generator: [N, 100], noise of the D and of the G update.
      masks: bool [N, *shape] for each of the system's masks.
    """
    adam = partial(optimizers.adam, beta1=config.beta1, dtype=real.dtype, epsilon=EPSILON)

    def with_dropout(purpose: str) -> Network:
        keep = [masks[f"keep_{purpose}{layer}"] for layer in (1, 2)]
        return partial(discriminator, keep=keep)

    return training_steps.separate_batches(
        "mnist_keras",
        generator,
        with_dropout("real"),
        with_dropout("fake"),
        with_dropout("new_fake"),
        real,
        z_discriminator,
        z_generator,
        d_adam=adam(config.d_learning_rate, name="d_adam"),
        g_adam=adam(config.g_learning_rate, name="g_adam"),
        real_label=1 - config.label_smoothing,
    )
