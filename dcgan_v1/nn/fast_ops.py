"""The same functions as TensorFlow's ops, as the matrix products that run faster.

Each was measured on the CPU (benchmarks/RESULTS.md) and is tested against the op it
stands in for, gradients included. `ops` decides where they are used.
"""

import contextlib
import contextvars

import tensorflow.compat.v1 as tf

SMALL_MAP = 4  # height up to which a convolution is done as a product of patches
_plain = contextvars.ContextVar("_plain", default=False)


@contextlib.contextmanager
def plain():
    """Within, these functions build TensorFlow's own ops: for a graph that is taken
    elsewhere. Gradients given by hand do not outlive a SavedModel, and other formats
    have no ops for patches."""
    token = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(token)


def are_plain():
    """Whether TensorFlow's own ops are wanted, see `plain`."""
    return _plain.get()


def matmul(x, w):
    """tf.matmul, but with the gradient for x as an einsum.

    TensorFlow derives it as a MatMul with transpose_b, for which oneDNN takes 2.5 times
    as long at [50, 1024] x [1024, 3136].
    """

    @tf.custom_gradient
    def product(x, w):
        def gradient(dy):
            return tf.einsum("no,io->ni", dy, w), tf.matmul(x, dy, transpose_a=True)

        return tf.matmul(x, w), gradient

    return tf.matmul(x, w) if are_plain() else product(x, w)


def conv2d(x, w, stride, padding):
    """tf.nn.conv2d as one matrix product of the image's patches.

    On maps of 4x4 a convolution with many channels has more weights than pixels, and
    bringing the weights into the library's layout costs as much as using them. As a
    product of patches [N * h * w, k * k * C] with the weights as they lie, celeba64's
    last layer runs twice as fast forwards and for the weights' gradient.
    """
    if are_plain():
        return tf.nn.conv2d(x, w, stride, padding)

    @tf.custom_gradient
    def conv(x, w):
        def gradient(dy):
            dx = tf.nn.conv2d_backprop_input(tf.shape(x), w, dy, _nhwc(stride), padding)
            return dx, _product_of_patches_gradient(x, w, dy, stride, padding)

        return _product_of_patches(x, w, stride, padding), gradient

    return conv(x, w)


def conv2d_transpose(x, w, output_shape, stride, padding):
    """tf.nn.conv2d_transpose; its gradients as matrix products."""
    if are_plain():
        return tf.nn.conv2d_transpose(x, w, output_shape, stride, padding)

    @tf.custom_gradient
    def conv_transpose(x, w):
        def gradient(dy):
            dw = _product_of_patches_gradient(dy, w, x, stride, padding)
            return _product_of_patches(dy, w, stride, padding), dw

        y = tf.nn.conv2d_backprop_input(output_shape, w, x, _nhwc(stride), padding)
        return y, gradient

    return conv_transpose(x, w)


def _product_of_patches(x, w, stride, padding):
    """What tf.nn.conv2d gives. w: [k, k, C, filters]."""
    patches = _patches(x, w, stride, padding)  # [N, h, w, k * k * C]
    flat = tf.reshape(patches, [-1, int(patches.shape[3])])
    y = tf.matmul(flat, tf.reshape(w, [int(patches.shape[3]), -1]))
    return tf.reshape(y, tf.concat([tf.shape(patches)[:3], [int(w.shape[3])]], 0))


def _product_of_patches_gradient(x, w, dy, stride, padding):
    """The gradient of tf.nn.conv2d with respect to w."""
    patches = _patches(x, w, stride, padding)
    flat = tf.reshape(patches, [-1, int(patches.shape[3])])
    dy = tf.reshape(dy, [-1, int(w.shape[3])])
    return tf.reshape(tf.matmul(flat, dy, transpose_a=True), w.shape)


def _patches(x, w, stride, padding):
    sizes = _nhwc(int(w.shape[0]))
    return tf.image.extract_patches(x, sizes, _nhwc(stride), _nhwc(1), padding)


def _nhwc(size):
    return [1, size, size, 1]
