"""Layouts of kernels in TF1 and in other frameworks, there and back on plain numpy."""

import numpy as np
import pytest

from dcgan_v1.errors import UserError
from dcgan_v1.migration.matching import candidates, layout_texts, layouts
from dcgan_v1.migration.matching.layouts import Layout
from dcgan_v1.migration.records import Variable

pytestmark = pytest.mark.compare


LAYOUTS = [
    (Layout("torch dense"), (6, 4), (4, 6)),
    (Layout("torch conv"), (5, 3, 2, 7), (7, 2, 5, 3)),
    (Layout("torch conv1d"), (5, 2, 7), (7, 2, 5)),
    (Layout("torch conv3d"), (5, 3, 4, 2, 7), (7, 2, 5, 3, 4)),
    (Layout("torch depthwise"), (5, 3, 4, 1), (4, 1, 5, 3)),
    (Layout("torch depthwise", reshaped=((5, 3, 2, 3), (6, 1, 5, 3))), (5, 3, 2, 3), (6, 1, 5, 3)),
    (Layout(reshaped=((4,), (4, 1, 1))), (4,), (4, 1, 1)),
    (Layout(reshaped=((), (1,))), (), (1,)),
    (Layout("torch dense", rows=(2, 3, 4)), (24, 5), (5, 24)),
    (Layout("torch dense", rows=(2, 3, 4, 1)), (27, 5), (5, 27)),
    (Layout("torch dense", columns=(2, 3, 4)), (5, 24), (24, 5)),
    (Layout(columns=(2, 3, 4)), (24,), (24,)),
    (Layout("torch conv", folded=("rows", (4, 3, 2, 7))), (24, 7), (7, 2, 4, 3)),
    (Layout("torch conv", folded=("columns", (4, 3, 2, 5))), (5, 24), (5, 2, 4, 3)),
    (Layout(folded=("columns", (4, 3, 2, 5))), (5, 24), (4, 3, 2, 5)),
    (Layout(gates="ifjo"), (3, 8), (3, 8)),
]


@pytest.mark.parametrize(("layout", "tf1", "other"), LAYOUTS)
def test_a_layout_goes_there_and_back(rng, layout, tf1, other):
    array = np.asarray(rng.normal(size=tf1))
    there = layout.to_port(array)
    assert there.shape == other
    assert layout.shape(tf1) == list(other)
    assert np.array_equal(layout.to_tf1(there), array)
    assert layout_texts.parse(layout.text()) == layout


def test_a_convolution_means_the_same_in_both_layouts(rng):
    """By hand: one output pixel."""
    x, w = rng.normal(size=(3, 3, 2)), rng.normal(size=(3, 3, 2, 5))
    torch = Layout("torch conv").to_port(w)  # [out, in, h, w]
    ours = np.einsum("hwi,hwio->o", x, w)
    theirs = np.einsum("ihw,oihw->o", x.transpose(2, 0, 1), torch)
    np.testing.assert_allclose(ours, theirs)


def test_a_convolution_of_whole_maps_is_a_dense_layer(rng):
    """And a transposed one of a single pixel makes maps of a vector."""
    maps, w = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(60, 7))  # [N, H, W, C]
    rows = layouts.folded("torch conv", [7, 5, 3, 4], [60, 7]).to_port(w)  # [out, in, h, w]
    np.testing.assert_allclose(np.einsum("nhwc,ochw->no", maps, rows), maps.reshape(2, -1) @ w)
    z, v = rng.normal(size=(2, 6)), rng.normal(size=(6, 60))
    columns = layouts.folded("torch conv", [6, 5, 3, 4], [6, 60]).to_port(v)  # [in, out, h, w]
    made = np.einsum("nz,zchw->nhwc", z, columns)
    np.testing.assert_allclose(made, (z @ v).reshape(2, 3, 4, 5))
    assert layouts.folded("torch conv", [7, 5, 3, 4], [60, 6]) is None


