"""TF1's bilinear resize and the convolution behind it, as one layer."""

from __future__ import annotations

import tensorflow.compat.v1 as tf

from dcgan_v1.nn import ops
from dcgan_v1.nn.layer_registry import register
from dcgan_v1.nn.storage import stored


def resize_conv2d(
    x: tf.Tensor,
    filters: int,
    scope: str,
    *,
    w_initializer: tf.Initializer,
    b_initializer: tf.Initializer | None = None,
) -> tf.Tensor:
    """Bilinear resize to twice the size, then a 3x3 convolution of stride 2.

    TF1's resize (`align_corners=False`, no half-pixel centres) puts x[i] at row 2i and
    the mean of x[i] and x[i+1] at row 2i+1, the last row being repeated. With taps
    w0, w1, w2 a stride-2 convolution therefore computes, along one axis,

        y[i] = (w0 + w1/2) x[i] + (w1/2 + w2) x[i+1]        for i < last
        y[last] = (w0 + w1) x[last]                         (SAME pads zeros below)

    which is a 2-tap convolution of the small map, zero-padded, plus w1/2 x[last] at the
    edge. Both axes together: a 2x2 convolution, a bottom row, a right column, a corner.
    The large map is never made; the result is the same up to rounding.

    Args:
      x: [N, H, W, C].
      b_initializer: None leaves the bias out.

    Returns:
      [N, H, W, filters].
    """
    with tf.variable_scope(scope):
        _, height, width, channels = x.shape.as_list()
        w = tf.get_variable("w", [3, 3, channels, filters], stored(x.dtype), w_initializer)
        w = tf.cast(w, x.dtype)

        # the two taps away from the edge
        def inner(w: tf.Tensor, axis: int) -> tf.Tensor:
            first, middle, last = tf.split(w, 3, axis=axis)
            return tf.concat([first + middle / 2, middle / 2 + last], axis=axis)

        def edge(
            w: tf.Tensor, axis: int
        ) -> tf.Tensor:  # the tap that only the last row (column) adds
            return tf.split(w, 3, axis=axis)[1] / 2

        bottom = x[:, -1:, :, :]  # [N, 1, W, C]
        right = x[:, :, -1:, :]  # [N, H, 1, C]
        corner = bottom[:, :, -1:, :]  # [N, 1, 1, C]
        y = _conv(x, inner(inner(w, 0), 1))  # [N, H, W, filters]
        row = _conv(bottom, inner(edge(w, 0), 1))  # [N, 1, W, filters]
        row += _pad_before(_conv(corner, edge(edge(w, 0), 1)), 2, width - 1)
        column = _conv_of_column(right, edge(inner(w, 0), 1))  # [N, H, 1, filters]
        y += _pad_before(row, 1, height - 1) + _pad_before(column, 2, width - 1)
        return register("resize_conv2d", x, ops.add_bias(y, b_initializer))


def _conv(x: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
    return tf.nn.conv2d(x, w, strides=1, padding="SAME")


def _conv_of_column(x: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
    """The convolution of [N, H, 1, C] with [2, 1, C, filters].

    In float16 as that of a row, the same numbers: where the processor multiplies float16, oneDNN
    makes NaN of columns of 50 channels."""
    if x.dtype != tf.float16:
        return _conv(x, w)
    height, channels, filters = int(x.shape[1]), int(w.shape[2]), int(w.shape[3])
    row = tf.reshape(x, [-1, 1, height, channels])
    y = _conv(row, tf.reshape(w, [1, 2, channels, filters]))
    return tf.reshape(y, [-1, height, 1, filters])


def _pad_before(x: tf.Tensor, axis: int, zeros: int) -> tf.Tensor:
    paddings = [[0, 0]] * x.shape.rank
    paddings[axis] = [zeros, 0]
    return tf.pad(x, paddings)
