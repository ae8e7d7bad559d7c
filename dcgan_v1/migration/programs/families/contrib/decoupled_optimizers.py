"""Optimisers of tf.contrib.opt that take a part of each weight off itself, beside the step."""

import contextlib
from collections.abc import Sequence
from typing import Any

import tensorflow.compat.v1 as tf


def extend_with_decoupled_weight_decay(base: type) -> type:
    """Returns the kind of optimiser that also takes `weight_decay` of each variable off itself."""

    class Decoupled(base):  # a class that is an argument
        def __init__(self, weight_decay: Any, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._decay = weight_decay
            self._decayed: set[str] | None = None

        def minimize(
            self, *arguments: Any, decay_var_list: Sequence[Any] | None = None, **options: Any
        ) -> Any:
            self._decayed = None if decay_var_list is None else {v.name for v in decay_var_list}
            return super().minimize(*arguments, **options)

        def _prepare(self) -> None:
            decay = self._decay() if callable(self._decay) else self._decay
            self._decay_t = tf.convert_to_tensor(decay, name="weight_decay")
            super()._prepare()

        def _after_decay(self, var: Any) -> contextlib.AbstractContextManager[Any]:
            if self._decayed is not None and var.name not in self._decayed:
                return contextlib.nullcontext()
            amount = tf.cast(self._decay_t, var.dtype.base_dtype) * var
            return tf.control_dependencies([tf.assign_sub(var, amount)])

        def _apply_dense(self, grad: tf.Tensor, var: Any) -> Any:
            with self._after_decay(var):
                return super()._apply_dense(grad, var)

        def _resource_apply_dense(self, grad: tf.Tensor, var: Any) -> Any:
            with self._after_decay(var):
                return super()._resource_apply_dense(grad, var)

        def _apply_sparse(self, grad: Any, var: Any) -> Any:
            with self._after_decay(var):
                return super()._apply_sparse(grad, var)

    Decoupled.__name__ = f"{base.__name__}WithDecoupledWeightDecay"
    return Decoupled


class AdamWOptimizer(extend_with_decoupled_weight_decay(tf.train.AdamOptimizer)):  # type: ignore[misc]
    """Adam with decoupled decay of weights."""

    def __init__(
        self,
        weight_decay: Any,
        learning_rate: Any = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        use_locking: bool = False,
        name: str = "AdamW",
    ) -> None:
        super().__init__(
            weight_decay,
            learning_rate=learning_rate,
            beta1=beta1,
            beta2=beta2,
            epsilon=epsilon,
            use_locking=use_locking,
            name=name,
        )


class MomentumWOptimizer(extend_with_decoupled_weight_decay(tf.train.MomentumOptimizer)):  # type: ignore[misc]
    """Momentum with decoupled decay of weights."""

    def __init__(
        self,
        weight_decay: Any,
        learning_rate: Any,
        momentum: float,
        use_locking: bool = False,
        name: str = "MomentumW",
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(
            weight_decay,
            learning_rate=learning_rate,
            momentum=momentum,
            use_locking=use_locking,
            name=name,
            use_nesterov=use_nesterov,
        )
