"""Pixels taken from between pixels: tf.contrib.image.dense_image_warp, contrib.resampler."""

from typing import Any

import tensorflow.compat.v1 as tf


def resampler(data: Any, warp: Any, name: str = "resampler") -> tf.Tensor:
    """Bilinear values at points; what lies outside is 0, as in a frame of zeros.

    Args:
      data: [N, H, W, C].
      warp: [N, ..., 2], points (x, y).
      name: of the scope.

    Returns:
      [N, ..., C].
    """
    with tf.name_scope(name, "resampler", [data, warp]):
        data, warp = tf.convert_to_tensor(data), tf.convert_to_tensor(warp)
        framed = tf.pad(data, [[0, 0], [1, 1], [1, 1], [0, 0]])
        values = _between(framed, tf.reverse(warp + 1, [-1]))
        values.set_shape(warp.shape[:-1].concatenate(data.shape[-1:]))
        return values


def dense_image_warp(image: Any, flow: Any, name: str = "dense_image_warp") -> tf.Tensor:
    """Each pixel from (y - flow[..., 0], x - flow[..., 1]) of its image, bilinear.

    Args:
      image: [N, H, W, C]; outside it the nearest pixel of its edge counts.
      flow: [N, H, W, 2].
      name: of the scope.
    """
    with tf.name_scope(name, "dense_image_warp", [image, flow]):
        image, flow = tf.convert_to_tensor(image), tf.convert_to_tensor(flow)
        height, width = tf.unstack(tf.shape(image)[1:3])
        grid = tf.meshgrid(tf.range(height), tf.range(width), indexing="ij")
        warped = _between(image, tf.cast(tf.stack(grid, -1), flow.dtype) - flow)
        warped.set_shape(image.shape)
        return warped


def _between(image: tf.Tensor, points: tf.Tensor) -> tf.Tensor:
    """Bilinear values; outside the image those of its edge.

    Args:
      image: [N, H, W, C].
      points: [N, ..., 2], (y, x).
    """
    last = tf.cast(tf.shape(image)[1:3] - 2, points.dtype)
    low = tf.minimum(tf.maximum(tf.zeros([], points.dtype), tf.floor(points)), last)
    # the slope at a pixel itself is 0, as it was: that of a maximum of two equal numbers
    part = tf.minimum(tf.maximum(tf.zeros([], points.dtype), points - low), 1)
    y, x = tf.unstack(tf.cast(low, tf.int32), axis=-1)
    up, left = tf.unstack(tf.cast(part, image.dtype)[..., None], axis=-2)  # [N, ..., 1]

    def at(down: int, right: int) -> tf.Tensor:
        return tf.gather_nd(image, tf.stack([y + down, x + right], -1), batch_dims=1)

    top = at(0, 0) + left * (at(0, 1) - at(0, 0))
    bottom = at(1, 0) + left * (at(1, 1) - at(1, 0))
    return top + up * (bottom - top)
