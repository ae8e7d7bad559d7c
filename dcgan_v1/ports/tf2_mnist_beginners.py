"""mnist_beginners in TF2: a tape for each loss, three Adams."""

from __future__ import annotations

import keras
import tensorflow as tf

cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)


class Gan:
    """Both networks, their optimisers, and one training step."""

    def __init__(self) -> None:
        self.generator = make_generator()
        self.discriminator = make_discriminator()
        # TF1's epsilon; Keras's own default is 1e-7
        self.optimizers = {
            "d_real_adam": keras.optimizers.Adam(3e-4, epsilon=1e-8),
            "d_fake_adam": keras.optimizers.Adam(3e-4, epsilon=1e-8),
            "g_adam": keras.optimizers.Adam(1e-4, epsilon=1e-8),
        }
        for name, optimizer in self.optimizers.items():
            network = self.generator if name == "g_adam" else self.discriminator
            optimizer.build(network.trainable_variables)

    @tf.function
    def train_step(
        self, real: tf.Tensor, z_discriminator: tf.Tensor, z_generator: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Updates D by each of its two losses, then G. Returns the losses, by name.

        Args:
          real: [N, 28, 28, 1] in [0, 1].
          z_discriminator, z_generator: [N, 100], noise of the D and of the G update.
        """
        variables = self.discriminator.trainable_variables
        fake = self.generator(z_discriminator, training=True)
        with tf.GradientTape(persistent=True) as tape:
            real_logits = self.discriminator(real, training=True)
            fake_logits = self.discriminator(fake, training=True)
            d_loss_real = cross_entropy(tf.ones_like(real_logits), real_logits)
            d_loss_fake = cross_entropy(tf.zeros_like(fake_logits), fake_logits)
        # both at the same weights, then real before fake
        real_gradients = tape.gradient(d_loss_real, variables)
        fake_gradients = tape.gradient(d_loss_fake, variables)
        self.optimizers["d_real_adam"].apply_gradients(zip(real_gradients, variables, strict=True))
        self.optimizers["d_fake_adam"].apply_gradients(zip(fake_gradients, variables, strict=True))
        with tf.GradientTape() as tape:
            fake = self.generator(z_generator, training=True)
            logits = self.discriminator(fake, training=True)
            g_loss = cross_entropy(tf.ones_like(logits), logits)
        variables = self.generator.trainable_variables
        self.optimizers["g_adam"].apply_gradients(
            zip(tape.gradient(g_loss, variables), variables, strict=True)
        )
        return {"d_loss_real": d_loss_real, "d_loss_fake": d_loss_fake, "g_loss": g_loss}


class Tf1Resize(keras.layers.Layer):
    """TF1's bilinear resize to twice the size, 56x56.

    tf.image.resize has other pixel centres. tf.raw_ops.ResizeBilinear with both its
    options off is TF1's, but gives float32 whatever it is given.
    """

    def call(self, x: tf.Tensor) -> tf.Tensor:
        for axis in (1, 2):
            size = x.shape[axis]
            following = tf.gather(x, [*range(1, size), size - 1], axis=axis)
            pairs = tf.stack([x, (x + following) / 2], axis=axis + 1)
            x = tf.reshape(pairs, [-1, *(2 * size if i == axis else x.shape[i] for i in (1, 2, 3))])
        return x

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (shape[0], 56, 56, shape[3])


def make_generator() -> keras.Sequential:
    """[N, 100] -> [N, 28, 28, 1] in (0, 1)."""
    normal = keras.initializers.TruncatedNormal(stddev=0.02)
    start = {"kernel_initializer": normal, "bias_initializer": normal}
    conv = {"strides": 2, "padding": "same", **start}
    bn = {"momentum": 0.999, "epsilon": 1e-5, "scale": False}  # tf.contrib's decay
    return keras.Sequential(
        [
            keras.Input([100]),
            keras.layers.Dense(56 * 56, name="linear1", **start),
            keras.layers.Reshape([56, 56, 1]),
            keras.layers.BatchNormalization(name="bn1", **bn),
            keras.layers.ReLU(),
            keras.layers.Conv2D(50, 3, name="conv2", **conv),
            keras.layers.BatchNormalization(name="bn2", **bn),
            keras.layers.ReLU(),
            Tf1Resize(),
            keras.layers.Conv2D(25, 3, name="conv3", **conv),
            keras.layers.BatchNormalization(name="bn3", **bn),
            keras.layers.ReLU(),
            Tf1Resize(),
            keras.layers.Conv2D(1, 1, name="conv4", **conv),
            keras.layers.Activation("sigmoid"),
        ],
        name="generator",
    )


def make_discriminator() -> keras.Sequential:
    """[N, 28, 28, 1] -> logits [N, 1]."""
    start = {"kernel_initializer": keras.initializers.TruncatedNormal(stddev=0.02)}
    conv = {"padding": "same", **start}
    return keras.Sequential(
        [
            keras.Input([28, 28, 1]),
            keras.layers.Conv2D(32, 5, name="conv1", **conv),
            keras.layers.ReLU(),
            keras.layers.AveragePooling2D(2),
            keras.layers.Conv2D(64, 5, name="conv2", **conv),
            keras.layers.ReLU(),
            keras.layers.AveragePooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(1024, name="linear3", **start),
            keras.layers.ReLU(),
            keras.layers.Dense(1, name="linear4", **start),
        ],
        name="discriminator",
    )
