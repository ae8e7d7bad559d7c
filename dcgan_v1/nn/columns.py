"""Transposed convolutions of small maps, as one matrix product whose columns overlap in the image.

Each pixel of the small map gives a k x k patch of the image: a product of the map's pixels with
the weights as they lie gives all patches at once, and the sum of those that overlap is the image.
The library brings the weights into a layout of its own first, which for celeba64's 13 million
weights on a 4x4 map takes longer than the product. The same is the gradient of a convolution by
its input.
"""

from __future__ import annotations

import tensorflow.compat.v1 as tf


def conv2d_transpose(x: tf.Tensor, w: tf.Tensor, stride: int) -> tf.Tensor:
    """tf.nn.conv2d_transpose with padding SAME.

    Args:
      x: [N, h, w, C].
      w: [k, k, filters, C].

    Returns:
      [N, h * stride, w * stride, filters].
    """
    size, _, filters, channels = w.shape.as_list()
    height, width = x.shape.as_list()[1:3]
    pixels = tf.reshape(x, [-1, channels])
    # as an einsum: a MatMul with transpose_b is slower in oneDNN
    columns = tf.einsum("nc,tc->nt", pixels, tf.reshape(w, [-1, channels]))
    columns = tf.reshape(columns, [-1, height, width, size, size, filters])
    half, margin = spread(size, stride)
    blocks = 2 * half + 1
    # tap stride * a + p of the widened kernel gives pixel p of the block a - half further on
    columns = tf.pad(columns, [*[[0, 0]] * 3, margin, margin, [0, 0]])
    shape = [-1, height, width, blocks, stride, blocks, stride * filters]
    columns = tf.reshape(columns, shape)
    columns = tf.pad(columns, [[0, 0], *[[half, half]] * 2, *[[0, 0]] * 4])
    parts = [
        columns[:, down : down + height, right : right + width, -1 - down, :, -1 - right, :]
        for down in range(blocks)
        for right in range(blocks)
    ]  # [N, h, w, stride, stride * filters] each
    image = tf.transpose(tf.add_n(parts), [0, 1, 3, 2, 4])
    return tf.reshape(image, [-1, height * stride, width * stride, filters])


def spread(size: int, stride: int) -> tuple[int, list[int]]:
    """How far a pixel of the small map reaches in an image of padding SAME.

    Args:
      size: taps of the kernel, in each direction.

    Returns:
      How many blocks of stride pixels before and after its own, and how many taps without
      weight make the kernel as wide as those blocks, before and after it.
    """
    before = max(size - stride, 0) // 2  # what SAME cuts off
    half = max((size - 1 - before) // stride, (stride - 1 + before) // stride)
    front = stride * half - before
    return half, [front, stride * (2 * half + 1) - size - front]
