"""Batch norm against numpy written out by hand, in float64, on fresh inputs."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from layer_runs import NORMAL, run, variable

from dcgan_v1.nn import ops

pytestmark = [pytest.mark.unit, pytest.mark.numerical]


def build_batch_norm(x, is_training, *, decay=0.9, epsilon=1e-5, gamma=NORMAL):
    return ops.batch_norm(
        x, is_training, "bn", decay=decay, epsilon=epsilon, gamma_initializer=gamma
    )


def moments(x):
    axes = tuple(range(x.ndim - 1))
    mean = x.mean(axes)
    return mean, ((x - mean) ** 2).mean(axes)


@pytest.mark.parametrize("shape", [(6, 5, 4, 3), (8, 7)])
def test_batch_norm_training_uses_the_batch(session, rng, shape):
    x_np = rng.normal(3, 2, size=shape)
    y, _ = build_batch_norm(tf.constant(x_np), True)
    (y_np,) = run(session, y)
    mean, variance = moments(x_np)
    gamma, beta = variable(session, "bn/gamma"), variable(session, "bn/beta")
    expected = (x_np - mean) / np.sqrt(variance + 1e-5) * gamma + beta
    np.testing.assert_allclose(y_np, expected, rtol=1e-10, atol=1e-12)


def test_batch_norm_inference_uses_the_averages(session, rng):
    x_np = rng.normal(3, 2, size=(6, 5, 4, 3))
    y, updates = build_batch_norm(tf.constant(x_np), False)
    session.run(tf.global_variables_initializer())
    names = {v.op.name: v for v in tf.global_variables()}
    mean, variance = rng.normal(size=3), rng.uniform(0.5, 2, size=3)
    names["bn/moving_mean"].load(mean, session)
    names["bn/moving_variance"].load(variance, session)
    y_np, _ = session.run([y, updates])
    gamma, beta = variable(session, "bn/gamma"), variable(session, "bn/beta")
    expected = (x_np - mean) / np.sqrt(variance + 1e-5) * gamma + beta
    np.testing.assert_allclose(y_np, expected, rtol=1e-10, atol=1e-12)
    # running the updates of an inference graph moves nothing
    np.testing.assert_array_equal(variable(session, "bn/moving_mean"), mean)
    np.testing.assert_array_equal(variable(session, "bn/moving_variance"), variance)


def test_batch_norm_averages_after_one_update_and_after_many(session, rng):
    x_np = rng.normal(3, 2, size=(6, 5, 4, 3))
    _, updates = build_batch_norm(tf.constant(x_np), True, decay=0.9)
    session.run(tf.global_variables_initializer())
    mean, variance = moments(x_np)
    for n in range(1, 8):
        session.run(updates)
        # n steps towards a constant keep decay ** n of the start, 0 and 1
        np.testing.assert_allclose(
            variable(session, "bn/moving_mean"), mean * (1 - 0.9**n), rtol=1e-10
        )
        np.testing.assert_allclose(
            variable(session, "bn/moving_variance"), variance + (1 - variance) * 0.9**n, rtol=1e-10
        )


def test_batch_norm_without_its_updates_moves_no_average(session, rng):
    y, _ = build_batch_norm(tf.constant(rng.normal(3, 2, size=(6, 4))), True)
    run(session, y)
    np.testing.assert_array_equal(variable(session, "bn/moving_mean"), np.zeros(4))
    np.testing.assert_array_equal(variable(session, "bn/moving_variance"), np.ones(4))


def test_batch_norm_bool_tensor_chooses_when_the_graph_runs(session, rng):
    x = tf.constant(rng.normal(3, 2, size=(6, 5, 4, 3)))
    phase_ph = tf.placeholder(tf.bool, [])
    with tf.variable_scope("", reuse=tf.AUTO_REUSE):
        chosen, chosen_updates = build_batch_norm(x, phase_ph)
        training, _ = build_batch_norm(x, True)
        inference, _ = build_batch_norm(x, False)
    session.run(tf.global_variables_initializer())
    for _ in range(3):  # move the averages away from their start
        session.run(chosen_updates, {phase_ph: True})
    before = variable(session, "bn/moving_mean")
    for phase, expected in ((True, training), (False, inference)):
        ours, theirs = session.run([chosen, expected], {phase_ph: phase})
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)
    session.run(chosen_updates, {phase_ph: False})
    np.testing.assert_array_equal(variable(session, "bn/moving_mean"), before)


@pytest.mark.parametrize("phase", [True, None])
def test_batch_norm_gradient_equals_tensorflows_through_the_moments(session, rng, phase):
    x = tf.constant(rng.normal(1, 2, size=(6, 5, 4, 3)))
    is_training = phase or tf.placeholder_with_default(True, [])
    y, _ = build_batch_norm(x, is_training)
    beta, gamma = tf.trainable_variables()
    mean, variance = tf.nn.moments(x, [0, 1, 2])
    plain = tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-5)
    dy = tf.constant(rng.normal(size=(6, 5, 4, 3)))
    ours, theirs = (tf.gradients(out, [x, gamma, beta], dy) for out in (y, plain))
    ours, theirs = run(session, ours, theirs)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_batch_norm_without_gamma_has_only_a_beta(session, rng):
    build_batch_norm(tf.constant(rng.normal(size=(6, 4))), True, gamma=None)
    assert [v.op.name for v in tf.trainable_variables()] == ["bn/beta"]
