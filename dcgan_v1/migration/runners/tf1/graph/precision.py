"""Raises a foreign graph to float64.

Every float32 of a MetaGraphDef is raised where TensorFlow has a kernel for it, with casts where it
has none.

Constants become the decimals that a person wrote (0.999, not 0.99900001287), the more
so in attributes that stay float32 for ever (`double_kernels`). Random numbers are drawn
and checkpoints are read in float32, then cast.
"""

from collections import Counter
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework import types_pb2
from tensorflow.python.framework import kernels, op_def_registry, tensor_util

from dcgan_v1.migration.runners.tf1.graph.double_kernels import SUBSTITUTES, decimal

FLOAT, DOUBLE = types_pb2.DT_FLOAT, types_pb2.DT_DOUBLE
REF = 100  # the number of a reference type is that of the type and this
RAISED = {FLOAT: DOUBLE, FLOAT + REF: DOUBLE + REF, types_pb2.DT_COMPLEX64: types_pb2.DT_COMPLEX128}
KEPT = (  # what reads or draws float32, and ops whose types are their caller's business
    "Restore",
    "RestoreV2",
    "Bitcast",
    "PyFunc",
    "PyFuncStateless",
    "EagerPyFunc",
    "DecodeRaw",
    "ParseExample",
    "ParseExampleV2",
    "ParseSingleExample",
    "IteratorGetNext",
    "Iterator",
    "IteratorV2",
    "OneShotIterator",
    "MakeIterator",
)
KEPT_BEGIN = (
    "Random",
    "TruncatedNormal",
    "Multinomial",
    "Stateless",
    "Stateful",
    "ParameterizedTruncatedNormal",
    "Experimental",
    "ImageSummary",
    "Queue",
    "FIFOQueue",
    "TensorSummary",
)
RAISED_ANYHOW = ("StatelessIf", "StatelessWhile", "StatelessCase")
HARMLESS = (
    "Random",
    "TruncatedNormal",
    "Stateless",
    "Stateful",
    "Multinomial",
    "ImageSummary",
    "Restore",
    "Parameterized",
)
FEW = 64  # a constant of more numbers is data, and nobody wrote its decimals


Produced = dict[str, list[int]]  # op -> types of its outputs
Renamed = dict[tuple[str, int], str]  # output of an op -> its new name


class InDouble(NamedTuple):
    """A graph in float64.

    Attributes:
      meta: MetaGraphDef.
      left: op type -> number of ops that stay float32 though what they compute matters.
      spelled: op type -> number of ops that were spelled out of others.
    """

    meta: Any
    left: dict[str, int]
    spelled: dict[str, int]


def to_double(meta: Any) -> InDouble:
    """Returns the InDouble of a MetaGraphDef."""
    out = type(meta)()
    out.CopyFrom(meta)
    nodes = list(out.graph_def.node)
    left: Counter[str] = Counter()
    spelled: Counter[str] = Counter()
    for node in nodes:
        for attribute in _definition(node).attr:  # an exporter may leave them out
            if attribute.name not in node.attr and attribute.HasField("default_value"):
                node.attr[attribute.name].CopyFrom(attribute.default_value)
        if node.op not in SUBSTITUTES:
            _raise_attributes(node, left)
    produced: Produced = {}
    new_names: Renamed = {}
    new_nodes: list[Any] = []
    for node in nodes:
        if node.op in SUBSTITUTES:
            spelled[node.op] += 1
            new_nodes += _spell_out(node, produced, new_names)
        else:
            new_nodes.append(node)
            produced[node.name] = _types(_definition(node).output_arg, node.attr)
    del out.graph_def.node[:]
    out.graph_def.node.extend(_with_casts(new_nodes, produced, new_names))
    return InDouble(out, dict(left), dict(spelled))


def _definition(node: Any) -> Any:
    definition = op_def_registry.get(node.op)
    if definition is None:
        raise ValueError(f"{node.name} calls the function {node.op}")
    return definition


def _raise_attributes(node: Any, left: "Counter[str]") -> None:
    definition = _definition(node)
    # some give float32 whatever they are given, and no attribute says so; a
    # TensorArray's is no number, it orders what is done to it
    always = any(argument.type == FLOAT for argument in definition.output_arg)
    if always and not node.op.startswith((*HARMLESS, "TensorArray")):
        left[node.op] += 1
    keep = node.op in KEPT or (node.op.startswith(KEPT_BEGIN) and node.op not in RAISED_ANYHOW)
    for attribute in definition.attr:
        if attribute.name not in node.attr:
            continue
        value = node.attr[attribute.name]
        if attribute.type == "type" and value.type in RAISED:
            if not keep and _has_double(node.op, attribute):
                value.type = RAISED[value.type]
            elif not node.op.startswith(HARMLESS):
                left[node.op] += 1
        elif attribute.type == "list(type)" and not keep:
            value.list.type[:] = [RAISED.get(t, t) for t in value.list.type]
        elif attribute.type == "tensor" and not keep and value.tensor.dtype in RAISED:
            value.tensor.CopyFrom(_raised(value.tensor))


