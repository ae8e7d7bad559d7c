"""What ops of a graph do: which train, draw, count, and by what names they are known."""

import numpy as np

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
BY_HAND = (
    "AssignAdd",
    "AssignSub",
    "ScatterAdd",
    "ScatterSub",
    "AssignAddVariableOp",
    "AssignSubVariableOp",
    "ResourceScatterAdd",
    "ResourceScatterSub",
)
SETS = ("Assign", "AssignVariableOp")
VARIABLES = ("VariableV2", "Variable", "VarHandleOp")
COUNTERS = ("Placeholder", "PlaceholderWithDefault") + VARIABLES


def fetched_ops(fetches, graph):
    """Yields the operations behind whatever `Session.run` takes."""
    for one in flat_fetches(fetches):
        try:
            element = graph.as_graph_element(one)
        except (TypeError, ValueError, KeyError):
            continue  # a sparse tensor or the like
        yield getattr(element, "op", element)


def fed_arrays(feed_dict, graph):
    """Returns `feed/<tensor>` -> what it is fed, and what has no such name: sparse tensors, say."""
    arrays, others = {}, []
    for tensor, value in feed_dict.items():
        try:
            arrays["feed/" + tensor_name(tensor, graph)] = value
        except (TypeError, ValueError, KeyError):
            others.append("feed/" + str(tensor))
    return arrays, others


def scalars_of(fetches, values, graph):
    """Yields (tensor name, number) of what a program fetched, as it fetched it.

    Args:
      fetches: what `Session.run` was asked for, nested as it was.
      values: what it gave, nested alike.
      graph: the session's.
    """
    if isinstance(fetches, dict):
        for key in fetches:
            for pair in scalars_of(fetches[key], values[key], graph):
                yield pair
    elif isinstance(fetches, (list, tuple)):
        for one, value in zip(fetches, values):
            for pair in scalars_of(one, value, graph):
                yield pair
    elif isinstance(values, (float, np.floating)) or getattr(values, "shape", 0) == ():
        number = np.asarray(values)
        if number.dtype.kind == "f":
            yield tensor_name(fetches, graph), number


def flat_fetches(fetches):
    if isinstance(fetches, dict):
        fetches = list(fetches.values())
    if isinstance(fetches, (list, tuple)):
        for one in fetches:
            for inner in flat_fetches(one):
                yield inner
    elif fetches is not None:
        yield fetches


def ops_above(ops):
    """Returns the ops that a run of `ops` runs; what fills a queue is not of it."""
    above, stack = set(), list(ops)
    while stack:
        op = stack.pop()
        if op in above:
            continue
        above.add(op)
        if op.type not in SOURCES:
            stack.extend(t.op for t in op.inputs)
            stack.extend(op.control_inputs)
    return above


def is_apply(op):
    """Whether an op updates a variable: an optimiser's, or one written by hand."""
    if "Apply" in op.type:
        return bool(op.inputs) and "Dataset" not in op.type
    return (
        op.type in BY_HAND
        and variable_name(op.inputs[0]) in trained_names(op.graph)
        and not is_counter(op)
    )


def is_set(op):
    """Whether an op assigns a value made of variables to what is trained: a clip, a copy."""
    return sets_by_variables(op) and variable_name(op.inputs[0]) in trained_names(op.graph)


def sets_by_variables(op):
    """Whether an op assigns a value made of variables, be it to what is trained or not."""
    if op.type not in SETS or op.inputs[1].shape.ndims == 0:  # of a rate, say
        return False
    return any(above.type in VARIABLES for above in ops_above([op.inputs[1].op]))


def is_counter(op):
    """Whether an update by hand is bookkeeping: of an integer, or by a constant."""
    amount = op.inputs[len(op.inputs) - 1]
    if not amount.dtype.base_dtype.is_floating:
        return True
    return not any(above.type in COUNTERS + SOURCES + RANDOM for above in ops_above([amount.op]))


def is_reference(tensor):
    return tensor.dtype._is_ref_dtype or tensor.dtype.base_dtype.name == "resource"


def trained_names(graph):
    return {v.op.name for v in graph.get_collection("trainable_variables")}


def variable_name(tensor):
    op = tensor.op
    while op.type in ("Identity", "Enter", "RefEnter", "Switch", "RefSwitch"):
        op = op.inputs[0].op
    return op.name


def tensor_name(tensor, graph):
    element = graph.as_graph_element(tensor, allow_operation=False)
    return short_name(element.name)


def short_name(name):
    return name[:-2] if name.endswith(":0") else name


def tf_v1():
    import tensorflow as tf

    compat = getattr(tf, "compat", None)
    return getattr(compat, "v1", tf)
