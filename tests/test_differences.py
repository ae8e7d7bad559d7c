"""How far two sets of arrays are apart, and how far they may be."""

import numpy as np
import pytest

from dcgan_v1.migration.comparison import differences
from dcgan_v1.migration.comparison.evidence import FORWARD, GRADIENT, STATE, Key

pytestmark = [pytest.mark.unit, pytest.mark.numerical]


def key(name, kind=GRADIENT, **fields):
    return Key(kind, name, **fields)


def test_a_difference_is_relative_to_the_largest_value_of_its_array():
    ours = {key("a"): np.array([1.0, -4.0]), key("b"): np.array([1e-9])}
    theirs = {key("a"): np.array([1.0, -4.002]), key("b"): np.array([2e-9])}
    a, b = differences.between(ours, theirs)
    assert (a.absolute, a.relative) == pytest.approx((0.002, 0.0005))
    assert b.relative == pytest.approx(1.0)
    assert a.is_over


def test_in_a_group_a_thousandth_of_its_largest_value_is_the_least_scale():
    ours = {key("a"): np.array([1.0]), key("b"): np.array([1e-9])}
    theirs = {key("a"): np.array([1.0]), key("b"): np.array([2e-9])}
    _, b = differences.between(ours, theirs, lambda key: key.kind)
    assert b.relative == pytest.approx(1e-6)


def test_squares_share_the_square_of_the_scale():
    slots = [Key(STATE, name, "v", 1) for name in "ab"]
    ours = dict(zip(slots, ([1.0], [1e-9]), strict=True))
    theirs = dict(zip(slots, ([1.0], [2e-9]), strict=True))
    _, b = differences.between(ours, theirs, lambda key: key.kind)
    assert b.relative == pytest.approx(1e-3)


def test_nan_infinity_and_another_shape_are_over_any_tolerance():
    for theirs in (np.nan, np.inf, np.zeros(2)):
        (d,) = differences.between({key("a"): np.float64(1)}, {key("a"): theirs})
        assert d._replace(tolerance=1e9).is_over


def test_float32_tolerance_is_ten_times_the_largest_noise_but_ten_roundings_at_least():
    ours = {key("a"): 1.0, key("b"): 1.0, key("c", FORWARD): 1.0}
    control = differences.between(ours, ours | {key("a"): 1.001})
    found = differences.rounding_tolerances(control)
    assert found == pytest.approx({GRADIENT: 0.01, FORWARD: 10 * 2**-23})
