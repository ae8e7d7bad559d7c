"""celeba64 as a TF2 user would write it: Keras layers, a `tf.function`, GradientTapes.

The same networks and the system's own update order: D first, then G with the same noise
against the updated D.
"""

import numpy as np
import tensorflow as tf
from tensorflow import keras

WIDTH = 128


def make_step(model, batch_size):
    if model != "celeba64":
        raise SystemExit(f"no TF2 contender for {model}")
    generator, discriminator = make_generator(), make_discriminator()
    g_adam, d_adam = (keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2))
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)

    @tf.function
    def train_step(real):
        z = tf.random.uniform([batch_size, 100], -1.0, 1.0)
        with tf.GradientTape() as tape:
            fake = generator(z, training=True)
            real_logits = discriminator(real, training=True)
            fake_logits = discriminator(fake, training=True)
            d_loss = cross_entropy(tf.ones_like(real_logits), real_logits)
            d_loss += cross_entropy(tf.zeros_like(fake_logits), fake_logits)
        gradients = tape.gradient(d_loss, discriminator.trainable_variables)
        d_adam.apply_gradients(zip(gradients, discriminator.trainable_variables, strict=True))
        with tf.GradientTape() as tape:
            fake_logits = discriminator(generator(z, training=True), training=True)
            g_loss = cross_entropy(tf.ones_like(fake_logits), fake_logits)
        gradients = tape.gradient(g_loss, generator.trainable_variables)
        g_adam.apply_gradients(zip(gradients, generator.trainable_variables, strict=True))
        return d_loss, g_loss

    pixels = np.random.default_rng(0).random((512, 64, 64, 3), np.float32) * 2 - 1
    batches = tf.data.Dataset.from_tensor_slices(pixels).repeat().shuffle(512)
    batches = iter(batches.batch(batch_size, drop_remainder=True).prefetch(2))
    return lambda: [x.numpy() for x in train_step(next(batches))]


def _normal(mean=0.0):
    return keras.initializers.RandomNormal(mean, 0.02)


def _norm():
    return keras.layers.BatchNormalization(
        momentum=0.9, epsilon=1e-5, gamma_initializer=_normal(1.0)
    )


def make_generator():
    options = {"use_bias": False, "kernel_initializer": _normal()}
    layers = [
        keras.Input([100]),
        keras.layers.Dense(16 * 8 * WIDTH, **options),
        keras.layers.Reshape([4, 4, 8 * WIDTH]),
        _norm(),
        keras.layers.ReLU(),
    ]
    options |= {"strides": 2, "padding": "same"}
    for filters in (4 * WIDTH, 2 * WIDTH, WIDTH):
        layers.append(keras.layers.Conv2DTranspose(filters, 5, **options))
        layers += [_norm(), keras.layers.ReLU()]
    last = keras.layers.Conv2DTranspose(3, 5, activation="tanh", **options)
    return keras.Sequential([*layers, last])


def make_discriminator():
    options = {"use_bias": False, "kernel_initializer": _normal()}
    layers = [keras.Input([64, 64, 3])]
    for filters in (WIDTH, 2 * WIDTH, 4 * WIDTH, 8 * WIDTH):
        layers.append(keras.layers.Conv2D(filters, 5, strides=2, padding="same", **options))
        layers += [_norm(), keras.layers.LeakyReLU(negative_slope=0.2)]
    last = keras.layers.Dense(1, **options)
    return keras.Sequential([*layers, keras.layers.Flatten(), last])
