"""What single ops of a foreign graph are for: inputs, the mode, draws, parts of a layer."""

from collections.abc import Iterable

import tensorflow.compat.v1 as tf

from dcgan_v1.errors import UserError
from dcgan_v1.migration.recordings.tf1_recorder.graph_ops import RANDOM, SOURCES

PLACEHOLDERS = ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault")
THROUGH = (
    "Identity",
    "ReadVariableOp",
    "Switch",
    "RefSwitch",
    "Enter",
    "RefEnter",
    "RefIdentity",
    "Merge",
    "RefMerge",
)


def above(ops: Iterable[tf.Operation], data_only: bool = False) -> set[tf.Operation]:
    """Returns every op that `ops` need, themselves too. What feeds a source of batches
    is not asked for: the source's outputs are inputs."""
    visited: set[tf.Operation] = set()
    stack = list(ops)
    while stack:
        op = stack.pop()
        if op in visited:
            continue
        visited.add(op)
        if op.type in SOURCES:
            continue
        stack += [t.op for t in op.inputs]
        if not data_only:
            stack += op.control_inputs
    return visited


def is_unread(variable: tf.Tensor) -> bool:
    """Whether nothing is computed of a variable: it is given values, saved, put in a summary."""
    ends = ("Assign", "AssignVariableOp", "IsVariableInitialized", "VarIsInitializedOp")
    return all(
        is_unread(user.outputs[0])
        if user.type in ("Identity", "ReadVariableOp")
        else user.type in ends or user.type.startswith("Save") or "Summary" in user.type
        for user in variable.consumers()
    )


def counters(tensors: Iterable[tf.Tensor]) -> list[str]:
    """Returns the variables of whole numbers that tensors are computed from."""
    ops = above([tensor.op for tensor in tensors], data_only=True)
    variables = [op for op in ops if op.type in ("Variable", "VariableV2", "VarHandleOp")]
    return [op.name for op in variables if tf.as_dtype(op.get_attr("dtype")).is_integer]


def depending(graph: tf.Graph, tensors: Iterable[tf.Tensor]) -> set[tf.Operation]:
    """Returns every op whose value depends on one of these tensors."""
    sources = {tensor.op for tensor in tensors}
    depending: set[tf.Operation] = set()
    for _ in range(_rounds(graph)):
        for op in graph.get_operations():
            if op in sources or any(t.op in depending for t in op.inputs):
                depending.add(op)
    return depending


def reads(graph: tf.Graph) -> dict[tf.Operation, frozenset[str]]:
    """Returns op -> names of the variables that its value is made of."""
    variables: dict[tf.Operation, frozenset[str]] = {}
    none: frozenset[str] = frozenset()
    for _ in range(_rounds(graph)):
        for op in graph.get_operations():
            own = [variables.get(t.op, none) for t in op.inputs]
            if op.type in ("Variable", "VariableV2", "VarHandleOp"):
                own.append(frozenset([op.name]))
            variables[op] = frozenset().union(*own) if own else none
    return variables


def _rounds(graph: tf.Graph) -> int:
    """How often ops must be gone through in their order until what comes round in a loop has
    reached its beginning: an op is made after its inputs, but for those."""
    nested = sum(op.type == "NextIteration" for op in graph.get_operations())
    return 3 if nested else 1


def variable_of(tensor: tf.Tensor) -> str | None:
    """Returns the name of the variable that a tensor is or reads, else None."""
    op = tensor.op
    while op.type in THROUGH and op.inputs:
        op = op.inputs[0].op
    return op.name if op.type in ("Variable", "VariableV2", "VarHandleOp") else None


def forget_bias(variable: tf.Operation) -> float | None:
    """Returns what an LSTM adds to its forget gate beside a bias: a constant, on the third of the
    four parts of what the bias is added to; None where there is none."""
    for added in (op for op in _users(variable) if op.type in ("BiasAdd", *SUMS)):
        for split in (op for op in _users(added) if op.type == "Split" and len(op.outputs) == 4):
            for gate in (op for op in split.outputs[FORGET].consumers() if op.type in SUMS):
                for constant in (t.op for t in gate.inputs if t.op.type == "Const"):
                    if constant.outputs[0].shape.rank == 0:
                        return float(tf.make_ndarray(constant.get_attr("value")))
    return None


