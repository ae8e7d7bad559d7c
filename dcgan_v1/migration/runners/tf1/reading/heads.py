"""Heads: what a program computes of a trained network beside its step, as infoGAN's Q of D's maps.

No step needs them, and no port that trains the same must have them. A network that begins at an
input of its own is none: a sampler with weights of its own, where a `reuse` was forgotten, say.
"""

import tensorflow.compat.v1 as tf

from dcgan_v1.migration.runners.tf1.reading import graph_ops
from dcgan_v1.migration.runners.tf1.reading.roles import Roles

ENDS = ("Assign", "Save")  # types of ops that compute nothing begin so


def find(graph: tf.Graph, weights: list[str], roles: Roles) -> list[str]:
    """Returns those of `weights` that are used with what trained weights make of data, and with no
    other data.

    Args:
      weights: names of variables that no step needs.
      roles: what the graph's step does.
    """
    if not weights:
        return []
    everything = set(graph.get_operations())
    fed = [t for t in graph_ops.inputs(graph, everything).values() if not graph_ops.is_switch(t)]
    data = graph_ops.depending(graph, [*fed, *graph_ops.random(graph, everything).values()])
    names = {apply.variable for _, update in roles.applied for apply in update.applies}
    trained = graph_ops.depending(
        graph, [graph.get_operation_by_name(name).outputs[0] for name in names]
    )
    return [n for n in weights if _is_head(graph.get_operation_by_name(n), data, data & trained)]


def _is_head(weight: tf.Operation, data: set[tf.Operation], features: set[tf.Operation]) -> bool:
    """Whether what first joins a weight with data, as it is or normalised, has it from a trained
    network, in every place where the weight is used."""
    is_used = False
    waiting, visited = list(weight.outputs), {weight}
    while waiting:
        tensor = waiting.pop()
        for user in tensor.consumers():
            if user in visited or user.type.startswith(ENDS) or "gradients" in user.name:
                continue
            visited.add(user)
            beside = {t.op for t in user.inputs if t is not tensor and _is_floating(t)} & data
            if not beside:
                waiting += [t for t in user.outputs if _is_floating(t)]
            elif not beside & features:
                return False
            else:
                is_used = True
    return is_used


def _is_floating(tensor: tf.Tensor) -> bool:
    return tensor.dtype.base_dtype.is_floating
