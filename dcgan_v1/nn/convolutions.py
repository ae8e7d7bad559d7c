"""Chooses a convolution's form: TensorFlow's own op, `fast_ops` or `subpixel`.

Another form stands where it was measured to be quicker for that shape
(benchmarks/layer_forms.py)."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow.compat.v1 as tf

from dcgan_v1.nn import fast_ops, subpixel

SMALL_MAP = 4  # height up to which a convolution is a product of patches
MANY_WEIGHTS = 2_000_000  # from which the gradient of the weights is one, on any map
FEW_CHANNELS = 4  # up to which a transposed convolution is one of stride 1 on the small map


def conv2d(x: tf.Tensor, w: tf.Tensor, stride: int, padding: str) -> tf.Tensor:
    """What tf.nn.conv2d gives, and its gradients.

    Args:
      x: [N, H, W, C].
      w: [k, k, C, filters].
      padding: 'SAME' or 'VALID'.

    Returns:
      [N, h, w, filters].
    """
    height, width, channels = x.shape.as_list()[1:]
    is_small = -(-height // stride) <= SMALL_MAP
    has_many = w.shape.num_elements() >= MANY_WEIGHTS
    if fast_ops.is_by_hand("conv2d") and (is_small or has_many):
        return fast_ops.conv2d(x, w, stride, padding, whole=is_small)
    fits = padding == "SAME" and height % stride == width % stride == 0
    if fast_ops.is_by_hand("subpixel") and channels <= FEW_CHANNELS and stride > 1 and fits:
        return subpixel.conv2d(x, w, stride)
    return tf.nn.conv2d(x, w, stride, padding)


def conv2d_transpose(
    x: tf.Tensor, w: tf.Tensor, sides: Sequence[int], stride: int, padding: str
) -> tf.Tensor:
    """What tf.nn.conv2d_transpose gives, and its gradients.

    Args:
      x: [N, h, w, C].
      w: [k, k, filters, C].
      sides: height and width of the result.
      padding: 'SAME' or 'VALID'.

    Returns:
      [N, *sides, filters].
    """
    filters = int(w.shape[2])
    few = padding == "SAME" and filters <= FEW_CHANNELS and stride > 1
    if fast_ops.is_by_hand("subpixel") and few:
        return subpixel.conv2d_transpose(x, w, stride)
    is_small = int(x.shape[1]) <= SMALL_MAP
    has_many = w.shape.num_elements() >= MANY_WEIGHTS
    if fast_ops.is_by_hand("conv2d_transpose") and (is_small or has_many):
        y = fast_ops.conv2d_transpose(x, w, sides, stride, padding, whole=is_small)
        return tf.ensure_shape(y, [None, *sides, filters])
    shape = tf.stack([tf.shape(x)[0], *sides, filters])
    return tf.nn.conv2d_transpose(x, w, shape, stride, padding)
