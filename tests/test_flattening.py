"""Which dense layers meet flattened feature maps: told by the numbers that layers take and give."""

from dataclasses import replace

import numpy as np
import pytest

from dcgan_v1.migration.matching.layouts import Layout
from dcgan_v1.migration.records import LayerOutput
from dcgan_v1.migration.runners.flattening import pixels_of

pytestmark = pytest.mark.unit
ORDERS = {"last": (0, 1, 2, 3), "first": (0, 3, 1, 2)}


def call(name, kind, y, x=None, given=None):
    """What a port's recorder tells of a call; `x` where no layer gave it."""
    shape = given if given is not None else () if x is None else x.shape
    return LayerOutput(name, kind, {}, y, x, given=tuple(shape))


def maps(rng):
    """[N, H, W, C] of drawn sizes."""
    return rng.normal(size=(4, *rng.integers(2, 6, 3)))


def flat(array, order):
    return array.transpose(ORDERS[order]).reshape(len(array), -1)


def chw(array):
    _, h, w, c = array.shape
    return c, h, w


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("activation", [lambda x: x, np.tanh, lambda x: np.maximum(x, 0.2 * x)])
def test_a_dense_layer_takes_the_maps_whose_numbers_it_is_given(rng, order, activation):
    conv, other = maps(rng), maps(rng)
    x = flat(activation(conv), order)
    calls = [
        call("D/conv", "conv", conv, rng.normal(size=(4, 9, 9, 1))),
        call("E/conv", "conv", other, rng.normal(size=(4, 9, 9, 1))),
        call("D/fc", "dense", rng.normal(size=(4, 7)), x),
    ]
    assert pixels_of(calls, {}) == {"D/fc": {"rows": chw(conv)}}


@pytest.mark.parametrize("order", ORDERS)
def test_a_condition_stands_ahead_of_pixels_or_behind_them(rng, order):
    conv, label, far = maps(rng), rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
    pixels = flat(conv, order)
    for parts, rows in (([pixels, label], chw(conv)), ([label, pixels, far], (*chw(conv), 3))):
        calls = [
            call("conv", "conv", conv, rng.normal(size=(4, 9, 9, 1))),
            call("fc", "dense", rng.normal(size=(4, 7)), np.concatenate(parts, 1)),
        ]
        assert pixels_of(calls, {}) == {"fc": {"rows": rows}}


@pytest.mark.parametrize("ahead", [False, True])
def test_maps_of_one_number_each_are_joined_and_no_condition(rng, ahead):
    """How far a batch is spread, or a label, as more maps: channel by channel they look like a
    condition of as many numbers."""
    conv = maps(rng)
    more = np.broadcast_to(rng.normal(size=(4, 1, 1, 2)), (*conv.shape[:3], 2))
    joined = np.concatenate([more, conv] if ahead else [conv, more], 3)
    calls = [
        call("conv", "conv", conv, rng.normal(size=(4, 9, 9, 1))),
        call("fc", "dense", rng.normal(size=(4, 7)), flat(joined, "first")),
    ]
    assert pixels_of(calls, {}) == {"fc": {"rows": chw(joined)}}


def test_maps_of_a_layer_before_are_joined_and_no_condition(rng):
    first, conv = rng.normal(size=(4, 4, 4, 2)), rng.normal(size=(4, 4, 4, 3))
    joined = np.concatenate([conv, first], 3)
    calls = [
        call("first", "conv", first, rng.normal(size=(4, 9, 9, 1))),
        call("conv", "conv", conv, given=first.shape),
        call("fc", "dense", rng.normal(size=(4, 7)), flat(joined, "first")),
    ]
    assert pixels_of(calls, {}) == {"fc": {"rows": (5, 4, 4)}}


def test_a_condition_of_as_many_numbers_as_a_map_is_none(rng):
    conv, label = rng.normal(size=(4, 4, 4, 3)), rng.normal(size=(4, 16))
    calls = [
        call("conv", "conv", conv, rng.normal(size=(4, 9, 9, 1))),
        call(
            "fc", "dense", rng.normal(size=(4, 7)), np.concatenate([flat(conv, "first"), label], 1)
        ),
    ]
    assert pixels_of(calls, {}) == {"fc": {"rows": (3, 4, 4)}}


