"""What TF1's inputs and draws are given of a recorded port."""

import numpy as np
import pytest

from dcgan_v1.migration.comparison.inputs.feeding import feed, fitted
from dcgan_v1.migration.recordings.port_recorder.draws import law_of
from dcgan_v1.migration.recordings.port_recording import Item
from dcgan_v1.migration.records import Input


@pytest.mark.unit
@pytest.mark.parametrize(
    ("shape", "wanted", "dtype"),
    [
        ((5, 3), [None, 3], "float32"),
        ((5, 4, 4, 2), [None, 32], "float32"),
        ((5, 4, 4, 2), [5, 4, 4, 2], "float32"),
        ((5,), [None, 1], "float32"),
    ],
)
def test_an_array_fits_an_input_in_the_order_of_its_elements(shape, wanted, dtype):
    array = np.random.default_rng(0).uniform(size=shape)
    form = fitted(array, Input(wanted, dtype))
    assert form is not None
    np.testing.assert_array_equal(form.ravel(), array.ravel())


@pytest.mark.unit
def test_labels_become_one_of_many_and_uniform_draws_their_raw_numbers():
    labels = np.array([2, 0, 1])
    np.testing.assert_array_equal(fitted(labels, Input([None, 4], "float32")), np.eye(4)[labels])
    drawn = np.random.default_rng(0).uniform(-1, 1, (50, 3))
    uniform = Input([50, 3], "float32"), "random_uniform/RandomUniform"
    raw = fitted(drawn, *uniform, {"low": -1.0, "high": 1.0})
    np.testing.assert_allclose(raw * 2 - 1, drawn, atol=1e-12)
    assert fitted(drawn, Input([None, 4], "float32")) is None
    assert fitted(drawn, *uniform) is None  # from where to where nobody said
    assert fitted(np.abs(drawn), *uniform, {"other": 1.0}) is None


@pytest.mark.unit
@pytest.mark.parametrize(("low", "high"), [(-0.5, 0.5), (0.0, 10.0), (0.2, 0.3)])
def test_uniform_draws_are_undone_by_their_own_arguments_not_by_what_they_look_like(low, high):
    raw = np.random.default_rng(0).uniform(size=(4, 3))
    law = law_of("np.random.uniform", (low,), {"high": high})
    form = fitted(low + (high - low) * raw, Input([4, 3], "float32"), "u/RandomUniform", law)
    np.testing.assert_allclose(form, raw, atol=1e-12)
    normal = law_of("Tensor.normal_", (), {"std": 0.1})
    form = fitted(0.1 * raw, Input([4, 3], "float32"), "n/RandomStandardNormal", normal)
    np.testing.assert_allclose(form, raw, atol=1e-12)


@pytest.mark.unit
@pytest.mark.parametrize("rows", [40, 6])
def test_labels_are_not_the_order_in_which_rows_are_drawn(rows):
    """`i = torch.randperm(40)[:6]`, or `randint(40, (6,))`: x[i] and y[i] are what TF1 is fed."""
    rng = np.random.default_rng(0)
    order = rng.permutation(40)[:rows]
    order[0] = 39
    made = [("i", "draw", order), ("x", "call", rng.normal(size=(6, 3)))]
    made.append(("told", "computed", rng.integers(0, 5, 6)))
    items = [Item(n, kind, kind, "t.py:1", 0, a, {}, 0) for n, kind, a in made]
    wanted = {"x": Input([None, 3], "float32"), "y": Input([None], "int64")}
    fed = {"y": rng.integers(0, 5, (3, 6))}
    bound = feed(wanted, items, [{0}], [["x", "y"]], fed, {})
    assert bound.items == {"x": "x", "y": "told"}
    alone = feed({"y": wanted["y"]}, items[:1], [{0}], [["y"]], fed, {})
    assert alone.items == {"y": "i"}  # where nothing else fits
