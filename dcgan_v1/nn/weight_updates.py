"""One update of some weights: gradients taken, summed over all workers, applied in order."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow.compat.v1 as tf

from dcgan_v1.distributed import collectives
from dcgan_v1.nn import loss_scaling


def update_by(
    optimizer: tf.train.Optimizer, loss: tf.Tensor, variables: Sequence[tf.Variable]
) -> tuple[tf.Operation, list[tf.Tensor]]:
    """Returns one update by one loss, and its gradients: all are taken before the first
    weight moves.

    Args:
      optimizer: applies it.
      loss: scalar, or a worker's part of it.
      variables: what it moves.
    """
    gradients = gradients_of(optimizer, loss, variables)
    with tf.control_dependencies(gradients):
        return apply(optimizer, gradients, variables), gradients


def gradients_of(
    optimizer: tf.train.Optimizer, loss: tf.Tensor, variables: Sequence[tf.Variable]
) -> list[tf.Tensor]:
    """Returns the gradients of a loss, or of all workers' parts of it, by one sum.

    Args:
      optimizer: that will apply them: they are shown with its ops. In half precision it has a
        scale of its own.
      loss: scalar, or a part of it.
      variables: the gradients are with respect to these.
    """
    with tf.name_scope(f"{optimizer.get_name()}/"):
        gradients = tf.gradients(loss_scaling.scaled(loss, optimizer), variables)
        return loss_scaling.unscaled(collectives.all_reduce(gradients), optimizer)


def apply(
    optimizer: tf.train.Optimizer, gradients: Sequence[tf.Tensor], variables: Sequence[tf.Variable]
) -> tf.Operation:
    """Applies gradients with an optimiser whose state is named after it.

    Args:
      optimizer: of `nn.optimizers`.
      gradients, variables: in the same order.
    """

    def update() -> tf.Operation:
        pairs = zip(gradients, variables, strict=True)
        return optimizer.apply_gradients(pairs, name="apply")

    with tf.name_scope(f"{optimizer.get_name()}/"):
        scale = loss_scaling.scale_of(optimizer)
        if scale is None:
            return update()
        with tf.init_scope():  # here, not in the branch, whose name they would have
            optimizer._create_slots(variables)
        return scale.apply(update)


def group(*updates: tf.Operation) -> tf.Operation:
    """Returns one op that does several updates."""
    with tf.name_scope("updates/"):
        return tf.group(*updates)


def variables_of(trainables: Sequence[tf.Variable], name: str) -> list[list[tf.Variable]]:
    """Splits a graph's trainable variables into [generator's, discriminator's].

    Chosen by scope prefix, slash included; together they must be all there are.
    """
    split = [
        [v for v in trainables if v.op.name.startswith(f"{name}/{net}/")]
        for net in ("generator", "discriminator")
    ]
    known = {v.op.name for part in split for v in part}
    stray = [v.op.name for v in trainables if v.op.name not in known]
    assert not stray and all(split), f"variables of neither network: {stray}"
    return split