@pytest.mark.parametrize("torch_kind", [True, False])
def test_a_square_kernel_is_folded_as_its_layer_takes_it(rng, torch_kind):
    """A transposed convolution makes as many pixels of one as it is given channels: by numpy, of
    PyTorch's [in, out, h, w] and Keras's [h, w, out, in]."""
    h, w, c = (int(n) for n in rng.integers(2, 5, 3))
    n = h * w * c
    x, ours = rng.normal(size=(2, n)), rng.normal(size=(n, n))
    kind, shape = ("torch conv", [n, c, h, w]) if torch_kind else ("plain", [h, w, c, n])
    part = {"part": "kernel", "layout": kind}
    deconv, conv = (Variable(shape, layer_kind=k, **part) for k in ("deconv", "conv"))
    made = candidates.layout_for(deconv, [n, n]).to_port(ours)
    y = np.einsum("nz,zchw->nhwc" if torch_kind else "nz,hwcz->nhwc", x, made)
    np.testing.assert_allclose(y.reshape(2, n), x @ ours)
    taken = candidates.layout_for(conv, [n, n]).to_port(ours)
    maps = x.reshape(2, h, w, c)
    y = np.einsum("nhwc,ochw->no" if torch_kind else "nhwc,hwco->no", maps, taken)
    np.testing.assert_allclose(y, x @ ours)


@pytest.mark.parametrize(
    "text",
    [
        "torch conv, folded rows 4x3x2",
        "torch conv, folded rows 4x3x2x0",
        "folded rows 4x3x-2x7",
        "rows 2x3x4 behind -3",
        "rows 2x3x4 behind 0",
        "rows 2x3x4 behind ",
        "rows 2x0x4",
        "columns 2x3",
        "reshaped 4x0 of 4",
    ],
)
def test_sizes_that_no_array_has_are_refused_in_a_map(text):
    with pytest.raises(UserError, match="the map has the layout"):
        layout_texts.parse(text)


@pytest.mark.parametrize(
    ("text", "tf1"),
    [
        ("folded rows 3x4x5x7", [60, 6]),
        ("folded columns 3x4x5x7", [60, 7]),
        ("torch conv, folded rows 3x4x5x7", [7, 60]),
        ("reshaped 4x1 of 4", [5]),
        ("torch conv", [60, 7]),
    ],
)
def test_a_layout_of_another_shape_than_tf1s_fits_nothing(text, tf1):
    assert layout_texts.parse(text).shape(tf1) is None


def test_rows_of_a_dense_kernel_follow_the_pixels(rng):
    maps, w = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(60, 7))  # [N, H, W, C]
    torch = Layout("torch dense", rows=(5, 3, 4)).to_port(w)  # [7, 60]
    flat = maps.transpose(0, 3, 1, 2).reshape(2, -1)
    np.testing.assert_allclose(flat @ torch.T, maps.reshape(2, -1) @ w)
    assert np.array_equal(layouts.channels_first(maps.reshape(2, -1), (5, 3, 4)), flat)


def test_parts_and_gates_of_an_lstm_and_its_forget_bias(rng):
    kernel, bias = rng.normal(size=(5, 8)), rng.normal(size=8)  # 3 inputs, 2 units
    ins = Layout(part=(0, 3), gates="ifjo").to_port(kernel)
    i, j, f, o = np.split(kernel[:3], 4, axis=1)  # TF1's order
    assert np.array_equal(ins, np.concatenate([i, f, j, o], 1))
    layout = Layout(gates="ifjo", forget=1.0)
    there = layout.to_port(bias)
    assert np.array_equal(there[2:4], bias[4:6] + 1)  # the forget gate's block
    np.testing.assert_allclose(layout.to_tf1(there), bias)
    slot = layout.to_port(bias, values=False)
    assert np.array_equal(slot[2:4], bias[4:6])
