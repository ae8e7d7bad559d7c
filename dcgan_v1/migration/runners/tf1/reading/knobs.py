"""Where the numbers of a layer stand in a graph: a slope, an epsilon."""

from collections.abc import Mapping

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.node_def_pb2 import NodeDef

from dcgan_v1.migration.recordings.port_recorder.leaky_relus import AT_ZERO
from dcgan_v1.migration.records import TYPE, Settings
from dcgan_v1.migration.runners.tf1.graph import channels_first
from dcgan_v1.migration.runners.tf1.graph.gradient_ops import GRADIENTS, IDENTITY
from dcgan_v1.migration.runners.tf1.reading import graph_ops

Knobs = dict[str, list[tuple[str, str]]]  # setting -> [(op, attribute)]
DEEP = 12  # ops above the one that gives a layer's output, at most
CONVOLUTIONS = ("Conv2D", "Conv2DBackpropInput")  # and its transpose
ROOTS = ("Rsqrt", "Sqrt")
TYPES = {  # what an activation is called -> the op that may take another activation's place
    "slope": "LeakyRelu",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "softplus": "Softplus",
    "ELU": "Elu",
    "ReLU6": "Relu6",
    "no activation": IDENTITY,
}
ONLY_NEW = (IDENTITY, "Softplus")  # no op of its own is the gradient of these


def of(op: tf.Operation, nodes: Mapping[str, NodeDef]) -> Knobs:
    """Returns the knobs of an op that makes a layer's output.

    Args:
      op: in the graph as it runs.
      nodes: of the program by name; in float64 an op of it may be spelled out of others.
    """
    attributes = set(nodes[op.name].attr)
    if op.type == "Merge":
        return _of_branches(nodes, op.name)
    if nodes[op.name].op in GRADIENTS and nodes[op.name].op not in ONLY_NEW:
        types = {name: [(op.name, f"{TYPE}{kind}")] for name, kind in TYPES.items()}
        return types | ({"slope": [(op.name, "alpha")]} if "alpha" in attributes else {})
    if "epsilon" in attributes:
        return {"epsilon": [(op.name, "epsilon")]}
    if op.type == "Maximum":
        return _slope(op)
    if convolution := _convolution(op, nodes):
        return {"padding": [(name, "padding") for name in _of_same_filter(convolution, nodes)]}
    if op.type in ("Add", "AddV2", "Sub", "Mul", "RealDiv"):
        return _epsilon(op)
    return {}


def _of_branches(nodes: Mapping[str, NodeDef], name: str) -> Knobs:
    """A batch norm in a tf.cond: an op for each mode, which the switch joins."""
    places = []
    for source in nodes[name].input:
        node = nodes.get(source.partition(":")[0])
        while node is not None and node.op == "Identity":
            node = nodes.get(node.input[0].partition(":")[0])
        if node is not None and "epsilon" in node.attr:
            places.append((node.name, "epsilon"))
    return {"epsilon": places} if places else {}


def settings(op: tf.Operation) -> Settings:
    """Returns what maximum(x, slope * x) says of itself: its gradient goes to the first of
    equals."""
    products = _products(op) if op.type == "Maximum" else []
    if len(products) != 1:
        return {}
    place, constant = products[0]
    slope = float(f"{float(tf.make_ndarray(constant.get_attr('value'))):.6g}")
    return {"slope": slope, AT_ZERO: slope if place == 0 else 1.0}


def _slope(op: tf.Operation) -> Knobs:
    """maximum(x, slope * x): the constant that x is multiplied with."""
    products = _products(op)
    return {"slope": [(products[0][1].name, "value")]} if len(products) == 1 else {}


def _products(op: tf.Operation) -> list[tuple[int, tf.Operation]]:
    """Which inputs of an op are something times a constant, and the constant."""
    return [
        (place, constant)
        for place, t in enumerate(op.inputs)
        if t.op.type == "Mul"
        for constant in (u.op for u in t.op.inputs)
        if constant.type == "Const" and _is_number(constant)
    ]


def _epsilon(op: tf.Operation) -> Knobs:
    """y of a normalisation by hand: a constant that is added before a root."""
    level: set[tf.Operation] = {op}
    visited: set[tf.Operation] = set()
    for _ in range(DEEP):
        above = {t.op for o in level for t in o.inputs} - visited
        visited |= above
        level = {o for o in above if o.type not in graph_ops.KERNELS and not graph_ops.is_source(o)}
    roots = [o for o in visited if o.type in ROOTS]
    places = [
        (constant.name, "value")
        for root in roots
        for addition in [root.inputs[0].op]
        if addition.type in graph_ops.SUMS
        for constant in (t.op for t in addition.inputs)
        if constant.type == "Const" and _is_number(constant)
    ]
    return {"epsilon": places} if len(roots) == 1 and places else {}


def _is_number(constant: tf.Operation) -> bool:
    return constant.outputs[0].shape.rank == 0


def _convolution(op: tf.Operation, nodes: Mapping[str, NodeDef]) -> tf.Operation | None:
    """The convolution that an op is, or adds a bias to."""
    above = [op.inputs[0].op] if op.type in ("BiasAdd", "Add", "AddV2") else []
    for found in (op, *above):
        if found.type in CONVOLUTIONS:
            return found
        if found.name in nodes and nodes[found.name].op in CONVOLUTIONS:
            return found.inputs[0].op  # of maps with channels first, see `channels_first`
    return None


def _of_same_filter(convolution: tf.Operation, nodes: Mapping[str, NodeDef]) -> list[str]:
    """Names of all convolutions, in whichever copy of a network, that read the same variable."""
    source = convolution.inputs[1].op
    while source.type in graph_ops.THROUGH and source.inputs:
        source = source.inputs[0].op
    found, ops, waiting = {convolution}, {source}, [source]
    while waiting:
        for user in (u for tensor in waiting.pop().outputs for u in tensor.consumers()):
            if user.type in graph_ops.THROUGH and user not in ops:
                ops.add(user)
                waiting.append(user)
            if user.type == convolution.type and not _is_second_gradient(user, source):
                found.add(user)
    return sorted(op.name if op.name in nodes else channels_first.written(op.name) for op in found)


def _is_second_gradient(convolution: tf.Operation, source: tf.Operation) -> bool:
    """Whether what is folded was made with the same kernel before: of a gradient's gradient."""
    folded = convolution.inputs[0 if convolution.type == "Conv2D" else 2].op
    return source in graph_ops.above([folded], data_only=True)