def test_a_wider_layer_than_the_last_maps_does_not_take_them(rng):
    """Maps are averaged and labels set beside them: more features than pixels, and none of them."""
    conv = maps(rng)
    size = conv[0].size
    x = np.concatenate([conv.mean((1, 2)), rng.normal(size=(4, size))], 1)
    calls = [
        call("conv", "conv", conv, rng.normal(size=(4, 9, 9, 1))),
        call("fc", "dense", rng.normal(size=(4, 5)), x),
    ]
    assert pixels_of(calls, {}) == {}


def test_a_layer_of_as_many_features_takes_the_vector_before_it(rng):
    """D's maps are 48 numbers, and so is what G's first dense layer gives its second."""
    conv, wide = rng.normal(size=(4, 4, 4, 3)), rng.normal(size=(4, 48))
    calls = [
        call("D/conv", "conv", conv, rng.normal(size=(4, 8, 8, 1))),
        call("D/fc", "dense", rng.normal(size=(4, 1)), flat(conv, "first")),
        call("G/0", "dense", wide, rng.normal(size=(4, 5))),
        call("G/1", "dense", rng.normal(size=(4, 2)), np.tanh(wide)),
    ]
    assert pixels_of(calls, {}) == {"D/fc": {"rows": (3, 4, 4)}}


def test_two_heads_take_the_same_maps(rng):
    conv = maps(rng)
    x = flat(conv, "first")
    heads = [call(name, "dense", rng.normal(size=(4, 2)), x) for name in ("judged", "told")]
    found = pixels_of([call("conv", "conv", conv, rng.normal(size=(4, 9, 9, 1))), *heads], {})
    assert found == {name: {"rows": chw(conv)} for name in ("judged", "told")}


@pytest.mark.parametrize("order", ORDERS)
def test_maps_that_a_dense_layer_makes_go_through_norms_and_activations(rng, order):
    made = maps(rng)
    before = made - 1.0
    shaped = np.maximum(made, 0)
    z, normed = rng.normal(size=(4, 5)), flat(made, order)
    calls = [
        call("fc", "dense", flat(before, order) * rng.uniform(1, 2, made[0].size), z),
        call("norm", "norm", normed, given=normed.shape),
        call("relu", "activation", flat(shaped, order), given=normed.shape),
        call("deconv", "deconv", rng.normal(size=(4, 8, 8, 1)), shaped),
    ]
    found = pixels_of(calls, {})
    assert found == {name: {"columns": chw(made)} for name in ("fc", "norm", "relu")}


def test_layers_that_only_reshape_are_looked_through(rng):
    """As Keras's Reshape, Flatten and Concatenate: what they are given has its shape alone."""
    wide, label = rng.normal(size=(4, 48)), rng.normal(size=(4, 2))
    shaped = wide.reshape(4, 4, 4, 3)
    conv = rng.normal(size=(4, 2, 2, 5))
    vector = conv.reshape(4, 20)
    joined = np.concatenate([vector, label], 1)
    calls = [
        call("fc", "dense", wide, rng.normal(size=(4, 6))),
        call("reshape", "other", shaped, given=wide.shape),
        call("conv", "conv", conv, given=shaped.shape),
        call("flatten", "other", vector, given=conv.shape),
        call("joined", "other", joined, given=vector.shape),
        call("out", "dense", rng.normal(size=(4, 1)), given=joined.shape),
    ]
    assert pixels_of(calls, {}) == {"fc": {"columns": (3, 4, 4)}, "out": {"rows": (5, 2, 2)}}


def test_maps_that_something_unknown_lies_behind_are_told_by_their_size(rng):
    conv = maps(rng)
    x = flat(conv + rng.normal(size=conv.shape), "first")  # noise, which is no layer
    calls = [
        call("conv", "conv", conv, rng.normal(size=(4, 9, 9, 1))),
        call("fc", "dense", rng.normal(size=(4, 7)), x),
    ]
    assert pixels_of(calls, {}) == {"fc": {"rows": chw(conv)}}


