"""mnist_tutorial in TF2: the official tutorial's own way, two tapes over one pass."""

from __future__ import annotations

import keras
import tensorflow as tf

from dcgan_v1.ports.fed_dropout import FedDropout

cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)


class Gan:
    """Both networks, their optimisers, and one training step."""

    def __init__(self) -> None:
        self.generator = make_generator()
        self.discriminator = make_discriminator()
        self.optimizers = {
            "d_adam": keras.optimizers.Adam(1e-4),
            "g_adam": keras.optimizers.Adam(1e-4),
        }
        self.optimizers["d_adam"].build(self.discriminator.trainable_variables)
        self.optimizers["g_adam"].build(self.generator.trainable_variables)

    @tf.function
    def train_step(
        self,
        real: tf.Tensor,
        z: tf.Tensor,
        keep_real1: tf.Tensor,
        keep_real2: tf.Tensor,
        keep_fake1: tf.Tensor,
        keep_fake2: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        """Updates both networks at once. Returns the losses, by name.

        Args:
          real: [M, 28, 28, 1] in [-1, 1]; M is less than N in an epoch's last batch.
          z: [N, 100], the noise of both updates.
          keep_real1, ...: bool masks [M or N, ...] of D's two dropouts.
        """
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = self.generator(z, training=True)
            real_logits = self.logits(real, keep_real1, keep_real2)
            fake_logits = self.logits(fake, keep_fake1, keep_fake2)
            d_loss_real = cross_entropy(tf.ones_like(real_logits), real_logits)
            d_loss_fake = cross_entropy(tf.zeros_like(fake_logits), fake_logits)
            d_loss = d_loss_real + d_loss_fake
            g_loss = cross_entropy(tf.ones_like(fake_logits), fake_logits)
        d_variables = self.discriminator.trainable_variables
        g_variables = self.generator.trainable_variables
        d_gradients = d_tape.gradient(d_loss, d_variables)
        g_gradients = g_tape.gradient(g_loss, g_variables)
        self.optimizers["d_adam"].apply_gradients(zip(d_gradients, d_variables, strict=True))
        self.optimizers["g_adam"].apply_gradients(zip(g_gradients, g_variables, strict=True))
        return {
            "d_loss": d_loss,
            "d_loss_real": d_loss_real,
            "d_loss_fake": d_loss_fake,
            "g_loss": g_loss,
        }

    def logits(self, images: tf.Tensor, *keep: tf.Tensor) -> tf.Tensor:
        for number, mask in enumerate(keep, 1):
            self.discriminator.get_layer(f"dropout{number}").feed(mask)
        return self.discriminator(images, training=True)


def make_generator() -> keras.Sequential:
    """[N, 100] -> [N, 28, 28, 1] in (-1, 1)."""
    deconv = {"padding": "same", "use_bias": False}
    return keras.Sequential(
        [
            keras.Input([100]),
            keras.layers.Dense(7 * 7 * 256, use_bias=False, name="linear1"),
            keras.layers.BatchNormalization(name="bn1"),
            keras.layers.LeakyReLU(0.3, name="lrelu1"),
            keras.layers.Reshape([7, 7, 256]),
            keras.layers.Conv2DTranspose(128, 5, strides=1, name="deconv2", **deconv),
            keras.layers.BatchNormalization(name="bn2"),
            keras.layers.LeakyReLU(0.3, name="lrelu2"),
            keras.layers.Conv2DTranspose(64, 5, strides=2, name="deconv3", **deconv),
            keras.layers.BatchNormalization(name="bn3"),
            keras.layers.LeakyReLU(0.3, name="lrelu3"),
            keras.layers.Conv2DTranspose(1, 5, strides=2, name="deconv4", **deconv),
            keras.layers.Activation("tanh"),
        ],
        name="generator",
    )


def make_discriminator() -> keras.Sequential:
    """[N, 28, 28, 1] -> logits [N, 1]."""
    return keras.Sequential(
        [
            keras.Input([28, 28, 1]),
            keras.layers.Conv2D(64, 5, strides=2, padding="same", name="conv1"),
            keras.layers.LeakyReLU(0.3, name="lrelu1"),
            FedDropout(0.3, name="dropout1"),
            keras.layers.Conv2D(128, 5, strides=2, padding="same", name="conv2"),
            keras.layers.LeakyReLU(0.3, name="lrelu2"),
            FedDropout(0.3, name="dropout2"),
            keras.layers.Flatten(),
            keras.layers.Dense(1, name="linear3"),
        ],
        name="discriminator",
    )
