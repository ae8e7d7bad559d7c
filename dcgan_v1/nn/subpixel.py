"""Transposed convolutions to one or three channels, as a convolution on the small map.

A transposed convolution of stride s writes every s x s block of its output from the same few
pixels of its input. With the block's places as channels it is a convolution of stride 1 on the
small map, whose channels `depth_to_space` lays out (Shi et al. 2016). The libraries' own kernel
for it reaches a fifth of a product's rate where there are one or three channels; this one
thrice that. The same is the gradient, by the image, of a convolution that reads one.
"""

from __future__ import annotations

import tensorflow.compat.v1 as tf

from dcgan_v1.nn import columns
from dcgan_v1.nn.fast_ops import Gradient

GRADIENT = "ConvolutionOfFewChannels"


def conv2d_transpose(x: tf.Tensor, w: tf.Tensor, stride: int) -> tf.Tensor:
    """tf.nn.conv2d_transpose with padding SAME; its own gradients are TensorFlow's.

    Args:
      x: [N, h, w, C].
      w: [k, k, filters, C].
      stride: at least 2.

    Returns:
      [N, h * stride, w * stride, filters].
    """
    strides = [1, stride, stride, 1]

    @tf.custom_gradient
    def conv_transpose(x: tf.Tensor, w: tf.Tensor) -> tuple[tf.Tensor, Gradient]:
        def gradient(dy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            dw = tf.nn.conv2d_backprop_filter(dy, w.shape, x, strides, "SAME")
            return tf.nn.conv2d(dy, w, strides, "SAME"), dw

        return up(x, w, stride), gradient

    return conv_transpose(x, w)


def conv2d(x: tf.Tensor, w: tf.Tensor, stride: int) -> tf.Tensor:
    """tf.nn.conv2d with padding SAME, whose gradient by x is taken on the small map.

    Args:
      x: [N, H, W, C], H and W multiples of the stride.
      w: [k, k, C, filters].
      stride: at least 2.

    Returns:
      [N, H / stride, W / stride, filters].
    """
    with tf.get_default_graph().gradient_override_map({"Conv2D": GRADIENT}):
        return tf.nn.conv2d(x, w, stride, "SAME")


@tf.RegisterGradient(GRADIENT)
def _gradient(op: tf.Operation, dy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    x, w = op.inputs
    strides = op.get_attr("strides")
    dw = tf.nn.conv2d_backprop_filter(x, w.shape, dy, strides, "SAME")
    return up(dy, w, strides[1]), dw


def up(x: tf.Tensor, w: tf.Tensor, stride: int) -> tf.Tensor:
    """[N, h, w, C] -> [N, h * stride, w * stride, filters].

    Args:
      x: feature maps.
      w: the kernel of the transposed convolution, [k, k, filters, C].
      stride: by how much the maps grow.
    """
    y = tf.nn.conv2d(x, small_kernel(w, stride), 1, "SAME")  # [N, h, w, stride^2 * filters]
    return tf.nn.depth_to_space(y, stride)


def small_kernel(w: tf.Tensor, stride: int) -> tf.Tensor:
    """Returns [K, K, C, stride^2 * filters] of [k, k, filters, C].

    Pixel stride * i + p of the output reads pixel i + o of the input by tap
    p + before - stride * o, `before` being what SAME cuts off: for o from -half to half, where
    there is such a tap.
    """
    size, _, filters, channels = w.shape.as_list()
    half, margin = columns.spread(size, stride)
    taps = 2 * half + 1
    blocks = tf.pad(w, [margin, margin, [0, 0], [0, 0]])
    blocks = tf.reshape(blocks, [taps, stride, taps, stride, filters, channels])
    blocks = tf.transpose(tf.reverse(blocks, [0, 2]), [0, 2, 5, 1, 3, 4])
    return tf.reshape(blocks, [taps, taps, channels, stride * stride * filters])
