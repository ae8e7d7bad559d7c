"""Gradients of a graph's own ops by others, or by variables: what reverse mode makes of arrays."""

import tensorflow.compat.v1 as tf

from dcgan_v1.migration.records import Arrays


def tensors(graph: tf.Graph, above: Arrays, to: list[str]) -> dict[str, tf.Tensor]:
    """Returns the gradient of sum(array * op), over all ops of `above`, by each op or variable.

    Args:
      graph: as it runs.
      above: op -> array of its output's shape.
      to: names of ops or variables; those that no op is made of are left out.
    """
    try:
        by, ys = (
            [graph.get_operation_by_name(name).outputs[0] for name in names]
            for names in (to, above)
        )
    except KeyError:
        return {}  # an op that only the program as it was written has
    with graph.as_default():
        arrays = [
            tf.constant(a, y.dtype.base_dtype) for a, y in zip(above.values(), ys, strict=True)
        ]
        try:
            found = tf.gradients(ys, by, arrays)
        except (LookupError, ValueError, TypeError, AttributeError):
            return {}  # an op without a gradient, a loop, or another shape
        return {
            name: tf.convert_to_tensor(g)
            for name, g in zip(to, found, strict=True)
            if g is not None
        }
