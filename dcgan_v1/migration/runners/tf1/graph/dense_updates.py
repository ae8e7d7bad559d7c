"""Updates of the rows that an embedding_lookup has read, as updates of the whole variable.

TensorFlow's gradient of a lookup is rows and their places. Gradient descent takes them off these
rows alone; Adam, whose moments fade in every row, moves all of them: both do what they do with a
gradient that is 0 elsewhere, and such a gradient can be compared. Other optimisers leave the
moments of rows that were not read as they are: these are another rule."""

from tensorflow.core.framework import types_pb2
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.framework.variable_pb2 import VariableDef
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

SCATTERS = ("ResourceScatterAdd", "ResourceScatterSub", "ScatterAdd", "ScatterSub")
SUBTRACTIONS = ("AssignSubVariableOp", "AssignSub")
Nodes = dict[str, NodeDef]


class Unlike(Exception):
    """What is not written as the optimiser writes it."""


def spell_out(meta: MetaGraphDef) -> None:
    """Makes sparse updates of gradient descent and Adam dense ones, in place."""
    nodes: Nodes = {node.name: node for node in meta.graph_def.node}
    trainable = _trainable(meta)
    scopes: dict[str, list[NodeDef]] = {}
    for node in meta.graph_def.node:
        scope = f"{node.name.rpartition('/')[0]}/"
        # of an optimiser: Adam/update_w/..., and not what a program scatters by itself
        if (
            node.op in SCATTERS
            and "/update_" in scope
            and scope.partition("/update_")[2][:-1] in trainable
        ):
            scopes.setdefault(scope, []).append(node)
    for scope, scatters in scopes.items():
        try:
            new = _adam(nodes, scope, scatters) if len(scatters) > 1 else _descent(nodes, scatters)
        except (Unlike, KeyError, IndexError, ValueError):  # it is refused where a step needs it
            continue
        meta.graph_def.node.extend(new)
        nodes |= {node.name: node for node in new}
        _drop(meta, scope)


def _trainable(meta: MetaGraphDef) -> set[str]:
    """Names of the trainable variables."""
    if "trainable_variables" not in meta.collection_def:
        return set()
    values = meta.collection_def["trainable_variables"].bytes_list.value
    return {VariableDef.FromString(value).variable_name.partition(":")[0] for value in values}


def _descent(nodes: Nodes, scatters: list[NodeDef]) -> list[NodeDef]:
    """Takes the place of `rows of w -= rate * gradient`."""
    (scatter,) = scatters
    product = _of(nodes, scatter.input[2], "Mul")
    values, rate = product.input[:2]
    if scatter.op == "ResourceScatterAdd":
        values = _of(nodes, values, "Neg").input[0]
    elif scatter.op != "ScatterSub":
        raise Unlike
    variable, indices = scatter.input[:2]
    dense = _dense(nodes, scatter, variable, values, indices)
    _become(scatter, "ApplyGradientDescent", [variable, rate, dense[0].name], nodes)
    return dense


def _adam(nodes: Nodes, scope: str, scatters: list[NodeDef]) -> list[NodeDef]:
    """Takes the place of what Adam spells out, step by step; see its `_apply_sparse_shared`."""
    own = [node for name, node in nodes.items() if name.startswith(scope)]
    (apply,) = (node for node in own if node.op in SUBTRACTIONS)
    step = _of(nodes, apply.input[1], "RealDiv")
    above, below = _of(nodes, step.input[0], "Mul"), _of(nodes, step.input[1], "AddV2", "Add")
    corrected = _of(nodes, above.input[0], "RealDiv")
    product = _of(nodes, corrected.input[0], "Mul")
    power1 = _of(nodes, corrected.input[1], "Sub").input[1]
    power2 = _of(nodes, _of(nodes, product.input[1], "Sqrt").input[0], "Sub").input[1]
    slots: dict[bool, tuple[NodeDef, str, str]] = {}  # is of squares -> scatter, values, beta
    for scatter in scatters:
        addition = _of(nodes, scatter.input[2], "Mul")
        first = nodes[_base(addition.input[0])]
        is_square = first.op == "Mul" and first.input[0] == first.input[1]
        slots[is_square] = scatter, addition.input[0], _of(nodes, addition.input[1], "Sub").input[1]
    (m, values, beta1), (v, _, beta2) = slots[False], slots[True]
    variable = apply.input[0]
    dense = _dense(nodes, apply, variable, values, m.input[1])
    inputs = [variable, m.input[0], v.input[0], power1, power2, product.input[0], beta1, beta2]
    _become(apply, "ApplyAdam", [*inputs, below.input[1], dense[0].name], nodes)
    return dense


