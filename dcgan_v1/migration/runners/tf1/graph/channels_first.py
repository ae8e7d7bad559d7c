"""Gives ops of [N, C, H, W] their maps as [N, H, W, C], as a CPU has them.

Programs that were written for a GPU have maps channels first. TensorFlow has no kernels for
that on a CPU but oneDNN's, in float32 alone."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from tensorflow.core.framework import attr_value_pb2, types_pb2
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef
from tensorflow.python.framework import tensor_util

TO_LAST, TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
INNER = "/in_last"  # behind the name of an op, of what stands in its place


class Places(NamedTuple):
    """Which inputs of an op are maps, which are sizes of maps, and whether it gives maps."""

    maps: tuple[int, ...]
    sizes: tuple[int, ...] = ()
    gives_maps: bool = True


OPS = {
    "Conv2D": Places((0,)),
    "Conv2DBackpropInput": Places((2,), (0,)),
    "Conv2DBackpropFilter": Places((0, 2), gives_maps=False),
    "DepthwiseConv2dNative": Places((0,)),
    "DepthwiseConv2dNativeBackpropInput": Places((2,), (0,)),
    "DepthwiseConv2dNativeBackpropFilter": Places((0, 2), gives_maps=False),
    "MaxPool": Places((0,)),
    "MaxPoolGrad": Places((0, 1, 2)),
    "AvgPool": Places((0,)),
    "AvgPoolGrad": Places((1,), (0,)),
    "SpaceToDepth": Places((0,)),
    "DepthToSpace": Places((0,)),
}
LISTS = ("strides", "dilations", "ksize")  # a number for each axis


def to_last(meta: MetaGraphDef) -> MetaGraphDef:
    """Returns a graph whose ops of OPS take no maps as [N, C, H, W]: their names stay, and what
    they give under them. Where it has none, it is the graph itself."""
    if not any(map(is_first, meta.graph_def.node)):
        return meta
    out = MetaGraphDef()
    out.CopyFrom(meta)
    del out.graph_def.node[:]
    for node in meta.graph_def.node:
        out.graph_def.node.extend(_rewritten(node, OPS[node.op]) if is_first(node) else [node])
    return out


def written(name: str) -> str:
    """Returns the name that an op of a rewritten graph has in the program."""
    return name.removesuffix(INNER)


def is_first(node: NodeDef) -> bool:
    """Returns whether an op takes or gives maps as [N, C, H, W]."""
    # to ask for an attribute that is not there would add it
    has_format = node.op in OPS and "data_format" in node.attr
    return has_format and node.attr["data_format"].s == b"NCHW"


def _rewritten(node: NodeDef, places: Places) -> list[NodeDef]:
    inner = NodeDef()
    inner.CopyFrom(node)
    inner.attr["data_format"].s = b"NHWC"
    inner.attr.pop("_output_shapes", None)
    for name in LISTS:
        if name in inner.attr:
            inner.attr[name].list.i[:] = [node.attr[name].list.i[axis] for axis in TO_LAST]
    if "explicit_paddings" in node.attr and node.attr["explicit_paddings"].list.i:
        paddings = node.attr["explicit_paddings"].list.i
        pairs = [paddings[2 * axis : 2 * axis + 2] for axis in TO_LAST]
        inner.attr["explicit_paddings"].list.i[:] = [n for pair in pairs for n in pair]
    # what is constant must be in the frame of the loop that the op is in
    frame = f"^{node.input[0].partition(':')[0]}"
    last = _order(f"{node.name}/last", TO_LAST, frame)
    first = _order(f"{node.name}/first", TO_FIRST, frame)
    nodes, order = [last, first], last.name
    for place in places.maps:
        nodes.append(
            _transposed(f"{node.name}/maps_{place}", node.input[place], order, _kind(node))
        )
        inner.input[place] = nodes[-1].name
    for place in places.sizes:
        axis = NodeDef(name=f"{node.name}/axis_{place}", op="Const", input=[frame])
        _set_constant(axis, np.int32(0))
        gather = NodeDef(name=f"{node.name}/sizes_{place}", op="GatherV2")
        gather.input.extend([node.input[place], order, axis.name])
        sizes = {"Tparams": types_pb2.DT_INT32, "Tindices": types_pb2.DT_INT32}
        for name, kind in {**sizes, "Taxis": types_pb2.DT_INT32}.items():
            gather.attr[name].type = kind
        nodes += [axis, gather]
        inner.input[place] = gather.name
    if not places.gives_maps:
        return [*nodes, inner]
    inner.name = f"{node.name}{INNER}"
    outer = _transposed(node.name, inner.name, first.name, _kind(node))
    return [*nodes, inner, outer]


def _order(name: str, axes: Iterable[int], frame: str) -> NodeDef:
    constant = NodeDef(name=name, op="Const", input=[frame])
    _set_constant(constant, np.array(list(axes), np.int32))
    return constant


def _set_constant(node: NodeDef, value: np.ndarray | np.int32) -> None:
    node.attr["dtype"].type = types_pb2.DT_INT32
    node.attr["value"].CopyFrom(
        attr_value_pb2.AttrValue(tensor=tensor_util.make_tensor_proto(value))
    )


def _transposed(name: str, source: str, order: str, kind: int) -> NodeDef:
    node = NodeDef(name=name, op="Transpose", input=[source, order])
    node.attr["T"].type = kind
    node.attr["Tperm"].type = types_pb2.DT_INT32
    return node


def _kind(node: NodeDef) -> int:
    """The type of the maps of an op."""
    return int(node.attr["T"].type)
