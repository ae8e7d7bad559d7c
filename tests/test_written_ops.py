"""Ops that ports in TensorFlow spell out give what TF1's give, in the dtype of the port."""

import numpy as np
import pytest
import tensorflow
import tensorflow.compat.v1 as tf

from dcgan_v1.porting import description as d
from dcgan_v1.porting.tensorflow import tf_ops

pytestmark = pytest.mark.graph


@pytest.mark.parametrize(("size", "is_function"), [((6, 15), True), ((4, 8), False)])
def test_a_resizing_that_repeats_pixels_is_the_framework_s_function(size, is_function):
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 2))
    value, made = d.Value("x.1", x.shape), d.Value("h.2", (2, *size, 2))
    settings = {"type": "ResizeNearestNeighbor", "align_corners": False}
    inputs = value, d.Constant(np.asarray(size, np.int32))
    node = d.Node("op", (made,), inputs, {**settings, "half_pixel_centers": False})
    text = tf_ops.Printer({"x.1": "x"}, str, "float32").expression(node)
    assert text.startswith("tf.image.resize(x" if is_function else "tf.compat.v1.image.")
    with tf.Graph().as_default(), tf.Session() as session:
        ours = eval(text, {"tf": tensorflow, "x": tf.constant(x)})
        theirs = tf.image.resize_nearest_neighbor(tf.constant(x), size)
        np.testing.assert_array_equal(*session.run([ours, theirs]))


SQUARE = np.arange(12.0).reshape(2, 6)
RENAMED = {  # ops whose inputs tf.raw_ops calls otherwise than their definitions
    "ExpandDims": ((SQUARE, 1), {}, lambda x, axis: tf.expand_dims(x, axis)),
    "Squeeze": ((SQUARE[None],), {"squeeze_dims": [0]}, lambda x: tf.squeeze(x, [0])),
    "Select": ((SQUARE > 4, SQUARE, -SQUARE), {}, lambda c, x, y: tf.where(c, x, y)),
    "Any": ((SQUARE > 4, 1), {"keep_dims": False}, lambda x, axis: tf.reduce_any(x, axis)),
    "EuclideanNorm": ((SQUARE, 1), {"keep_dims": False}, lambda x, axis: tf.norm(x, axis=1)),
}


@pytest.mark.parametrize("type_", RENAMED)
def test_an_op_is_spelled_by_the_names_that_its_function_has(type_):
    arrays, settings, in_tf1 = RENAMED[type_]
    names = [f"x{i}" for i in range(len(arrays))]
    operands = [
        d.Value(n, np.shape(a)) if np.ndim(a) else d.Constant(np.asarray(a, np.int32))
        for n, a in zip(names, arrays, strict=True)
    ]
    node = d.Node("op", (d.Value("y"),), tuple(operands), {"type": type_, **settings})
    printer = tf_ops.Printer(dict(zip(names, names, strict=True)), str, "float64")
    with tf.Graph().as_default(), tf.Session() as session:
        given = {n: tf.constant(a) for n, a in zip(names, arrays, strict=True)}
        written_ = eval(printer.expression(node), {"tf": tensorflow, **given})
        made, wanted = session.run([written_, in_tf1(*given.values())])
    np.testing.assert_allclose(made, wanted)


def test_a_number_beside_no_tensor_of_floats_has_the_dtype_that_the_port_computes_in():
    size, made = d.Value("n.1", (2,), "int32"), d.Value("h.2", (2, 3))
    fill = d.Node("op", (made,), (size, d.Constant(np.float32(0.5))), {"type": "Fill"})
    where = d.Value("c.3", (2, 3), "bool")
    numbers = d.Constant(np.float32(1)), d.Constant(np.float32(0))
    chosen = d.Node("op", (made,), (where, *numbers), {"type": "SelectV2"})
    plain = d.Node("op", (made,), (made, numbers[0]), {"type": "Maximum"})
    names = {"n.1": "n", "h.2": "h", "c.3": "c"}
    for node, is_float in ((fill, True), (chosen, True), (plain, False)):
        text = tf_ops.Printer(names, str, '"float64"').expression(node)
        assert ("tf.constant(" in text) == is_float, text
        with tf.Graph().as_default():
            given = {"n": [2, 3], "c": np.ones((2, 3), bool), "h": tf.zeros([2, 3], tf.float64)}
            assert eval(text, {"tf": tensorflow, **given}).dtype == tf.float64


H = np.random.default_rng(0).normal(size=(4, 3))
ONE, H_VALUE = d.Constant(np.float32(1)), d.Value("h.1", (4, 3))
ABOVE, FIRST = d.Value("c.2", (4, 3), "bool"), d.Value("f.3", ())
ROW = d.Constant(np.float32([0.25, 0.5, 1]))
NUMBER_FIRST = {  # ops whose first operand of floats is a number, as tf.ones_like(h) becomes one
    "chosen": ("SelectV2", (ABOVE, ONE, H_VALUE), np.where(H > 0, 1, H)),
    "quotient": ("DivNoNan", (ONE, H_VALUE), 1 / H),
    "rest": ("FloorMod", (ONE, H_VALUE), np.mod(1, H)),
    "whole": ("FloorDiv", (ONE, H_VALUE), np.floor_divide(1, H)),
    "equal": ("Equal", (ONE, H_VALUE), H == 1),
    "unequal": ("NotEqual", (ONE, H_VALUE), H != 1),
    "greater": ("Greater", (ONE, H_VALUE), H < 1),
    "difference": ("SquaredDifference", (ONE, H_VALUE), (1 - H) ** 2),
    "maximum": ("Maximum", (ONE, H_VALUE), np.maximum(1, H)),
    "row": ("Minimum", (ROW, H_VALUE), np.minimum(ROW.array, H)),
    "last of a sum": ("AddN", (FIRST, FIRST, ONE), 2 * H[0, 0] + 1),
    "power": ("Pow", (ONE, H_VALUE), np.ones((4, 3))),
}


@pytest.mark.parametrize("case", NUMBER_FIRST)
def test_an_op_that_is_given_a_number_first_runs_in_float64(case):
    type_, operands, wanted = NUMBER_FIRST[case]
    node = d.Node("op", (d.Value("y"),), operands, {"type": type_})
    names = {"h.1": "h", "c.2": "c", "f.3": "h[0, 0]"}
    text = tf_ops.Printer(names, str, "tf.float64").expression(node)

    def step(h, c):
        return eval(text, {"tf": tensorflow, "h": h, "c": c})

    with tf.Graph().as_default(), tf.Session() as session:
        made = tensorflow.function(step)(tf.constant(H), tf.constant(H > 0))
        np.testing.assert_allclose(session.run(made), wanted, rtol=1e-12)


@pytest.mark.parametrize(
    ("type_", "operands", "text"),
    [
        ("AddV2", (H_VALUE, d.Constant(np.float32(0))), "h"),
        ("Sub", (H_VALUE, d.Constant(np.float32(0))), "h"),
        ("Add", (d.Constant(np.float32(0)), H_VALUE), "h"),
        ("Sub", (d.Constant(np.float32(0)), H_VALUE), "0.0 - h"),
        ("Mul", (d.Constant(np.float32(0)), H_VALUE), "0.0 * h"),
    ],
)
def test_a_zero_that_is_added_is_left_out(type_, operands, text):
    node = d.Node("op", (d.Value("y"),), operands, {"type": type_})
    assert tf_ops.Printer({"h.1": "h"}, str, "tf.float64").expression(node) == text
