"""Numbers of a graph that an explanation replaces: what a port would compute if TF1 had them."""

from collections.abc import Iterable

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef
from tensorflow.python.framework import tensor_util

from dcgan_v1.migration.sources import GraphChange, PaddingChange, TypeChange

CONVOLUTIONS = ("Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter")


def apply(meta: MetaGraphDef, changes: Iterable[GraphChange]) -> None:
    """Replaces attributes, constants, types and paddings of ops of a MetaGraphDef, in place: in the
    op of a layer's gradient, too, which keeps a number of its own.

    Raises:
      KeyError: a change names an op that is not there.
    """
    nodes = {node.name: node for node in meta.graph_def.node}
    for change in changes:
        node = nodes[change.op]
        if isinstance(change, TypeChange):
            _retype(nodes, change.op, change.kind)
            continue
        if isinstance(change, PaddingChange):
            _repad(nodes, change)
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


def _retype(nodes: dict[str, NodeDef], name: str, kind: str) -> None:
    """Makes a Sigmoid a Tanh, or the reverse; the gradients of both take the same inputs."""
    gradient = f"{nodes[name].op}Grad"
    nodes[name].op = kind
    for other in nodes.values():
        if other.op == gradient and other.input[0].partition(":")[0] == name:
            other.op = f"{kind}Grad"


def _repad(nodes: dict[str, NodeDef], change: PaddingChange) -> None:
    """Gives a convolution other zeros around its images, and so its gradients, of any order."""
    inside = f"{change.op}_grad/"
    for name, node in nodes.items():
        is_gradient = name.startswith(inside) or f"/{inside}" in name
        if name != change.op and not (is_gradient and node.op in CONVOLUTIONS):
            continue
        spatial = [*change.rows, *change.columns]
        is_first = node.attr["data_format"].s == b"NCHW"
        node.attr["padding"].s = b"EXPLICIT"
        numbers = [0, 0, 0, 0, *spatial] if is_first else [0, 0, *spatial, 0, 0]
        node.attr["explicit_paddings"].list.i[:] = numbers
