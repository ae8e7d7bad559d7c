"""images96: a PyTorch DCGAN for any folder of images, 96x96x3 pixels in [-1, 1].

The source's explicit paddings are what SAME gives at these sizes. Its initial values,
its running variances and its Adam are PyTorch's own, which differ from TensorFlow's.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import tensorflow.compat.v1 as tf

from dcgan_v1 import systems
from dcgan_v1.nn import augmentation, ops, optimizers, training_steps
from dcgan_v1.nn.training_steps import Network, Output, Step

Z_DIM = systems.IMAGES96.z_dim

BN: dict[str, Any] = {"decay": 0.9, "epsilon": 1e-5, "unbiased": True}


def generator(z: tf.Tensor, is_training: bool | tf.Tensor, *, width: int) -> Output:
    """Makes images from noise.

    Args:
      z: [N, 100], standard normal.
      is_training: bool or bool tensor, see `ops.batch_norm`.
      width: channels of the last hidden layer, 64 in the source.

    Returns:
      Images [N, 96, 96, 3] in (-1, 1), and batch norm's update ops.
    """
    bn = {"gamma_initializer": tf.ones_initializer(), **BN}
    with tf.variable_scope("images96/generator", reuse=tf.AUTO_REUSE):
        h = tf.reshape(z, [-1, 1, 1, Z_DIM])  # [N, 1, 1, 100]
        h = ops.conv2d_transpose(
            h,
            8 * width,
            4,
            "deconv1",
            stride=1,
            padding="VALID",
            w_initializer=pytorch_uniform(4, 8 * width),
        )  # [N, 4, 4, 8w]
        h, updates1 = ops.batch_norm(h, is_training, "bn1", **bn)
        h = tf.nn.relu(h)

        h = _double(h, 4 * width, "deconv2")  # [N, 8, 8, 4w]
        h, updates2 = ops.batch_norm(h, is_training, "bn2", **bn)
        h = tf.nn.relu(h)

        h = _double(h, 2 * width, "deconv3")  # [N, 16, 16, 2w]
        h, updates3 = ops.batch_norm(h, is_training, "bn3", **bn)
        h = tf.nn.relu(h)

        h = _double(h, width, "deconv4")  # [N, 32, 32, w]
        h, updates4 = ops.batch_norm(h, is_training, "bn4", **bn)
        h = tf.nn.relu(h)

        last = {"stride": 3, "w_initializer": pytorch_uniform(5, 3)}
        h = ops.conv2d_transpose(h, 3, 5, "deconv5", **last)  # [N, 96, 96, 3]
        return tf.tanh(h), updates1 + updates2 + updates3 + updates4


def discriminator(images: tf.Tensor, is_training: bool | tf.Tensor, *, width: int) -> Output:
    """Tells real images from fakes: positive logits for those it takes for real.

    Args:
      images: [N, 96, 96, 3] in [-1, 1].
      is_training: bool or bool tensor, see `ops.batch_norm`.
      width: channels of the first layer, 64 in the source.

    Returns:
      Logits [N, 1], and batch norm's update ops.
    """
    bn = {"gamma_initializer": tf.ones_initializer(), **BN}
    with tf.variable_scope("images96/discriminator", reuse=tf.AUTO_REUSE):
        first = {"stride": 3, "w_initializer": pytorch_uniform(5, 3)}
        h = ops.conv2d(images, width, 5, "conv1", **first)  # [N, 32, 32, w]
        h, updates1 = ops.batch_norm(h, is_training, "bn1", **bn)
        h = ops.leaky_relu(h, 0.2)

        h = _halve(h, 2 * width, "conv2")  # [N, 16, 16, 2w]
        h, updates2 = ops.batch_norm(h, is_training, "bn2", **bn)
        h = ops.leaky_relu(h, 0.2)

        h = _halve(h, 4 * width, "conv3")  # [N, 8, 8, 4w]
        h, updates3 = ops.batch_norm(h, is_training, "bn3", **bn)
        h = ops.leaky_relu(h, 0.2)

        h = _halve(h, 8 * width, "conv4")  # [N, 4, 4, 8w]
        h, updates4 = ops.batch_norm(h, is_training, "bn4", **bn)
        h = ops.leaky_relu(h, 0.2)

        h = ops.conv2d(
            h, 1, 4, "conv5", stride=1, padding="VALID", w_initializer=pytorch_uniform(4, 8 * width)
        )  # [N, 1, 1, 1]
        return tf.reshape(h, [-1, 1]), updates1 + updates2 + updates3 + updates4


def _double(h: tf.Tensor, filters: int, scope: str) -> tf.Tensor:
    init = pytorch_uniform(4, filters)
    return ops.conv2d_transpose(h, filters, 4, scope, stride=2, w_initializer=init)


def _halve(h: tf.Tensor, filters: int, scope: str) -> tf.Tensor:
    init = pytorch_uniform(4, int(h.shape[3]))
    return ops.conv2d(h, filters, 4, scope, stride=2, w_initializer=init)


def pytorch_uniform(size: int, channels: int) -> tf.Initializer:
    """Returns PyTorch's initialiser of a kernel: U(-b, b) with b^2 = 1 / fan_in.

    Args:
      size: the kernel's side.
      channels: what PyTorch counts for fan_in: a convolution's input channels, but a
        transposed convolution's output channels.
    """
    bound = (size * size * channels) ** -0.5
    return tf.random_uniform_initializer(-bound, bound)


def networks(config: systems.Images96Config) -> tuple[Network, Network]:
    """Returns (generator, discriminator) with the config's width."""
    width = config.width
    return partial(generator, width=width), partial(discriminator, width=width)


def training_step(
    config: systems.Images96Config,
    generator: Network,
    discriminator: Network,
    real: tf.Tensor,
    z: tf.Tensor,
    **augment: tf.Tensor,
) -> Step:
    """Returns the `training_steps.Step` of this system.

    Args:
      generator, discriminator: see `networks`.
      real: [N, 96, 96, 3] in [-1, 1].
      z: [N, 100], the noise of both updates.
      augment: see `augmentation.augmented`.
    """
    adam = partial(optimizers.pytorch_adam, beta1=config.beta1, dtype=real.dtype)
    return training_steps.sequential(
        "images96",
        generator,
        *augmentation.augmented(discriminator, config.augment, **augment),
        real,
        z,
        d_adam=adam(config.d_learning_rate, name="d_adam"),
        g_adam=adam(config.g_learning_rate, name="g_adam"),
        real_label=1 - config.label_smoothing,
    )
