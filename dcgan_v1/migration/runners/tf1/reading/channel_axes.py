"""Which maps of a graph have their channels first: [N, C, H, W]."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.node_def_pb2 import NodeDef

from dcgan_v1.migration.runners.tf1.graph.channels_first import TO_FIRST, TO_LAST, is_first

KEEPING = frozenset(  # types of ops that leave the axes of maps as they are
    (
        *("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Softplus", "Softsign", "Tanh", "Sigmoid"),
        *("Add", "AddV2", "AddN", "Sub", "Mul", "RealDiv", "Maximum", "Minimum", "Abs", "Neg"),
        *("Square", "SquaredDifference", "Sqrt", "Rsqrt", "Pow", "Exp", "Log", "Cast", "Tile"),
        *("Identity", "IdentityN", "StopGradient", "Merge", "Switch", "Select", "SelectV2"),
        *("ConcatV2", "Concat", "Split", "Pad", "PadV2", "MirrorPad", "StridedSlice", "Slice"),
    )
)
Ops = Iterable[tf.Operation]


def with_channels_first(graph: tf.Graph, nodes: Mapping[str, NodeDef]) -> set[str]:
    """Returns the names of ops that give maps as [N, C, H, W]. One that does not say so itself
    gives them as it is given them; maps that are made of other shapes are what they are used as.

    Args:
      graph: as it runs.
      nodes: of the program by name, as they were written.
    """
    if not any(map(is_first, nodes.values())):
        return set()
    ops = graph.get_operations()
    told = {op for op in ops if op.name in nodes and "data_format" in nodes[op.name].attr}
    turns = {op: _order(op) for op in ops if op.type == "Transpose" and op not in told}
    fixed = told | turns.keys()
    made = [op for op in told if nodes[op.name].attr["data_format"].s == b"NCHW"]
    made += [op for op, order in turns.items() if order == TO_FIRST]
    used = [op.inputs[0].op for op, order in turns.items() if order == TO_LAST]
    found = _reached(used, fixed, _sources)
    return {op.name for op in _reached([*made, *found], fixed, _users)}


def _reached(ops: Ops, fixed: set[tf.Operation], of: Callable[[tf.Operation], Ops]) -> Ops:
    """What ops lead to through such as keep the axes of maps; nothing `fixed` but themselves."""
    seen, waiting = set(ops), list(ops)
    while waiting:
        new = {op for op in of(waiting.pop()) if op not in fixed and op not in seen}
        seen |= new
        waiting += new
    return seen


def _sources(op: tf.Operation) -> Iterator[tf.Operation]:
    if op.type in KEEPING:
        yield from (t.op for t in op.inputs if t.shape.rank in (4, None))


def _users(op: tf.Operation) -> Iterator[tf.Operation]:
    for tensor in op.outputs:
        if tensor.shape.rank in (4, None):
            yield from (user for user in tensor.consumers() if user.type in KEEPING)


def _order(transpose: tf.Operation) -> tuple[int, ...]:
    order = tf.get_static_value(transpose.inputs[1])
    return () if order is None else tuple(int(axis) for axis in order)
