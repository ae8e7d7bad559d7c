"""The conditional DCGAN of carpedm20/DCGAN-tensorflow on MNIST, in Keras 3.

Written from the architecture (see `docs/guides/legacy.md`), not from its code: 28x28 digits in
0..1, 100 numbers of z, ten classes; Adam with 2e-4 and 0.5; the generator is updated
twice for each update of the discriminator.
"""

import keras
import tensorflow as tf

from dcgan_v1.compare import Keras

L = keras.layers


class BatchNorm(L.Layer):
    """Over all axes but the last, with TF1's fused kernel's averages: they follow the
    variance with n / (n - 1), where Keras's own layer takes it as it is."""

    def build(self, shape):
        for name, start in (("gamma", "ones"), ("beta", "zeros")):
            setattr(self, name, self.add_weight(shape[-1:], start, name=name))
        for name, start in (("moving_mean", "zeros"), ("moving_variance", "ones")):
            weight = self.add_weight(shape[-1:], start, trainable=False, name=name)
            setattr(self, name, weight)

    def call(self, x, training=False):
        mean, variance = self.moving_mean, self.moving_variance
        if training:
            axes = list(range(len(x.shape) - 1))
            n = keras.ops.size(x) / x.shape[-1]
            mean, variance = keras.ops.moments(x, axes)
            unbiased = variance * keras.ops.cast(n / (n - 1), x.dtype)
            self.moving_mean.assign(0.9 * self.moving_mean + 0.1 * mean)
            self.moving_variance.assign(0.9 * self.moving_variance + 0.1 * unbiased)
        return keras.ops.batch_normalization(
            x, mean, variance, -1, self.beta, self.gamma, epsilon=1e-5
        )


def leaky(x):
    return keras.ops.maximum(x, 0.2 * x)


def beside(maps, y):
    """[N, H, W, C], [N, 10] -> [N, H, W, C + 10]: the class at every pixel."""
    _, h, w, _ = maps.shape
    planes = keras.ops.tile(keras.ops.reshape(y, (-1, 1, 1, 10)), (1, h, w, 1))
    return keras.ops.concatenate([maps, planes], axis=-1)


class Generator(keras.Model):
    """z [N, 100], y [N, 10] -> images [N, 28, 28, 1] in 0..1."""

    def __init__(self):
        super().__init__(name="generator")
        self.dense0, self.bn0 = L.Dense(1024), BatchNorm()
        self.dense1, self.bn1 = L.Dense(128 * 7 * 7), BatchNorm()
        self.deconv2, self.bn2 = self.deconv(128), BatchNorm()
        self.deconv3 = self.deconv(1)

    def deconv(self, filters):
        return L.Conv2DTranspose(filters, 5, strides=2, padding="same")

    def call(self, z, y, training=False):
        x = keras.ops.concatenate([z, y], axis=1)
        x = keras.ops.relu(self.bn0(self.dense0(x), training=training))
        x = keras.ops.concatenate([x, y], axis=1)
        x = keras.ops.relu(self.bn1(self.dense1(x), training=training))
        x = beside(keras.ops.reshape(x, (-1, 7, 7, 128)), y)
        x = keras.ops.relu(self.bn2(self.deconv2(x), training=training))
        return keras.ops.sigmoid(self.deconv3(beside(x, y)))


class Discriminator(keras.Model):
    """images [N, 28, 28, 1], y [N, 10] -> logits [N, 1]."""

    def __init__(self):
        super().__init__(name="discriminator")
        self.conv0 = L.Conv2D(11, 5, strides=2, padding="same")
        self.conv1 = L.Conv2D(74, 5, strides=2, padding="same")
        self.bn1, self.flatten = BatchNorm(), L.Flatten()
        self.dense2, self.bn2 = L.Dense(1024), BatchNorm()
        self.dense3 = L.Dense(1)

    def call(self, x, y, training=False):
        x = leaky(self.conv0(beside(x, y)))
        x = leaky(self.bn1(self.conv1(beside(x, y)), training=training))
        x = keras.ops.concatenate([self.flatten(x), y], axis=1)
        x = leaky(self.bn2(self.dense2(x), training=training))
        return self.dense3(keras.ops.concatenate([x, y], axis=1))


def cross_entropy(logits, label):
    return tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=tf.ones_like(logits) * label)
    )


class Gan:
    """One step: the discriminator once, then the generator twice, on one z."""

    def __init__(self):
        self.generator, self.discriminator = Generator(), Discriminator()
        z, y = keras.KerasTensor((64, 100)), keras.KerasTensor((64, 10))
        self.generator(z, y)
        self.discriminator(keras.KerasTensor((64, 28, 28, 1)), y)
        self.d_optimizer = keras.optimizers.Adam(2e-4, 0.5, 0.999, epsilon=1e-8)
        self.g_optimizer = keras.optimizers.Adam(2e-4, 0.5, 0.999, epsilon=1e-8)

    def train_step(self, images, z, y):
        with tf.GradientTape() as tape:
            fake = self.generator(z, y, training=True)
            on_real = self.discriminator(images, y, training=True)
            on_fake = self.discriminator(fake, y, training=True)
            d_loss = cross_entropy(on_real, 1.0) + cross_entropy(on_fake, 0.0)
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply(tape.gradient(d_loss, weights), weights)
        self.update_generator(z, y)
        return {"d_loss": d_loss, "g_loss": self.update_generator(z, y)}

    def update_generator(self, z, y):
        with tf.GradientTape() as tape:
            fake = self.generator(z, y, training=True)
            g_loss = cross_entropy(self.discriminator(fake, y, training=True), 1.0)
        weights = self.generator.trainable_weights
        self.g_optimizer.apply(tape.gradient(g_loss, weights), weights)
        return g_loss


def new():
    gan = Gan()
    return Keras(
        models={"generator": gan.generator, "discriminator": gan.discriminator},
        optimizers={"d": gan.d_optimizer, "g": gan.g_optimizer},
        step=gan.train_step,
    )
