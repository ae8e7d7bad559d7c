"""Each metric against numbers by hand, or another implementation on the same arrays."""

import math

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from rounding import UNIT, assert_close, two_orders

from dcgan_v1.metrics import (
    frechet,
    inception_score,
    modes,
    ms_ssim,
    neighbours,
    precision_recall,
    sliced_wasserstein,
)

pytestmark = [pytest.mark.unit, pytest.mark.numerical]

# ---- Fréchet distance ----


def test_frechet_distance_of_one_feature_is_the_closed_form(rng):
    a, b = rng.normal(2, 3, (500, 1)), rng.normal(-1, 0.5, (400, 1))
    expected = (a.mean() - b.mean()) ** 2 + (a.std(ddof=1) - b.std(ddof=1)) ** 2
    np.testing.assert_allclose(frechet.distance(a, b), expected, rtol=1e-9)


def test_frechet_distance_agrees_with_tensorflows_matrix_root(rng, session):
    mix = rng.normal(size=(2, 6, 6))
    a, b = rng.normal(size=(300, 6)) @ mix[0], rng.normal(size=(200, 6)) @ mix[1] + 1
    ca, cb = np.cov(a.T), np.cov(b.T)
    root = session.run(tf.linalg.sqrtm(tf.constant(ca @ cb)))
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(ca + cb - 2 * root)
    np.testing.assert_allclose(frechet.distance(a, b), expected, rtol=1e-6)
    np.testing.assert_allclose(frechet.distance(b, a), expected, rtol=1e-6)
    assert abs(frechet.distance(a, a)) < 1e-8


def test_frechet_distance_holds_where_features_are_dead_or_too_many(rng):
    a, b = rng.normal(size=(2, 20, 50))  # covariances of rank 19
    a[:, 7] = b[:, 7] = 0
    assert np.isfinite(frechet.distance(a, b))
    # the roots of eigenvalues that are 0 only up to rounding
    assert abs(frechet.distance(a, a)) < 1e-5


# ---- inception score ----


def test_inception_score_is_1_for_one_answer_and_10_for_ten():
    same = np.full((50, 10), 0.1)
    each = np.eye(10)[np.arange(50) % 10]
    assert inception_score.score(same, 1) == (pytest.approx(1), 0)
    assert inception_score.score(each, 5)[0] == pytest.approx(10)


def test_inception_score_by_hand():
    p = [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]]
    marginal = [1.6 / 3, 1.4 / 3]
    divergence = sum(x * math.log(x / m) for row in p for x, m in zip(row, marginal, strict=True))
    mean, spread = inception_score.score(p, 1)
    assert mean == pytest.approx(math.exp(divergence / 3)) and spread == 0


# ---- modes ----


def test_modes_and_their_divergence_by_hand():
    counts = modes.histogram(np.array([0, 0, 3, 9]))
    assert counts.tolist() == [2, 0, 0, 1, 0, 0, 0, 0, 0, 1]
    assert modes.covered(counts) == 3
    expected = 0.5 * math.log(5) + 2 * 0.25 * math.log(2.5)
    assert modes.kl_from_uniform(counts) == pytest.approx(expected)
    assert modes.kl_from_uniform([7] * 10) == pytest.approx(0)


def test_stacked_modes_are_all_triples_of_the_digits_there_are(rng):
    digits = rng.choice([1, 4, 7], 6000)
    counts = modes.stacked_counts(digits)
    assert counts.sum() == 6000 and len(counts) == 1000
    assert modes.covered(counts) == 27
    for mode in np.flatnonzero(counts):
        assert set(f"{mode:03}") <= {"1", "4", "7"}


# ---- precision and recall ----


def test_precision_and_recall_by_hand():
    real = np.array([[0.0], [1], [2], [10]])
    fake = np.array([[0.5], [2.9], [40], [41]])
    # k=1: the reals' balls reach 1, 1, 1 and 8; the fakes' 2.4, 2.4, 1 and 1
    assert precision_recall.precision_recall(real, fake, k=1) == (0.5, 0.75)


def test_precision_and_recall_do_not_depend_on_where_the_features_lie(rng):
    real, fake = rng.normal(size=(300, 4)), rng.normal(0.7, 0.8, (300, 4))
    found = precision_recall.precision_recall(real, fake)
    assert precision_recall.precision_recall(real + 500, fake + 500) == found


