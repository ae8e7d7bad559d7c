"""The order of updates: each schedule builds one training step as ops of one graph.

A step's parts are ordered by control dependencies, so that one `session.run` does what
the TF1 loops did in several: networks built under a dependency on an update read the
weights that update has written.
"""

from typing import NamedTuple

import tensorflow.compat.v1 as tf

from dcgan_v1 import losses, models


class Step(NamedTuple):
    """One training step.

    Attributes:
      d_op: updates the discriminator.
      d_and_g_op: updates the discriminator, then the generator against it.
      scalars: name -> scalar tensor; losses and D's mean output on real and fake.
      d_scalars: the part of `scalars` that d_op alone can be asked for.
    """

    d_op: tf.Operation
    d_and_g_op: tf.Operation
    scalars: dict
    d_scalars: dict


class SeparateLosses(NamedTuple):
    """The optimisers of `separate_losses`."""

    d_real: tf.train.Optimizer
    d_fake: tf.train.Optimizer
    generator: tf.train.Optimizer


def separate_losses(
    name, generator, discriminator, real, z_discriminator, z_generator, optimizers
):
    """D on its real and its fake loss by two optimisers, then G with fresh noise.

    The source leaves D's two updates unordered within one session call: a race. Here
    both gradients are taken at the same weights, then applied real first, fake second.
    Batch norm's averages follow the generator pass of the G update.
    """
    fake, _ = generator(z_discriminator, True)
    real_logits, _ = discriminator(real, True)  # [N, 1]
    fake_logits, _ = discriminator(fake, True)  # [N, 1]
    d_loss_real = losses.discriminator_loss_real(real_logits)
    d_loss_fake = losses.discriminator_loss_fake(fake_logits)
    g_vars, d_vars = models.variables(tf.trainable_variables(), name)

    real_gradients = tf.gradients(d_loss_real, d_vars)
    fake_gradients = tf.gradients(d_loss_fake, d_vars)
    # The barrier: no weight may change before every gradient has been taken.
    with tf.control_dependencies(real_gradients + fake_gradients):
        real_applied = apply(optimizers.d_real, real_gradients, d_vars)
    with tf.control_dependencies([real_applied]):
        d_op = apply(optimizers.d_fake, fake_gradients, d_vars)

    with tf.control_dependencies([d_op]):  # D reads the weights just written
        new_fake, bn_updates = generator(z_generator, True)
        new_fake_logits, _ = discriminator(new_fake, True)  # [N, 1]
    g_loss = losses.generator_loss(new_fake_logits)
    g_gradients = tf.gradients(g_loss, g_vars)
    with tf.control_dependencies(g_gradients):
        g_op = apply(optimizers.generator, g_gradients, g_vars)

    d_scalars = {
        "d_loss_real": d_loss_real,
        "d_loss_fake": d_loss_fake,
        "d_mean_real": tf.reduce_mean(tf.sigmoid(real_logits)),
        "d_mean_fake": tf.reduce_mean(tf.sigmoid(fake_logits)),
    }
    return Step(
        d_op=d_op,
        d_and_g_op=tf.group(g_op, *bn_updates),
        scalars={**d_scalars, "g_loss": g_loss},
        d_scalars=d_scalars,
    )


def sequential(name, generator, discriminator, real, z, *, d_adam, g_adam):
    """D on its summed loss, then G with the same fakes against the updated D.

    The fakes are computed once. Every pass moves the averages it read from: D's `fake`
    set twice a step (before and after its update), its `real` set and G's once. The
    source computes the fakes anew for G's update and runs two more passes only to read
    the losses, each of which moves averages too; here the losses come with the update.
    """
    fake, g_updates = generator(z, True)
    fake_logits, fake_updates = discriminator(fake, True, averages="fake")  # [N, 1]
    real_logits, real_updates = discriminator(real, True, averages="real")  # [N, 1]
    d_loss_real = losses.discriminator_loss_real(real_logits)
    d_loss_fake = losses.discriminator_loss_fake(fake_logits)
    g_vars, d_vars = models.variables(tf.trainable_variables(), name)

    d_gradients = tf.gradients(d_loss_real + d_loss_fake, d_vars)
    with tf.control_dependencies(d_gradients):
        d_applied = apply(d_adam, d_gradients, d_vars)
    d_op = tf.group(d_applied, *fake_updates, *real_updates)

    with tf.control_dependencies([d_op]):  # D reads the weights just written
        new_logits, new_updates = discriminator(fake, True, averages="fake")  # [N, 1]
    g_loss = losses.generator_loss(new_logits)
    g_gradients = tf.gradients(g_loss, g_vars)
    with tf.control_dependencies(g_gradients):
        g_op = apply(g_adam, g_gradients, g_vars)

    d_scalars = {
        "d_loss": d_loss_real + d_loss_fake,
        "d_loss_real": d_loss_real,
        "d_loss_fake": d_loss_fake,
        "d_mean_real": tf.reduce_mean(tf.sigmoid(real_logits)),
        "d_mean_fake": tf.reduce_mean(tf.sigmoid(fake_logits)),
    }
    return Step(
        d_op=d_op,
        d_and_g_op=tf.group(g_op, *g_updates, *new_updates),
        scalars={**d_scalars, "g_loss": g_loss},
        d_scalars=d_scalars,
    )


def apply(optimizer, gradients, variables):
    """Applies gradients with an optimiser whose state is named after it."""
    with tf.name_scope(optimizer.get_name()):
        return optimizer.apply_gradients(
            zip(gradients, variables, strict=True), name="apply"
        )
