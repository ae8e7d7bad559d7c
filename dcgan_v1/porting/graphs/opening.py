"""Takes a graph out of TensorFlow: ops as plain data, for `graph.build`."""

from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.python.framework import tensor_util

from dcgan_v1.porting.graphs.graph import RawOp


def raw_ops(
    graph: tf.Graph, names: set[str], variables: frozenset[str] = frozenset()
) -> list[RawOp]:
    """Returns the ops of these names in the graph's order.

    Args:
      graph: that holds them.
      names: of the ops.
      variables: constants that a frozen graph has in the place of variables.
    """
    raw = [_raw(op) for op in graph.get_operations() if op.name in names]
    return [(op[0], "VariableV2", *op[2:]) if op[0] in variables else op for op in raw]


def _raw(op: tf.Operation) -> RawOp:
    attributes = {name: value_of(value) for name, value in op.node_def.attr.items()}
    inputs = [t.name for t in op.inputs]
    controls = [c.name for c in op.control_inputs]
    outputs = [
        (None if t.shape.rank is None else tuple(t.shape.as_list()), t.dtype.base_dtype.name)
        for t in op.outputs
    ]
    return op.name, op.type, attributes, inputs, controls, outputs


def value_of(value: Any) -> Any:
    """Returns an attribute as Python has it, None where it has no value."""
    kind = value.WhichOneof("value")
    if kind == "s":
        return value.s.decode("utf-8", "replace")
    if kind == "type":
        return _dtype(value.type)
    if kind == "shape":
        shape = tf.TensorShape(value.shape)
        return None if shape.rank is None else tuple(shape.as_list())
    if kind == "tensor":
        return np.asarray(tensor_util.MakeNdarray(value.tensor))
    if kind == "list":
        values = value.list
        if values.i:
            return list(values.i)
        if values.type:
            return [_dtype(t) for t in values.type]
        return [*values.f, *values.b] or [s.decode("utf-8", "replace") for s in values.s]
    return getattr(value, kind) if kind else None


def _dtype(number: int) -> str:
    return tf.as_dtype(number).base_dtype.name
