"""Ops in branches of a graph: whether a run comes to them, told from what it is fed."""

import numpy as np

from dcgan_v1.migration.recordings.tf1_recorder.graph_ops import tf_v1


def is_in_branch(op):
    """Whether an op is in a branch or a loop, where it has no value to fetch."""
    context = op._get_control_flow_context()
    return context is not None or not op.graph.is_fetchable(op.outputs[0] if op.outputs else op)


def modes_of(feed_dict):
    """Returns op -> bool of what is fed a single truth value: whether a run trains."""
    pairs = [
        (key, np.asarray(value)) for key, value in (feed_dict or {}).items() if hasattr(key, "op")
    ]
    return {key.op: bool(value) for key, value in pairs if value.dtype == bool and value.size == 1}


def truths_of(feed_dict):
    """Returns name of an op -> whether the single number that it is fed is true."""
    truths = {}
    for key, fed in feed_dict.items():
        if np.size(fed) == 1 and not isinstance(fed, (tuple, str)):  # tuples are sparse tensors
            value = np.asarray(fed)
            if value.dtype.kind in "biuf":
                name = getattr(key, "name", str(key))
                truths[name.partition(":")[0]] = bool(value.reshape(-1)[0])
    return truths


def is_branch_taken(op, truths):
    """Whether a run comes to an op in a branch; None where that is computed, or it is a loop."""
    context, states = op._get_control_flow_context(), []
    while context is not None:
        pred = getattr(context, "pred", None)
        truth = None if pred is None else truth_of(pred.op, truths)
        states.append(None if truth is None else truth is bool(context.branch))
        context = context.outer_context
    if False in states:
        return False
    return None if None in states else True


def truth_of(op, truths):
    """The value of a condition that is fed, a default or a constant; None where it is computed."""
    if op.name in truths:
        return truths[op.name]
    if op.type == "Const":
        value = tf_v1().make_ndarray(op.get_attr("value"))
        return bool(value) if value.size == 1 else None
    if op.type == "LogicalNot":
        truth = truth_of(op.inputs[0].op, truths)
        return None if truth is None else not truth
    if op.type in ("Identity", "Switch", "Cast", "PlaceholderWithDefault"):
        return truth_of(op.inputs[0].op, truths)
    return None
