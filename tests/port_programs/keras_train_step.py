"""Keras: a model with a train_step of its own, trained by fit."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

latent_dim = 3

discriminator = keras.Sequential(
    [keras.Input(shape=(4,)), layers.Dense(5), layers.LeakyReLU(0.2), layers.Dense(1)],
    name="discriminator",
)
generator = keras.Sequential(
    [
        keras.Input(shape=(latent_dim,)),
        layers.Dense(6, activation="relu"),
        layers.Dense(4, activation="tanh"),
    ],
    name="generator",
)


class GAN(keras.Model):
    def __init__(self, discriminator, generator, latent_dim):
        super().__init__()
        self.discriminator = discriminator
        self.generator = generator
        self.latent_dim = latent_dim

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        super().compile()
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        self.loss_fn = loss_fn
        self.d_loss_metric = keras.metrics.Mean(name="d_loss")
        self.g_loss_metric = keras.metrics.Mean(name="g_loss")

    @property
    def metrics(self):
        return [self.d_loss_metric, self.g_loss_metric]

    def train_step(self, real_images):
        batch_size = tf.shape(real_images)[0]
        noise = tf.random.normal(shape=(batch_size, self.latent_dim))
        fake_images = self.generator(noise)
        with tf.GradientTape() as tape:
            on_real = self.discriminator(real_images, training=True)
            on_fake = self.discriminator(fake_images, training=True)
            d_loss = self.loss_fn(tf.ones((batch_size, 1)), on_real)
            d_loss += self.loss_fn(tf.zeros((batch_size, 1)), on_fake)
        grads = tape.gradient(d_loss, self.discriminator.trainable_weights)
        self.d_optimizer.apply_gradients(zip(grads, self.discriminator.trainable_weights))

        noise = tf.random.normal(shape=(batch_size, self.latent_dim))
        with tf.GradientTape() as tape:
            predictions = self.discriminator(self.generator(noise), training=True)
            g_loss = self.loss_fn(tf.ones((batch_size, 1)), predictions)
        grads = tape.gradient(g_loss, self.generator.trainable_weights)
        self.g_optimizer.apply_gradients(zip(grads, self.generator.trainable_weights))

        self.d_loss_metric.update_state(d_loss)
        self.g_loss_metric.update_state(g_loss)
        return {"d_loss": self.d_loss_metric.result(), "g_loss": self.g_loss_metric.result()}


images = np.random.rand(64, 4).astype("float32")
dataset = tf.data.Dataset.from_tensor_slices(images)
dataset = dataset.shuffle(64).map(lambda x: tf.cast(x, tf.float32)).batch(8)

gan = GAN(discriminator=discriminator, generator=generator, latent_dim=latent_dim)
gan.compile(
    d_optimizer=keras.optimizers.Adam(0.01, beta_1=0.5, epsilon=1e-8),
    g_optimizer=keras.optimizers.Adam(0.02, beta_1=0.5, epsilon=1e-8),
    loss_fn=keras.losses.BinaryCrossentropy(from_logits=True),
)
gan.fit(dataset, epochs=1, verbose=0)
