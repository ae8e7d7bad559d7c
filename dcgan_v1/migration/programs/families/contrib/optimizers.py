"""tf.contrib.opt and mixed_precision: optimisers by the kernels that TensorFlow still has.

Each keeps the slots, and their names, that it had in 1.15.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1.migration.programs.facade import Facade
from dcgan_v1.migration.programs.families.contrib.decoupled_optimizers import (
    AdamWOptimizer,
    MomentumWOptimizer,
    extend_with_decoupled_weight_decay,
)
from dcgan_v1.migration.programs.families.contrib.wrapping_optimizers import (
    FixedLossScaleManager,
    LossScaleOptimizer,
    MovingAverageOptimizer,
    ScipyOptimizerInterface,
    VariableClippingOptimizer,
)


def _raw(optimizer: tf.train.Optimizer, kind: str, var: Any, grad: tf.Tensor, **inputs: Any) -> Any:
    """Runs the kernel `Apply<kind>` on a variable, of either sort."""
    cast = {
        name: tf.cast(value, var.dtype.base_dtype) if isinstance(value, tf.Tensor) else value
        for name, value in inputs.items()
    }
    is_resource = hasattr(var, "handle")
    options = {"use_locking": optimizer._use_locking, "grad": grad}
    slots = {n: getattr(v, "handle" if is_resource else "_ref", v) for n, v in cast.items()}
    if is_resource:
        return getattr(tf.raw_ops, f"ResourceApply{kind}")(var=var.handle, **slots, **options)
    slots = {n: v() if callable(v) else v for n, v in slots.items()}
    return getattr(tf.raw_ops, f"Apply{kind}")(var=var._ref(), **slots, **options).op


class AdaMaxOptimizer(tf.train.AdamOptimizer):
    """Adam with the largest gradient in the place of the second moment."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        use_locking: bool = False,
        name: str = "AdaMax",
    ) -> None:
        super().__init__(learning_rate, beta1, beta2, epsilon, use_locking, name)

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        first = min(var_list, key=lambda variable: variable.name)
        self._create_non_slot_variable(self._beta1, "beta1_power", first)
        for variable in var_list:
            self._zeros_slot(variable, "m", self._name)
            self._zeros_slot(variable, "v", self._name)

    def _apply_dense(self, grad: tf.Tensor, var: Any) -> Any:
        power = self._get_non_slot_variable("beta1_power", tf.get_default_graph())
        return _raw(
            self,
            "AdaMax",
            var,
            grad,
            m=self.get_slot(var, "m"),
            v=self.get_slot(var, "v"),
            beta1_power=tf.identity(power),
            lr=self._lr_t,
            beta1=self._beta1_t,
            beta2=self._beta2_t,
            epsilon=self._epsilon_t,
        )

    _resource_apply_dense = _apply_dense

    def _finish(self, update_ops: Sequence[Any], name_scope: str) -> Any:
        with tf.control_dependencies(update_ops):
            power = self._get_non_slot_variable("beta1_power", tf.get_default_graph())
            with tf.colocate_with(power):
                update = power.assign(power * self._beta1_t, use_locking=self._use_locking)
        return tf.group(*update_ops, update, name=name_scope)


class NadamOptimizer(tf.train.AdamOptimizer):
    """Adam with Nesterov's momentum."""

    def _apply_dense(self, grad: tf.Tensor, var: Any) -> Any:
        beta1_power, beta2_power = self._get_beta_accumulators()
        return _raw(
            self,
            "Adam",
            var,
            grad,
            m=self.get_slot(var, "m"),
            v=self.get_slot(var, "v"),
            beta1_power=tf.identity(beta1_power),
            beta2_power=tf.identity(beta2_power),
            lr=self._lr_t,
            beta1=self._beta1_t,
            beta2=self._beta2_t,
            epsilon=self._epsilon_t,
            use_nesterov=True,
        )

    _resource_apply_dense = _apply_dense


class LazyAdamOptimizer(tf.train.AdamOptimizer):
    """Adam that, of a sparse gradient, moves only the rows that are in it."""

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        beta1_power, beta2_power = self._get_beta_accumulators()
        rate = self._lr_t * tf.sqrt(1 - beta2_power) / (1 - beta1_power)
        m, v, rows = self.get_slot(var, "m"), self.get_slot(var, "v"), grad.indices
        m_rows = self._beta1_t * tf.gather(m, rows) + (1 - self._beta1_t) * grad.values
        v_rows = self._beta2_t * tf.gather(v, rows) + (1 - self._beta2_t) * tf.square(grad.values)
        moved = rate * m_rows / (tf.sqrt(v_rows) + self._epsilon_t)
        return tf.group(
            tf.scatter_update(m, rows, m_rows),
            tf.scatter_update(v, rows, v_rows),
            tf.scatter_sub(var, rows, moved),
        )

    def _resource_apply_sparse(self, grad: tf.Tensor, handle: Any, indices: tf.Tensor) -> Any:
        return self._apply_sparse(tf.IndexedSlices(grad, indices), handle)