@pytest.mark.parametrize("kind", ["rows", "columns"])
def test_what_a_network_is_fed_is_not_made_of_maps_that_have_as_many_numbers(rng, kind):
    """A code as long as D's maps have pixels, also moved and with a label beside it; or an image
    as large as a vector."""
    last, label, z = maps(rng), rng.normal(size=(4, 1)), rng.normal(size=(4, 200))
    code = np.concatenate([2 * z[:, : last[0].size - 1] - 1, label], 1)
    images = rng.normal(size=last.shape)
    of_code = [
        call("conv", "conv", last, rng.normal(size=(4, 9, 9, 1))),
        call("fc", "dense", rng.normal(size=(4, 7)), code),
    ]
    of_images = [
        call("fc", "dense", rng.normal(size=(4, last[0].size)), z),
        call("conv", "conv", rng.normal(size=(4, 2, 2, 1)), images),
    ]
    fed = [z[:, : code.shape[1] - 1], label, images.transpose(0, 3, 1, 2)]
    assert pixels_of(of_code if kind == "rows" else of_images, {}, fed) == {}


def test_a_vector_of_other_numbers_is_not_made_of_another_networks_maps(rng):
    """A code that the step itself normalises, behind D's maps of as many numbers."""
    last = maps(rng)
    z = rng.normal(size=(4, last[0].size))
    calls = [
        call("D/conv", "conv", last, rng.normal(size=(4, 9, 9, 1))),
        call("G/fc", "dense", rng.normal(size=(4, 7)), z / np.linalg.norm(z, axis=1)[:, None]),
    ]
    assert pixels_of(calls, {}, [z]) == {}
    own = [replace(calls[0], name="G/conv"), calls[1]]
    assert pixels_of(own, {}) == {"G/fc": {"rows": chw(last)}}


@pytest.mark.parametrize("shapes", [((), ()), ((), (4, 5)), ((0, 5), (0, 2)), ((4, 0), (4, 5))])
def test_calls_of_single_numbers_and_of_empty_batches_are_passed_over(rng, shapes):
    """As torch.where of two constants, whose first input has no axis."""
    x, y = (rng.normal(size=s) for s in shapes)
    conv = maps(rng)
    calls = [
        call("conv", "conv", conv, rng.normal(size=(4, 9, 9, 1))),
        call("where", "other", y, x),
        call("fc", "dense", rng.normal(size=(4, 7)), flat(conv, "first")),
    ]
    found = pixels_of(calls, {}, [np.float64(3), np.empty((0, 5))])
    assert found == {"fc": {"rows": chw(conv)}}


def test_only_numbers_that_may_be_the_same_are_sorted(rng, monkeypatch):
    """Many maps of one size, and layers that take the first of them: a sort of each would take
    most of a comparison's time."""
    sorted_, sort = [], np.argsort
    monkeypatch.setattr(np, "argsort", lambda a, **k: sorted_.append(a.size) or sort(a, **k))
    every = [rng.normal(size=(4, 32, 32, 8)) for _ in range(6)]
    vector = flat(np.tanh(every[0]), "first")
    calls = [call(f"conv{i}", "conv", y, given=(4, 32, 32, 8)) for i, y in enumerate(every)]
    calls += [call(f"fc{i}", "dense", rng.normal(size=(4, 7)), vector) for i in range(3)]
    assert pixels_of(calls, {}) == {f"fc{i}": {"rows": (8, 32, 32)} for i in range(3)}
    assert sum(sorted_) < 10 * vector.size


def test_rows_behind_a_condition_follow_the_pixels(rng):
    shown, label, w = (
        rng.normal(size=(2, 3, 4, 5)),
        rng.normal(size=(2, 6)),
        rng.normal(size=(66, 7)),
    )
    ours = np.concatenate([label, shown.reshape(2, -1)], 1) @ w
    torch = Layout("torch dense", rows=(5, 3, 4, 6)).to_port(w)  # [7, 66]
    theirs = np.concatenate([label, flat(shown, "first")], 1) @ torch.T
    np.testing.assert_allclose(theirs, ours)


def test_a_number_is_no_flattened_map(rng):
    calls = [
        call("G/fc", "dense", rng.normal(size=(4, 3)), rng.normal(size=(4, 2))),
        call("G/mul", "mul", rng.normal(size=(4, 3)), np.float64(0.5)),
    ]
    assert pixels_of(calls, {}) == {}


def test_sequences_are_no_flattened_maps(rng):
    label, rows, last = (rng.normal(size=s) for s in ((4, 3), (4, 5, 3), (4, 5, 7)))
    calls = [
        call("G/fc", "dense", label, rng.normal(size=(4, 2))),
        call("G/lstm", "recurrent", last, rows),
        call("G/out", "dense", rng.normal(size=(4, 5, 2)), last),
    ]
    assert pixels_of(calls, {}) == {}
