"""Which value of a fed number switches a dropout off: what it is in inference."""

from collections.abc import Iterator

import tensorflow.compat.v1 as tf

from dcgan_v1.migration.runners.tf1.reading import graph_ops

COMPARED = ("GreaterEqual", "Greater")  # random >= rate: kept
ADDED = ("Add", "AddV2")  # floor(random + keep): kept, in TensorFlow before 1.13


def value_in_inference(session: tf.Session, tensor: tf.Tensor) -> float | None:
    """Returns the value, 0 or 1, of a number that is fed under which everything is
    kept; None where the number steers no dropout."""
    for scalar, target in _thresholds(tensor):
        for value in (0.0, 1.0):
            try:
                if session.run(scalar, {tensor: value}) == target:
                    return value
            except tf.errors.OpError:
                continue
    return None


def _thresholds(tensor: tf.Tensor) -> Iterator[tuple[tf.Tensor, float]]:
    """Yields (number that is compared with random ones, its value that keeps all)."""
    waiting: list[tf.Tensor] = [tensor]
    ops: set[tf.Operation] = set()
    while waiting:
        scalar = waiting.pop()
        for op in scalar.consumers():
            if op in ops:
                continue
            ops.add(op)
            others = [t.op for t in op.inputs if t is not scalar]
            is_random = any(o.type in graph_ops.RANDOM for o in graph_ops.above(others))
            if op.type in COMPARED and is_random:
                yield scalar, 0.0
            elif op.type in ADDED and is_random:
                yield scalar, 1.0
            elif op.outputs and op.outputs[0].shape.rank == 0:
                waiting.append(op.outputs[0])
