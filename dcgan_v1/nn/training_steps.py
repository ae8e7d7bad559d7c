"""The order of updates: each schedule builds one training step as ops of one graph.

A step's parts are ordered by control dependencies, so that one `session.run` does what
the TF1 loops did in several: networks built under a dependency on an update read the
weights that update has written.
"""

from typing import NamedTuple

import tensorflow.compat.v1 as tf

from dcgan_v1.distributed import collectives
from dcgan_v1.nn import losses


class Step(NamedTuple):
    """One training step.

    Attributes:
      d_op: updates the discriminator.
      d_and_g_op: updates the discriminator, then the generator against it.
      scalars: name -> scalar tensor; losses and D's mean output on real and fake.
      d_scalars: the part of `scalars` that d_op alone can be asked for.
      norms: name -> norm of all gradients of one update together; D's begin with d_.
    """

    d_op: tf.Operation
    d_and_g_op: tf.Operation
    scalars: dict
    d_scalars: dict
    norms: dict


def separate_losses(
    name,
    generator,
    discriminator,
    real,
    z_discriminator,
    z_generator,
    *,
    d_real_adam,
    d_fake_adam,
    g_adam,
    real_label=1.0,
):
    """D on its real and its fake loss by two optimisers, then G with fresh noise.

    The source leaves D's two updates unordered within one session call: a race. Here
    both gradients are taken at the same weights, then applied real first, fake second.
    The source never moves batch norm's averages; here both generator passes do, D's
    before G's.
    """
    fake, d_bn_updates = generator(z_discriminator, True)
    real_logits, _ = discriminator(real, True)  # [N, 1]
    fake_logits, _ = discriminator(fake, True)  # [N, 1]
    d_loss_real = losses.discriminator_loss_real(real_logits, real_label)
    d_loss_fake = losses.discriminator_loss_fake(fake_logits)
    g_vars, d_vars = variables_of(tf.trainable_variables(), name)

    real_gradients = gradients_of(d_loss_real, d_vars)
    fake_gradients = gradients_of(d_loss_fake, d_vars)
    # The barrier: no weight may change before every gradient has been taken.
    with tf.control_dependencies(real_gradients + fake_gradients):
        real_applied = apply(d_real_adam, real_gradients, d_vars)
    with tf.control_dependencies([real_applied]):
        d_applied = apply(d_fake_adam, fake_gradients, d_vars)
    d_op = tf.group(d_applied, *d_bn_updates)

    with tf.control_dependencies([d_op]):  # D reads the weights just written
        new_fake, bn_updates = generator(z_generator, True)
        new_fake_logits, _ = discriminator(new_fake, True)  # [N, 1]
    g_loss = losses.generator_loss(new_fake_logits)
    g_gradients = gradients_of(g_loss, g_vars)
    with tf.control_dependencies(g_gradients):
        g_op = apply(g_adam, g_gradients, g_vars)

    d_scalars = _d_scalars(d_loss_real, d_loss_fake, real_logits, fake_logits)
    return Step(
        d_op=d_op,
        d_and_g_op=tf.group(g_op, *bn_updates),
        scalars={**d_scalars, "g_loss": g_loss},
        d_scalars=d_scalars,
        norms=_norms(d_real=real_gradients, d_fake=fake_gradients, g=g_gradients),
    )


def sequential(name, generator, d_real, d_fake, real, z, *, d_adam, g_adam, real_label=1.0):
    """D on its summed loss, then G with the same fakes against the updated D.

    The fakes are computed once. Every pass moves the averages it read, one pass after
    the other: reals, fakes, fakes again. The source of celeba64 computes the fakes anew
    for G's update and runs two more passes only to read the losses, each of which moves
    averages too; here the losses come with the update.

    Args:
      d_real, d_fake: the discriminator for reals and for fakes: functions of
        (images, is_training) that share their weights.
    """
    fake, g_updates = generator(z, True)
    real_logits, real_updates = d_real(real, True)  # [N, 1]
    with tf.control_dependencies(real_updates):  # the averages may be the same
        fake_logits, fake_updates = d_fake(fake, True)  # [N, 1]
    d_loss_real = losses.discriminator_loss_real(real_logits, real_label)
    d_loss_fake = losses.discriminator_loss_fake(fake_logits)
    g_vars, d_vars = variables_of(tf.trainable_variables(), name)

    d_gradients = gradients_of(d_loss_real + d_loss_fake, d_vars)
    with tf.control_dependencies(d_gradients):
        d_applied = apply(d_adam, d_gradients, d_vars)
    d_op = tf.group(d_applied, *fake_updates, *real_updates)

    with tf.control_dependencies([d_op]):  # D reads the weights just written
        new_logits, new_updates = d_fake(fake, True)  # [N, 1]
    g_loss = losses.generator_loss(new_logits)
    g_gradients = gradients_of(g_loss, g_vars)
    with tf.control_dependencies(g_gradients):
        g_op = apply(g_adam, g_gradients, g_vars)

    d_scalars = {
        "d_loss": d_loss_real + d_loss_fake,
        **_d_scalars(d_loss_real, d_loss_fake, real_logits, fake_logits),
    }
    return Step(
        d_op=d_op,
        d_and_g_op=tf.group(g_op, *g_updates, *new_updates),
        scalars={**d_scalars, "g_loss": g_loss},
        d_scalars=d_scalars,
        norms=_norms(d=d_gradients, g=g_gradients),
    )


