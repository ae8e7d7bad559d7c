"""Each op that a port in PyTorch spells out gives what numpy does."""

import numpy as np
import pytest
import tensorflow as tf
from described_values import number, to_tf, to_torch, value

from dcgan_v1.porting import description as d
from dcgan_v1.porting.reading import broadcasting
from dcgan_v1.porting.tensorflow import tf_ops
from dcgan_v1.porting.torch.ops import Printer

pytestmark = [pytest.mark.unit, pytest.mark.torch]

torch = pytest.importorskip("torch")
F = torch.nn.functional
RNG = np.random.default_rng(0)
MAPS = RNG.normal(size=(2, 4, 6, 3))  # [N, H, W, C]


# TF1's op, its attributes, further inputs, numpy's result on MAPS
OPS = {
    "a vector meets channels": ("Mul", {}, [np.arange(3.0)], lambda x, v: x * v),
    "a row of channels meets columns": ("Add", {}, [MAPS[0, 0]], np.add),
    "maps meet maps of one row": ("Sub", {}, [MAPS[0]], np.subtract),
    "mean of channels": ("Mean", {}, [number([3])], lambda x, _: x.mean(3)),
    "mean of pixels": ("Mean", {}, [number([1, 2])], lambda x, _: x.mean((1, 2))),
    "sum of a batch": ("Sum", {}, [number([0])], lambda x, _: x.sum(0)),
    "sum of rows": ("Sum", {}, [number([1])], lambda x, _: x.sum(1)),
    "kept axes": (
        *("Mean", {"keep_dims": True}, [number([0, 1, 2])]),
        lambda x, _: x.mean((0, 1, 2), keepdims=True),
    ),
    "mean of all": ("Mean", {}, [number([0, 1, 2, 3])], lambda x, _: x.mean()),
    "a number as bound": ("Maximum", {}, [number(0.1)], np.maximum),
    "columns in another order": (
        *("Transpose", {}, [number([0, 2, 1, 3])]),
        lambda x, _: x.transpose(0, 2, 1, 3),
    ),
    "rows of pixels": ("Reshape", {}, [number([-1, 72])], lambda x, _: x.reshape(-1, 72)),
    "rows of channels": ("Reshape", {}, [number([-1, 3])], lambda x, _: x.reshape(-1, 3)),
    "a square": (*("Square", {}, []), np.square),
    "maps of other sides": (
        *("Reshape", {}, [number([2, 8, 3, 3])]),
        lambda x, _: x.reshape(2, 8, 3, 3),
    ),
    "a slice of columns": (
        *("StridedSlice", {"begin_mask": 3, "end_mask": 3}),
        [number([0, 0, 1]), number([0, 0, 5]), number([1, 1, 2])],
        lambda x, *_: x[:, :, 1:5:2],
    ),
    "one channel": (
        *("StridedSlice", {"ellipsis_mask": 1, "shrink_axis_mask": 2}),
        [number([0, 1]), number([0, 2]), number([1, 1])],
        lambda x, *_: x[..., 1],
    ),
    "pads": (
        *("Pad", {}, [number([[0, 0], [1, 0], [0, 2], [0, 0]])]),
        lambda x, p: np.pad(x, [(0, 0), (1, 0), (0, 2), (0, 0)]),
    ),
    "copies": ("Tile", {}, [number([1, 2, 1, 3])], lambda x, n: np.tile(x, (1, 2, 1, 3))),
    "a quotient by zero": (
        *("DivNoNan", {}, [np.array([0.0, 1.0, 2.0])]),
        lambda x, v: np.divide(x, v, out=np.zeros_like(x), where=v + 0 * x != 0),
    ),
    "norm": ("L2Loss", {}, [], lambda x: (x**2).sum() / 2),
    "softmax": (*("Softmax", {}, []), lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True)),
}


@pytest.mark.parametrize("of", ["maps", "weight"])
@pytest.mark.parametrize("case", OPS)
def test_an_op_on_maps_gives_what_it_gives_in_tf1s_order_of_axes(case, of):
    """A weight of four axes is held in TF1's order of them."""
    type_, attributes, rest, oracle = OPS[case]
    arrays = [x.array if isinstance(x, d.Constant) else x for x in rest]
    wanted = oracle(MAPS, *arrays)
    inputs = [value("x", MAPS) if of == "maps" else d.Weight("x", MAPS.shape)]
    inputs += [x if isinstance(x, d.Constant) else value(f"y{i}", x) for i, x in enumerate(rest)]
    node = d.Node("op", (value("h", wanted),), tuple(inputs), {"type": type_, **attributes})
    names = {"x": "x", "h": "h", **{f"y{i}": f"y{i}" for i in range(len(rest))}}
    text = Printer(names, str, {}).expression(node)
    known = {"x": to_torch(MAPS) if of == "maps" else torch.tensor(MAPS)}
    known |= {f"y{i}": to_torch(a) for i, a in enumerate(arrays)}
    result = eval(text, {"torch": torch, "F": F, **known})
    np.testing.assert_allclose(to_tf(result), wanted, atol=1e-12)


PERMUTED = ".permute(2, 3, 1, 0)"  # of a convolution's kernel: TF1's order
KERNEL = RNG.normal(size=(5, 3, 2, 4))  # [H, W, in, out]
AXES = [[0, 1, 2], [3], [0, 1], [1, 2], [0], [2], [0, 1, 2, 3]]