class _Sign(tf.train.Optimizer):
    """What PowerSign and AddSign share: m, the moving average of the gradient."""

    KIND = ""

    def __init__(
        self, learning_rate: Any, strength: float, beta: float, decay: Any, locking: bool, name: str
    ) -> None:
        super().__init__(locking, name)
        self._rate, self._strength, self._beta, self._decay = learning_rate, strength, beta, decay

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for variable in var_list:
            self._zeros_slot(variable, "m", self._name)

    def apply_gradients(
        self, grads_and_vars: Any, global_step: Any = None, name: Any = None
    ) -> Any:
        self._factor = 1.0 if self._decay is None else self._decay(global_step)
        return super().apply_gradients(grads_and_vars, global_step, name)

    def _prepare(self) -> None:
        as_tensor = tf.convert_to_tensor
        self._values = {
            "lr": as_tensor(self._rate, name="learning_rate"),
            "sign_decay": as_tensor(self._factor, name="sign_decay", dtype=tf.float32),
            "beta": as_tensor(self._beta, name="beta"),
        }
        self._values[{"AddSign": "alpha", "PowerSign": "logbase"}[self.KIND]] = as_tensor(
            self._strength if self.KIND == "AddSign" else np.float32(np.log(self._strength))
        )

    def _apply_dense(self, grad: tf.Tensor, var: Any) -> Any:
        return _raw(self, self.KIND, var, grad, m=self.get_slot(var, "m"), **self._values)

    _resource_apply_dense = _apply_dense


class PowerSignOptimizer(_Sign):
    """Steps grow by a power where gradient and average agree."""

    KIND = "PowerSign"

    def __init__(
        self,
        learning_rate: Any = 0.1,
        base: float = np.e,
        beta: float = 0.9,
        sign_decay_fn: Callable[[Any], Any] | None = None,
        use_locking: bool = False,
        name: str = "PowerSignOptimizer",
    ) -> None:
        super().__init__(learning_rate, base, beta, sign_decay_fn, use_locking, name)


class AddSignOptimizer(_Sign):
    """Steps grow by a sum where gradient and average agree."""

    KIND = "AddSign"

    def __init__(
        self,
        learning_rate: Any = 0.1,
        alpha: float = 1.0,
        beta: float = 0.9,
        sign_decay_fn: Callable[[Any], Any] | None = None,
        use_locking: bool = False,
        name: str = "AddSignOptimizer",
    ) -> None:
        super().__init__(learning_rate, alpha, beta, sign_decay_fn, use_locking, name)


class LARSOptimizer(tf.train.Optimizer):
    """Momentum whose rate is scaled by norms, layer by layer."""

    def __init__(
        self,
        learning_rate: Any,
        momentum: float = 0.9,
        weight_decay: float = 0.0001,
        eeta: float = 0.001,
        epsilon: float = 0.0,
        name: str = "LARSOptimizer",
        skip_list: Sequence[str] | None = None,
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(False, name)
        self._rate, self._momentum, self._decay = learning_rate, momentum, weight_decay
        self._eeta, self._epsilon = eeta, epsilon
        self._skipped, self._nesterov = skip_list, use_nesterov

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for variable in var_list:
            self._zeros_slot(variable, "momentum", self._name)

    def compute_lr(self, grad: tf.Tensor, var: Any) -> tuple[Any, tf.Tensor]:
        """Returns the rate of a variable, and its gradient with the decay of weights."""
        rate = self._rate
        if self._skipped is not None and any(word in var.name for word in self._skipped):
            return rate, grad
        w_norm, g_norm = tf.norm(var, ord=2), tf.norm(grad, ord=2)
        trust = self._eeta * w_norm / (g_norm + self._decay * w_norm + self._epsilon)
        has_both = tf.logical_and(tf.greater(w_norm, 0), tf.greater(g_norm, 0))
        return rate * tf.where(has_both, trust, 1.0), grad + self._decay * var

    def _apply_dense(self, grad: tf.Tensor, var: Any) -> Any:
        rate, grad = self.compute_lr(grad, var)
        return _raw(
            self,
            "Momentum",
            var,
            grad,
            accum=self.get_slot(var, "momentum"),
            lr=tf.convert_to_tensor(rate),
            momentum=tf.convert_to_tensor(self._momentum),
            use_nesterov=self._nesterov,
        )

    _resource_apply_dense = _apply_dense


def clip_gradients_by_global_norm(gradients_variables: Any, clip_norm: float = 20.0) -> Any:
    """Returns (the pairs with gradients whose norm together is `clip_norm` at most, the norm)."""
    gradients, variables = zip(*gradients_variables, strict=True)
    clipped, norm = tf.clip_by_global_norm(gradients, clip_norm)
    return list(zip(clipped, variables, strict=True)), norm


NAMES: Mapping[str, Any] = {
    each.__name__: each
    for each in (
        AdaMaxOptimizer,
        NadamOptimizer,
        LazyAdamOptimizer,
        PowerSignOptimizer,
        AddSignOptimizer,
        LARSOptimizer,
        AdamWOptimizer,
        MomentumWOptimizer,
        MovingAverageOptimizer,
        VariableClippingOptimizer,
        ScipyOptimizerInterface,
        extend_with_decoupled_weight_decay,
        clip_gradients_by_global_norm,
    )
}


def modules() -> dict[str, Facade]:
    """Returns name below tf.contrib -> facade."""
    scaled = {each.__name__: each for each in (LossScaleOptimizer, FixedLossScaleManager)}
    return {
        "opt": Facade("tf.contrib.opt", (), dict(NAMES)),
        "mixed_precision": Facade("tf.contrib.mixed_precision", (), scaled),
    }
