"""Which ops of a foreign graph make layers, and which of them a run can be asked for.

What lies in a branch or in a loop has no value outside."""

from collections.abc import Iterable
from typing import Any

import tensorflow.compat.v1 as tf

from dcgan_v1.migration.recordings.port_recorder.tensorflow_functions import OPS
from dcgan_v1.migration.records import Settings
from dcgan_v1.migration.runners.tf1.reading import graph_ops

KINDS = {
    **OPS,  # those of a TF2 program's functions, which are the same ops
    "Add": "add",
    "AddV2": "add",
    "Sub": "add",
    "Mul": "mul",
    "RealDiv": "mul",
    "Merge": "merge",
    "GatherV2": "other",
    "Gather": "other",
    "ResourceGather": "other",
    "Mean": "other",
    "Exit": "recurrent",
    "LSTMBlockCell": "recurrent",
    "ConcatV2": "other",
    "Concat": "other",
    "Pad": "other",
    "MirrorPad": "other",
    "SelectV2": "other",
    "Select": "other",
    "If": "merge",
    "StatelessIf": "merge",
    "Identity": "identity",
    "Reshape": "reshape",
    "Transpose": "reshape",
    "Squeeze": "reshape",
}
ATTRIBUTES = {
    "alpha": "slope",
    "epsilon": "epsilon",
    "padding": "padding",
    "strides": "strides",
    "ksize": "window",
    "align_corners": "align_corners",
    "half_pixel_centers": "half_pixel_centers",
}


def fetchable(graph: tf.Graph) -> tuple[set[tf.Operation], set[tf.Operation]]:
    """Returns (the ops that have a value whichever branches are taken, those that have
    one in some branch).

    A Switch leads into a branch and a Merge out of it; Enter and Exit bound a loop.
    """
    ops = graph.get_operations()
    branch: dict[tf.Operation, int] = {}
    loop: dict[tf.Operation, int] = {}
    for op in ops:
        causes = _causes(op)
        depth = max((branch.get(o, 0) for o in causes), default=0)
        inside = max((loop.get(o, 0) for o in causes), default=0)
        if op.type in ("Enter", "RefEnter"):
            inside += 1
        elif op.type in ("Exit", "RefExit"):
            inside -= 1
        elif op.type in ("Switch", "RefSwitch") and not inside:
            depth += 1
        elif op.type in ("Merge", "RefMerge") and not inside:
            depth -= 1
        branch[op], loop[op] = max(depth, 0), max(inside, 0)
    stuck = _stuck(ops, loop)
    outside = {op for op in ops if not loop[op] and op not in stuck}
    return {op for op in outside if not branch[op]}, outside


def _causes(op: tf.Operation) -> list[tf.Operation]:
    """What an op needs, but for what comes round in a loop."""
    causes = [*(t.op for t in op.inputs), *op.control_inputs]
    return [o for o in causes if o.type != "NextIteration"]


def _stuck(ops: list[tf.Operation], loop: dict[tf.Operation, int]) -> set[tf.Operation]:
    """Ops that never run: inside a loop, what waits for an op outside waits for ever;
    and so does what needs it, the loop's next round and its end included."""
    stuck: set[tf.Operation] = set()
    before = -1
    while len(stuck) > before:
        before = len(stuck)
        for op in ops:
            waits = op.type not in ("Enter", "RefEnter") and any(
                not loop[o] for o in op.control_inputs
            )
            causes = [*(t.op for t in op.inputs), *op.control_inputs]
            if (loop[op] and waits) or any(o in stuck for o in causes):
                stuck.add(op)
    return stuck


def layer_ops(
    graph: tf.Graph, types: dict[str, str], among: set[tf.Operation], inputs: Iterable[tf.Tensor]
) -> list[tf.Operation]:
    """Returns the ops that may make a layer's output, in the graph's order.

    Args:
      types: name -> type of the ops as the program has them, in its order; in float64
        some are spelled out of others.
      among: the ops to choose from.
      inputs: tensors that are fed; a layer depends on one of them.
    """
    depending = graph_ops.depending(graph, inputs)
    layers = []
    for name, kind in types.items():
        if kind not in KINDS:
            continue
        op = graph.get_operation_by_name(name)
        if op not in among or op not in depending:
            continue
        y = op.outputs[0]
        if y.dtype.base_dtype not in (tf.float32, tf.float64) or y.shape.rank in (0, 1):
            continue
        if kind != "Identity" or not y.consumers():
            layers.append(op)
    return layers


def settings(node: Any) -> Settings:
    """Returns what a NodeDef says of itself, name -> number or text."""
    numbers: Settings = {}
    for attribute, name in ATTRIBUTES.items():
        if attribute not in node.attr:
            continue
        value = node.attr[attribute]
        kind = value.WhichOneof("value")
        if kind == "f":
            numbers[name] = float(f"{value.f:.6g}")
        elif kind == "s":
            numbers[name] = value.s.decode()
        elif kind == "b":
            numbers[name] = value.b
        elif kind == "list":
            numbers[name] = "x".join(map(str, value.list.i[1:3]))
    return numbers
