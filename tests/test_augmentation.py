"""Differentiable augmentation, against numpy one image at a time."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1.nn import augmentation

pytestmark = [pytest.mark.unit, pytest.mark.numerical]

SIDE = 16


@pytest.fixture
def images(rng):
    return rng.uniform(-1, 1, (6, SIDE, SIDE, 3))


def test_color_is_the_formula_of_each_image(images, rng, session):
    numbers = rng.random((6, 3))
    got = session.run(augmentation.color(tf.constant(images), *numbers.T))
    for image, (brightness, saturation, contrast), result in zip(images, numbers, got, strict=True):
        image = image + (brightness - 0.5)
        grey = image.mean(2, keepdims=True)
        image = grey + 2 * saturation * (image - grey)
        image = image.mean() + (0.5 + contrast) * (image - image.mean())
        np.testing.assert_allclose(result, image, atol=1e-12)


@pytest.mark.parametrize(("number", "shift"), [(0.0, -2), (0.5, 0), (0.79, 1), (0.999, 2)])
def test_translation_moves_by_up_to_an_eighth_and_fills_with_grey(number, shift, images, session):
    still = np.full(6, 0.5)
    for axis in (1, 2):
        numbers = [still, still]
        numbers[axis - 1] = np.full(6, number)
        got = session.run(augmentation.translation(tf.constant(images), *numbers))
        expected = np.roll(images, shift, axis)
        lost = slice(0, shift) if shift > 0 else slice(SIDE + shift, SIDE)
        if shift:
            expected[(slice(None),) * axis + (lost,)] = 0
        np.testing.assert_array_equal(got, expected)


def test_cutout_clears_one_square_of_half_the_side(images, rng, session):
    down, right = rng.random((2, 6))
    down[0] = right[0] = 0.5
    got = session.run(augmentation.cutout(tf.constant(images), down, right))
    for i, result in enumerate(got):
        expected = images[i].copy()
        top, left = (int(np.floor(x[i] * (SIDE + 1))) - 4 for x in (down, right))
        expected[max(top, 0) : top + 8, max(left, 0) : left + 8] = 0
        np.testing.assert_array_equal(result, expected)
    assert (got[0] == 0).all(axis=2).sum() == 64


def test_gradients_pass_through_to_every_pixel_that_is_left(images, rng, session):
    x = tf.constant(images)
    changed = augmentation.augment(x, tf.constant(rng.random((6, 7))), "all")
    weights = rng.normal(size=images.shape)
    gradient = session.run(tf.gradients(tf.reduce_sum(changed * weights), x)[0])
    step = 1e-6 * rng.normal(size=images.shape)
    moved = session.run(changed, {x: images + step}) - session.run(changed)
    np.testing.assert_allclose(
        (gradient * step).sum(), (moved * weights).sum(), rtol=1e-4, atol=1e-9
    )
    assert np.abs(gradient).max() > 0
