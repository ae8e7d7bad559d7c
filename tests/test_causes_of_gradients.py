"""Why gradients differ, told from arrays alone: no framework."""

from dataclasses import replace

import numpy as np
import pytest
from plain_evidence import case, gradient_cause, made

from dcgan_v1.migration.comparison.evidence import GRADIENT, Aligned, Key
from dcgan_v1.migration.explanation import gradients
from dcgan_v1.migration.records import LayerOutput

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("largest", "beside"),
    [(0.25, "the port to ±0.25"), (1 / 3, "the port does not")],
    ids=["a bound", "a tie"],
)
def test_equal_gradients_are_a_bound_where_people_would_write_it(rng, largest, beside):
    g = np.clip(rng.normal(size=(5, 3)), -largest, largest)
    g[0, :2] = largest, -largest
    key = Key(GRADIENT, "a", "", 0, 0)
    evidence = made({key: np.clip(g, -0.125, 0.125)}, {key: g}, {"a": np.zeros((5, 3))})
    (cause,) = gradients.find(case(evidence), 0)
    assert cause.text == f"TF1 clips gradients to ±0.125, {beside}"


def test_norms_that_both_sides_clip_to_are_both_said(rng):
    keys = [Key(GRADIENT, name, "", 0, 0) for name in "ab"]
    arrays = [rng.normal(size=(5, 3)) for _ in keys]
    norm = np.sqrt(sum(np.sum(a * a) for a in arrays))
    ours, theirs = (
        {k: bound / norm * a for k, a in zip(keys, arrays, strict=True)} for bound in (0.05, 0.1)
    )
    evidence = made(ours, theirs, {name: rng.normal(size=(5, 3)) for name in "ab"})
    (cause,) = gradients.find(case(evidence), 0)
    assert cause.text == (
        "the port clips its gradients to a norm of 0.1 together, TF1 to a norm of 0.05 together"
    )


def test_gradients_clipped_by_value_are_those_that_the_other_side_clips_by_norm(rng):
    keys = [Key(GRADIENT, name, "", 0, 0) for name in "ab"]
    arrays = {k: rng.normal(size=(5, 3)) for k in keys}
    for array in arrays.values():
        array[0] = 3.0, -3.0, 0.001  # some beyond the bound, some within
    norm = np.sqrt(sum(np.sum(a * a) for a in arrays.values()))
    ours = {k: np.clip(a, -0.5, 0.5) for k, a in arrays.items()}
    theirs = {k: 0.2 / norm * a for k, a in arrays.items()}
    starts = {name: rng.normal(size=(5, 3)) for name in "ab"}
    (cause,) = gradients.find(case(made(ours, theirs, starts)), 0)
    assert cause.text == "TF1 clips gradients to ±0.5, the port to a norm of 0.2 together"
    off = {k: a + 1e-3 * rng.normal(size=a.shape) for k, a in theirs.items()}
    (cause,) = gradients.find(case(made(ours, off, starts)), 0)
    assert "its gradient differs" in cause.text


def clipped_by_norm(g, _, every):
    norm = np.sqrt(sum(np.sum(a**2) for a in every.values()))
    return g * 0.5 / norm


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda g, w, _: g + 0.01 * w, "TF1's loss has an L2 penalty of 0.01 times"),
        (lambda g, w, _: g - 0.01 * w, "the port's loss has an L2 penalty of 0.01"),
        (lambda g, *_: np.clip(g, -0.5, 0.5), "TF1 clips gradients to ±0.5"),
        (clipped_by_norm, "TF1 clips its gradients to a norm of 0.5 together"),
        (lambda g, *_: g / 16, "every gradient is 16 times TF1's: a sum for a mean"),
        (lambda g, *_: g * 0.3, "every gradient is 3.333 times TF1's: a sum for a mean, or"),
        (lambda g, *_: g / 8.8092, "8.809 times TF1's: no factor that people write"),
        (lambda g, *_: g + np.roll(g, 1), "its gradient differs by"),
    ],
)
def test_the_cause_of_a_gradient_that_differs(rng, change, cause):
    assert cause in gradient_cause(rng, change)


def test_an_update_in_another_order_and_a_gradient_that_is_not_cut_off(rng):
    start = {"a": rng.normal(size=4)}
    key = Key(GRADIENT, "a", "", 0, 1)
    own, early, leak = (rng.normal(size=4) for _ in range(3))
    for theirs, text in ((early, "the update order differs"), (own + leak, "detach")):
        evidence = made({key: own}, {key: theirs}, start, count=2)
        (cause,) = gradients.find(case(evidence, still_gradients=({key: early}, {key: leak})), 1)
        assert text in cause.text


def test_a_derivative_at_exactly_zero_is_told_by_moving_off_it(rng):
    start = {"a": rng.normal(size=4)}
    key = Key(GRADIENT, "a", "", 0, 0)
    ours, theirs, off = (rng.normal(size=4) for _ in range(3))
    x = np.zeros((2, 3))
    row = Aligned(LayerOutput("m/1", "activation", {}, x, input=x), None, "nothing", 0.0, 0.0)
    evidence = made({key: ours}, {key: theirs}, start, aligned={"training": [row]})
    (cause,) = gradients.find(case(evidence, gradients_off_zero=({key: off}, {key: off})), 0)
    assert "the derivative of an activation at exactly 0" in cause.text
    old = LayerOutput("D/Maximum", "activation", {"op": "Maximum", "derivative at 0": 1.0}, x)
    new = LayerOutput("m/1", "activation", {"class": "LeakyReLU", "slope": 0.2}, x, input=x)
    told = replace(evidence, aligned={"training": [Aligned(new, old, "value", 0.0, 0.0)]})
    (cause,) = gradients.find(case(told, gradients_off_zero=({key: off}, {key: off})), 0)
    assert "of m/1 0.2, of TF1's D/Maximum 1 (6 values" in cause.text
    (cause,) = gradients.find(
        case(evidence, gradients_off_zero=({key: off}, {key: off + theirs - ours})), 0
    )
    assert "its gradient differs" in cause.text
