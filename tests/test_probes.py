"""The diagnosis's small experiments, on numbers made here."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1.migration.comparison import differences
from dcgan_v1.migration.comparison.evidence import FORWARD, GRADIENT, STATE, Key
from dcgan_v1.migration.explanation import estimates
from dcgan_v1.migration.explanation.layer_causes import map_probes

pytestmark = [pytest.mark.unit, pytest.mark.numerical]


def test_slope_is_read_from_input_and_output(rng):
    x = rng.normal(size=(50, 7))
    assert estimates.slope(x, np.where(x > 0, x, 0.37 * x)) == pytest.approx(0.37)


@pytest.mark.parametrize("size", [3, 4, 5])
@pytest.mark.parametrize("before", [0, 1, 2])
def test_padding_of_a_convolution_is_read_from_its_output(session, rng, size, before):
    x, w = rng.normal(size=(2, 12, 12, 3)), rng.normal(size=(size, size, 3, 4))
    after = size  # enough; what lies behind is cut below
    padded = np.pad(x, [(0, 0), (before, after), (before, after), (0, 0)])
    y = session.run(tf.nn.conv2d(tf.constant(padded), w, 2, "VALID"))[:, :6, :6]
    assert map_probes.padding(x, w, y, transposed=False) == before


def test_padding_of_a_transposed_convolution_is_sames_own(session, rng):
    """5x5 of stride 2: SAME adds 1 before; 4x4: 1; and nothing fits other weights."""
    for size in (4, 5):
        x, w = rng.normal(size=(2, 6, 6, 3)), rng.normal(size=(size, size, 4, 3))
        y = session.run(tf.nn.conv2d_transpose(tf.constant(x), w, [2, 12, 12, 4], 2, "SAME"))
        assert map_probes.padding(x, w, y, transposed=True) == 1
        assert map_probes.padding(x, rng.normal(size=w.shape), y, transposed=True) is None


@pytest.mark.parametrize("epsilon", [1e-8, 1e-7, 3e-10])
def test_adams_epsilon_is_read_from_one_step(rng, epsilon):
    g = rng.normal(size=10_000) * 10.0 ** rng.uniform(-9, -3, 10_000)
    m, v = 0.5 * g, 0.001 * g * g
    rate = 2e-4 * np.sqrt(1 - 0.999) / (1 - 0.5)
    change = -rate * m / (np.sqrt(v) + epsilon)
    assert estimates.adam_epsilon(change, m, v, rate) == pytest.approx(epsilon, rel=1e-3)


@pytest.mark.parametrize("passes", [1, 2, 3])
def test_the_count_behind_two_variances_is_found(rng, passes):
    n, decay, before = 4096, 0.9, rng.uniform(0.5, 1.5, 16)
    biased = unbiased = before
    for variance in rng.uniform(0.1, 2, (passes, 16)):
        biased = decay * biased + (1 - decay) * variance
        unbiased = decay * unbiased + (1 - decay) * variance * n / (n - 1)
    assert estimates.variance_count(before, biased, unbiased, decay) == n
    assert estimates.variance_count(before, unbiased, biased, decay) == -n
    other = biased * rng.uniform(0.9, 1.1, 16)
    assert estimates.variance_count(before, biased, other, decay) is None


# ---- differences ----


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
