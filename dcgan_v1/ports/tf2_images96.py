"""images96 in TF2. PyTorch's batch norm and Adam differ from Keras's: both are here."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)


class Gan:
    """Both networks, their optimisers, and one training step."""

    def __init__(self, width: int = 64) -> None:
        self.generator = make_generator(width)
        self.discriminator = make_discriminator(width)
        self.optimizers = {
            name: PytorchAdam(2e-4, beta_1=0.5, epsilon=1e-8) for name in ("d_adam", "g_adam")
        }
        self.optimizers["d_adam"].build(self.discriminator.trainable_variables)
        self.optimizers["g_adam"].build(self.generator.trainable_variables)

    @tf.function
    def train_step(self, real: tf.Tensor, z: tf.Tensor) -> dict[str, tf.Tensor]:
        """Updates D, then G with the same fakes against it. Returns the losses, by name.

        Args:
          real: [N, 96, 96, 3] in [-1, 1].
          z: [N, 100], the noise of both updates.
        """
        with tf.GradientTape() as g_tape:
            fake = self.generator(z, training=True)
        with tf.GradientTape() as d_tape:
            real_logits = self.discriminator(real, training=True)
            fake_logits = self.discriminator(fake, training=True)
            d_loss_real = cross_entropy(tf.ones_like(real_logits), real_logits)
            d_loss_fake = cross_entropy(tf.zeros_like(fake_logits), fake_logits)
            d_loss = d_loss_real + d_loss_fake
        variables = self.discriminator.trainable_variables
        self.optimizers["d_adam"].apply_gradients(
            zip(d_tape.gradient(d_loss, variables), variables, strict=True)
        )
        with g_tape:  # the same fakes, against the updated D
            new_logits = self.discriminator(fake, training=True)
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


class PytorchAdam(keras.optimizers.Adam):
    """Adam with epsilon added after the bias correction of the second moment."""

    def update_step(
        self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor
    ) -> None:
        index = self._get_variable_index(variable)
        m, v = self._momentums[index], self._velocities[index]
        step = tf.cast(self.iterations + 1, variable.dtype)
        m.assign_add((gradient - m) * (1 - self.beta_1))
        v.assign_add((tf.square(gradient) - v) * (1 - self.beta_2))
        m_hat = m / (1 - tf.pow(tf.cast(self.beta_1, variable.dtype), step))
        v_hat = v / (1 - tf.pow(tf.cast(self.beta_2, variable.dtype), step))
        rate = tf.cast(learning_rate, variable.dtype)
        variable.assign_sub(rate * m_hat / (tf.sqrt(v_hat) + self.epsilon))


class PytorchBatchNorm(keras.layers.Layer):
    """Batch norm whose moving variance follows the unbiased variance of the batch."""

    def __init__(
        self, momentum: float = 0.9, epsilon: float = 1e-5, unbiased: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.momentum, self.epsilon, self.unbiased = momentum, epsilon, unbiased

    def build(self, shape: tuple[int | None, ...]) -> None:
        def add(name: str, initializer: Any, trainable: bool = False) -> keras.Variable:
            return self.add_weight(
                shape=[shape[-1]], initializer=initializer, trainable=trainable, name=name
            )

        self.gamma = add("gamma", "ones", trainable=True)
        self.beta = add("beta", "zeros", trainable=True)
        self.moving_mean = add("moving_mean", "zeros")
        self.moving_variance = add("moving_variance", "ones")

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        mean, variance = self.moving_mean.value, self.moving_variance.value
        if training:
            mean, variance = tf.nn.moments(x, [0, 1, 2])
            n = tf.cast(tf.size(x) / tf.shape(x)[-1], x.dtype)
            moved = variance * n / (n - 1) if self.unbiased else variance
            kept = self.momentum
            self.moving_mean.assign(kept * self.moving_mean + (1 - kept) * mean)
            self.moving_variance.assign(kept * self.moving_variance + (1 - kept) * moved)
        return tf.nn.batch_normalization(x, mean, variance, self.beta, self.gamma, self.epsilon)


def pytorch_uniform(size: int, channels: int) -> keras.initializers.Initializer:
    """U(-b, b) with b^2 = 1 / fan_in, as PyTorch counts it."""
    bound = (size * size * channels) ** -0.5
    return keras.initializers.RandomUniform(-bound, bound)


def make_generator(width: int) -> keras.Sequential:
    """[N, 100] -> [N, 96, 96, 3] in (-1, 1)."""
    layers = [keras.Input([100]), keras.layers.Reshape([1, 1, 100])]
    shapes = [(8, 1, "valid"), (4, 2, "same"), (2, 2, "same"), (1, 2, "same")]
    for i, (wide, strides, padding) in enumerate(shapes, start=1):
        layers += [
            keras.layers.Conv2DTranspose(
                wide * width,
                4,
                strides=strides,
                padding=padding,
                use_bias=False,
                kernel_initializer=pytorch_uniform(4, wide * width),
                name=f"deconv{i}",
            ),
            PytorchBatchNorm(name=f"bn{i}"),
            keras.layers.ReLU(),
        ]
    last = keras.layers.Conv2DTranspose(
        3,
        5,
        strides=3,
        padding="same",
        use_bias=False,
        kernel_initializer=pytorch_uniform(5, 3),
        name="deconv5",
    )
    layers += [last, keras.layers.Activation("tanh")]
    return keras.Sequential(layers, name="generator")


def make_discriminator(width: int) -> keras.Sequential:
    """[N, 96, 96, 3] -> logits [N, 1]."""
    layers, channels = [keras.Input([96, 96, 3])], 3
    shapes = [(width, 5, 3), (2 * width, 4, 2), (4 * width, 4, 2), (8 * width, 4, 2)]
    for i, (filters, size, strides) in enumerate(shapes, start=1):
        layers += [
            keras.layers.Conv2D(
                filters,
                size,
                strides=strides,
                padding="same",
                use_bias=False,
                kernel_initializer=pytorch_uniform(size, channels),
                name=f"conv{i}",
            ),
            PytorchBatchNorm(name=f"bn{i}"),
            keras.layers.LeakyReLU(0.2, name=f"lrelu{i}"),
        ]
        channels = filters
    last = keras.layers.Conv2D(
        1, 4, use_bias=False, kernel_initializer=pytorch_uniform(4, channels), name="conv5"
    )
    layers += [last, keras.layers.Reshape([1])]
    return keras.Sequential(layers, name="discriminator")
