"""The five systems as TF2 users would write them: Keras layers, a `tf.function`, tapes.

The networks are those of the counterparts in `dcgan_v1.ports`, which are made to be compared
and therefore fed with noise and masks; here `tf.random` and Keras's own Dropout draw them,
and Keras's own batch norm, resize and Adam stand where a port imitates another framework.
celeba64 computes its fakes once for each update, as is usual.
"""

import numpy as np
import tensorflow as tf
from tensorflow import keras

from dcgan_v1 import ports
from dcgan_v1.systems import SYSTEMS

WIDTH = 128
cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)


def make_step(model, batch_size):
    train_step = STEPS[model](batch_size)
    system = SYSTEMS[model]
    low, high = system.image_range
    pixels = np.random.default_rng(0).random((512, *system.image_shape), np.float32)
    batches = tf.data.Dataset.from_tensor_slices(pixels * (high - low) + low)
    batches = batches.repeat().shuffle(512).batch(batch_size, drop_remainder=True)
    batches = iter(batches.prefetch(2))
    return lambda: [x.numpy() for x in train_step(next(batches))]


def celeba64(batch_size):
    generator, discriminator = make_generator(), make_discriminator()
    g_adam, d_adam = (keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2))

    @tf.function
    def train_step(real):
        z = tf.random.uniform([batch_size, 100], -1.0, 1.0)
        with tf.GradientTape() as tape:
            fake = generator(z, training=True)
            real_logits = discriminator(real, training=True)
            fake_logits = discriminator(fake, training=True)
            d_loss = says(real_logits, 1) + says(fake_logits, 0)
        update(d_adam, tape, d_loss, discriminator)
        with tf.GradientTape() as tape:
            g_loss = says(discriminator(generator(z, training=True), training=True), 1)
        update(g_adam, tape, g_loss, generator)
        return d_loss, g_loss

    return train_step


def mnist_tutorial(batch_size):
    port = ports.get("mnist_tutorial", "tf2")
    generator, discriminator = port.make_generator(), drawing_its_own(port.make_discriminator())
    g_adam, d_adam = keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4)

    @tf.function
    def train_step(real):
        z = tf.random.normal([batch_size, 100])
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = generator(z, training=True)
            real_logits = discriminator(real, training=True)
            fake_logits = discriminator(fake, training=True)
            d_loss = says(real_logits, 1) + says(fake_logits, 0)
            g_loss = says(fake_logits, 1)
        update(d_adam, d_tape, d_loss, discriminator)
        update(g_adam, g_tape, g_loss, generator)
        return d_loss, g_loss

    return train_step


def mnist_keras(batch_size):
    port = ports.get("mnist_keras", "tf2")
    generator, discriminator = port.make_generator(), drawing_its_own(port.make_discriminator())
    g_adam, d_adam = (keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2))

    def train_discriminator(images, label):
        with tf.GradientTape() as tape:
            loss = says(discriminator(images, training=True), label)
        update(d_adam, tape, loss, discriminator)
        return loss

    @tf.function
    def train_step(real):
        d_loss = train_discriminator(real, 1)
        fake = generator(tf.random.normal([batch_size, 100]), training=False)
        d_loss += train_discriminator(fake, 0)
        with tf.GradientTape() as tape:
            fake = generator(tf.random.normal([batch_size, 100]), training=True)
            g_loss = says(discriminator(fake, training=True), 1)
        update(g_adam, tape, g_loss, generator)
        return d_loss, g_loss

    d_adam.build(discriminator.trainable_variables)  # it is called twice in a step
    return train_step


def mnist_beginners(batch_size):
    gan = ports.get("mnist_beginners", "tf2").Gan()
    gan.generator = drawing_its_own(gan.generator)
    gan.optimizers["g_adam"] = keras.optimizers.Adam(1e-4)
    gan.optimizers["g_adam"].build(gan.generator.trainable_variables)

    @tf.function
    def train_step(real):
        z = tf.random.normal([2, batch_size, 100])
        return [*gan.train_step(real, z[0], z[1]).values()]

    return train_step


def images96(batch_size):
    gan = ports.get("images96", "tf2").Gan()
    gan.generator, gan.discriminator = map(drawing_its_own, (gan.generator, gan.discriminator))
    for name, network in (("d_adam", gan.discriminator), ("g_adam", gan.generator)):
        gan.optimizers[name] = keras.optimizers.Adam(2e-4, beta_1=0.5)
        gan.optimizers[name].build(network.trainable_variables)

    @tf.function
    def train_step(real):
        return [*gan.train_step(real, tf.random.normal([batch_size, 100])).values()]

    return train_step


STEPS = {
    "celeba64": celeba64,
    "images96": images96,
    "mnist_beginners": mnist_beginners,
    "mnist_keras": mnist_keras,
    "mnist_tutorial": mnist_tutorial,
}


def says(logits, label):
    """The loss of what D should say: 1 for real, 0 for fake."""
    return cross_entropy(tf.fill(tf.shape(logits), float(label)), logits)


def update(optimizer, tape, loss, network):
    variables = network.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))


def drawing_its_own(network):
    """Returns a port's network with Keras's own layers in place of the ports'."""

    def own(layer):
        kind = type(layer).__name__
        if kind == "FedDropout":
            return keras.layers.Dropout(layer.rate)
        if kind == "PytorchBatchNorm":
            return keras.layers.BatchNormalization(momentum=layer.momentum, epsilon=layer.epsilon)
        if kind == "Tf1Resize":
            return keras.layers.UpSampling2D(2, interpolation="bilinear")
        return layer.__class__.from_config(layer.get_config())

    return keras.models.clone_model(network, clone_function=own)


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
