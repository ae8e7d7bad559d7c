"""celeba64 in TF2: Keras layers, and a batch norm that keeps two sets of averages."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)


class Gan:
    """Both networks, their optimisers, and one training step."""

    def __init__(self, width: int = 128) -> None:
        self.generator = make_generator(width)
        self.discriminator = make_discriminator(width)
        # TF1's epsilon; Keras's own default is 1e-7
        self.optimizers = {
            name: keras.optimizers.Adam(2e-4, beta_1=0.5, epsilon=1e-8)
            for name in ("d_adam", "g_adam")
        }
        self.optimizers["d_adam"].build(self.discriminator.trainable_variables)
        self.optimizers["g_adam"].build(self.generator.trainable_variables)

    @tf.function
    def train_step(self, real: tf.Tensor, z: tf.Tensor) -> dict[str, tf.Tensor]:
        """Updates D, then G with the same fakes against it. Returns the losses, by name.

        Args:
          real: [N, 64, 64, 3] in [-1, 1].
          z: [N, 100], the noise of both updates.
        """
        with tf.GradientTape() as g_tape:
            fake = self.generator(z, training=True)
        with tf.GradientTape() as d_tape:
            real_logits = self.logits(real, "real")
            fake_logits = self.logits(fake, "fake")
            d_loss_real = cross_entropy(tf.ones_like(real_logits), real_logits)
            d_loss_fake = cross_entropy(tf.zeros_like(fake_logits), fake_logits)
            d_loss = d_loss_real + d_loss_fake
        variables = self.discriminator.trainable_variables
        self.optimizers["d_adam"].apply_gradients(
            zip(d_tape.gradient(d_loss, variables), variables, strict=True)
        )
        with g_tape:  # the same fakes, against the updated D
            new_logits = self.logits(fake, "fake")
            g_loss = cross_entropy(tf.ones_like(new_logits), new_logits)
        variables = self.generator.trainable_variables
        self.optimizers["g_adam"].apply_gradients(
            zip(g_tape.gradient(g_loss, variables), variables, strict=True)
        )
        return {
            "d_loss": d_loss,
            "d_loss_real": d_loss_real,
            "d_loss_fake": d_loss_fake,
            "g_loss": g_loss,
        }

    def logits(self, images: tf.Tensor, averages: str) -> tf.Tensor:
        for layer in self.discriminator.layers:
            if isinstance(layer, TwoSetBatchNorm):
                layer.averages = averages  # while the step is traced
        return self.discriminator(images, training=True)


class TwoSetBatchNorm(keras.layers.Layer):
    """Batch norm that keeps its moving averages of fakes and of reals apart."""

    averages = "fake"  # the set that is read and moved

    def __init__(self, momentum: float = 0.9, epsilon: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.momentum, self.epsilon = momentum, epsilon

    def build(self, shape: tuple[int | None, ...]) -> None:
        def add(name: str, initializer: Any, trainable: bool = False) -> keras.Variable:
            return self.add_weight(
                shape=[shape[-1]], initializer=initializer, trainable=trainable, name=name
            )

        normal = keras.initializers.RandomNormal(1.0, 0.02)
        self.gamma = add("gamma", normal, trainable=True)
        self.beta = add("beta", "zeros", trainable=True)
        self.fake_moving_mean = add("fake_moving_mean", "zeros")
        self.fake_moving_variance = add("fake_moving_variance", "zeros")
        self.real_moving_mean = add("real_moving_mean", "zeros")
        self.real_moving_variance = add("real_moving_variance", "zeros")

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        average_mean = getattr(self, f"{self.averages}_moving_mean")
        average_variance = getattr(self, f"{self.averages}_moving_variance")
        mean, variance = average_mean.value, average_variance.value
        if training:
            mean, variance = tf.nn.moments(x, [0, 1, 2])
            kept = self.momentum
            average_mean.assign(kept * average_mean + (1 - kept) * mean)
            average_variance.assign(kept * average_variance + (1 - kept) * variance)
        return tf.nn.batch_normalization(x, mean, variance, self.beta, self.gamma, self.epsilon)


def make_generator(width: int) -> keras.Sequential:
    """[N, 100] -> [N, 64, 64, 3] in (-1, 1)."""
    normal = keras.initializers.RandomNormal
    options = {"use_bias": False, "kernel_initializer": normal(0, 0.02)}
    deconv = {"strides": 2, "padding": "same", **options}

    def norm(name: str) -> keras.layers.Layer:
        return keras.layers.BatchNormalization(
            momentum=0.9,
            epsilon=1e-5,
            gamma_initializer=normal(1.0, 0.02),
            moving_variance_initializer="zeros",
            name=name,
        )

    layers = [
        keras.Input([100]),
        keras.layers.Dense(4 * 4 * 8 * width, name="linear0", **options),
        keras.layers.Reshape([4, 4, 8 * width]),
        norm("bn0"),
        keras.layers.ReLU(),
    ]
    for i, filters in enumerate((4 * width, 2 * width, width), start=1):
        layers += [
            keras.layers.Conv2DTranspose(filters, 5, name=f"deconv{i}", **deconv),
            norm(f"bn{i}"),
            keras.layers.ReLU(),
        ]
    layers += [
        keras.layers.Conv2DTranspose(3, 5, name="deconv4", **deconv),
        keras.layers.Activation("tanh"),
    ]
    return keras.Sequential(layers, name="generator")


def make_discriminator(width: int) -> keras.Sequential:
    """[N, 64, 64, 3] -> logits [N, 1]."""
    options = {"use_bias": False}
    options["kernel_initializer"] = keras.initializers.RandomNormal(0, 0.02)
    conv = {"strides": 2, "padding": "same", **options}
    layers = [keras.Input([64, 64, 3])]
    for i, filters in enumerate((width, 2 * width, 4 * width, 8 * width)):
        layers += [
            keras.layers.Conv2D(filters, 5, name=f"conv{i}", **conv),
            TwoSetBatchNorm(name=f"bn{i}"),
            keras.layers.LeakyReLU(0.2, name=f"lrelu{i}"),
        ]
    layers += [keras.layers.Flatten(), keras.layers.Dense(1, name="linear4", **options)]
    return keras.Sequential(layers, name="discriminator")
