"""Layouts of kernels in TF1 and in other frameworks, there and back on plain numpy."""

import numpy as np
import pytest

from dcgan_v1.migration.matching import layouts
from dcgan_v1.migration.matching.layouts import Layout

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
    assert layouts.parse(layout.text()) == layout


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
