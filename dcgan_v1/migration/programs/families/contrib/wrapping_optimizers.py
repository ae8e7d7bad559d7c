"""Optimisers of tf.contrib that wrap another one: averages, clipping, a scaled loss, scipy's."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1.errors import UserError


class MovingAverageOptimizer(tf.train.Optimizer):
    """Keeps averages of the variables that another optimiser moves.

    Args:
      opt: the other one.
      average_decay: how much of the average stays.
      num_updates: a counter that makes the decay smaller at the beginning.
      sequential_update: whether averages follow the updates.
    """

    def __init__(
        self,
        opt: tf.train.Optimizer,
        average_decay: float = 0.9999,
        num_updates: Any = None,
        sequential_update: bool = True,
    ) -> None:
        self._optimizer = opt
        self._averages = tf.train.ExponentialMovingAverage(average_decay, num_updates)
        self._names: dict[str, str] | None = None
        self._is_sequential = sequential_update

    def compute_gradients(self, *arguments: Any, **options: Any) -> Any:
        return self._optimizer.compute_gradients(*arguments, **options)

    def apply_gradients(
        self, grads_and_vars: Any, global_step: Any = None, name: Any = None
    ) -> Any:
        pairs = list(grads_and_vars)
        update = self._optimizer.apply_gradients(pairs, global_step, name)
        variables = [variable for _, variable in pairs]
        with tf.control_dependencies([update] if self._is_sequential else []):
            averaging = self._averages.apply(variables)
        self._names = {v.op.name: self._averages.average(v).op.name for v in variables}
        return tf.group(averaging, update, name="train_with_avg")

    def swapping_saver(
        self, var_list: Sequence[Any] | None = None, name: str = "swapping_saver", **options: Any
    ) -> tf.train.Saver:
        """Returns a Saver of the averages under the variables' names, and the reverse."""
        if self._names is None:
            raise RuntimeError("Must call apply_gradients or minimize before the swapping_saver")
        variables = {v.op.name: v for v in var_list or tf.global_variables()}
        swapped = dict(variables)
        for one, other in self._names.items():
            if one in variables and other in variables:
                swapped[one], swapped[other] = variables[other], variables[one]
        return tf.train.Saver(swapped, name=name, **options)


class VariableClippingOptimizer(tf.train.Optimizer):
    """Clips the norms of variables' rows after another optimiser's step.

    Args:
      opt: the other one.
      vars_to_clip_dims: variable -> axes that a norm is taken over.
      max_norm: the largest norm.
    """

    def __init__(
        self,
        opt: tf.train.Optimizer,
        vars_to_clip_dims: Mapping[Any, Sequence[int]],
        max_norm: float,
        use_locking: bool = False,
        colocate_clip_ops_with_vars: bool = False,
        name: str = "VariableClipping",
    ) -> None:
        super().__init__(use_locking, name)
        self._optimizer, self._largest = opt, max_norm
        self._clipped = [(variable, list(axes)) for variable, axes in vars_to_clip_dims.items()]

    def compute_gradients(self, *arguments: Any, **options: Any) -> Any:
        return self._optimizer.compute_gradients(*arguments, **options)

    def get_slot(self, *arguments: Any, **options: Any) -> Any:
        return self._optimizer.get_slot(*arguments, **options)

    def apply_gradients(
        self, grads_and_vars: Any, global_step: Any = None, name: Any = None
    ) -> Any:
        with tf.name_scope(name, self._name) as scope:
            update = self._optimizer.apply_gradients(grads_and_vars, global_step)
            with tf.control_dependencies([update]):
                clips = [
                    tf.assign(v, tf.clip_by_norm(v, self._largest, axes))
                    for v, axes in self._clipped
                ]
            return tf.group(update, *clips, name=scope)


