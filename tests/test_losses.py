"""The losses against their definition, in float64."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1.nn import losses

pytestmark = [pytest.mark.unit, pytest.mark.numerical]


def test_losses_are_the_cross_entropies_of_the_paper(session, rng):
    logits = rng.normal(0, 3, size=(20, 1))
    probability = 1 / (1 + np.exp(-logits))
    tensor = tf.constant(logits)
    real, fake, generator = session.run(
        [
            losses.discriminator_loss_real(tensor),
            losses.discriminator_loss_fake(tensor),
            losses.generator_loss(tensor),
        ]
    )
    np.testing.assert_allclose(real, -np.log(probability).mean(), rtol=1e-12)
    np.testing.assert_allclose(fake, -np.log(1 - probability).mean(), rtol=1e-12)
    assert generator == real  # the same function, of D's logits on fakes


def test_losses_stay_finite_where_a_sigmoid_would_saturate(session):
    logits = tf.constant([[200.0], [-200.0]])
    real = session.run(losses.discriminator_loss_real(logits))
    np.testing.assert_allclose(real, 100.0)


def test_the_smoothed_loss_is_that_of_the_softer_label(session, rng):
    logits = rng.normal(size=(5, 1)) * 3
    p = 1 / (1 + np.exp(-logits))
    expected = -(0.9 * np.log(p) + 0.1 * np.log(1 - p)).mean()
    got = session.run(losses.discriminator_loss_real(tf.constant(logits), 0.9))
    np.testing.assert_allclose(got, expected, rtol=1e-12)
