"""Bilinear resizing in float64, which TensorFlow's op does in float32 whatever it is given."""

from typing import Any

import tensorflow as tf


def weights(
    before: Any, after: Any, *, align_corners: bool = False, half_pixel_centers: bool = False
) -> tf.Tensor:
    """Returns the weights [after, before] of one axis.

    Args:
      before, after: numbers of pixels.
      align_corners, half_pixel_centers: of the op.
    """
    old, new = tf.cast(before, tf.float64), tf.cast(after, tf.float64)
    scale = old / new
    if align_corners:
        scale = tf.where(after > 1, (old - 1) / tf.maximum(new - 1, 1), scale)
    place = tf.cast(tf.range(after), tf.float64)
    place = (place + 0.5) * scale - 0.5 if half_pixel_centers else place * scale
    low, high = tf.maximum(tf.floor(place), 0), tf.minimum(tf.math.ceil(place), old - 1)
    part = place - tf.floor(place)

    def taken(index: tf.Tensor) -> tf.Tensor:
        return tf.one_hot(tf.cast(index, tf.int32), before, dtype=tf.float64)

    return taken(low) * (1 - part)[:, None] + taken(high) * part[:, None]


def resized(x: tf.Tensor, size: Any, **words: bool) -> tf.Tensor:
    """Returns maps [N, H, W, C] of float64 as [N, *size, C]; `words`: see `weights`."""
    before = tf.shape(x)[1:3]
    rows, columns = (weights(before[i], size[i], **words) for i in (0, 1))
    return tf.einsum("ai,bj,nijc->nabc", rows, columns, x)
