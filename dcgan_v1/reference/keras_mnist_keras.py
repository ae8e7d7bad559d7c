"""mnist_keras in Keras 3: compiled models and `train_on_batch`, as the source has it.

D is frozen inside the combined model. Keras 2 remembered from `compile` that D by itself
may train; Keras 3 asks `trainable` when a train function is traced, so the flag is set
before each call.
"""

import keras
import numpy as np
import tensorflow as tf

from dcgan_v1.reference.tf2_mnist_keras import make_discriminator, make_generator


@keras.saving.register_keras_serializable("dcgan_v1")
def accuracy(labels, logits):
    """The part of the logits whose sign agrees with the labels 0 and 1."""
    return tf.cast(tf.equal(labels > 0, logits > 0), logits.dtype)


class Gan:
    """Both networks, the combined model, and one training step."""

    def __init__(self):
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

    def train_step(self, real, z_discriminator, z_generator, **keep):
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

    def train_on_batch(self, model, inputs, labels, keep, purpose):
        for number in (1, 2):
            layer = self.discriminator.get_layer(f"dropout{number}")
            layer.feed(keep[f"keep_{purpose}{number}"])
        return model.train_on_batch(inputs, labels)
