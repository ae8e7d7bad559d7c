"""The system mnist_tutorial: names, initial values, its simultaneous update."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from numpy_adam import NumpyAdam

from dcgan_v1 import systems
from dcgan_v1.data.pipeline import InMemory
from dcgan_v1.models import mnist_tutorial
from dcgan_v1.nn import weight_updates
from dcgan_v1.nn.optimizers import is_optimizer_variable
from dcgan_v1.systems import MnistTutorialConfig
from dcgan_v1.training.graph import build_train_graph

pytestmark = [pytest.mark.graph, pytest.mark.numerical]

NORM = ("beta", "gamma", "moving_mean", "moving_variance")
GOLDEN = {
    "generator/linear1/w": (100, 12544),
    "generator/deconv2/w": (5, 5, 128, 256),
    "generator/deconv3/w": (5, 5, 64, 128),
    "generator/deconv4/w": (5, 5, 1, 64),
    "discriminator/conv1/w": (5, 5, 1, 64),
    "discriminator/conv1/b": (64,),
    "discriminator/conv2/w": (5, 5, 64, 128),
    "discriminator/conv2/b": (128,),
    "discriminator/linear3/w": (6272, 1),
    "discriminator/linear3/b": (1,),
} | {f"generator/bn{i}/{part}": (n,) for i, n in enumerate((12544, 128, 64), 1) for part in NORM}


def build(images):
    return build_train_graph(MnistTutorialConfig(batch_size=4), InMemory(images, "smaller"))


def test_names_and_shapes_are_the_golden_list(graph):
    """Quirk: the first batch norm has a mean for each of 12 544 units, not 256."""
    build(np.zeros((8, 28, 28, 1), np.uint8))
    found = {
        v.op.name.removeprefix("mnist_tutorial/"): tuple(v.shape.as_list())
        for v in tf.global_variables()
        if not is_optimizer_variable(v.op.name)
    }
    assert found == GOLDEN


def test_initial_values_are_glorots(graph, session):
    session.run(build(np.zeros((8, 28, 28, 1), np.uint8)).initialize)
    for v in tf.trainable_variables():
        value, name = session.run(v), v.op.name
        if name.endswith(("/b", "beta", "gamma")):
            assert (value == name.endswith("gamma")).all()
        else:
            *kernel, a, b = value.shape
            limit = np.sqrt(6 / (np.prod(kernel) * (a + b)))
            assert 0.95 * limit < np.abs(value).max() <= limit * (1 + 1e-6), name
            assert abs(value.mean()) < 3 * limit / value.size**0.5, name


def test_quirk_an_epochs_last_batch_is_smaller_but_its_noise_is_not(session, rng):
    built = build(rng.integers(0, 256, (10, 28, 28, 1), np.uint8))
    session.run(built.initialize)
    built.start_data(session, 0)
    for expected in (4, 4, 2, 4):
        real, noise, _ = session.run([built.real, built.noise, built.train.op])
        assert len(real) == expected
        for name, value in noise.items():
            assert len(value) == (expected if "real" in name else 4), name


def test_a_step_is_two_numpy_adams_on_gradients_taken_at_the_same_weights(session, rng):
    real_ph = tf.placeholder(tf.float64, [None, 28, 28, 1])
    z_ph = tf.placeholder(tf.float64, [None, 100])
    keep_ph = {
        name: tf.placeholder(tf.bool, [None, *shape])
        for name, shape in systems.MNIST_TUTORIAL.masks.items()
    }
    config = MnistTutorialConfig()
    networks = mnist_tutorial.networks(config)
    step = mnist_tutorial.training_step(config, *networks, real_ph, z_ph, **keep_ph)
    g_vars, d_vars = weight_updates.variables_of(tf.trainable_variables(), "mnist_tutorial")

    def probability(images, purpose):
        keep = [keep_ph[f"keep_{purpose}{i}"] for i in (1, 2)]
        return tf.sigmoid(mnist_tutorial.discriminator(images, True, keep=keep)[0])

    fake, _ = mnist_tutorial.generator(z_ph, True)
    p_real, p_fake = probability(real_ph, "real"), probability(fake, "fake")
    d_loss = -tf.reduce_mean(tf.log(p_real)) - tf.reduce_mean(tf.log(1 - p_fake))
    d_gradients = tf.gradients(d_loss, d_vars)
    g_gradients = tf.gradients(-tf.reduce_mean(tf.log(p_fake)), g_vars)
    session.run(tf.global_variables_initializer())
    adam = NumpyAdam(1e-4, [v.shape.as_list() for v in [*d_vars, *g_vars]], epsilon=1e-7)
    averages = [v for v in tf.global_variables() if "moving" in v.op.name]
    for _ in range(3):
        feed = {real_ph: rng.uniform(-1, 1, (3, 28, 28, 1)), z_ph: rng.normal(size=(4, 100))}
        for name, shape in systems.MNIST_TUTORIAL.masks.items():
            n = 3 if "real" in name else 4
            feed[keep_ph[name]] = rng.random((n, *shape)) > 0.3
        before = session.run([*d_vars, *g_vars])
        moves = adam.updates(session.run([*d_gradients, *g_gradients], feed))
        session.run(step.d_and_g_op, feed)
        after = session.run([*d_vars, *g_vars])
        for v, a, b, move in zip([*d_vars, *g_vars], before, after, moves, strict=True):
            np.testing.assert_allclose(b, a + move, rtol=1e-9, atol=1e-11, err_msg=v.op.name)
    assert all(np.abs(session.run(v)).max() > 0 for v in averages)
