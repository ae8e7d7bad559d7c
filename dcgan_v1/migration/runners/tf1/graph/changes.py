"""Numbers of a graph that an explanation replaces: what a port would compute if TF1 had them."""

from collections.abc import Iterable

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef
from tensorflow.python.framework import tensor_util

from dcgan_v1.errors import UserError
from dcgan_v1.migration.runners.tf1.graph.gradient_ops import (
    GRADIENTS,
    IDENTITY,
    have_gradients,
    is_inside,
    of_activation,
    of_convolution,
)
from dcgan_v1.migration.sources import GraphChange, PaddingChange, ThresholdChange, TypeChange

LINEAR = ("Relu", "Relu6", "LeakyRelu", IDENTITY)  # piece by piece: gradients of any order alike


def apply(meta: MetaGraphDef, changes: Iterable[GraphChange]) -> None:
    """Replaces attributes, constants, types and paddings of ops of a MetaGraphDef, in place: in the
    op of a layer's gradient, too, which keeps a number of its own.

    Raises:
      KeyError: a change names an op that is not there.
      UserError: an activation cannot become another one.
    """
    nodes = {node.name: node for node in meta.graph_def.node}
    for change in changes:
        node = nodes[change.op]
        if isinstance(change, TypeChange):
            _retype(nodes, change)
            continue
        if isinstance(change, PaddingChange):
            _repad(nodes, change)
            continue
        if isinstance(change, ThresholdChange):
            _hold_above(meta, nodes, change)
            continue
        if change.attribute == "value":
            old = tensor_util.MakeNdarray(node.attr["value"].tensor)
            new = tf.make_tensor_proto(change.value, old.dtype, old.shape)
            node.attr["value"].tensor.CopyFrom(new)
            continue
        node.attr[change.attribute].f = change.value
        for other in nodes.values():
            is_gradient = other.op.startswith(node.op.rstrip("V23")) and "Grad" in other.op
            if is_gradient and set(node.input) & set(other.input):
                other.attr[change.attribute].f = change.value


def _retype(nodes: dict[str, NodeDef], change: TypeChange) -> None:
    """Makes an activation another one, and so its gradients: each takes what comes from above and
    the activation's input or output, in an order of its own.

    Raises:
      UserError: there is a gradient of the gradient, which of what is not linear piece by piece
        is made of other ops; or it is not told which activation a gradient is of.
    """
    node = nodes[change.op]
    x, kind, old, new = node.input[0], node.op, GRADIENTS[node.op], GRADIENTS[change.kind]
    gradients = of_activation(nodes, node)
    is_bent = not {kind, change.kind} <= set(LINEAR)
    if is_bent and have_gradients(nodes, gradients, kind):
        raise UserError(f"{change.op} cannot be {change.kind}: the gradient has one of its own")
    source = x if new.takes_input else change.op
    _become(node, change.kind, change.slope, [x])
    for other in gradients:
        inputs = [source, source]
        inputs[new.above] = other.input[old.above]
        _become(other, new.op, change.slope, inputs[: 1 if new.op == IDENTITY else 2])


def _become(node: NodeDef, kind: str, slope: float, inputs: list[str]) -> None:
    """Makes a node one of another type, with other inputs."""
    waited = [name for name in node.input if name.startswith("^")]
    del node.input[:]
    node.input.extend([*inputs, *waited])
    node.op = kind
    node.attr.pop("alpha", None)
    if kind.startswith("LeakyRelu"):
        node.attr["alpha"].f = slope


def _repad(nodes: dict[str, NodeDef], change: PaddingChange) -> None:
    """Gives a convolution other zeros around its images, and so its gradients, of any order."""
    for node in of_convolution(nodes, nodes[change.op]):
        spatial = [*change.rows, *change.columns]
        is_first = node.attr["data_format"].s == b"NCHW"
        node.attr["padding"].s = b"EXPLICIT"
        numbers = [0, 0, 0, 0, *spatial] if is_first else [0, 0, *spatial, 0, 0]
        node.attr["explicit_paddings"].list.i[:] = numbers


def _hold_above(meta: MetaGraphDef, nodes: dict[str, NodeDef], change: ThresholdChange) -> None:
    """Makes a Softplus give what it is given above a number, and its gradients go through there."""
    gradients = [
        node
        for node in nodes.values()
        if (node.op == "SoftplusGrad" and node.input[1] == nodes[change.op].input[0])
        or (  # TF2 writes it as what comes from above, times a sigmoid
            node.op == "Sigmoid"
            and node.input[0] == nodes[change.op].input[0]
            and is_inside(node.name, change.op)
        )
    ]
    for node in (nodes[change.op], *gradients):
        given = [name for name in node.input if not name.startswith("^")]
        waited = node.input[len(given) :]
        x, passed = given[-1], given[0]  # of a gradient, what comes from above
        kind = node.attr["T"]
        below, number, is_above = (f"{node.name}/{word}" for word in ("below", "number", "above"))
        meta.graph_def.node.add().CopyFrom(node)
        meta.graph_def.node[-1].name = below
        _add_number(meta, number, change.above, node)
        if node.op == "Sigmoid":
            passed = f"{node.name}/one"
            _add_number(meta, passed, 1.0, node)
        greater = meta.graph_def.node.add(
            name=is_above, op="Greater", input=[x, number], device=node.device
        )
        greater.attr["T"].CopyFrom(kind)
        node.op, node.input[:] = "SelectV2", [is_above, passed, below, *waited]


def _add_number(meta: MetaGraphDef, name: str, number: float, like: NodeDef) -> None:
    """Adds a constant of a node's type."""
    kind = like.attr["T"]
    constant = meta.graph_def.node.add(name=name, op="Const", device=like.device)
    constant.attr["dtype"].CopyFrom(kind)
    value = tf.make_tensor_proto(number, tf.as_dtype(kind.type))
    constant.attr["value"].tensor.CopyFrom(value)
