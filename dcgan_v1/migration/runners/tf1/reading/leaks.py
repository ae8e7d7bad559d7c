"""Gradients that a TF1 step leaves out: of each loss by the variables of the other updates."""

import tensorflow.compat.v1 as tf

from dcgan_v1.migration.records import GradientKey
from dcgan_v1.migration.runners.tf1.reading.roles import Roles


def tensors(graph: tf.Graph, roles: Roles) -> dict[GradientKey, tf.Tensor]:
    """Returns the gradients of the losses of all other updates by each update's variables."""
    by_key: dict[GradientKey, tf.Tensor] = {}
    with graph.as_default():
        for i, (_, update) in enumerate(roles.applied):
            others = [
                t
                for j, losses in enumerate(roles.losses)
                if j != i
                for t in losses
                if t not in roles.losses[i]
            ]
            # what a gradient is taken by: the resource, or the reference
            variables = [graph.get_operation_by_name(a.variable).outputs[0] for a in update.applies]
            try:
                gradients = tf.gradients(others, variables) if others else []
            except (LookupError, ValueError, TypeError, AttributeError):
                gradients = []  # an op without a gradient, or a loop
            for a, gradient in zip(
                update.applies, gradients or [None] * len(variables), strict=True
            ):
                if gradient is not None:
                    key = GradientKey(i, update.optimizer, a.variable)
                    by_key[key] = tf.convert_to_tensor(gradient)
    return by_key
