"""mnist_keras in TF2: three tapes, one for each of the Keras loop's calls."""

import keras
import tensorflow as tf

from dcgan_v1.ports.fed_dropout import FedDropout

cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)


class Gan:
    """Both networks, their optimisers, and one training step."""

    def __init__(self):
        self.generator = make_generator()
        self.discriminator = make_discriminator()
        self.optimizers = {
            "d_adam": keras.optimizers.Adam(2e-4, beta_1=0.5),
            "g_adam": keras.optimizers.Adam(2e-4, beta_1=0.5),
        }
        self.optimizers["d_adam"].build(self.discriminator.trainable_variables)
        self.optimizers["g_adam"].build(self.generator.trainable_variables)

    @tf.function
    def train_step(self, real, z_discriminator, z_generator, **keep):
        fake = self.generator(z_discriminator, training=False)
        loss_real, right_real = self.train_discriminator(real, 1, keep, "real")
        loss_fake, right_fake = self.train_discriminator(fake, 0, keep, "fake")
        with tf.GradientTape() as tape:
            fake = self.generator(z_generator, training=True)
            logits = self.judge(fake, keep, "new_fake")
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

    def train_discriminator(self, images, label, keep, purpose):
        with tf.GradientTape() as tape:
            logits = self.judge(images, keep, purpose)
            labels = tf.fill(tf.shape(logits), tf.cast(label, logits.dtype))
            loss = cross_entropy(labels, logits)
        variables = self.discriminator.trainable_variables
        gradients = tape.gradient(loss, variables)
        self.optimizers["d_adam"].apply_gradients(zip(gradients, variables, strict=True))
        right = tf.equal(logits > 0, labels > 0)
        return loss, tf.reduce_mean(tf.cast(right, logits.dtype))

    def judge(self, images, keep, purpose):
        for number in (1, 2):
            layer = self.discriminator.get_layer(f"dropout{number}")
            layer.feed(keep[f"keep_{purpose}{number}"])
        return self.discriminator(images, training=True)


def make_generator():
    """[N, 100] -> [N, 28, 28, 1] in (-1, 1)."""
    normal = keras.initializers.RandomNormal
    conv = {"padding": "same", "use_bias": False, "kernel_initializer": normal(0, 0.02)}
    layers = [
        keras.Input([100]),
        keras.layers.Dense(7 * 7 * 256, kernel_initializer=normal(0, 0.02), name="linear1"),
        keras.layers.Reshape([7, 7, 256]),
        keras.layers.BatchNormalization(gamma_initializer=normal(1, 0.02), name="bn1"),
        keras.layers.LeakyReLU(0.2, name="lrelu1"),
    ]
    for i, (filters, strides) in enumerate(((128, 1), (64, 2), (32, 2)), start=2):
        layers += [
            keras.layers.Conv2DTranspose(filters, 5, strides=strides, name=f"deconv{i}", **conv),
            keras.layers.BatchNormalization(gamma_initializer=normal(1, 0.02), name=f"bn{i}"),
            keras.layers.LeakyReLU(0.2, name=f"lrelu{i}"),
        ]
    layers += [keras.layers.Conv2D(1, 5, name="conv5", **conv), keras.layers.Activation("tanh")]
    return keras.Sequential(layers, name="generator")


def make_discriminator():
    """[N, 28, 28, 1] -> logits [N, 1]."""
    normal = keras.initializers.RandomNormal(0, 0.02)
    conv = {"strides": 2, "padding": "same", "use_bias": False}
    conv["kernel_initializer"] = normal
    return keras.Sequential(
        [
            keras.Input([28, 28, 1]),
            keras.layers.Conv2D(64, 5, name="conv1", **conv),
            keras.layers.LeakyReLU(0.2, name="lrelu1"),
            FedDropout(0.3, name="dropout1"),
            keras.layers.Conv2D(128, 5, name="conv2", **conv),
            keras.layers.LeakyReLU(0.2, name="lrelu2"),
            FedDropout(0.3, name="dropout2"),
            keras.layers.Flatten(),
            keras.layers.Dense(1, kernel_initializer=normal, name="linear3"),
        ],
        name="discriminator",
    )