def simultaneous(name, generator, d_real, d_fake, real, z, *, d_adam, g_adam, real_label=1.0):
    """One pass of everything, both gradients at the same weights, then both applied.

    D's update comes first, which changes nothing: neither reads what the other writes.
    """
    fake, bn_updates = generator(z, True)
    real_logits, _ = d_real(real, True)  # [N, 1]
    fake_logits, _ = d_fake(fake, True)  # [N, 1]
    d_loss_real = losses.discriminator_loss_real(real_logits, real_label)
    d_loss_fake = losses.discriminator_loss_fake(fake_logits)
    g_loss = losses.generator_loss(fake_logits)
    g_vars, d_vars = variables_of(tf.trainable_variables(), name)

    d_gradients = gradients_of(d_loss_real + d_loss_fake, d_vars)
    g_gradients = gradients_of(g_loss, g_vars)
    # The barrier: no weight may change before every gradient has been taken.
    with tf.control_dependencies(d_gradients + g_gradients):
        d_op = apply(d_adam, d_gradients, d_vars)
    with tf.control_dependencies([d_op]):
        g_op = apply(g_adam, g_gradients, g_vars)

    d_scalars = {
        "d_loss": d_loss_real + d_loss_fake,
        **_d_scalars(d_loss_real, d_loss_fake, real_logits, fake_logits),
    }
    return Step(
        d_op=d_op,
        d_and_g_op=tf.group(g_op, *bn_updates),
        scalars={**d_scalars, "g_loss": g_loss},
        d_scalars=d_scalars,
        norms=_norms(d=d_gradients, g=g_gradients),
    )


def separate_batches(
    name,
    generator,
    d_real,
    d_fake,
    d_new_fake,
    real,
    z_discriminator,
    z_generator,
    *,
    d_adam,
    g_adam,
    real_label=1.0,
):
    """D on reals, then D on fakes, two steps of one Adam; then G with fresh noise.

    What a Keras loop of three `train_on_batch` calls does. The fakes that D trains on
    are drawn by G in inference mode (`predict`), those that G trains on in training
    mode. d_loss and d_accuracy are the means of D's two calls.

    Args:
      d_real, d_fake, d_new_fake: the discriminator for reals, for the fakes
        it trains on and for those G trains on: functions of (images, is_training) that
        share their weights, each with dropout masks of its own.
    """
    fake, _ = generator(z_discriminator, False)
    real_logits, _ = d_real(real, True)  # [N, 1]
    d_loss_real = losses.discriminator_loss_real(real_logits, real_label)
    g_vars, d_vars = variables_of(tf.trainable_variables(), name)
    real_gradients = gradients_of(d_loss_real, d_vars)
    with tf.control_dependencies(real_gradients):
        real_applied = apply(d_adam, real_gradients, d_vars)

    with tf.control_dependencies([real_applied]):  # D reads the weights just written
        fake_logits, _ = d_fake(fake, True)  # [N, 1]
    d_loss_fake = losses.discriminator_loss_fake(fake_logits)
    fake_gradients = gradients_of(d_loss_fake, d_vars)
    with tf.control_dependencies(fake_gradients):
        d_op = apply(d_adam, fake_gradients, d_vars)

    with tf.control_dependencies([d_op, fake]):
        new_fake, bn_updates = generator(z_generator, True)
        new_logits, _ = d_new_fake(new_fake, True)  # [N, 1]
    g_loss = losses.generator_loss(new_logits)
    g_gradients = gradients_of(g_loss, g_vars)
    with tf.control_dependencies(g_gradients):
        g_op = apply(g_adam, g_gradients, g_vars)

    right_real = collectives.mean(tf.cast(real_logits > 0, real.dtype))
    right_fake = collectives.mean(tf.cast(fake_logits <= 0, real.dtype))
    d_scalars = {
        "d_loss": (d_loss_real + d_loss_fake) / 2,
        **_d_scalars(d_loss_real, d_loss_fake, real_logits, fake_logits),
        "d_accuracy": (right_real + right_fake) / 2,
    }
    return Step(
        d_op=d_op,
        d_and_g_op=tf.group(g_op, *bn_updates),
        scalars={**d_scalars, "g_loss": g_loss},
        d_scalars=d_scalars,
        norms=_norms(d_real=real_gradients, d_fake=fake_gradients, g=g_gradients),
    )


def _d_scalars(d_loss_real, d_loss_fake, real_logits, fake_logits):
    return {
        "d_loss_real": d_loss_real,
        "d_loss_fake": d_loss_fake,
        "d_mean_real": collectives.mean(tf.sigmoid(real_logits)),
        "d_mean_fake": collectives.mean(tf.sigmoid(fake_logits)),
    }


def _norms(**gradients):
    """Returns '<name>_gradient_norm' -> norm of a list of gradients together."""
    return {
        f"{name}_gradient_norm": tf.linalg.global_norm(values) for name, values in gradients.items()
    }


def gradients_of(loss, variables):
    """Returns the gradients of a loss, or of all workers' parts of it, by one sum."""
    return collectives.all_reduce(tf.gradients(loss, variables))


def variables_of(trainables, name):
    """Splits a graph's trainable variables into (generator's, discriminator's).

    Chosen by scope prefix, slash included; together they must be all there are.
    """
    split = [
        [v for v in trainables if v.op.name.startswith(f"{name}/{net}/")]
        for net in ("generator", "discriminator")
    ]
    found = {v.op.name for part in split for v in part}
    stray = [v.op.name for v in trainables if v.op.name not in found]
    assert not stray and all(split), f"variables of neither network: {stray}"
    return split


def apply(optimizer, gradients, variables):
    """Applies gradients with an optimiser whose state is named after it."""
    with tf.name_scope(optimizer.get_name()):
        return optimizer.apply_gradients(zip(gradients, variables, strict=True), name="apply")
