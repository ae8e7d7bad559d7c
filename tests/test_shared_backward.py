"""One pass back through D for two losses, against TensorFlow's own two passes in float64."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1 import models
from dcgan_v1.models import mnist_tutorial
from dcgan_v1.nn import losses, ops, shared_backward, training_steps
from dcgan_v1.systems import MnistTutorialConfig

pytestmark = [pytest.mark.graph, pytest.mark.numerical]

NORMAL = tf.random_normal_initializer(stddev=0.3)


def small_discriminator(images):
    """[N, 8, 8, 2] -> logits [N, 1]; both kinds of layers, with and without biases."""
    bias = {"b_initializer": NORMAL}
    with tf.variable_scope("toy/discriminator"):
        h = ops.conv2d(images, 3, 3, "conv1", stride=2, w_initializer=NORMAL, **bias)
        h = ops.leaky_relu(h, 0.3)
        h = ops.conv2d(h, 4, 3, "conv2", stride=1, w_initializer=NORMAL)  # as patches
        h = tf.tanh(h)
        h = ops.linear(tf.reshape(h, [-1, 64]), 5, "linear3", w_initializer=NORMAL, **bias)
        return ops.linear(tf.nn.relu(h), 1, "linear4", w_initializer=NORMAL)


@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_both_gradients_are_those_of_two_passes(session, rng, scale):
    """Also where the logits are in the hundreds, and a loss's derivative is 0 or e-130."""
    images = tf.constant(rng.normal(size=(6, 8, 8, 2)) * scale)
    with shared_backward.layer_calls() as calls:
        logits = small_discriminator(images)
    variables = tf.trainable_variables()
    d_loss, g_loss = losses.discriminator_loss_fake(logits), losses.generator_loss(logits)
    assert shared_backward.is_possible(calls(), variables)
    ours, at_images = shared_backward.gradients(calls(), images, logits, d_loss, g_loss, variables)
    own = tf.gradients(d_loss, variables)
    (own_at_images,) = tf.gradients(g_loss, images)
    session.run(tf.global_variables_initializer())
    got, expected = session.run([[*ours, at_images], [*own, own_at_images]])
    for a, b in zip(got, expected, strict=True):
        assert np.isfinite(a).all()
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13 * np.abs(b).max())
    assert min(np.abs(b).max() for b in expected) > 0


def test_a_whole_step_is_that_of_two_passes(session, rng, monkeypatch):
    """Every gradient of mnist_tutorial's step, with fewer reals than fakes."""
    system_masks = {
        f"keep_{kind}{n}": rng.random((count, *shape)) > 0.3
        for kind, count in (("real", 3), ("fake", 5))
        for n, shape in ((1, (14, 14, 64)), (2, (7, 7, 128)))
    }
    real, z = rng.uniform(-1, 1, (3, 28, 28, 1)), rng.normal(size=(5, 100))
    config = MnistTutorialConfig(batch_size=5)
    taken = []

    def keep(optimizer, gradients, variables):
        taken.append(list(gradients))
        return tf.no_op()

    monkeypatch.setattr(training_steps, "apply", keep)
    for is_shared in (True, False):
        if not is_shared:
            monkeypatch.setattr(shared_backward, "is_possible", lambda calls, variables: False)
        fed = {name: tf.constant(x) for name, x in system_masks.items()}
        networks = models.get("mnist_tutorial").networks(config)
        mnist_tutorial.training_step(config, *networks, tf.constant(real), tf.constant(z), **fed)
    session.run(tf.global_variables_initializer())
    d, g, d_own, g_own = session.run(taken)
    for a, b in zip(d + g, d_own + g_own, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12 * np.abs(b).max())


def test_a_discriminator_that_mixes_images_or_hides_a_weight_keeps_two_passes(graph):
    images = tf.zeros([4, 8, 8, 2], tf.float64)
    with shared_backward.layer_calls() as calls:
        small_discriminator(images)
    assert shared_backward.is_possible(calls(), tf.trainable_variables())
    with tf.variable_scope("toy/discriminator/own"):
        tf.get_variable("w", [3])
    assert not shared_backward.is_possible(calls(), tf.trainable_variables())
    with shared_backward.layer_calls() as calls, tf.variable_scope("toy/discriminator"):
        ops.batch_norm(images, True, "bn", decay=0.9, epsilon=1e-5)
    assert not shared_backward.is_possible(calls(), [])
