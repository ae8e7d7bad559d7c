"""A Keras port of small_gan.py, and wrong ones."""

import keras
import tensorflow as tf

from dcgan_v1.compare import Keras

L = keras.layers


def cross_entropy(logits, label):
    return tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=label * tf.ones_like(logits))
    )


def new(rate=0.02, momentum=0.9):
    generator = keras.Sequential(
        [
            keras.Input((3,)),
            L.Dense(6, use_bias=False),
            L.BatchNormalization(momentum=momentum, epsilon=1e-5),
            L.ReLU(),
            L.Dense(4, use_bias=False, activation="tanh"),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((4,)),
            L.Dense(5, activation="relu"),
            L.Dropout(0.5),
            L.Dense(1, use_bias=False),
        ]
    )
    d = keras.optimizers.Adam(0.01, 0.5, 0.999, epsilon=1e-8)
    g = keras.optimizers.Adam(rate, 0.5, 0.999, epsilon=1e-8)

    def step(x, z, z_2):
        with tf.GradientTape() as tape:
            on_real = discriminator(x, training=True)
            fake = generator(z, training=True)
            on_fake = discriminator(fake, training=True)
            d_loss = cross_entropy(on_real, 1.0) + cross_entropy(on_fake, 0.0)
        weights = discriminator.trainable_weights
        d.apply(tape.gradient(d_loss, weights), weights)
        with tf.GradientTape() as tape:
            fake = generator(z_2, training=True)
            g_loss = cross_entropy(discriminator(fake, training=True), 1.0)
        weights = generator.trainable_weights
        g.apply(tape.gradient(g_loss, weights), weights)
        return {"d_loss": d_loss, "g_loss": g_loss}

    return Keras({"g": generator, "d": discriminator}, {"d": d, "g": g}, step)


def slow():
    return new(rate=0.01)


def other_decay():
    return new(momentum=0.99)