def _raised(tensor: Any) -> Any:
    """Returns a TensorProto of float32 or complex64 in twice the precision."""
    array = tensor_util.MakeNdarray(tensor)
    if array.dtype == np.float32 and array.size <= FEW:
        decimals = [decimal(x) for x in array.ravel()]
        array = np.array(decimals, np.float64).reshape(array.shape)
    else:
        wide = np.float64 if array.dtype == np.float32 else np.complex128
        array = array.astype(wide)
    return tensor_util.make_tensor_proto(array, shape=array.shape)


def _has_double(op: str, attribute: Any) -> bool:
    """Whether the attribute may be double, and the CPU has a kernel for that."""
    allowed = attribute.allowed_values.list.type
    if attribute.HasField("allowed_values") and DOUBLE not in allowed:
        return False
    kernel_list = _kernels(op)
    return not kernel_list or any(
        all(
            DOUBLE in constraint.allowed_values.list.type
            for constraint in kernel.constraint
            if constraint.name == attribute.name
        )
        for kernel in kernel_list
    )


@cache
def _kernels(op: str) -> tuple[Any, ...]:
    """The CPU's kernels of a type of op. TensorFlow goes through all there are to find them."""
    every = kernels.get_registered_kernels_for_op(op).kernel
    return tuple(kernel for kernel in every if kernel.device_type in ("CPU", "DEFAULT"))


def _types(arguments: Any, attributes: Any) -> list[int]:
    """Returns the types of an op's inputs or outputs, one by one."""
    types = []
    for argument in arguments:
        if argument.type_list_attr:
            types += attributes[argument.type_list_attr].list.type
            continue
        one = attributes[argument.type_attr].type if argument.type_attr else argument.type
        if argument.is_ref:
            one += REF if one < REF else 0
        times = attributes[argument.number_attr].i if argument.number_attr else 1
        types += [one] * times
    return types


def _spell_out(node: Any, produced: Produced, new_names: Renamed) -> list[Any]:
    """Returns the nodes that stand for one op without a double kernel, and notes the
    new names of its outputs."""
    definition = _definition(node)
    types = [RAISED.get(t, t) for t in _types(definition.input_arg, node.attr)]
    data = [name for name in node.input if not name.startswith("^")]
    control = [name for name in node.input if name.startswith("^")]
    with tf.Graph().as_default() as graph:
        placeholders = [tf.placeholder(t, name=f"in{i}") for i, t in enumerate(types)]
        outputs = [
            tf.identity(y, name=f"out{i}")
            for i, y in enumerate(SUBSTITUTES[node.op](node, *placeholders))
        ]
    prefix = f"{node.name}/in_double"
    nodes = []
    for part in graph.as_graph_def().node:
        if part.op == "Placeholder":
            continue
        inputs = [_new_name(name, prefix, data) for name in part.input]
        # a constant must be in the frame of the loop that the op is in
        inputs = inputs or [f"^{_parts(data[0])[0]}"]
        part.name = f"{prefix}/{part.name}"
        part.input[:] = inputs + control
        produced[part.name] = _types(_definition(part).output_arg, part.attr)
        nodes.append(part)
    for i in range(1, len(outputs)):
        new_names[node.name, i] = f"{prefix}/out{i}"
    # the old name stays alive: for the first output, control inputs and fetches
    alias = tf.NodeDef(name=node.name, op="Identity", input=[f"{prefix}/out0"])
    alias.attr["T"].type = DOUBLE
    produced[node.name] = [DOUBLE]
    return [*nodes, alias]


def _new_name(name: str, prefix: str, data: list[str]) -> str:
    base, output = _parts(name)
    if base.startswith("in") and base[2:].isdigit():
        return data[int(base[2:])]
    if output is None:
        return f"^{prefix}/{base}"
    return f"{prefix}/{base}" + (f":{output}" if output else "")


def _parts(name: str) -> tuple[str, int | None]:
    """'a:1' -> ('a', 1), '^a' -> ('a', None)."""
    if name.startswith("^"):
        return name[1:], None
    base, _, output = name.partition(":")
    return base, int(output or 0)


def _with_casts(nodes: list[Any], produced: Produced, new_names: Renamed) -> list[Any]:
    """Returns the nodes with a Cast wherever an input has another type than wanted."""
    casts: dict[str, Any] = {}
    for node in nodes:
        dtypes = iter(_types(_definition(node).input_arg, node.attr))
        for place, name in enumerate(node.input):
            base, output = _parts(name)
            if output is None:
                continue
            want = next(dtypes) % REF
            if (base, output) in new_names:
                name = new_names[base, output]
                node.input[place] = name
                base, output = _parts(name)
                assert output is not None
            have = produced[base][output] % REF
            if have != want:
                short = "double" if want == DOUBLE else "float"
                cast = f"{base}/cast_{output}_to_{short}"
                if cast not in casts:
                    casts[cast] = tf.NodeDef(name=cast, op="Cast", input=[name])
                    casts[cast].attr["SrcT"].type = have
                    casts[cast].attr["DstT"].type = want
                node.input[place] = cast
    return [*nodes, *casts.values()]
