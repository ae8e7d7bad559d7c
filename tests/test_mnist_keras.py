"""The system mnist_keras: names, counts, initial values, its order of updates."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from numpy_adam import NumpyAdam

from dcgan_v1 import systems
from dcgan_v1.data.pipeline import InMemory
from dcgan_v1.models import mnist_keras
from dcgan_v1.nn import weight_updates
from dcgan_v1.nn.optimizers import is_optimizer_variable
from dcgan_v1.systems import MnistKerasConfig
from dcgan_v1.training.graph import build_train_graph

pytestmark = [pytest.mark.graph, pytest.mark.numerical]

NORM = ("beta", "gamma", "moving_mean", "moving_variance")
GOLDEN = {
    "generator/linear1/w": (100, 12544),
    "generator/linear1/b": (12544,),
    "generator/deconv2/w": (5, 5, 128, 256),
    "generator/deconv3/w": (5, 5, 64, 128),
    "generator/deconv4/w": (5, 5, 32, 64),
    "generator/conv5/w": (5, 5, 32, 1),
    "discriminator/conv1/w": (5, 5, 1, 64),
    "discriminator/conv2/w": (5, 5, 64, 128),
    "discriminator/linear3/w": (6272, 1),
    "discriminator/linear3/b": (1,),
} | {f"generator/bn{i}/{part}": (n,) for i, n in enumerate((256, 128, 64, 32), 1) for part in NORM}


def build(images=None, **settings):
    if images is None:
        images = np.zeros((8, 28, 28, 1), np.uint8)
    config = MnistKerasConfig(**{"batch_size": 4, **settings})
    return build_train_graph(config, InMemory(images, "smaller"))


def count(variables):
    return sum(int(np.prod(v.shape.as_list())) for v in variables)


def test_names_and_shapes_are_the_golden_list(graph):
    build()
    found = {
        v.op.name.removeprefix("mnist_keras/"): tuple(v.shape.as_list())
        for v in tf.global_variables()
        if not is_optimizer_variable(v.op.name)
    }
    assert found == GOLDEN


def test_parameter_counts_are_those_the_source_prints(graph):
    build()
    g_vars, d_vars = weight_updates.variables_of(tf.trainable_variables(), "mnist_keras")
    g_all = [
        v
        for v in tf.global_variables()
        if v.op.name.startswith("mnist_keras/generator/") and "adam" not in v.op.name
    ]
    assert (count(g_all), count(g_vars), count(d_vars)) == (2_344_864, 2_343_904, 212_673)


@pytest.mark.parametrize("init", ["paper", "source"])
def test_initial_values(graph, session, init):
    """Quirk: the source means to start from the paper's values, but its weights start
    from Keras's."""
    built = build(init=init)
    session.run(built.initialize)
    for v in tf.trainable_variables():
        value, name = session.run(v), v.op.name
        if name.endswith(("/b", "beta")):
            assert not value.any()
        elif name.endswith("gamma"):
            if init == "source":
                assert (value == 1).all()
            else:
                assert abs(value.mean() - 1) < 0.1 / value.size**0.5
                assert value.std() == pytest.approx(0.02, rel=0.5)
        elif init == "paper":
            assert value.std() == pytest.approx(0.02, rel=0.1), name
        else:
            *kernel, a, b = value.shape
            limit = np.sqrt(6 / (np.prod(kernel) * (a + b)))
            assert 0.95 * limit < np.abs(value).max() <= limit * (1 + 1e-6), name
            assert value.std() == pytest.approx(limit / 3**0.5, rel=0.1), name


def test_quirk_the_fakes_d_trains_on_are_drawn_in_inference_mode(graph, session, rng):
    """So they follow the moving averages and move none."""
    built = build(rng.integers(0, 256, (8, 28, 28, 1), np.uint8))
    session.run(built.initialize)
    built.start_data(session, 0)
    averages = [v for v in built.saved if "bn2/moving_mean" in v.op.name]
    before = session.run(averages)
    loss = session.run(built.pretrain.scalars["d_loss_fake"])  # and D's first update
    np.testing.assert_array_equal(session.run(averages), before)
    session.run([tf.assign(v, v + 0.5) for v in averages])
    assert session.run(built.pretrain.scalars["d_loss_fake"]) != loss


