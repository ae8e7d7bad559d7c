"""The Adams of the systems, all from `tf.train.AdamOptimizer`.

An optimiser's name ends in `_adam`. Its slots are `<variable>/<name>` (first moment)
and `<variable>/<name>_1` (second), its powers `<name>/beta1_power` and `beta2_power`.
"""

from __future__ import annotations

import tensorflow.compat.v1 as tf


def adam(
    learning_rate: float, beta1: float = 0.9, *, name: str, dtype: tf.DType, epsilon: float = 1e-8
) -> tf.train.Optimizer:
    """Returns TensorFlow's Adam (Kingma & Ba 2015, end of section 2).

    Args:
      beta1: how much of the first moment a step keeps, in [0, 1); beta2 is 0.999.
      name: ends in `_adam`.
      dtype: of the weights. AdamOptimizer keeps the powers of its betas in float32
        unless it is given the betas as tensors, which with float64 weights puts the
        first steps off by up to 3e-5 of their length.
      epsilon: added to the root of the second moment before its bias is corrected.
        TF1's default is 1e-8, Keras's 1e-7.
    """
    return _Adam(_constants(learning_rate, beta1, epsilon, name, dtype), name)


def pytorch_adam(
    learning_rate: float, beta1: float = 0.9, *, name: str, dtype: tf.DType, epsilon: float = 1e-8
) -> tf.train.Optimizer:
    """Returns Adam as PyTorch has it: epsilon is added after the bias correction.

    In early steps that epsilon weighs more than TensorFlow's: by 1 / sqrt(1 - beta2^t),
    a factor of 32 in the first. For the arguments see `adam`.
    """
    return _PytorchAdam(_constants(learning_rate, beta1, epsilon, name, dtype), name)


class _Adam(tf.train.AdamOptimizer):
    """TensorFlow's, whose settings can be read: name -> constant."""

    def __init__(self, settings: dict[str, tf.Tensor], name: str) -> None:
        super().__init__(**settings, name=name)
        self.settings = settings


class _PytorchAdam(_Adam):
    """The paper's algorithm 1 as it stands, in terms of TensorFlow's form of it."""

    def _prepare(self) -> None:
        super()._prepare()
        _, beta2_power = self._get_beta_accumulators()
        self._epsilon_t *= tf.sqrt(1 - beta2_power)


def _constants(
    learning_rate: float, beta1: float, epsilon: float, name: str, dtype: tf.DType
) -> dict[str, tf.Tensor]:
    values = {"learning_rate": learning_rate, "beta1": beta1, "beta2": 0.999, "epsilon": epsilon}
    with tf.name_scope(f"{name}/"):
        return {key: tf.constant(value, dtype, name=key) for key, value in values.items()}


def is_optimizer_variable(name: str) -> bool:
    """Whether a variable is an optimiser's, or the step: not one of the networks'.

    Every optimiser's name ends in `_adam`: slots are `<variable>/g_adam` and
    `<variable>/g_adam_1`, powers `g_adam/beta1_power`.
    """
    slot = name.rpartition("/")[2].removesuffix("_1").endswith("_adam")
    return slot or name.partition("/")[0].endswith("_adam") or name == "global_step"