def _users(op: tf.Operation) -> list[tf.Operation]:
    """Ops that read what an op gives, as it is."""
    found: list[tf.Operation] = []
    waiting = [op]
    while waiting:
        users = [user for tensor in waiting.pop().outputs for user in tensor.consumers()]
        found += (new := [user for user in users if user not in found])
        waiting += [user for user in new if user.type in THROUGH]
    return found


FORGET = 2  # of the gates i, j, f, o
FUSED = ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
KERNELS = (
    "Conv2D",
    "Conv3D",
    "Conv2DBackpropInput",
    "Conv3DBackpropInputV2",
    "MatMul",
    "BatchMatMulV2",
    "DepthwiseConv2dNative",
    "GatherV2",
)
SUMS = ("Add", "AddV2")


def part(op: tf.Operation) -> str:
    """Returns what a variable is to the layers that read it, by the ops that do:
    'kernel',
    'bias', 'gamma', 'beta', 'mean' or 'variance'; '' where they do not tell."""
    parts: set[str] = set()
    stack, visited = [op.outputs[0]], set()
    while stack:
        tensor = stack.pop()
        for user in tensor.consumers():
            if user in visited:
                continue
            visited.add(user)
            if user.type in THROUGH and user.inputs[0] is tensor:
                stack += user.outputs[:1]
                continue
            parts |= _part(user, tensor)
    return parts.pop() if len(parts) == 1 else ""


def _part(user: tf.Operation, tensor: tf.Tensor) -> set[str]:
    places = [i for i, t in enumerate(user.inputs) if t is tensor]
    others = {t.op.type for t in user.inputs if t is not tensor}
    if user.type in FUSED:
        return {("x", "gamma", "beta", "mean", "variance")[i] for i in places}
    if "gradients" in user.name:
        return set()
    if user.type in KERNELS:
        return {"kernel"}
    if user.type == "BiasAdd" or (user.type in SUMS and others & set(KERNELS)):
        return {"bias"}
    if user.type == "Mul" and "Rsqrt" in others:
        return {"gamma"}
    if user.type == "Sub" and places == [0] and "Mul" in others:
        return {"beta"}
    return set()


def operation(graph: tf.Graph, name: str) -> tf.Operation:
    """Returns the op of a name.

    Raises:
      UserError: there is none.
    """
    try:
        return graph.get_operation_by_name(name.partition(":")[0])
    except KeyError as error:
        near = [o.name for o in graph.get_operations() if name.split("/")[-1] in o.name]
        hint = f"; near it are {', '.join(near[:5])}" if near else ""
        raise UserError(f"the graph has no op {name}{hint}") from error


def is_source(op: tf.Operation) -> bool:
    """Whether an op is fed, or stands for what is."""
    return op.type in PLACEHOLDERS or op.type in SOURCES


def inputs(graph: tf.Graph, ops: set[tf.Operation]) -> dict[str, tf.Tensor]:
    """Returns name -> tensor of what a run must be given: placeholders and sources."""
    tensors: dict[str, tf.Tensor] = {}
    for op in graph.get_operations():
        if op not in ops:
            continue
        if op.type in PLACEHOLDERS:
            tensors[op.name] = op.outputs[0]
        elif op.type in SOURCES:
            tensors |= {t.name.removesuffix(":0"): t for t in op.outputs}
    return tensors


def random(graph: tf.Graph, ops: set[tf.Operation]) -> dict[str, tf.Tensor]:
    """Returns name -> tensor of the random numbers that a run draws."""
    return {
        op.name: op.outputs[0] for op in graph.get_operations() if op in ops and op.type in RANDOM
    }


def is_switch(tensor: tf.Tensor) -> bool:
    """Whether an input says which mode the program is in."""
    return tensor.dtype == tf.bool and tensor.shape.rank in (0, None)
