"""mnist_keras in TF2: three tapes, one for each of the Keras loop's calls."""

from __future__ import annotations

import keras
import tensorflow as tf

from dcgan_v1.ports.keras_mnist_keras import make_discriminator, make_generator

cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)


class Gan:
    """Both networks, their optimisers, and one training step."""

    def __init__(self) -> None:
        self.generator = make_generator()
        self.discriminator = make_discriminator()
        self.optimizers = {
            "d_adam": keras.optimizers.Adam(2e-4, beta_1=0.5),
            "g_adam": keras.optimizers.Adam(2e-4, beta_1=0.5),
        }
        self.optimizers["d_adam"].build(self.discriminator.trainable_variables)
        self.optimizers["g_adam"].build(self.generator.trainable_variables)

    @tf.function
    def train_step(
        self, real: tf.Tensor, z_discriminator: tf.Tensor, z_generator: tf.Tensor, **keep: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Updates D on reals, D on fakes, G. Returns the losses and D's accuracy, by name.

        Args:
          real: [N, 28, 28, 1] in [-1, 1].
          z_discriminator, z_generator: [N, 100], noise of the D and of the G update.
          keep: bool masks [N, ...] by 'keep_<purpose><layer>'.
        """
        fake = self.generator(z_discriminator, training=False)
        loss_real, right_real = self.train_discriminator(real, 1, keep, "real")
        loss_fake, right_fake = self.train_discriminator(fake, 0, keep, "fake")
        with tf.GradientTape() as tape:
            fake = self.generator(z_generator, training=True)
            logits = self.logits(fake, keep, "new_fake")
            g_loss = cross_entropy(tf.ones_like(logits), logits)
        variables = self.generator.trainable_variables
        gradients = tape.gradient(g_loss, variables)
        self.optimizers["g_adam"].apply_gradients(zip(gradients, variables, strict=True))
        return {
            "d_loss": (loss_real + loss_fake) / 2,
            "d_loss_real": loss_real,
            "d_loss_fake": loss_fake,
            "d_accuracy": (right_real + right_fake) / 2,
            "g_loss": g_loss,
        }

    def train_discriminator(
        self, images: tf.Tensor, label: int, keep: dict[str, tf.Tensor], purpose: str
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Updates D on one kind of images. Returns (loss, accuracy).

        Args:
          images: [N, 28, 28, 1] in [-1, 1].
          label: 1 for reals, 0 for fakes.
          keep: bool masks [N, ...] by 'keep_<purpose><layer>'.
          purpose: 'real' or 'fake'.
        """
        with tf.GradientTape() as tape:
            logits = self.logits(images, keep, purpose)
            labels = tf.fill(tf.shape(logits), tf.cast(label, logits.dtype))
            loss = cross_entropy(labels, logits)
        variables = self.discriminator.trainable_variables
        gradients = tape.gradient(loss, variables)
        self.optimizers["d_adam"].apply_gradients(zip(gradients, variables, strict=True))
        right = tf.equal(logits > 0, labels > 0)
        return loss, tf.reduce_mean(tf.cast(right, logits.dtype))

    def logits(self, images: tf.Tensor, keep: dict[str, tf.Tensor], purpose: str) -> tf.Tensor:
        for number in (1, 2):
            layer = self.discriminator.get_layer(f"dropout{number}")
            layer.feed(keep[f"keep_{purpose}{number}"])
        return self.discriminator(images, training=True)