class LossScaleOptimizer(tf.train.Optimizer):
    """Multiplies the loss before gradients are taken, and divides these; leaves out a step whose
    gradients are no finite numbers."""

    def __init__(self, opt: tf.train.Optimizer, loss_scale_manager: Any) -> None:
        self._optimizer, self._manager = opt, loss_scale_manager

    def compute_gradients(self, loss: Any, *arguments: Any, **options: Any) -> Any:
        scale = self._manager.get_loss_scale()
        scaled = loss * tf.cast(scale, loss.dtype.base_dtype)
        pairs = self._optimizer.compute_gradients(scaled, *arguments, **options)
        return [(None if g is None else g / tf.cast(scale, g.dtype), v) for g, v in pairs]

    def apply_gradients(
        self, grads_and_vars: Any, global_step: Any = None, name: Any = None
    ) -> Any:
        pairs = [(g, v) for g, v in grads_and_vars if g is not None]
        finite = tf.reduce_all([tf.reduce_all(tf.is_finite(g)) for g, _ in pairs])
        step = tf.cond(
            finite, lambda: self._optimizer.apply_gradients(pairs, global_step, name), tf.no_op
        )
        return tf.group(step, self._manager.update_loss_scale(finite))


class FixedLossScaleManager(NamedTuple):
    """A scale that stays as it is."""

    loss_scale: float

    def get_loss_scale(self) -> tf.Tensor:
        return tf.constant(self.loss_scale, tf.float32)

    def update_loss_scale(self, finite_grads: tf.Tensor) -> Any:
        del finite_grads
        return tf.no_op()


class ScipyOptimizerInterface:
    """Minimises a loss by scipy.optimize: all of it in one call.

    Args:
      loss: a scalar.
      var_list: variables to move; all that are trained where None.
      method: of scipy.optimize.minimize.
      options: the same's.
    """

    def __init__(
        self,
        loss: tf.Tensor,
        var_list: Sequence[Any] | None = None,
        method: str = "L-BFGS-B",
        options: Mapping[str, Any] | None = None,
        **others: Any,
    ) -> None:
        if any(others.get(name) for name in ("equalities", "inequalities", "var_to_bounds")):
            raise UserError(
                "ScipyOptimizerInterface has no constraints here: leave equalities, inequalities "
                "and var_to_bounds out, or run the program on TensorFlow 1.15"
            )
        self._loss, self._method, self._options = loss, method, dict(options or {})
        self._variables = list(var_list or tf.trainable_variables())
        gradients = tf.gradients(loss, self._variables)
        self._gradient = tf.concat([tf.reshape(g, [-1]) for g in gradients], 0)
        self._places = [tf.placeholder(v.dtype.base_dtype, v.shape) for v in self._variables]
        self._assign = tf.group(
            *(v.assign(p) for v, p in zip(self._variables, self._places, strict=True))
        )

    def minimize(
        self,
        session: Any = None,
        feed_dict: Mapping[Any, Any] | None = None,
        fetches: Sequence[Any] | None = None,
        step_callback: Callable[[Any], None] | None = None,
        loss_callback: Callable[..., None] | None = None,
        **_: Any,
    ) -> None:
        """Runs scipy's method, and leaves its result in the variables."""
        optimize = importlib.import_module("scipy.optimize")
        session = session or tf.get_default_session()

        def value(x: np.ndarray) -> tuple[float, np.ndarray]:
            self._set(session, x)
            given = [self._loss, self._gradient, list(fetches or ())]
            loss, gradient, more = session.run(given, feed_dict)
            if loss_callback is not None:
                loss_callback(*more)
            return float(loss), np.asarray(gradient, np.float64)

        start = np.concatenate([np.ravel(x) for x in session.run(self._variables)])
        found = optimize.minimize(
            value,
            start.astype(np.float64),
            jac=True,
            method=self._method,
            callback=step_callback,
            options=self._options,
        )
        self._set(session, found.x)

    def _set(self, session: Any, x: np.ndarray) -> None:
        sizes = [int(np.prod(v.shape.as_list())) for v in self._variables]
        parts = np.split(x, np.cumsum(sizes)[:-1])
        shaped = [
            np.reshape(p, v.shape.as_list()) for p, v in zip(parts, self._variables, strict=True)
        ]
        session.run(self._assign, dict(zip(self._places, shaped, strict=True)))