@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("axes", AXES)
def test_a_penalty_of_a_kernel_is_over_its_own_axes(axes, keeps):
    """tf.reduce_sum(tf.square(w), axes)."""
    wanted = np.square(KERNEL).sum(tuple(axes), keepdims=keeps)
    weight, size, total = d.Weight("w", KERNEL.shape), value("s", KERNEL), value("t", wanted)
    square = d.Node("op", (size,), (weight,), {"type": "Square"})
    words = {"type": "Sum", "keep_dims": keeps}
    summed = d.Node("op", (total,), (size, number(axes)), words)
    printer = Printer({"s": "s", "t": "t"}, lambda name: name + PERMUTED, {})
    printer.waiting["s"] = printer.expression(square)
    kernel = torch.tensor(KERNEL.transpose(3, 2, 0, 1))
    result = eval(printer.expression(summed), {"torch": torch, "w": kernel})
    np.testing.assert_allclose(to_tf(result), wanted, rtol=1e-12)


@pytest.mark.parametrize("is_computed", [False, True])
def test_maps_are_convolved_by_a_kernel_that_is_held_or_computed(is_computed):
    """w / 2, as a spectral norm's is."""
    x = RNG.normal(size=(2, 9, 8, 2))
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        by = KERNEL / 2 if is_computed else KERNEL
        wanted = session.run(tf.nn.conv2d(x, by, 1, "VALID"))
    weight, half = d.Weight("w", KERNEL.shape), value("half", KERNEL)
    words = {"type": "Conv2D", "strides": [1] * 4, "padding": "VALID"}
    inputs = value("x", x), half if is_computed else weight
    node = d.Node("op", (value("y", wanted),), inputs, words)
    printer = Printer({"x": "x"}, lambda name: name + PERMUTED, {})
    halved = d.Node("op", (half,), (weight, number(2.0)), {"type": "RealDiv"})
    printer.waiting["half"] = printer.expression(halved)
    text = printer.expression(node)
    known = {"x": to_torch(x), "w": torch.tensor(KERNEL.transpose(3, 2, 0, 1))}
    result = eval(text, {"torch": torch, "F": F, **known})
    np.testing.assert_allclose(to_tf(result), wanted, rtol=1e-10)
    assert ("permute" in text) == is_computed


def widened(type_, *arrays):
    """An elementwise op of a value and a constant, as it is read off a graph."""
    oracle = {"AddV2": np.add, "Maximum": np.maximum, "Mul": np.multiply}[type_]
    wanted = oracle(*arrays)
    inputs = (value("x", arrays[0]), number(arrays[1]))
    node = d.Node("op", (value("h", wanted),), inputs, {"type": type_})
    return broadcasting.as_numbers(node), wanted


COLUMN = RNG.normal(size=(8, 1))
CONSTANTS = {  # op, value, constant, whether it is said as a number
    "zeros that repeat columns": ("AddV2", COLUMN, np.zeros((8, 4)), False),
    "a bound that repeats columns": ("Maximum", COLUMN, np.full((8, 4), 0.25), False),
    "maps by one row of maps": ("Mul", MAPS[:, :1], np.full((1, 4, 1, 1), 0.5), False),
    "a number of the value's shape": ("Mul", COLUMN, np.full((8, 1), 0.5), True),
    "a number of fewer axes": ("AddV2", MAPS, np.full(3, 0.5), True),
}


@pytest.mark.parametrize("case", CONSTANTS)
def test_a_constant_of_one_number_is_said_as_one_where_it_widens_nothing(case):
    *op, is_number = CONSTANTS[case]
    node, wanted = widened(*op)
    x = op[1]
    in_torch = Printer({"x": "x"}, str, {}).expression(node)
    in_tf = tf_ops.Printer({"x": "x"}, str, "'float64'").expression(node)
    result = eval(in_torch, {"torch": torch, "x": to_torch(x)})
    np.testing.assert_allclose(to_tf(result), wanted, atol=1e-12)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        result = session.run(tf.convert_to_tensor(eval(in_tf, {"tf": tf, "x": x})))
    np.testing.assert_allclose(result, wanted, atol=1e-12)
    assert is_number == ("torch.full" not in in_torch) == ("tf.constant" not in in_tf)


SPLITS = {
    "channels in three": ("Split", {}, lambda x: [number(3), x], np.split(MAPS, 3, 3)),
    "rows of one and three": (
        *("SplitV", {}, lambda x: [x, number([1, 3]), number(1)]),
        [MAPS[:, :1], MAPS[:, 1:]],
    ),
    "rows one by one": ("Unpack", {"axis": 1}, lambda x: [x], list(MAPS.transpose(1, 0, 2, 3))),
}


@pytest.mark.parametrize("case", SPLITS)
def test_maps_are_taken_apart_as_in_tf1s_order_of_axes(case):
    type_, attributes, inputs, wanted = SPLITS[case]
    values = tuple(value(f"h{i}", part) for i, part in enumerate(wanted))
    node = d.Node("op", values, tuple(inputs(value("x", MAPS))), {"type": type_, **attributes})
    names = {"x": "x", **{v.name: v.name for v in values}}
    printer = Printer(names, str, {})
    result = eval(printer.expression(node), {"torch": torch, "x": to_torch(MAPS)})
    assert printer.made(node) == ", ".join(v.name for v in values)
    for part, array in zip(result, wanted, strict=True):
        np.testing.assert_array_equal(to_tf(part), array)
