"""Ops that TensorFlow has in float32 alone, or rounds too coarsely, spelled out in float64.

Each function takes a NodeDef and its inputs as float64 tensors and returns the op's
outputs. Fused batch norm: Ioffe & Szegedy 2015, algorithm 1, with the unbiased variance
in the third output as TensorFlow's kernels have it. Bilinear resize: two matrices of
weights, one for the rows and one for the columns. ELU and SELU: see `exact_elus`.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1.migration.recordings.port_recorder.exact_elus import exact_elu, exact_selu
from dcgan_v1.migration.runners import bilinear

DIGITS = 6  # that a person writes; a float32 that needs more was worked out
LARGEST = 512  # denominator
NUMERATORS = (1, 2, 3, 6)  # of fractions with larger ones, whose roots scale weights
ROOT = 0.005  # the smallest of these roots: below, fractions are too near each other to tell
FORMS = (
    (lambda q: q, lambda x: x),
    (math.sqrt, lambda x: x * x),
    (lambda q: q * math.pi, lambda x: x / math.pi),
    (lambda q: q * math.log(2 * math.pi), lambda x: x / math.log(2 * math.pi)),
)


def decimal(x: float) -> float:
    """Returns the float64 that a person wrote where a float32 stands: 0.999, or 1/255,
    the root or a multiple of pi of such a fraction, where the decimals do not end."""
    single = np.float32(x)
    text = str(single)
    digits = text.partition("e")[0].replace(".", "").strip("-0")
    if len(digits) <= DIGITS or not np.isfinite(single):
        return float(text)
    sign, size = (-1.0 if x < 0 else 1.0), abs(float(x))
    fractions = []
    for function, inverse in FORMS:
        fraction = Fraction(inverse(size)).limit_denominator(LARGEST)
        value = sign * function(float(fraction))
        if fraction and np.float32(value) == single:
            fractions.append((fraction.numerator * fraction.denominator, value))
    for numerator in NUMERATORS if not fractions else ():  # of an initialiser: sqrt(2 / (25 * 128))
        denominator = round(numerator / size**2) if size > ROOT else 0
        value = math.sqrt(numerator / denominator) if denominator else 0.0
        if np.float32(value) == abs(single):
            fractions.append((numerator * denominator, sign * value))
    return min(fractions)[1] if fractions else float(text)


def _batch_norm(
    node: Any, x: Any, scale: Any, offset: Any, mean: Any, variance: Any
) -> list[tf.Tensor]:
    x = _nhwc(node, x)
    moved_mean, moved_variance = mean, variance
    if node.attr["is_training"].b:
        decay = 0.0
        if "exponential_avg_factor" in node.attr:
            decay = 1 - decimal(node.attr["exponential_avg_factor"].f)
        old_mean, old_variance = mean, variance  # empty where nothing of them is kept
        mean = tf.reduce_mean(x, [0, 1, 2])
        variance = tf.reduce_mean(tf.square(x - mean), [0, 1, 2])
        n = tf.cast(tf.reduce_prod(tf.shape(x)[:3]), x.dtype)
        moved_mean, moved_variance = mean, variance * n / tf.maximum(n - 1, 1)
        if decay:
            moved_mean = decay * old_mean + (1 - decay) * moved_mean
            moved_variance = decay * old_variance + (1 - decay) * moved_variance
    y = (x - mean) * tf.rsqrt(variance + _epsilon(node)) * scale + offset
    nothing = tf.zeros([0], x.dtype)
    return [_back(node, y), moved_mean, moved_variance, mean, variance, nothing]


def _batch_norm_gradient(
    node: Any, dy: Any, x: Any, scale: Any, mean: Any, variance: Any, *_: Any
) -> list[tf.Tensor]:
    """mean, variance: what `_batch_norm` gives as its fourth and fifth output."""
    x, dy = _nhwc(node, x), _nhwc(node, dy)
    inverse = tf.rsqrt(variance + _epsilon(node))
    x_hat = (x - mean) * inverse
    d_offset = tf.reduce_sum(dy, [0, 1, 2])
    d_scale = tf.reduce_sum(dy * x_hat, [0, 1, 2])
    dx = dy
    if node.attr["is_training"].b:
        through_variance = x_hat * tf.reduce_mean(dy * x_hat, [0, 1, 2])
        dx = dy - tf.reduce_mean(dy, [0, 1, 2]) - through_variance
    nothing = tf.zeros([0], x.dtype)
    return [_back(node, scale * inverse * dx), d_scale, d_offset, nothing, nothing]


def _epsilon(node: Any) -> tf.Tensor:
    return decimal(node.attr["epsilon"].f)


def _nhwc(node: Any, x: tf.Tensor) -> tf.Tensor:
    is_first = node.attr["data_format"].s == b"NCHW"
    return tf.transpose(x, [0, 2, 3, 1]) if is_first else x


def _back(node: Any, x: tf.Tensor) -> tf.Tensor:
    is_first = node.attr["data_format"].s == b"NCHW"
    return tf.transpose(x, [0, 3, 1, 2]) if is_first else x


def _resize(node: Any, x: tf.Tensor, size: tf.Tensor) -> list[tf.Tensor]:
    rows, columns = _resize_matrices(node, tf.shape(x)[1:3], size)
    x = tf.cast(x, tf.float64)
    return [tf.einsum("ai,bj,nijc->nabc", rows, columns, x)]


def _resize_gradient(node: Any, dy: tf.Tensor, x: tf.Tensor) -> list[tf.Tensor]:
    rows, columns = _resize_matrices(node, tf.shape(x)[1:3], tf.shape(dy)[1:3])
    return [tf.einsum("ai,bj,nabc->nijc", rows, columns, dy)]


def _resize_matrices(node: Any, before: Any, after: Any) -> list[tf.Tensor]:
    words = {
        "align_corners": node.attr["align_corners"].b,
        "half_pixel_centers": node.attr["half_pixel_centers"].b,
    }
    return [bilinear.weights(before[axis], after[axis], **words) for axis in (0, 1)]


def _leaky_relu(node: Any, x: tf.Tensor) -> list[tf.Tensor]:
    slope = decimal(node.attr["alpha"].f)
    return [tf.where(x > 0, x, x * tf.constant(slope, x.dtype))]


def _leaky_relu_gradient(node: Any, dy: tf.Tensor, x: tf.Tensor) -> list[tf.Tensor]:
    slope = decimal(node.attr["alpha"].f)
    return [tf.where(x > 0, dy, dy * tf.constant(slope, x.dtype))]


def _elu(node: Any, x: tf.Tensor) -> list[tf.Tensor]:
    return [exact_elu(x)]


def _selu(node: Any, x: tf.Tensor) -> list[tf.Tensor]:
    return [exact_selu(x)]


SUBSTITUTES: dict[str, Callable[..., list[tf.Tensor]]] = {
    "FusedBatchNorm": _batch_norm,
    "FusedBatchNormV2": _batch_norm,
    "FusedBatchNormV3": _batch_norm,
    "FusedBatchNormGrad": _batch_norm_gradient,
    "FusedBatchNormGradV2": _batch_norm_gradient,
    "FusedBatchNormGradV3": _batch_norm_gradient,
    "ResizeBilinear": _resize,
    "ResizeBilinearGrad": _resize_gradient,
    "LeakyRelu": _leaky_relu,
    "LeakyReluGrad": _leaky_relu_gradient,
    "Elu": _elu,
    "Selu": _selu,
}
