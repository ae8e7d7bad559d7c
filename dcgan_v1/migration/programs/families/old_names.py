"""Names and argument orders of TensorFlow before 1.0, and of 1.x what 2.x left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1.migration.programs.facade import USED


def _is_axis(x: Any) -> bool:
    return isinstance(x, int | np.integer) and not isinstance(x, bool)


def concat(
    values: Any = None, axis: Any = None, name: str = "concat", *, concat_dim: Any = None
) -> tf.Tensor:
    """`tf.concat(dim, values)` until 0.12, `tf.concat(values, axis)` since."""
    if concat_dim is not None:
        axis, values = concat_dim, axis if values is None else values
    elif _is_axis(values):
        values, axis = axis, values
    return tf.concat(values, axis, name=name)


def split(
    value: Any = None,
    num_or_size_splits: Any = None,
    axis: Any = 0,
    num: int | None = None,
    name: str = "split",
    *,
    split_dim: Any = None,
    num_split: Any = None,
) -> list[tf.Tensor]:
    """`tf.split(dim, number, value)` until 0.12, `tf.split(value, number, dim)`
    since."""
    if num_split is not None:
        num_or_size_splits = num_split
    if split_dim is not None:
        axis = split_dim
    elif _is_axis(value) and not _is_axis(axis):
        value, axis = axis, value
    return tf.split(value, num_or_size_splits, axis, num, name)


NAMED = ("labels", "logits", "name")  # of cross entropies, after 1.x's _sentinel


def _cross_entropy(name: str) -> Callable[..., tf.Tensor]:
    """1.x takes keywords alone, as `_sentinel` enforces; before it was (logits,
    targets)."""
    plain = getattr(tf.nn, name)

    def function(*arguments: Any, targets: Any = None, **options: Any) -> tf.Tensor:
        if targets is not None:
            options["labels"] = targets
        if arguments[:1] == (None,):  # 1.x: (_sentinel, labels, logits, ...)
            return plain(**options, **dict(zip(NAMED, arguments[1:], strict=False)))
        free = [n for n in ("logits", "labels") if n not in options]
        if len(arguments) > len(free):
            raise TypeError(f"{name} takes its arguments by name")
        return plain(**options, **dict(zip(free, arguments, strict=False)))

    function.__name__ = name
    return function


def conv2d_transpose(
    value: Any = None,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: Any = "SAME",
    data_format: str = "NHWC",
    name: str | None = None,
    input: Any = None,
    filters: Any = None,
    dilations: Any = None,
) -> tf.Tensor:
    """TF1 gave the result the static shape that `output_shape` says; 2.x takes its
    batch size from the input."""
    y = tf.nn.conv2d_transpose(
        value, filter, output_shape, strides, padding, data_format, name, input, filters, dilations
    )
    if isinstance(output_shape, list | tuple | tf.TensorShape):
        y.set_shape([_static(n) for n in output_shape])
    return y


def _static(n: Any) -> int | None:
    if isinstance(n, tf.Tensor):
        return None
    n = getattr(n, "value", n)
    return n if n is None or n >= 0 else None


def _summary(function: Callable[..., tf.Tensor]) -> Callable[..., tf.Tensor]:
    def old(tag: Any = None, values: Any = None, *arguments: Any, **options: Any) -> tf.Tensor:
        options.pop("max_images", None)
        return function(options.pop("name", tag), values, *arguments, **options)

    old.__name__ = function.__name__
    return old


def _image_summary(
    tag: str,
    tensor: Any = None,
    max_images: int = 3,
    collections: Any = None,
    name: str | None = None,
) -> tf.Tensor:
    del name
    return tf.summary.image(tag, tensor, max_images, collections)


def resize_images(images: Any, size: Any, *arguments: Any, **options: Any) -> tf.Tensor:
    """`(images, height, width)` until 0.12, `(images, [height, width])` since."""
    if _is_axis(size) or isinstance(size, tf.Dimension):
        height = options.pop("new_height", size)
        size = [height, arguments[0] if arguments else options.pop("new_width")]
        arguments = arguments[1:]
    return tf.image.resize_images(images, size, *arguments, **options)


def _batch_matmul(
    x: Any, y: Any, adj_x: bool | None = None, adj_y: bool | None = None, name: str | None = None
) -> tf.Tensor:
    return tf.matmul(x, y, adjoint_a=bool(adj_x), adjoint_b=bool(adj_y), name=name)


IMAGE = {"resize_images": resize_images, "per_image_whitening": tf.image.per_image_standardization}


def _pack(values: Any, axis: int = 0, name: str = "stack") -> tf.Tensor:
    return tf.stack(values, axis, name)


def _unpack(
    value: Any, num: int | None = None, axis: int = 0, name: str = "unstack"
) -> list[tf.Tensor]:
    return tf.unstack(value, num, axis, name)


def slots_under_reuse() -> None:
    """Until 0.12 slots of optimisers and averages could be made in a scope that reuses
    variables; since, TF1 looks there for variables that are still to be made."""
    from tensorflow.python.training import slot_creator

    plain = slot_creator._create_slot_var

    def create(*arguments: Any, **options: Any) -> tf.Variable:
        scope = tf.get_variable_scope()
        if scope.reuse is not True:
            return plain(*arguments, **options)
        USED["slots of variables made under reuse"] = (
            "TensorFlow 1.0 to 1.15 refuse them, as earlier versions did not"
        )
        before, scope._reuse = scope.reuse, tf.AUTO_REUSE
        try:
            return plain(*arguments, **options)
        finally:
            scope._reuse = before

    slot_creator._create_slot_var = create


NN = {
    name: _cross_entropy(name)
    for name in (
        "sigmoid_cross_entropy_with_logits",
        "softmax_cross_entropy_with_logits",
        "sparse_softmax_cross_entropy_with_logits",
    )
} | {
    "conv2d_transpose": conv2d_transpose,
    "deconv2d": conv2d_transpose,
    "rnn": tf.nn.static_rnn,
    "bidirectional_rnn": tf.nn.static_bidirectional_rnn,
}


TRAIN = {"SummaryWriter": tf.summary.FileWriter}

TOP = {
    "concat": concat,
    "split": split,
    "concat_v2": concat,
    "pack": _pack,
    "unpack": _unpack,
    "mul": tf.multiply,
    "sub": tf.subtract,
    "neg": tf.negative,
    "select": tf.where,
    "batch_matmul": _batch_matmul,
    "inv": tf.reciprocal,
    "complex_abs": tf.abs,
    "batch_matrix_inverse": tf.linalg.inv,
    "batch_cholesky": tf.linalg.cholesky,
    "listdiff": tf.setdiff1d,
    "image_summary": _image_summary,
    "scalar_summary": _summary(tf.summary.scalar),
    "histogram_summary": _summary(tf.summary.histogram),
    "audio_summary": _summary(tf.summary.audio),
    "merge_summary": tf.summary.merge,
    "merge_all_summaries": tf.summary.merge_all,
    "initialize_all_variables": tf.global_variables_initializer,
    "initialize_variables": tf.variables_initializer,
    "initialize_local_variables": tf.local_variables_initializer,
    "all_variables": tf.global_variables,
}