def test_reported_loss_and_accuracy_are_the_means_of_ds_two_calls(graph, session, rng):
    built = build(rng.integers(0, 256, (8, 28, 28, 1), np.uint8))
    session.run(built.initialize)
    built.start_data(session, 0)
    for _ in range(3):
        s, _ = session.run([built.train.scalars, built.train.op])
        assert s["d_loss"] == pytest.approx((s["d_loss_real"] + s["d_loss_fake"]) / 2)
        assert s["d_accuracy"] * 8 == pytest.approx(round(s["d_accuracy"] * 8))


def test_an_epochs_last_batch_is_smaller_and_so_is_its_noise(graph, session, rng):
    built = build(rng.integers(0, 256, (10, 28, 28, 1), np.uint8))
    session.run(built.initialize)
    built.start_data(session, 0)
    for expected in (4, 4, 2, 4):
        real, noise, _ = session.run([built.real, built.noise, built.train.op])
        assert len(real) == expected
        assert {len(x) for x in noise.values()} == {expected}


def test_a_step_is_two_numpy_adam_steps_of_d_and_one_of_g(graph, session, rng):
    """D on reals, the *same* Adam on fakes at the weights that leaves, then G."""
    real_ph = tf.placeholder(tf.float64, [None, 28, 28, 1])
    z_ph = {s: tf.placeholder(tf.float64, [None, 100]) for s in systems.MNIST_KERAS.streams}
    keep_ph = {
        name: tf.placeholder(tf.bool, [None, *shape])
        for name, shape in systems.MNIST_KERAS.masks.items()
    }
    config = MnistKerasConfig()
    networks = mnist_keras.networks(config)
    step = mnist_keras.training_step(config, *networks, real_ph, **z_ph, **keep_ph)
    g_vars, d_vars = weight_updates.variables_of(tf.trainable_variables(), "mnist_keras")
    generator, discriminator = mnist_keras.networks(config)

    def gradients(images, label, purpose, variables):
        keep = [keep_ph[f"keep_{purpose}{i}"] for i in (1, 2)]
        logits, _ = discriminator(images, True, keep=keep)
        p = tf.sigmoid(logits)
        return tf.gradients(-tf.reduce_mean(tf.log(p if label else 1 - p)), variables)

    on_real = gradients(real_ph, 1, "real", d_vars)
    fake, _ = generator(z_ph["z_discriminator"], False)
    on_fake = gradients(fake, 0, "fake", d_vars)
    new_fake, _ = generator(z_ph["z_generator"], True)
    of_g = gradients(new_fake, 1, "new_fake", g_vars)
    session.run(tf.global_variables_initializer())
    d_adam, g_adam = (
        NumpyAdam(2e-4, [v.shape.as_list() for v in part], 0.5, epsilon=1e-7)
        for part in (d_vars, g_vars)
    )
    averages = [v for v in tf.global_variables() if "moving" in v.op.name]

    for _ in range(3):
        feed = {real_ph: rng.uniform(-1, 1, (4, 28, 28, 1))}
        feed |= {z: rng.normal(size=(4, 100)) for z in z_ph.values()}
        for name, shape in systems.MNIST_KERAS.masks.items():
            feed[keep_ph[name]] = rng.random((4, *shape)) > 0.3
        start = session.run([*d_vars, *g_vars, *averages])

        def move(variables, adam, gradients, feed=feed):
            values = session.run(variables)
            moves = adam.updates(session.run(gradients, feed))
            for v, value, change in zip(variables, values, moves, strict=True):
                v.load(value + change, session)

        move(d_vars, d_adam, on_real)
        move(d_vars, d_adam, on_fake)
        move(g_vars, g_adam, of_g)
        expected = session.run([*d_vars, *g_vars])
        for v, value in zip([*d_vars, *g_vars, *averages], start, strict=True):
            v.load(value, session)
        session.run(step.d_and_g_op, feed)
        for v, value in zip([*d_vars, *g_vars], expected, strict=True):
            np.testing.assert_allclose(
                session.run(v), value, rtol=1e-9, atol=1e-11, err_msg=v.op.name
            )
