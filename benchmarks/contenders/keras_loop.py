"""mnist_keras as its source has it: compiled Keras models and three `train_on_batch` calls."""

import numpy as np
from tensorflow import keras

from benchmarks.contenders.tf2 import drawing_its_own
from dcgan_v1.ports import keras_mnist_keras


def make_step(model, batch_size):
    generator = keras_mnist_keras.make_generator()
    discriminator = drawing_its_own(keras_mnist_keras.make_discriminator())
    loss = keras.losses.BinaryCrossentropy(from_logits=True)

    def adam():
        return keras.optimizers.Adam(2e-4, beta_1=0.5)

    discriminator.compile(loss=loss, optimizer=adam(), metrics=[keras_mnist_keras.accuracy])
    discriminator.trainable = False
    z = keras.Input([100])
    combined = keras.Model(z, discriminator(generator(z)))
    combined.compile(loss=loss, optimizer=adam())
    rng = np.random.default_rng(0)
    pixels = rng.random((512, 28, 28, 1), np.float32) * 2 - 1
    ones, zeros = np.ones([batch_size, 1]), np.zeros([batch_size, 1])

    def step():
        real = pixels[rng.integers(0, len(pixels), batch_size)]
        fake = generator.predict(rng.normal(size=[batch_size, 100]), verbose=0)
        discriminator.trainable = True
        discriminator.train_on_batch(real, ones)
        discriminator.train_on_batch(fake, zeros)
        discriminator.trainable = False
        combined.train_on_batch(rng.normal(size=[batch_size, 100]), ones)

    return step
