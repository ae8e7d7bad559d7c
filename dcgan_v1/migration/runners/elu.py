"""ELU and SELU to the last place, where TensorFlow's kernels take 1 from exp(x).

That is all rounding where x is small.
Clevert, Unterthiner & Hochreiter 2015, alpha 1; Klambauer et al. 2017.
"""

import tensorflow.compat.v1 as tf

SCALE, ALPHA = 1.0507009873554804934, 1.6732632423543772848  # of SELU, as the kernels have them


def elu(x: tf.Tensor) -> tf.Tensor:
    """Returns x where it is not below 0, else exp(x) - 1; of x's shape and type."""
    return tf.where(x >= 0, x, tf.math.expm1(tf.minimum(x, 0)))  # no exponent of what is not taken


def selu(x: tf.Tensor) -> tf.Tensor:
    """Returns SCALE times x where that is not below 0, else times ALPHA (exp(x) - 1); of x's shape
    and type."""
    return tf.where(x >= 0, SCALE * x, SCALE * ALPHA * tf.math.expm1(tf.minimum(x, 0)))
