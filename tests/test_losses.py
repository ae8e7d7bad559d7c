"""The losses against their definition, in float64."""

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1 import losses


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
