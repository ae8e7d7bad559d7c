"""A moving average of the generator's weights, to sample from (`--ema-decay`).

A generator goes round and round near where it wants to be; the average of its path is
closer (Yazici et al. 2019). Batch norm's averages are averaged too: they belong to the
weights. In a checkpoint a variable's average is `<variable>/ExponentialMovingAverage`,
TensorFlow's own name.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import tensorflow.compat.v1 as tf

SUFFIX = "/ExponentialMovingAverage"

Array = TypeVar("Array")  # a tensor, or its value


class Averages:
    """The averages of a training graph's generator. 0 decay: there are none."""

    def __init__(self, decay: float, variables: Sequence[tf.Variable], step: tf.Tensor) -> None:
        """
        Args:
          decay: how much of an average a step keeps, in [0, 1). In a run's first steps it is less,
            (1 + step) / (10 + step), so that the initial weights are soon forgotten.
          variables: those of the generator, batch norm's averages included.
          step: scalar tensor, steps done so far.
        """
        self.ema = tf.train.ExponentialMovingAverage(decay, num_updates=step)
        self.decay, self.variables = decay, variables

    def update_after(self, op: tf.Operation) -> tf.Operation:
        """Returns an op that does `op`, then moves the averages."""
        if not self.decay:
            return op
        with tf.control_dependencies([op]), tf.name_scope("averages/"):
            return self.ema.apply(self.variables)

    def restart(self) -> tf.Operation:
        """Returns an op that sets the averages to what the weights are now."""
        if not self.decay:
            return tf.no_op()
        with tf.name_scope("averages/restart"):
            pairs = [(self.ema.average(v), v.read_value()) for v in self.variables]
            return tf.group(*[tf.assign(average, value) for average, value in pairs])

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Networks built in this context read the averages where there are any."""

        def averaged(getter: Any, *args: Any, **kwargs: Any) -> tf.Tensor:
            variable = getter(*args, **kwargs)
            average = self.ema.average(variable) if self.decay else None
            return variable if average is None else average

        with tf.variable_scope(tf.get_variable_scope(), custom_getter=averaged):
            yield


def is_average(name: str) -> bool:
    """Whether a name in a checkpoint is that of an average kept here.

    The original script of celeba64 has the suffix too, for batch norm's averages.
    """
    return name.endswith(SUFFIX) and "/generator/" in name


def in_place(tensors: Mapping[str, Array]) -> dict[str, Array]:
    """Returns a checkpoint's name -> tensor with each average where its weight was."""
    averages = {
        name.removesuffix(SUFFIX): value for name, value in tensors.items() if is_average(name)
    }
    rest = {name: value for name, value in tensors.items() if not is_average(name)}
    return {**rest, **averages}
