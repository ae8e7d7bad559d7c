"""The type of a layer's variables: float32 under half precision."""

from __future__ import annotations

import tensorflow.compat.v1 as tf

HALF_TYPES = (tf.bfloat16, tf.float16)


def stored(dtype: tf.DType) -> tf.DType:
    """Returns the type of the variables of a layer whose input has `dtype`: float32 for half
    precision, in which small updates would be lost."""
    return tf.float32 if dtype in HALF_TYPES else dtype
