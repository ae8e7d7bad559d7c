"""The training steps: who is updated when, each step as ops of one graph.

A step's parts are ordered by control dependencies, so that one `session.run` does what
the TF1 loops did in several: networks built under a dependency on an update read the
weights that update has written.

Name scopes, most of them absolute ("losses/"), sort the ops into the boxes that TensorBoard shows:
losses, the optimiser whose update an op belongs to, updates, summaries. They name no variable.

What the functions here have in common:

  name: the system's, root scope of its variables.
  generator: function of (z [N, z_dim], is_training) that returns images [N, H, W, C]
    and batch norm's updates.
  discriminator, d_on_real, d_on_fake, ...: functions of (images, is_training) that
    return logits [N, 1] and batch norm's updates. They share their weights; where there
    are several, each has dropout masks, averages or an augmentation of its own.
  real: images [M, H, W, C]; M may be less than N in an epoch's last batch.
  z, z_discriminator, z_generator: latents [N, z_dim].
  d_adam, g_adam, ...: optimisers of `nn.optimizers`.
  real_label: what D should say of reals, in (0.5, 1].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow.compat.v1 as tf

from dcgan_v1.distributed import collectives
from dcgan_v1.nn import loss_scaling, losses, shared_backward
from dcgan_v1.nn.weight_updates import apply, gradients_of, group, update_by, variables_of

Output = tuple[tf.Tensor, list[tf.Operation]]  # images or logits, batch norm's updates
Network = Callable[..., Output]


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
    scalars: dict[str, tf.Tensor]
    d_scalars: dict[str, tf.Tensor]
    norms: dict[str, tf.Tensor]


def separate_losses(
    name: str,
    generator: Network,
    discriminator: Network,
    real: tf.Tensor,
    z_discriminator: tf.Tensor,
    z_generator: tf.Tensor,
    *,
    d_real_adam: tf.train.Optimizer,
    d_fake_adam: tf.train.Optimizer,
    g_adam: tf.train.Optimizer,
    real_label: float = 1.0,
) -> Step:
    """D on its real and its fake loss by two optimisers, then G with fresh noise.

    The source leaves D's two updates unordered within one session call: a race. Here
    both gradients are taken at the same weights, then applied real first, fake second.
    The source never moves batch norm's averages; here both generator passes do, D's
    before G's.

    Args:
      d_real_adam, d_fake_adam: of D's loss on reals and of that on fakes.
    """
    fake, d_bn_updates = generator(z_discriminator, True)
    real_logits, _ = discriminator(real, True)  # [M, 1]
    fake_logits, _ = discriminator(fake, True)  # [N, 1]
    d_loss_real = losses.discriminator_loss_real(real_logits, real_label)
    d_loss_fake = losses.discriminator_loss_fake(fake_logits)
    g_vars, d_vars = variables_of(tf.trainable_variables(), name)

    real_gradients = gradients_of(d_real_adam, d_loss_real, d_vars)
    fake_gradients = gradients_of(d_fake_adam, d_loss_fake, d_vars)
    # The barrier: no weight may change before every gradient has been taken.
    with tf.control_dependencies(real_gradients + fake_gradients):
        real_applied = apply(d_real_adam, real_gradients, d_vars)
    with tf.control_dependencies([real_applied]):
        d_applied = apply(d_fake_adam, fake_gradients, d_vars)
    d_op = group(d_applied, *d_bn_updates)

    with tf.control_dependencies([d_op]):  # D reads the weights just written
        new_fake, bn_updates = generator(z_generator, True)
        new_fake_logits, _ = discriminator(new_fake, True)  # [N, 1]
    g_loss = losses.generator_loss(new_fake_logits)
    g_op, g_gradients = update_by(g_adam, g_loss, g_vars)

    return _step(
        d_op,
        group(g_op, *bn_updates),
        _d_scalars(d_loss_real, d_loss_fake, real_logits, fake_logits),
        g_loss,
        {"d_real": real_gradients, "d_fake": fake_gradients, "g": g_gradients},
    )


def sequential(
    name: str,
    generator: Network,
    d_on_real: Network,
    d_on_fake: Network,
    real: tf.Tensor,
    z: tf.Tensor,
    *,
    d_adam: tf.train.Optimizer,
    g_adam: tf.train.Optimizer,
    real_label: float = 1.0,
) -> Step:
    """D on its summed loss, then G with the same fakes against the updated D.

    For the arguments see the module.

    The fakes are computed once. Every pass moves the averages it read, one pass after
    the other: reals, fakes, fakes again. The source of celeba64 computes the fakes again
    for G's update and runs two more passes only to read the losses, each of which moves
    averages too; here the losses come with the update.
    """
    fake, g_updates = generator(z, True)
    real_logits, real_updates = d_on_real(real, True)  # [M, 1]
    with tf.control_dependencies(real_updates):  # the averages may be the same
        fake_logits, fake_updates = d_on_fake(fake, True)  # [N, 1]
    d_loss_real = losses.discriminator_loss_real(real_logits, real_label)
    d_loss_fake = losses.discriminator_loss_fake(fake_logits)
    with tf.name_scope("losses/"):
        d_loss = d_loss_real + d_loss_fake
    g_vars, d_vars = variables_of(tf.trainable_variables(), name)

    d_applied, d_gradients = update_by(d_adam, d_loss, d_vars)
    d_op = group(d_applied, *fake_updates, *real_updates)

    with tf.control_dependencies([d_op]):  # D reads the weights just written
        new_logits, new_updates = d_on_fake(fake, True)  # [N, 1]
    g_loss = losses.generator_loss(new_logits)
    g_op, g_gradients = update_by(g_adam, g_loss, g_vars)

    return _step(
        d_op,
        group(g_op, *g_updates, *new_updates),
        {"d_loss": d_loss, **_d_scalars(d_loss_real, d_loss_fake, real_logits, fake_logits)},
        g_loss,
        {"d": d_gradients, "g": g_gradients},
    )


def simultaneous(
    name: str,
    generator: Network,
    d_on_real: Network,
    d_on_fake: Network,
    real: tf.Tensor,
    z: tf.Tensor,
    *,
    d_adam: tf.train.Optimizer,
    g_adam: tf.train.Optimizer,
    real_label: float = 1.0,
) -> Step:
    """One pass of everything, both gradients at the same weights, then both applied.

    For the arguments see the module.

    D's update comes first, which changes nothing: neither reads what the other writes. Where
    D's layers allow it, both losses share one pass back through D (see `shared_backward`).
    """
    fake, bn_updates = generator(z, True)
    real_logits, _ = d_on_real(real, True)  # [M, 1]
    with shared_backward.layer_calls() as calls:
        fake_logits, _ = d_on_fake(fake, True)  # [N, 1]
    d_loss_real = losses.discriminator_loss_real(real_logits, real_label)
    d_loss_fake = losses.discriminator_loss_fake(fake_logits)
    with tf.name_scope("losses/"):
        d_loss = d_loss_real + d_loss_fake
    g_loss = losses.generator_loss(fake_logits)
    g_vars, d_vars = variables_of(tf.trainable_variables(), name)

    if shared_backward.is_possible(calls(), d_vars):
        with tf.name_scope(f"{d_adam.get_name()}/"):
            by_fakes, at_fake = shared_backward.gradients(
                calls(),
                fake,
                fake_logits,
                loss_scaling.scaled(d_loss_fake, d_adam),
                loss_scaling.scaled(g_loss, g_adam),
                d_vars,
            )
            by_reals = tf.gradients(loss_scaling.scaled(d_loss_real, d_adam), d_vars)
            by_both = [a + b for a, b in zip(by_reals, by_fakes, strict=True)]
            d_gradients = loss_scaling.unscaled(collectives.all_reduce(by_both), d_adam)
        with tf.name_scope(f"{g_adam.get_name()}/"):
            by_g = tf.gradients(fake, g_vars, grad_ys=at_fake)
            g_gradients = loss_scaling.unscaled(collectives.all_reduce(by_g), g_adam)
    else:
        d_gradients = gradients_of(d_adam, d_loss, d_vars)
        g_gradients = gradients_of(g_adam, g_loss, g_vars)
    # The barrier: no weight may change before every gradient has been taken.
    with tf.control_dependencies(d_gradients + g_gradients):
        d_op = apply(d_adam, d_gradients, d_vars)
    with tf.control_dependencies([d_op]):
        g_op = apply(g_adam, g_gradients, g_vars)

    return _step(
        d_op,
        group(g_op, *bn_updates),
        {"d_loss": d_loss, **_d_scalars(d_loss_real, d_loss_fake, real_logits, fake_logits)},
        g_loss,
        {"d": d_gradients, "g": g_gradients},
    )


def separate_batches(
    name: str,
    generator: Network,
    d_on_real: Network,
    d_on_fake: Network,
    d_on_new_fake: Network,
    real: tf.Tensor,
    z_discriminator: tf.Tensor,
    z_generator: tf.Tensor,
    *,
    d_adam: tf.train.Optimizer,
    g_adam: tf.train.Optimizer,
    real_label: float = 1.0,
) -> Step:
    """D on reals, then D on fakes, two steps of one Adam; then G with fresh noise.

    What a Keras loop of three `train_on_batch` calls does. The fakes that D trains on
    are drawn by G in inference mode (`predict`), those that G trains on in training
    mode. d_loss and d_accuracy are the means of D's two calls.

    Args:
      d_on_fake, d_on_new_fake: for the fakes D trains on, and for those G trains on.
    """
    fake, _ = generator(z_discriminator, False)
    real_logits, _ = d_on_real(real, True)  # [M, 1]
    d_loss_real = losses.discriminator_loss_real(real_logits, real_label)
    g_vars, d_vars = variables_of(tf.trainable_variables(), name)
    real_applied, real_gradients = update_by(d_adam, d_loss_real, d_vars)

    with tf.control_dependencies([real_applied]):  # D reads the weights just written
        fake_logits, _ = d_on_fake(fake, True)  # [N, 1]
    d_loss_fake = losses.discriminator_loss_fake(fake_logits)
    d_op, fake_gradients = update_by(d_adam, d_loss_fake, d_vars)

    with tf.control_dependencies([d_op, fake]):
        new_fake, bn_updates = generator(z_generator, True)
        new_logits, _ = d_on_new_fake(new_fake, True)  # [N, 1]
    g_loss = losses.generator_loss(new_logits)
    g_op, g_gradients = update_by(g_adam, g_loss, g_vars)

    with tf.name_scope("losses/"):
        right_real = collectives.mean(tf.cast(real_logits > 0, real.dtype))
        right_fake = collectives.mean(tf.cast(fake_logits <= 0, real.dtype))
        d_scalars = {
            "d_loss": (d_loss_real + d_loss_fake) / 2,
            **_d_scalars(d_loss_real, d_loss_fake, real_logits, fake_logits),
            "d_accuracy": (right_real + right_fake) / 2,
        }
    gradients = {"d_real": real_gradients, "d_fake": fake_gradients, "g": g_gradients}
    return _step(d_op, group(g_op, *bn_updates), d_scalars, g_loss, gradients)


def _step(
    d_op: tf.Operation,
    d_and_g_op: tf.Operation,
    d_scalars: dict[str, tf.Tensor],
    g_loss: tf.Tensor,
    gradients: dict[str, list[tf.Tensor]],
) -> Step:
    """Returns the Step, which has the norm of each update's gradients together."""
    with tf.name_scope("summaries/"):
        norms = {
            f"{name}_gradient_norm": tf.linalg.global_norm(values)
            for name, values in gradients.items()
        }
    return Step(d_op, d_and_g_op, {**d_scalars, "g_loss": g_loss}, d_scalars, norms)


def _d_scalars(
    d_loss_real: tf.Tensor, d_loss_fake: tf.Tensor, real_logits: tf.Tensor, fake_logits: tf.Tensor
) -> dict[str, tf.Tensor]:
    with tf.name_scope("losses/"):
        return {
            "d_loss_real": d_loss_real,
            "d_loss_fake": d_loss_fake,
            "d_mean_real": collectives.mean(tf.sigmoid(real_logits)),
            "d_mean_fake": collectives.mean(tf.sigmoid(fake_logits)),
        }