def test_precision_and_recall_agree_with_the_definition_in_loops(rng):
    real, fake = rng.normal(size=(60, 4)), rng.normal(0.7, 0.8, (50, 4))

    def covered(points, support, k):
        hits = 0
        radii = [sorted(np.linalg.norm(support - s, axis=1))[k] for s in support]
        for p in points:
            reach = zip(support, radii, strict=True)
            hits += any(np.linalg.norm(p - s) <= r for s, r in reach)
        return hits / len(points)

    expected = covered(fake, real, 3), covered(real, fake, 3)
    assert precision_recall.precision_recall(real, fake) == pytest.approx(expected)
    assert precision_recall.precision_recall(real, real) == (1, 1)


# ---- sliced Wasserstein distance ----


def test_sliced_distance_of_one_dimension_is_that_of_the_sorted_values(rng):
    a, b = rng.normal(size=(2, 200, 1)).astype(np.float32)
    expected = np.abs(np.sort(a[:, 0]) - np.sort(b[:, 0])).mean()
    size = np.abs(a).mean() + np.abs(b).mean()
    assert_close(sliced_wasserstein.sliced(a, b, rng), expected, terms=200, size=size)


def test_a_shift_costs_its_mean_length_along_random_directions(rng):
    a = rng.normal(size=(300, 3)).astype(np.float32)
    b = a + np.float32([2, 0, 0])
    found = sliced_wasserstein.sliced(a, b, rng, directions=4096)
    np.testing.assert_allclose(found, 1.0, rtol=0.05)  # 2 E|u_1| = 1 on the sphere


def test_the_pyramid_adds_up_to_the_image_and_ends_small_enough(rng):
    images = rng.integers(0, 256, (3, 64, 64, 3), np.uint8)
    levels = list(sliced_wasserstein.pyramid(images))
    assert [side for side, _ in levels] == [64, 32, 16]
    image = levels[-1][1]
    for _, level in reversed(levels[:-1]):
        image = level + sliced_wasserstein._enlarged(image)
    # two levels, each of two blurs with five weights that add up to 2
    assert_close(image, images, terms=2 * 2 * 5, size=2 * 2 * 255)
    flat = np.full((1, 32, 32, 1), 77, np.uint8)
    (_, detail), (_, rest) = sliced_wasserstein.pyramid(flat)
    assert_close(detail, 0, terms=2 * 2 * 5, size=2 * 2 * 77)
    assert_close(rest, 77, terms=2 * 5)
    digits = rng.integers(0, 256, (2, 28, 28, 1), np.uint8)
    assert [side for side, _ in sliced_wasserstein.pyramid(digits)] == [28, 14]


def test_the_pyramids_blur_is_tensorflows_convolution(rng, session):
    images = rng.normal(size=(2, 12, 12, 1)).astype(np.float32)
    kernel = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1])[..., None, None] / 256
    padded = tf.pad(images, [[0, 0], [2, 2], [2, 2], [0, 0]], "REFLECT")
    expected = session.run(tf.nn.conv2d(padded, np.float32(kernel), 1, "VALID"))
    found = sliced_wasserstein._blurred(images)
    assert_close(found, expected, terms=5 * 5)


def test_patches_are_cut_from_their_image_and_standardised_by_channel(rng):
    level = np.zeros((4, 16, 16, 2), np.float32)
    level += np.arange(4, dtype=np.float32)[:, None, None, None]
    found = sliced_wasserstein.patches(level, rng)
    assert found.shape == (4 * 128, 7, 7, 2)
    assert (found == np.repeat(np.arange(4), 128)[:, None, None, None]).all()
    flat = sliced_wasserstein.standardized(rng.normal(5, 3, (50, 7, 7, 2)))
    by_channel = flat.reshape(50, 49, 2)
    terms = 50 * 49
    assert_close(by_channel.mean((0, 1)), 0, terms, size=5 / 3)  # of what the mean was
    assert_close(by_channel.std((0, 1)), 1, terms)


def test_standardised_patches_of_millions_of_bright_pixels_have_mean_0(rng):
    found = rng.normal(200, 1, (40_000, 7, 7, 3)).astype(np.float32)
    flat = sliced_wasserstein.standardized(found).astype(np.float64)
    # each pixel of 200 is rounded, and so is the mean that is taken off
    assert abs(flat.mean()) < 200 * UNIT and abs(flat.std() - 1) < 200 * UNIT


# ---- multi-scale similarity ----

# TensorFlow's variances are differences of two means of squares in float32, of 255^2 / 3;
# they stand beside the constant (0.03 * 255)^2
OFF = two_orders(11 * 11) * (255**2 / 3) / (0.03 * 255) ** 2


