"""Loss scaling: gradients too small for float16 are computed times a power of two.

Each optimiser has a scale of its own. An update whose gradients overflow is left out and the
scale halved; after STEADY updates without one it is doubled (Micikevicius et al. 2018,
section 3.2). The scale is saved with the optimiser, as `<optimiser>/loss_scale`, and
`<optimiser>/steps_at_scale`.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Callable, Iterator, Sequence

import tensorflow.compat.v1 as tf

FIRST, MOST = 2.0**15, 2.0**24
STEADY = 2000


class LossScale:
    """The scale of one optimiser's loss."""

    def __init__(self, optimizer: str) -> None:
        def variable(name: str, start: float, dtype: tf.DType) -> tf.Variable:
            initial = tf.constant_initializer(start)
            return tf.get_variable(f"{optimizer}/{name}", [], dtype, initial, trainable=False)

        with tf.variable_scope(tf.get_variable_scope(), reuse=tf.AUTO_REUSE):
            self._scale = variable("loss_scale", FIRST, tf.float32)
            self._steps = variable("steps_at_scale", 0, tf.int64)
        self.value = self._scale.read_value()
        self._is_finite: tf.Tensor | None = None

    def unscaled(self, gradients: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Returns the gradients of a scaled loss as those of the loss; zeros where one of them
        has overflowed, unless that is not the scale's fault.

        Args:
          gradients: of all variables, of all workers.
        """
        finite = [tf.reduce_all(tf.math.is_finite(gradient)) for gradient in gradients]
        self._is_finite = tf.reduce_all(tf.stack(finite))
        is_shown = self._is_finite | (self.value <= 1)
        return [
            tf.where(
                is_shown, gradient / tf.cast(self.value, gradient.dtype), tf.zeros_like(gradient)
            )
            for gradient in gradients
        ]

    def apply(self, update: Callable[[], tf.Operation]) -> tf.Operation:
        """Returns an op that does the update if the gradients are finite, and moves the scale."""
        finite = self._is_finite
        assert finite is not None, "unscaled comes first"

        def updated() -> tf.Tensor:
            with tf.control_dependencies([update()]):
                return tf.constant(True)

        done = tf.cond(finite, updated, lambda: tf.constant(False))
        steps = self._steps.read_value() + 1
        is_steady = steps >= STEADY
        grown = tf.where(is_steady, tf.minimum(self.value * 2, MOST), self.value)
        with tf.control_dependencies([done]):
            return tf.group(
                tf.assign(self._scale, tf.where(finite, grown, tf.maximum(self.value / 2, 1.0))).op,
                tf.assign(
                    self._steps, tf.where(finite & ~is_steady, steps, tf.zeros_like(steps))
                ).op,
            )


_scales: contextvars.ContextVar[dict[str, LossScale] | None]
_scales = contextvars.ContextVar("_scales", default=None)


@contextlib.contextmanager
def switched_on(is_on: bool) -> Iterator[None]:
    """Training steps built in this context scale their losses, or do not."""
    token = _scales.set({} if is_on else None)
    try:
        yield
    finally:
        _scales.reset(token)


def scale_of(optimizer: tf.train.Optimizer) -> LossScale | None:
    """Returns the scale of an optimiser's loss, None where losses are not scaled."""
    scales = _scales.get()
    if scales is None:
        return None
    name = optimizer.get_name()
    if name not in scales:
        scales[name] = LossScale(name)
    return scales[name]


def scaled(loss: tf.Tensor, optimizer: tf.train.Optimizer) -> tf.Tensor:
    """Returns the loss times its scale."""
    scale = scale_of(optimizer)
    return loss if scale is None else loss * tf.cast(scale.value, loss.dtype)


def unscaled(gradients: Sequence[tf.Tensor], optimizer: tf.train.Optimizer) -> list[tf.Tensor]:
    """See `LossScale.unscaled`."""
    scale = scale_of(optimizer)
    return list(gradients) if scale is None else scale.unscaled(gradients)
