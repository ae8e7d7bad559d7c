"""Small functions of tf.contrib.framework that tf_slim does not have."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow.compat.v1 as tf
from tensorflow.python.framework import smart_cond
from tensorflow.python.ops import confusion_matrix, init_ops


def reduce_sum_n(tensors: Sequence[tf.Tensor], name: str | None = None) -> tf.Tensor:
    """The sum of all values of all tensors."""
    if not tensors:
        raise ValueError("No tensors provided.")
    with tf.name_scope(name, "reduce_sum_n", tensors):
        return tf.add_n([tf.reduce_sum(t) for t in tensors])


def with_shape(expected_shape: Any, tensor: Any) -> tf.Tensor:
    """A tensor whose shape is held to another, -1 standing for any size."""
    tensor = tf.convert_to_tensor(tensor)
    static = tf.get_static_value(tf.convert_to_tensor(expected_shape, tf.int32))
    shape = None if static is None else [None if n < 0 else int(n) for n in static]
    if shape is not None:
        if not tensor.shape.is_compatible_with(shape):
            raise ValueError(
                f"Wrong shape for {tensor.name}, expected {shape}, got {tensor.shape.as_list()}."
            )
        if tensor.shape.is_fully_defined():
            return tensor
    expected = tf.convert_to_tensor(expected_shape, tf.int32)
    actual = tf.shape(tensor)
    with tf.control_dependencies([tf.assert_equal(tf.size(expected), tf.rank(tensor))]):
        is_right = tf.reduce_all((expected < 0) | tf.equal(expected, actual))
    with tf.control_dependencies([tf.Assert(is_right, [expected, actual])]):
        checked = tf.identity(tensor)
    checked.set_shape(tensor.shape.merge_with(tf.TensorShape(shape)))
    return checked


def with_same_shape(expected_tensor: tf.Tensor, tensor: tf.Tensor) -> tf.Tensor:
    """A tensor whose shape is held to another's."""
    return with_shape(tf.shape(expected_tensor), tensor)


def get_name_scope() -> str:
    """'a/b' inside two name scopes."""
    return tf.get_default_graph().get_name_scope()


def zero_initializer(ref: tf.Variable, use_locking: bool = True, name: Any = None) -> tf.Operation:
    """An op that gives a variable zeros. Of large ones it saved memory."""
    del use_locking
    return tf.assign(ref, tf.zeros(ref.shape, ref.dtype.base_dtype), name=name).op


def deprecated(*_: Any, **__: Any) -> Callable[[Any], Any]:
    """A decorator of functions that a program wanted to warn of."""
    return lambda function: function


SMART = ("cond", "case", "constant_value")
ORTHOGONAL = ("delta_orthogonal", "orthogonal_1d", "orthogonal_2d", "orthogonal_3d")
NAMES = {
    function.__name__: function
    for function in (
        tf.debugging.assert_scalar,
        deprecated,
        get_name_scope,
        reduce_sum_n,
        with_same_shape,
        with_shape,
        zero_initializer,
    )
}
NAMES |= {  # of modules that tf.compat.v1 does not show
    "TensorSpec": tf.TensorSpec,
    "remove_squeezable_dimensions": confusion_matrix.remove_squeezable_dimensions,
    **{f"smart_{name}": getattr(smart_cond, f"smart_{name}") for name in SMART},
    **{f"convolutional_{name}": getattr(init_ops, f"convolutional_{name}") for name in ORTHOGONAL},
}
