"""The training step: its order, its optimisers, and that one run is as good as many."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from numpy_adam import NumpyAdam
from rounding import UNIT, assert_close

from dcgan_v1.models import mnist_beginners
from dcgan_v1.nn import losses, weight_updates
from dcgan_v1.nn.optimizers import is_optimizer_variable
from dcgan_v1.systems import MnistBeginnersConfig

pytestmark = [pytest.mark.graph, pytest.mark.numerical]

N = 8


@pytest.fixture
def built(graph):
    """A step of mnist_beginners with everything it reads fed from outside."""
    real = tf.placeholder(tf.float32, [None, 28, 28, 1])
    z_d, z_g = (tf.placeholder(tf.float32, [None, 100]) for _ in range(2))
    config = MnistBeginnersConfig()
    networks = mnist_beginners.networks(config)
    step = mnist_beginners.training_step(config, *networks, real, z_d, z_g)
    g_vars, d_vars = weight_updates.variables_of(tf.trainable_variables(), "mnist_beginners")
    return SimpleNamespace(step=step, real=real, z_d=z_d, z_g=z_g, g_vars=g_vars, d_vars=d_vars)


@pytest.fixture
def feeds(built, rng):
    return [
        {
            built.real: rng.random((N, 28, 28, 1)),
            built.z_d: rng.normal(size=(N, 100)),
            built.z_g: rng.normal(size=(N, 100)),
        }
        for _ in range(3)
    ]


def assert_moved(v, before, after, *moves):
    """The same gradients go into both: what differs is beta2's power, which is rounded next
    to 1 and counts by its distance from there, and the rounding of the sums in the weight."""
    expected = before + sum(moves)
    atol = UNIT / (1 - 0.999) * sum(np.abs(move).max() for move in moves)
    atol += len(moves) * UNIT * np.abs(expected).max()
    np.testing.assert_allclose(after, expected, rtol=0, atol=atol, err_msg=v.op.name)


def test_three_steps_equal_three_numpy_adams_in_the_right_order(built, session, feeds):
    """Real and fake gradients at the same weights, G's against the updated D."""
    z, d_vars, g_vars = built.z_d, built.d_vars, built.g_vars
    fake_logits, _ = mnist_beginners.discriminator(mnist_beginners.generator(z, True)[0], True)
    real_logits, _ = mnist_beginners.discriminator(built.real, True)
    real_gradients = tf.gradients(losses.discriminator_loss_real(real_logits), d_vars)
    fake_gradients = tf.gradients(losses.discriminator_loss_fake(fake_logits), d_vars)
    g_gradients = tf.gradients(losses.generator_loss(fake_logits), g_vars)
    session.run(tf.global_variables_initializer())
    d_shapes, g_shapes = ([v.shape.as_list() for v in part] for part in (d_vars, g_vars))
    real_adam, fake_adam = (NumpyAdam(3e-4, d_shapes) for _ in range(2))
    g_adam = NumpyAdam(1e-4, g_shapes)

    for feed in feeds:
        d_before, g_before = session.run([d_vars, g_vars])
        taken = session.run([real_gradients, fake_gradients], feed)
        session.run(built.step.d_and_g_op, feed)
        d_after, g_after = session.run([d_vars, g_vars])
        moves = zip(real_adam.updates(taken[0]), fake_adam.updates(taken[1]), strict=True)
        for before, after, (a, b), v in zip(d_before, d_after, moves, d_vars, strict=True):
            assert_moved(v, before, after, a, b)
        # D stands where the step left it; put G back, and ask for its gradient there
        session.run([tf.assign(v, b) for v, b in zip(g_vars, g_before, strict=True)])
        taken = session.run(g_gradients, {z: feed[built.z_g]})
        session.run([tf.assign(v, b) for v, b in zip(g_vars, g_after, strict=True)])
        for before, after, move, v in zip(
            g_before, g_after, g_adam.updates(taken), g_vars, strict=True
        ):
            if np.abs(taken[g_vars.index(v)]).max() < 1e-6:
                continue  # a bias before a batch norm: rounding, which Adam magnifies
            assert_moved(v, before, after, move)