@pytest.mark.graph
@pytest.mark.parametrize("side", [176, 177])  # the least for five scales
def test_ms_ssim_agrees_with_tensorflows(side, rng, session):
    a = rng.integers(0, 256, (2, side, side, 1)).astype(np.float64)
    b = np.clip(a + rng.normal(0, 40, a.shape), 0, 255)
    b[1] = np.roll(a[1], 1, axis=0)
    a_ph, b_ph = (tf.placeholder(tf.float32, a.shape) for _ in "ab")
    both = tf.image.ssim_multiscale(a_ph, b_ph, 255)
    expected = session.run(both, {a_ph: a, b_ph: b})
    np.testing.assert_allclose(ms_ssim.ms_ssim(a, b), expected, rtol=OFF)


@pytest.mark.parametrize("side", [3, 7, 9])
def test_a_filter_as_small_as_the_image_agrees_with_tensorflows(side, rng, session):
    a = rng.integers(0, 256, (4, side, side, 3)).astype(np.float64)
    b = np.clip(a + rng.normal(0, 60, a.shape), 0, 255)
    expected = tf.image.ssim(
        *(tf.constant(x, tf.float32) for x in (a, b)),
        max_val=255,
        filter_size=side,
        filter_sigma=1.5 * side / 11,
    )
    found, _ = ms_ssim.ssim(a, b)
    np.testing.assert_allclose(found, session.run(expected), rtol=OFF, atol=OFF / 10)


def test_ms_ssim_is_1_for_equal_images_of_any_size(rng):
    for side in (28, 64, 96):
        images = rng.integers(0, 256, (2, side, side, 3), np.uint8)
        np.testing.assert_allclose(ms_ssim.ms_ssim(images, images), 1)


def test_pairs_are_of_different_images(rng):
    images = np.repeat(rng.integers(0, 256, (1, 28, 28, 1), np.uint8), 9, 0)
    mean, pairs = ms_ssim.of_random_pairs(images, 100)
    assert mean == pytest.approx(1) and pairs == 4
    images = rng.integers(0, 256, (40, 28, 28, 1), np.uint8)
    assert ms_ssim.of_random_pairs(images, 100)[0] < 0.2


# ---- neighbours ----


def test_nearest_neighbours_agree_with_loops(rng):
    samples = rng.integers(0, 256, (7, 4, 4, 3), np.uint8)
    training = rng.integers(0, 256, (30, 4, 4, 3), np.uint8)
    training[11] = samples[2]
    indices, distances = neighbours.nearest(samples, training, k=3)
    for i, sample in enumerate(samples.astype(float)):
        every = np.sqrt(((training - sample) ** 2).mean((1, 2, 3)))
        assert indices[i].tolist() == np.argsort(every)[:3].tolist()
        # sums of squares of whole numbers are exact in float32
        np.testing.assert_allclose(distances[i], np.sort(every)[:3], rtol=4 * UNIT)
    assert indices[2, 0] == 11


def test_copies_have_a_ratio_near_0_and_new_images_near_1(rng):
    training = rng.integers(0, 256, (400, 8, 8, 1), np.uint8)
    own = neighbours.own_distance(training, 200)
    new = rng.integers(0, 256, (100, 8, 8, 1), np.uint8)
    assert neighbours.distance_ratio(new, training, own) == pytest.approx(1, abs=0.05)
    assert neighbours.distance_ratio(training[:100], training, own) < 0.01


def test_mirror_images_count_for_a_model_that_saw_them(rng):
    training = rng.integers(0, 256, (300, 8, 8, 3), np.uint8)
    mirrored = training[:100, :, ::-1]
    plain, both = (neighbours.own_distance(training, 100, seen) for seen in (0, 1))
    assert both <= plain
    assert neighbours.distance_ratio(mirrored, training, plain) > 0.9
    assert neighbours.distance_ratio(mirrored, training, both, mirrored=True) < 0.01


def test_an_image_is_not_its_own_neighbour_nor_its_mirror_image_is(rng):
    symmetric = rng.integers(0, 256, (50, 8, 4, 1), np.uint8)
    training = np.concatenate([symmetric, symmetric[:, :, ::-1]], axis=2)
    every = [neighbours.own_distance(training, 50, mirrored) for mirrored in (0, 1)]
    assert every[0] == pytest.approx(every[1]) and every[0] > 50


def test_neighbours_are_found_across_the_chunks(rng, monkeypatch):
    monkeypatch.setattr(neighbours, "ROWS", 3)
    monkeypatch.setattr(neighbours, "VALUES", 4 * 9)  # four images
    samples, training = rng.integers(0, 256, (2, 10, 3, 3, 1), np.uint8)
    indices, distances = neighbours.nearest(samples, training, k=6)
    every = np.sqrt(((samples[:, None] - training.astype(float)) ** 2).mean((2, 3, 4)))
    np.testing.assert_allclose(distances, np.sort(every)[:, :6], rtol=4 * UNIT)
    np.testing.assert_array_equal(indices, np.argsort(every)[:, :6])
