"""celeba64: the DCGAN of a TF1 tutorial on faces, 64x64x3 pixels in [-1, 1].

Radford et al. 2016 with 5x5 kernels, twice the paper's width, and a batch norm after
every discriminator layer, the first too. The source feeds fakes and reals through D
separately, so each kind has averages of its own: the sets `fake` and `real`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import tensorflow.compat.v1 as tf

from dcgan_v1 import systems
from dcgan_v1.nn import augmentation, ops, optimizers, training_steps
from dcgan_v1.nn.training_steps import Network, Output, Step

BN: dict[str, Any] = {"decay": 0.9, "epsilon": 1e-5, "first_variance": 0.0}


def generator(z: tf.Tensor, is_training: bool | tf.Tensor, *, width: int, init: str) -> Output:
    """Makes images from noise.

    Args:
      z: [N, 100], uniform in [-1, 1).
      is_training: bool or bool tensor, see `ops.batch_norm`.
      width: channels of the last hidden layer, 128 in the source.
      init: 'paper' or 'source', see `initializers`.

    Returns:
      Images [N, 64, 64, 3] in (-1, 1), and batch norm's update ops.
    """
    linear, deconv, _, gamma = initializers(init)
    deconv = {"stride": 2, "w_initializer": deconv}
    bn = {"gamma_initializer": gamma, **BN}
    with tf.variable_scope("celeba64/generator", reuse=tf.AUTO_REUSE):
        h = ops.linear(z, 4 * 4 * 8 * width, "linear0", w_initializer=linear)
        h = tf.reshape(h, [-1, 4, 4, 8 * width])  # [N, 4, 4, 8w]
        h, updates0 = ops.batch_norm(h, is_training, "bn0", **bn)
        h = tf.nn.relu(h)

        h = ops.conv2d_transpose(h, 4 * width, 5, "deconv1", **deconv)  # [N, 8, 8, 4w]
        h, updates1 = ops.batch_norm(h, is_training, "bn1", **bn)
        h = tf.nn.relu(h)

        h = ops.conv2d_transpose(h, 2 * width, 5, "deconv2", **deconv)  # [N, 16, 16, 2w]
        h, updates2 = ops.batch_norm(h, is_training, "bn2", **bn)
        h = tf.nn.relu(h)

        h = ops.conv2d_transpose(h, width, 5, "deconv3", **deconv)  # [N, 32, 32, w]
        h, updates3 = ops.batch_norm(h, is_training, "bn3", **bn)
        h = tf.nn.relu(h)

        h = ops.conv2d_transpose(h, 3, 5, "deconv4", **deconv)  # [N, 64, 64, 3]
        return tf.tanh(h), updates0 + updates1 + updates2 + updates3


def discriminator(
    images: tf.Tensor,
    is_training: bool | tf.Tensor,
    *,
    width: int,
    init: str,
    averages: str = "fake",
) -> Output:
    """Tells real images from fakes: positive logits for those it takes for real.

    Args:
      images: [N, 64, 64, 3] in [-1, 1].
      is_training: bool or bool tensor, see `ops.batch_norm`.
      width: channels of the first layer, 128 in the source.
      init: 'paper' or 'source', see `initializers`.
      averages: 'fake' or 'real', the set of moving averages that is read and moved.

    Returns:
      Logits [N, 1], and batch norm's update ops.
    """
    linear, _, conv, gamma = initializers(init)
    conv = {"stride": 2, "w_initializer": conv}
    bn = {"gamma_initializer": gamma, "averages": averages, **BN}
    with tf.variable_scope("celeba64/discriminator", reuse=tf.AUTO_REUSE):
        h = ops.conv2d(images, width, 5, "conv0", **conv)  # [N, 32, 32, w]
        h, updates0 = ops.batch_norm(h, is_training, "bn0", **bn)
        h = ops.leaky_relu(h, 0.2)

        h = ops.conv2d(h, 2 * width, 5, "conv1", **conv)  # [N, 16, 16, 2w]
        h, updates1 = ops.batch_norm(h, is_training, "bn1", **bn)
        h = ops.leaky_relu(h, 0.2)

        h = ops.conv2d(h, 4 * width, 5, "conv2", **conv)  # [N, 8, 8, 4w]
        h, updates2 = ops.batch_norm(h, is_training, "bn2", **bn)
        h = ops.leaky_relu(h, 0.2)

        h = ops.conv2d(h, 8 * width, 5, "conv3", **conv)  # [N, 4, 4, 8w]
        h, updates3 = ops.batch_norm(h, is_training, "bn3", **bn)
        h = ops.leaky_relu(h, 0.2)

        h = tf.reshape(h, [-1, 4 * 4 * 8 * width])  # [N, 128w]
        logits = ops.linear(h, 1, "linear4", w_initializer=linear)  # [N, 1]
        return logits, updates0 + updates1 + updates2 + updates3


def initializers(init: str) -> tuple[tf.Initializer, ...]:
    """Returns the initialisers of (linear layers, deconvolutions, convolutions, gamma).

    'paper': N(0, 0.02) weights, gamma N(1, 0.02) (Radford et al. 2016, section 4).
    'source': what the source does: uniform [0, 1) in both linear layers, and gammas
    around 0 instead of 1.
    """
    if init == "paper":
        normal = tf.random_normal_initializer(stddev=0.02)
        return normal, normal, normal, tf.random_normal_initializer(1.0, 0.02)
    return (
        tf.random_uniform_initializer(0.0, 1.0),
        ops.truncated_normal(0.05),
        ops.truncated_normal(0.005),
        tf.random_normal_initializer(0.0, 0.02),
    )


def networks(config: systems.Celeba64Config) -> tuple[Network, Network]:
    """Returns (generator, discriminator) with the config's width and start."""
    options: dict[str, Any] = {"width": config.width, "init": config.init}
    return partial(generator, **options), partial(discriminator, **options)


def training_step(
    config: systems.Celeba64Config,
    generator: Network,
    discriminator: Network,
    real: tf.Tensor,
    z: tf.Tensor,
    **augment: tf.Tensor,
) -> Step:
    """Returns the `training_steps.Step` of this system.

    Args:
      generator, discriminator: see `networks`.
      real: [N, 64, 64, 3] in [-1, 1].
      z: [N, 100], the noise of both updates.
      augment: see `augmentation.augmented`.
    """
    d_on_real, d_on_fake = augmentation.augmented(discriminator, config.augment, **augment)
    adam = partial(optimizers.adam, beta1=config.beta1, dtype=real.dtype)
    return training_steps.sequential(
        "celeba64",
        generator,
        partial(d_on_real, averages="real"),
        partial(d_on_fake, averages="fake"),
        real,
        z,
        d_adam=adam(config.d_learning_rate, name="d_adam"),
        g_adam=adam(config.g_learning_rate, name="g_adam"),
        real_label=1 - config.label_smoothing,
    )
