"""What single ops of a foreign graph are for: which are inputs, which say the mode,
which draw random numbers, what a variable is to its layer."""

import tensorflow.compat.v1 as tf

from dcgan_v1.errors import UserError

PLACEHOLDERS = ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault")
SOURCES = (  # what programs with an input pipeline read instead of a placeholder
    "IteratorGetNext",
    "QueueDequeueV2",
    "QueueDequeueManyV2",
    "QueueDequeueUpToV2",
    "QueueDequeue",
    "QueueDequeueMany",
    "QueueDequeueUpTo",
)
RANDOM = (
    "RandomUniform",
    "RandomUniformInt",
    "RandomStandardNormal",
    "TruncatedNormal",
    "ParameterizedTruncatedNormal",
    "Multinomial",
    "RandomGamma",
    "RandomPoisson",
    "RandomPoissonV2",
    "StatelessRandomUniform",
    "StatelessRandomUniformV2",
    "StatelessRandomNormal",
    "StatelessRandomNormalV2",
    "StatelessTruncatedNormal",
    "StatelessTruncatedNormalV2",
    "StatelessMultinomial",
    "RandomShuffle",
    "StatefulUniform",
    "StatefulUniformInt",
    "StatefulUniformFullInt",
    "StatefulStandardNormal",
    "StatefulStandardNormalV2",
    "StatefulTruncatedNormal",
    "StatelessRandomUniformInt",
    "StatelessRandomUniformIntV2",
)
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


def above(ops, data_only=False):
    """Returns every op that `ops` need, themselves too. What feeds a source of batches
    is not asked for: the source's outputs are inputs."""
    seen, stack = set(), list(ops)
    while stack:
        op = stack.pop()
        if op in seen:
            continue
        seen.add(op)
        if op.type in SOURCES:
            continue
        stack += [t.op for t in op.inputs]
        if not data_only:
            stack += op.control_inputs
    return seen


def reads(graph):
    """Returns op -> names of the variables that its value is made of."""
    found, none = {}, frozenset()
    for op in graph.get_operations():
        own = [found.get(t.op, none) for t in op.inputs]
        if op.type in ("Variable", "VariableV2", "VarHandleOp"):
            own.append(frozenset([op.name]))
        found[op] = frozenset().union(*own) if own else none
    return found


def variable_of(tensor):
    """Returns the name of the variable that a tensor is or reads, else None."""
    op = tensor.op
    while op.type in THROUGH and op.inputs:
        op = op.inputs[0].op
    return op.name if op.type in ("Variable", "VariableV2", "VarHandleOp") else None


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


def part(op):
    """Returns what a variable is to the layers that read it, by the ops that do:
    'kernel',
    'bias', 'gamma', 'beta', 'mean' or 'variance'; '' where they do not tell."""
    found = set()
    stack, seen = [op.outputs[0]], set()
    while stack:
        tensor = stack.pop()
        for user in tensor.consumers():
            if user in seen:
                continue
            seen.add(user)
            if user.type in THROUGH and user.inputs[0] is tensor:
                stack += user.outputs[:1]
                continue
            found |= _part(user, tensor)
    return found.pop() if len(found) == 1 else ""


def _part(user, tensor):
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


def operation(graph, name):
    try:
        return graph.get_operation_by_name(name.partition(":")[0])
    except KeyError as error:
        near = [o.name for o in graph.get_operations() if name.split("/")[-1] in o.name]
        hint = f"; near it are {', '.join(near[:5])}" if near else ""
        raise UserError(f"the graph has no op {name}{hint}") from error


def is_source(op):
    """Whether an op is fed, or stands for what is."""
    return op.type in PLACEHOLDERS or op.type in SOURCES


def inputs(graph, needed):
    """Returns name -> tensor of what a run must be given: placeholders and sources."""
    found = {}
    for op in graph.get_operations():
        if op not in needed:
            continue
        if op.type in PLACEHOLDERS:
            found[op.name] = op.outputs[0]
        elif op.type in SOURCES:
            found |= {t.name.removesuffix(":0"): t for t in op.outputs}
    return found


def random(graph, needed):
    """Returns name -> tensor of the random numbers that a run draws."""
    return {
        op.name: op.outputs[0]
        for op in graph.get_operations()
        if op in needed and op.type in RANDOM
    }


def is_switch(tensor):
    """Whether an input says which mode the program is in."""
    return tensor.dtype == tf.bool and tensor.shape.rank in (0, None)
