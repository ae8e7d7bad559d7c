"""The port of tf1_gan.py to Keras 3, with two mistakes that are easily made."""

import keras
import tensorflow as tf

layers = keras.layers
cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)


class Gan:
    slope, epsilon = 0.3, 1e-7  # Keras's own defaults; TF1's are 0.2 and 1e-8

    def __init__(self):
        self.generator = keras.Sequential(
            [
                keras.Input([10]),
                layers.Dense(32),
                layers.BatchNormalization(momentum=0.9, epsilon=1e-5),
                layers.ReLU(),
                layers.Dense(64, activation="tanh"),
                layers.Reshape([8, 8, 1]),
            ]
        )
        self.discriminator = keras.Sequential(
            [
                keras.Input([8, 8, 1]),
                layers.Flatten(),
                layers.Dense(32),
                layers.LeakyReLU(self.slope),
                layers.Dense(1),
            ]
        )
        self.d_adam, self.g_adam = (
            keras.optimizers.Adam(1e-3, 0.5, epsilon=self.epsilon) for _ in "dg"
        )

    @tf.function
    def train_step(self, images, z):
        with tf.GradientTape() as tape:
            on_real = self.discriminator(images, training=True)
            on_fake = self.discriminator(self.generator(z, training=True), training=True)
            d_loss = cross_entropy(tf.ones_like(on_real), on_real)
            d_loss += cross_entropy(tf.zeros_like(on_fake), on_fake)
        variables = self.discriminator.trainable_variables
        self.d_adam.apply(tape.gradient(d_loss, variables), variables)
        averages = [tf.identity(v) for v in self.generator.non_trainable_variables]
        with tf.GradientTape() as tape:
            on_fake = self.discriminator(self.generator(z, training=True), training=True)
            g_loss = cross_entropy(tf.ones_like(on_fake), on_fake)
        variables = self.generator.trainable_variables
        self.g_adam.apply(tape.gradient(g_loss, variables), variables)
        # in TF1 only the discriminator's train op runs UPDATE_OPS
        for v, before in zip(self.generator.non_trainable_variables, averages, strict=True):
            v.assign(before)
        return {"d_loss": d_loss, "g_loss": g_loss}


class WithTheSlope(Gan):
    slope = 0.2


class Right(WithTheSlope):
    epsilon = 1e-8
