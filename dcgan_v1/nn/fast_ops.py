"""TensorFlow's ops as matrix products that run faster, gradients included.

Each was measured on the CPU (docs/explanation/speed.md) and is tested against the op it
stands in for, gradients included. `convolutions` decides at which sizes they are used, FORMS on
which device.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Callable, Collection, Iterator, Sequence

import tensorflow.compat.v1 as tf

from dcgan_v1.nn import columns

Gradient = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]  # from dy to (dx, dw)
# what is built by hand, by the device where it was measured to be faster; benchmarks/gpu.py
# measures each on a GPU, which none of them was made for
FORMS: dict[str, frozenset[str]] = {
    "CPU": frozenset({"matmul", "conv2d", "conv2d_transpose", "subpixel"}),
    "GPU": frozenset(),
}
_plain = contextvars.ContextVar("_plain", default=False)
_forms = contextvars.ContextVar("_forms", default=FORMS["CPU"])


@contextlib.contextmanager
def forms(names: Collection[str]) -> Iterator[None]:
    """Within, these functions and no others build what they have by hand.

    Args:
      names: of this module's functions and `subpixel`, as in FORMS.
    """
    token = _forms.set(frozenset(names))
    try:
        yield
    finally:
        _forms.reset(token)


def is_by_hand(name: str) -> bool:
    """Whether a function's form by hand is wanted, see `forms` and `plain`."""
    return name in _forms.get() and not are_plain()


@contextlib.contextmanager
def plain() -> Iterator[None]:
    """Within, these functions build TensorFlow's own ops: for a graph that is taken
    elsewhere. Gradients given by hand do not outlive a SavedModel, and other formats
    have no ops for patches."""
    token = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(token)


def are_plain() -> bool:
    """Whether TensorFlow's own ops are wanted, see `plain`."""
    return _plain.get()


def matmul(x: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
    """tf.matmul, but with the gradient for x as an einsum.

    TensorFlow derives it as a MatMul with transpose_b, for which oneDNN takes 2.5 times
    as long at [50, 1024] x [1024, 3136].

    Args:
      x: [N, I]; w: [I, O].
    """

    @tf.custom_gradient
    def product(x: tf.Tensor, w: tf.Tensor) -> tuple[tf.Tensor, Gradient]:
        def gradient(dy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return tf.einsum("no,io->ni", dy, w), tf.matmul(x, dy, transpose_a=True)

        return tf.matmul(x, w), gradient

    return product(x, w) if is_by_hand("matmul") else tf.matmul(x, w)


def conv2d(x: tf.Tensor, w: tf.Tensor, stride: int, padding: str, whole: bool = True) -> tf.Tensor:
    """tf.nn.conv2d as one matrix product of the image's patches.

    On maps of 4x4 a convolution with many channels has more weights than pixels, and
    bringing the weights into the library's layout costs as much as using them. As a
    product of patches [N * h * w, k * k * C] with the weights as they lie, celeba64's
    last layer runs twice as fast forwards and for the weights' gradient, the layer before it
    1.6 times for that gradient alone.

    Args:
      x: [N, H, W, C].
      w: [k, k, C, filters].
      padding: 'SAME' or 'VALID'.
      whole: False leaves all but the weights' gradient to the library.

    Returns:
      [N, h, w, filters].
    """

    @tf.custom_gradient
    def conv(x: tf.Tensor, w: tf.Tensor) -> tuple[tf.Tensor, Gradient]:
        def gradient(dy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            dx = _conv2d_transpose(dy, w, x.shape.as_list()[1:3], stride, padding, whole)
            return dx, _product_of_patches_gradient(x, w, dy, stride, padding)

        return _conv2d(x, w, stride, padding, whole), gradient

    return conv(x, w)


def conv2d_transpose(
    x: tf.Tensor, w: tf.Tensor, sides: Sequence[int], stride: int, padding: str, whole: bool = True
) -> tf.Tensor:
    """tf.nn.conv2d_transpose and its gradients as matrix products, see `conv2d` and `columns`.

    Args:
      x: [N, h, w, C].
      w: [k, k, filters, C].
      sides: height and width of the result.
      padding: 'SAME' or 'VALID'.
      whole: False leaves all but the weights' gradient to the library.
    """

    @tf.custom_gradient
    def conv_transpose(x: tf.Tensor, w: tf.Tensor) -> tuple[tf.Tensor, Gradient]:
        def gradient(dy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            dw = _product_of_patches_gradient(dy, w, x, stride, padding)
            return _conv2d(dy, w, stride, padding, whole), dw

        return _conv2d_transpose(x, w, sides, stride, padding, whole), gradient

    return conv_transpose(x, w)


def _conv2d(x: tf.Tensor, w: tf.Tensor, stride: int, padding: str, by_patches: bool) -> tf.Tensor:
    form = _product_of_patches if by_patches else tf.nn.conv2d
    return form(x, w, stride, padding)


def _conv2d_transpose(
    x: tf.Tensor, w: tf.Tensor, sides: Sequence[int], stride: int, padding: str, whole: bool
) -> tf.Tensor:
    fits = padding == "SAME" and [stride * side for side in x.shape.as_list()[1:3]] == [*sides]
    if whole and fits:
        return columns.conv2d_transpose(x, w, stride)
    shape = tf.stack([tf.shape(x)[0], *sides, int(w.shape[2])])
    return tf.nn.conv2d_backprop_input(shape, w, x, _nhwc(stride), padding)


def _product_of_patches(x: tf.Tensor, w: tf.Tensor, stride: int, padding: str) -> tf.Tensor:
    """What tf.nn.conv2d gives. w: [k, k, C, filters]."""
    patches = _patches(x, w, stride, padding)  # [N, h, w, k * k * C]
    flat = tf.reshape(patches, [-1, int(patches.shape[3])])
    y = tf.matmul(flat, tf.reshape(w, [int(patches.shape[3]), -1]))
    return tf.reshape(y, tf.concat([tf.shape(patches)[:3], [int(w.shape[3])]], 0))


def _product_of_patches_gradient(
    x: tf.Tensor, w: tf.Tensor, dy: tf.Tensor, stride: int, padding: str
) -> tf.Tensor:
    """The gradient of tf.nn.conv2d with respect to w."""
    patches = _patches(x, w, stride, padding)
    flat = tf.reshape(patches, [-1, int(patches.shape[3])])
    dy = tf.reshape(dy, [-1, int(w.shape[3])])
    return tf.reshape(tf.matmul(flat, dy, transpose_a=True), w.shape)


def _patches(x: tf.Tensor, w: tf.Tensor, stride: int, padding: str) -> tf.Tensor:
    """Returns what w's kernel covers at each place: [N, h, w, k * k * C]."""
    sizes = _nhwc(int(w.shape[0]))
    return tf.image.extract_patches(x, sizes, _nhwc(stride), _nhwc(1), padding)


def _nhwc(size: int) -> list[int]:
    return [1, size, size, 1]
