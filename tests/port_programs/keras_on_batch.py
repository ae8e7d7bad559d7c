"""Keras: two compiled models that share one, and train_on_batch."""

import numpy as np
from tensorflow.keras.layers import Dense, Input, LeakyReLU
from tensorflow.keras.losses import BinaryCrossentropy
from tensorflow.keras.models import Model, Sequential
from tensorflow.keras.optimizers import Adam


class GAN:
    def __init__(self):
        self.discriminator = self.build_discriminator()
        self.discriminator.compile(
            loss=BinaryCrossentropy(from_logits=True), optimizer=Adam(0.01, 0.5, epsilon=1e-8)
        )
        self.generator = Sequential(
            [Input(shape=(3,)), Dense(6, activation="relu"), Dense(4, activation="tanh")]
        )
        z = Input(shape=(3,))
        self.discriminator.trainable = False
        self.combined = Model(z, self.discriminator(self.generator(z)))
        self.combined.compile(
            loss=BinaryCrossentropy(from_logits=True), optimizer=Adam(0.02, 0.5, epsilon=1e-8)
        )

    def build_discriminator(self):
        model = Sequential([Input(shape=(4,)), Dense(5), LeakyReLU(0.2), Dense(1)])
        img = Input(shape=(4,))
        return Model(img, model(img))

    def train(self, steps, batch_size=8):
        data = np.random.rand(steps * batch_size, 4)
        for step in range(steps):
            imgs = data[step * batch_size :][:batch_size]
            noise = np.random.normal(0, 1, (batch_size, 3))
            gen_imgs = self.generator.predict(noise, verbose=0)
            both = np.concatenate([imgs, gen_imgs])
            labels = np.concatenate([np.ones((batch_size, 1)), np.zeros((batch_size, 1))])
            self.discriminator.trainable = True
            d_loss = self.discriminator.train_on_batch(both, labels)
            noise = np.random.normal(0, 1, (batch_size, 3))
            self.discriminator.trainable = False
            g_loss = self.combined.train_on_batch(noise, np.ones((batch_size, 1)))
            print(step, d_loss, g_loss)


if __name__ == "__main__":
    GAN().train(6)
