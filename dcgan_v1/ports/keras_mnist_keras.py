"""mnist_keras in Keras 3: compiled models and `train_on_batch`, as the source has it.

D is frozen inside the combined model. Keras 2 remembered from `compile` that D by
itself may train; Keras 3 asks `trainable` when a train function is traced, so the flag
is set before each call.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from dcgan_v1.ports.fed_dropout import FedDropout


@keras.saving.register_keras_serializable("dcgan_v1")
def accuracy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """The part of the logits whose sign agrees with the labels 0 and 1."""
    return tf.cast(tf.equal(labels > 0, logits > 0), logits.dtype)


class Gan:
    """Both networks, the combined model, and one training step."""

    def __init__(self) -> None:
        self.generator = make_generator()
        self.discriminator = make_discriminator()
        self.optimizers = {
            "d_adam": keras.optimizers.Adam(2e-4, beta_1=0.5),
            "g_adam": keras.optimizers.Adam(2e-4, beta_1=0.5),
        }
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        self.discriminator.compile(
            loss=loss, optimizer=self.optimizers["d_adam"], metrics=[accuracy]
        )
        self.optimizers["d_adam"].build(self.discriminator.trainable_variables)
        self.discriminator.trainable = False
        z = keras.Input([100])
        self.combined = keras.Model(z, self.discriminator(self.generator(z)))
        self.combined.compile(loss=loss, optimizer=self.optimizers["g_adam"])
        self.optimizers["g_adam"].build(self.combined.trainable_variables)
        self.discriminator.trainable = True

    def train_step(
        self,
        real: np.ndarray,
        z_discriminator: np.ndarray,
        z_generator: np.ndarray,
        **keep: np.ndarray,
    ) -> dict[str, float]:
        """Three `train_on_batch` calls: D on reals, D on fakes, G.

        Args:
          real: [N, 28, 28, 1] in [-1, 1].
          z_discriminator, z_generator: [N, 100], noise of the D and of the G update.
          keep: bool masks [N, ...] by 'keep_<purpose><layer>'.

        Returns:
          Its losses and D's accuracy, by name.
        """
        ones, zeros = np.ones([len(real), 1]), np.zeros([len(real), 1])
        fake = self.generator.predict(z_discriminator, verbose=0)
        self.discriminator.trainable = True
        on_real = self.train_on_batch(self.discriminator, real, ones, keep, "real")
        on_fake = self.train_on_batch(self.discriminator, fake, zeros, keep, "fake")
        self.discriminator.trainable = False
        g_loss = self.train_on_batch(self.combined, z_generator, ones, keep, "new_fake")
        self.discriminator.trainable = True
        d_loss, d_accuracy = 0.5 * np.add(on_real, on_fake)
        return {
            "d_loss": d_loss,
            "d_loss_real": on_real[0],
            "d_loss_fake": on_fake[0],
            "d_accuracy": d_accuracy,
            "g_loss": g_loss,
        }

    def train_on_batch(
        self,
        model: keras.Model,
        inputs: np.ndarray,
        labels: np.ndarray,
        keep: dict[str, np.ndarray],
        purpose: str,
    ) -> Any:
        """One call of Keras's, with the dropout masks of a purpose.

        Args:
          model: the discriminator, or the combined model.
          inputs: images [N, 28, 28, 1], or latents [N, 100].
          labels: [N, 1], what D should say.
          keep: bool masks [N, ...] by 'keep_<purpose><layer>'.
          purpose: 'real', 'fake' or 'new_fake'.
        """
        for number in (1, 2):
            layer = self.discriminator.get_layer(f"dropout{number}")
            layer.feed(keep[f"keep_{purpose}{number}"])
        return model.train_on_batch(inputs, labels)


def make_generator() -> keras.Sequential:
    """[N, 100] -> [N, 28, 28, 1] in (-1, 1)."""
    normal = keras.initializers.RandomNormal
    conv = {"padding": "same", "use_bias": False, "kernel_initializer": normal(0, 0.02)}
    layers = [
        keras.Input([100]),
        keras.layers.Dense(7 * 7 * 256, kernel_initializer=normal(0, 0.02), name="linear1"),
        keras.layers.Reshape([7, 7, 256]),
        keras.layers.BatchNormalization(gamma_initializer=normal(1, 0.02), name="bn1"),
        keras.layers.LeakyReLU(0.2, name="lrelu1"),
    ]
    for i, (filters, strides) in enumerate(((128, 1), (64, 2), (32, 2)), start=2):
        layers += [
            keras.layers.Conv2DTranspose(filters, 5, strides=strides, name=f"deconv{i}", **conv),
            keras.layers.BatchNormalization(gamma_initializer=normal(1, 0.02), name=f"bn{i}"),
            keras.layers.LeakyReLU(0.2, name=f"lrelu{i}"),
        ]
    layers += [keras.layers.Conv2D(1, 5, name="conv5", **conv), keras.layers.Activation("tanh")]
    return keras.Sequential(layers, name="generator")


def make_discriminator() -> keras.Sequential:
    """[N, 28, 28, 1] -> logits [N, 1]."""
    normal = keras.initializers.RandomNormal(0, 0.02)
    conv = {"strides": 2, "padding": "same", "use_bias": False}
    conv["kernel_initializer"] = normal
    return keras.Sequential(
        [
            keras.Input([28, 28, 1]),
            keras.layers.Conv2D(64, 5, name="conv1", **conv),
            keras.layers.LeakyReLU(0.2, name="lrelu1"),
            FedDropout(0.3, name="dropout1"),
            keras.layers.Conv2D(128, 5, name="conv2", **conv),
            keras.layers.LeakyReLU(0.2, name="lrelu2"),
            FedDropout(0.3, name="dropout2"),
            keras.layers.Flatten(),
            keras.layers.Dense(1, kernel_initializer=normal, name="linear3"),
        ],
        name="discriminator",
    )