def _dense(nodes: Nodes, apply: NodeDef, variable: str, values: str, indices: str) -> list[NodeDef]:
    """The gradient of a whole variable, and the number of its rows.

    Args:
      apply: the op that moves it.
      variable: its name; values, indices: rows of its gradient, and where they are.
    """
    rows = NodeDef(name=f"{apply.name}/rows", op="Const")
    rows.attr["dtype"].type = types_pb2.DT_INT32
    rows.attr["value"].tensor.dtype = types_pb2.DT_INT32
    rows.attr["value"].tensor.tensor_shape.SetInParent()
    size = nodes[_base(variable)].attr["shape"].shape.dim[0].size
    rows.attr["value"].tensor.int_val.append(size)
    inputs = [values, indices, rows.name]
    gradient = NodeDef(name=f"{apply.name}/dense", op="UnsortedSegmentSum", input=inputs)
    gradient.attr["T"].type = _type_of(apply)
    gradient.attr["Tindices"].type = _type_of_indices(nodes, apply, indices)
    gradient.attr["Tnumsegments"].type = types_pb2.DT_INT32
    return [gradient, rows]


def _type_of_indices(nodes: Nodes, apply: NodeDef, indices: str) -> int:
    users = (
        node
        for node in nodes.values()
        if node.op in SCATTERS and node.input[1] == indices and _scope(node) == _scope(apply)
    )
    return next(users).attr["Tindices"].type


def _type_of(apply: NodeDef) -> int:
    return apply.attr["T" if "T" in apply.attr else "dtype"].type


def _become(apply: NodeDef, kind: str, inputs: list[str], nodes: Nodes) -> None:
    """Makes an op the optimiser's own for a whole variable, under its name."""
    dtype = _type_of(apply)
    is_resource = nodes[_base(inputs[0])].op == "VarHandleOp"
    control = [name for name in apply.input if name.startswith("^")]
    outside = [name for name in control if not name[1:].startswith(_scope(apply))]
    apply.op = f"Resource{kind}" if is_resource else kind
    apply.input[:] = inputs + outside
    apply.attr.clear()
    apply.attr["T"].type = dtype


def _drop(meta: MetaGraphDef, scope: str) -> None:
    """Leaves out what nothing uses any more: the moments' own updates."""
    nodes: Nodes = {node.name: node for node in meta.graph_def.node}
    applies = {n for n, node in nodes.items() if n.startswith(scope) and "Apply" in node.op}
    kept, open_names = set(applies), list(applies)
    while open_names:
        for name in nodes[open_names.pop()].input:
            base = _base(name)
            if base.startswith(scope) and base not in kept:
                kept.add(base)
                open_names.append(base)
    gone = {n for n, node in nodes.items() if n.startswith(scope) and n not in kept}
    gone -= {name for name in gone if nodes[name].op == "NoOp"}
    for node in nodes.values():
        if node.name not in gone:
            inputs = [name for name in node.input if _base(name) not in gone]
            if len(inputs) < len(node.input):
                node.input[:] = [*inputs, *(f"^{n}" for n in applies if f"^{n}" not in inputs)]
    for name in gone:
        meta.graph_def.node.remove(nodes[name])


def _of(nodes: Nodes, name: str, *kinds: str) -> NodeDef:
    """The node that gives a tensor, which is of a kind.

    Raises:
      Unlike: it is of another.
    """
    node = nodes[_base(name)]
    if node.op not in kinds:
        raise Unlike
    return node


def _base(name: str) -> str:
    return name.removeprefix("^").partition(":")[0]


def _scope(node: NodeDef) -> str:
    return f"{node.name.rpartition('/')[0]}/"
