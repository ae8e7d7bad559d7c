"""Which maps of a graph have their channels first: [N, C, H, W]."""

from collections.abc import Mapping

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.node_def_pb2 import NodeDef

from dcgan_v1.migration.runners.tf1.graph.channels_first import TO_FIRST, TO_LAST

KEEPING = frozenset(  # types of ops that leave the axes of maps as they are
    (
        *("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Softplus", "Softsign", "Tanh", "Sigmoid"),
        *("Add", "AddV2", "Sub", "Mul", "RealDiv", "Maximum", "Minimum", "Abs", "Neg", "Square"),
        *("Identity", "Merge", "Switch", "Select", "SelectV2", "Cast", "StopGradient"),
        *("ConcatV2", "Concat", "Pad", "PadV2", "MirrorPad", "StridedSlice", "Slice"),
    )
)


def is_first(
    op: tf.Operation, nodes: Mapping[str, NodeDef], known: dict[tf.Operation, bool]
) -> bool:
    """Returns whether an op gives maps as [N, C, H, W]. An op that does not say so itself gives
    them as it is given them; maps that are made of other shapes are what they are used as.

    Args:
      op: in the graph as it runs.
      nodes: of the program by name, as they were written.
      known: what was asked before; filled.
    """
    if op not in known:
        known[op] = False  # of what comes round in a loop
        known[op] = _is_first(op, nodes, known)
    return known[op]


def _is_first(
    op: tf.Operation, nodes: Mapping[str, NodeDef], known: dict[tf.Operation, bool]
) -> bool:
    node = nodes.get(op.name)
    if node is not None and "data_format" in node.attr:
        return node.attr["data_format"].s == b"NCHW"
    if op.type == "Transpose":
        return _order(op) == TO_FIRST
    if op.type == "Reshape":
        users = op.outputs[0].consumers()
        return any(user.type == "Transpose" and _order(user) == TO_LAST for user in users)
    if op.type not in KEEPING:
        return False
    maps = [t.op for t in op.inputs if t.shape.rank in (4, None)]
    return any(is_first(above, nodes, known) for above in maps)


def _order(transpose: tf.Operation) -> tuple[int, ...]:
    order = tf.get_static_value(transpose.inputs[1])
    return () if order is None else tuple(int(axis) for axis in order)
