"""The losses of the original GAN: logits in, scalars out.

Sigmoid cross-entropy means, the generator's in the non-saturating form of Goodfellow
et al. 2014, section 3. Logits have shape [N, 1] and any real value: no sigmoid has been
applied to them.
"""

from __future__ import annotations

import tensorflow.compat.v1 as tf

from dcgan_v1.distributed import collectives


def _cross_entropy(logits: tf.Tensor, label: float) -> tf.Tensor:
    with tf.name_scope("losses/"):
        return collectives.mean(
            tf.nn.sigmoid_cross_entropy_with_logits(
                logits=logits, labels=tf.fill(tf.shape(logits), tf.constant(label, logits.dtype))
            )
        )


def discriminator_loss_real(real_logits: tf.Tensor, label: float = 1.0) -> tf.Tensor:
    """Mean of -log D(x): small where D takes real images for real.

    Args:
      label: what D should say; 0.9 is one-sided smoothing (Salimans et al. 2016, 3.4).
    """
    return _cross_entropy(real_logits, label)


def discriminator_loss_fake(fake_logits: tf.Tensor) -> tf.Tensor:
    """Mean of -log(1 - D(G(z))): small where D sees through the fakes."""
    return _cross_entropy(fake_logits, 0.0)


def generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """Mean of -log D(G(z)): small where D takes the fakes for real."""
    return _cross_entropy(fake_logits, 1.0)