def test_one_fused_run_equals_separate_runs_bit_for_bit(built, session, feeds):
    """D's update alone, then G's alone in a run of its own."""
    images, updates = mnist_beginners.generator(built.z_g, True)
    logits, _ = mnist_beginners.discriminator(images, True)
    gradients = tf.gradients(losses.generator_loss(logits), built.g_vars)
    adam = tf.train.AdamOptimizer(1e-4, name="alone_adam")
    g_alone = adam.apply_gradients(zip(gradients, built.g_vars, strict=True))
    session.run(tf.global_variables_initializer())
    networks = [v for v in tf.global_variables() if not is_optimizer_variable(v.op.name)]
    networks = [v for v in networks if v.op.name.startswith("mnist_beginners/")]
    start = session.run(networks)

    for feed in feeds:
        session.run(built.step.d_and_g_op, feed)
    fused = session.run(networks)
    session.run(tf.global_variables_initializer())
    session.run([tf.assign(v, b) for v, b in zip(networks, start, strict=True)])
    for feed in feeds:
        session.run(built.step.d_op, feed)
        session.run([g_alone, updates], feed)
    for v, a, b in zip(networks, fused, session.run(networks), strict=True):
        np.testing.assert_array_equal(a, b, err_msg=v.op.name)


def test_repeated_runs_give_the_same_bits(built, session, feeds):
    """No apply races a read: the barrier holds."""
    session.run(tf.global_variables_initializer())
    start = session.run(tf.global_variables())
    assigns = [tf.assign(v, b) for v, b in zip(tf.global_variables(), start, strict=True)]
    results = []
    for _ in range(4):
        session.run(assigns)
        for feed in feeds:
            session.run(built.step.d_and_g_op, feed)
        results.append(session.run(tf.global_variables()))
    for other in results[1:]:
        for v, a, b in zip(tf.global_variables(), results[0], other, strict=True):
            np.testing.assert_array_equal(a, b, err_msg=v.op.name)


def test_quirk_the_two_d_adams_keep_moments_of_their_own(built, session, feeds):
    session.run(tf.global_variables_initializer())
    session.run(built.step.d_and_g_op, feeds[0])
    names = {v.op.name: v for v in tf.global_variables()}
    for v in built.d_vars:
        slots = [
            session.run(names[f"{v.op.name}/{adam}{which}"])
            for adam in ("d_real_adam", "d_fake_adam")
            for which in ("", "_1")
        ]
        assert all(s.shape == tuple(v.shape.as_list()) for s in slots)
        assert np.abs(slots[0] - slots[2]).max() > 0
        assert f"{v.op.name}/g_adam" not in names
    for v in built.g_vars:
        assert f"{v.op.name}/g_adam" in names
        assert f"{v.op.name}/d_real_adam" not in names
    for adam in ("d_real_adam", "d_fake_adam", "g_adam"):
        powers = session.run([names[f"{adam}/beta{i}_power"] for i in (1, 2)])
        np.testing.assert_allclose(powers, [0.9**2, 0.999**2], rtol=4 * UNIT)


def test_pretraining_moves_d_alone_but_for_gs_averages(built, session, feeds):
    session.run(tf.global_variables_initializer())
    generator = [
        v
        for v in tf.global_variables()
        if "/generator/" in v.op.name and "/moving_" not in v.op.name
    ]
    before = session.run(generator)
    d_before = session.run(built.d_vars)
    session.run(built.step.d_op, feeds[0])
    for a, b in zip(before, session.run(generator), strict=True):
        np.testing.assert_array_equal(a, b)
    for v, a in zip(built.d_vars, d_before, strict=True):
        if v.op.name.endswith("/w"):  # the last bias's two first steps cancel out
            assert np.abs(a - session.run(v)).max() > 0


def test_one_step_moves_each_average_towards_ds_batch_and_then_gs(built, session, feeds):
    session.run(tf.global_variables_initializer())
    # the map before bn1 is a single channel: its moments from the weights, by hand
    names = {v.op.name.removeprefix("mnist_beginners/generator/"): v for v in built.g_vars}
    w, b = session.run([names["linear1/w"], names["linear1/b"]])
    means, variances = np.zeros(1), np.ones(1)
    for z in (built.z_d, built.z_g):  # D's update leaves G as it is
        h = feeds[0][z] @ w + b
        means = 0.999 * means + 0.001 * h.mean()
        variances = 0.999 * variances + 0.001 * h.var()
    session.run(built.step.d_and_g_op, feeds[0])
    averages = {v.op.name: v for v in tf.global_variables()}
    mean, variance = (
        session.run(averages[f"mnist_beginners/generator/bn1/moving_{what}"])
        for what in ("mean", "variance")
    )
    terms = N * 28 * 28 + 100  # of the moments of sums of 100 products
    size = 0.001 * np.sqrt(h.var())
    assert_close(mean, means, terms, size)
    np.testing.assert_allclose(variance, variances, rtol=4 * UNIT)  # next to 1
