"""What TensorFlow and Keras round to float32 behind a float64 port's back, put right."""

from typing import Any

import numpy as np
import tensorflow as tf

ROUNDED = ("beta_1", "beta_2", "rho", "momentum")  # decimals that Keras makes float32


def exact_decimals(optimizers: dict[str, Any]) -> dict[str, list[str]]:
    """Gives optimisers their decimals as float64. Returns optimiser -> names of what changed."""
    changed: dict[str, list[str]] = {}
    for name, optimizer in optimizers.items():
        for setting in ROUNDED:
            value = getattr(optimizer, setting, None)
            if type(value) is float:
                setattr(optimizer, setting, np.float64(value))
                changed.setdefault(name, []).append(setting)
    return changed


def exact_slopes(altered: list[str]) -> None:
    """Spells `tf.nn.leaky_relu` out for float64, before a port's file takes hold of it: the op
    keeps its slope as a float32.

    Args:
      altered: list that is told of it when it is used.
    """
    plain = tf.nn.leaky_relu
    sentence = "tf.nn.leaky_relu is spelled out: the op keeps its slope as a float32"

    def leaky_relu(features: Any, alpha: float = 0.2, name: str | None = None) -> tf.Tensor:
        x = tf.convert_to_tensor(features)
        if x.dtype != tf.float64:
            return plain(x, alpha, name)
        if sentence not in altered:
            altered.append(sentence)
        return tf.where(x > 0, x, x * tf.constant(float(alpha), x.dtype))

    tf.nn.leaky_relu = leaky_relu
