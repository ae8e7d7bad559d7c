"""Estimates of slopes, paddings, epsilons and counts from arrays made here."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

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


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_stride_is_read_from_the_maps_that_a_convolution_makes(session, rng, stride, transposed):
    x, w = rng.normal(size=(2, 6, 6, 3)), rng.normal(size=(5, 5, 3, 4))
    y = tf.nn.conv2d(tf.constant(x), w, stride, "SAME")
    if transposed:
        w = w.swapaxes(2, 3)
        y = tf.nn.conv2d_transpose(
            tf.constant(x), w, [2, 6 * stride, 6 * stride, 4], stride, "SAME"
        )
    strides = map_probes.steps(x, w, session.run(y), transposed)
    assert strides is not None and strides[0] == stride


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


@pytest.mark.parametrize(
    ("axes", "size", "named"),
    [
        ((1, 2, 3), 6, "each row of the batch"),
        ((1, 2), 1, "each map"),
        ((1, 2, 4), 3, "each group of 3 channels"),
    ],
)
def test_what_is_normalised_by_itself_is_read_from_input_and_output(rng, axes, size, named):
    x, gamma, beta = rng.normal(size=(4, 5, 5, 6)), rng.uniform(1, 2, 6), rng.normal(size=6)
    given = x if size in (1, 6) else x.reshape(4, 5, 5, 2, 3)
    mean, variance = given.mean(axes, keepdims=True), given.var(axes, keepdims=True)
    y = ((given - mean) / np.sqrt(variance + 0.01)).reshape(x.shape) * gamma + beta
    weights = {"gamma": gamma, "beta": beta}
    assert estimates.row_norm(x, y, weights) == (named, pytest.approx(0.01))
    assert estimates.row_norm(x, rng.normal(size=x.shape), weights) is None


@pytest.mark.parametrize("place", ["inside", "outside"])
def test_a_norms_epsilon_is_told_with_its_place_and_inside_where_neither_place_shows(rng, place):
    x, epsilon = rng.normal(size=(6, 4, 3)), 1e-3

    def normalised(variance):
        root = np.sqrt(variance + epsilon) if place == "inside" else np.sqrt(variance) + epsilon
        return estimates.norm_epsilon(x, x / root, {}, np.zeros(3), variance)

    apart = normalised(rng.uniform(0.5, 2, 3))
    assert apart[:2] == (pytest.approx(epsilon), place)
    alike = normalised(np.ones(3))  # as averages begin
    acting = epsilon if place == "inside" else (1 + epsilon) ** 2 - 1
    assert alike[:2] == (pytest.approx(acting), "inside")
