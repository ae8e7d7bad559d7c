"""Variables that count what an optimiser has done.

Global steps that its learning rate goes by, and what Keras computes its powers of betas from."""

from collections.abc import Iterable

import tensorflow.compat.v1 as tf
from tensorflow.python.framework import tensor_util

from dcgan_v1.migration.runners.tf1.reading.graph_ops import above, counters, variable_of
from dcgan_v1.migration.runners.tf1.reading.updates import Runs, Update

COUNTING = ("AssignAdd", "AssignAddVariableOp")


def find(applied: list[tuple[int, Update]], runs: Runs) -> dict[str, str]:
    """Returns optimiser -> variable that a step raises as often as it applies the optimiser.

    Args:
      applied: updates of a step, with the run that each is in.
      runs: the step's session calls.
    """
    counts = [name for run in runs for name in _raised(above(run))]
    optimizers = [update.optimizer for _, update in applied]
    by_optimizer: dict[str, str] = {}
    for _, update in applied:
        first = update.applies[0]
        settings = [t for t in first.op.inputs if t.name != first.gradient.name]
        names = counters(t for t in settings if t.shape.rank == 0)
        if len(names) == 1 and counts.count(names[0]) == optimizers.count(update.optimizer):
            by_optimizer[update.optimizer] = names[0]
    return by_optimizer


def _raised(ops: Iterable[tf.Operation]) -> list[str]:
    """The variables that ops raise by one."""
    adding = [op for op in ops if op.type in COUNTING and op.inputs[1].op.type == "Const"]
    ones = [op for op in adding if _is_one(op.inputs[1].op)]
    return [name for op in ones if (name := variable_of(op.inputs[0])) is not None]


def _is_one(constant: tf.Operation) -> bool:
    value = tensor_util.MakeNdarray(constant.get_attr("value"))
    return value.shape == () and value == 1
