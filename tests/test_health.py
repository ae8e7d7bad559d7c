"""Warnings about a training that runs, but no longer learns."""

from pathlib import Path

import numpy as np
import pytest

from dcgan_v1.training import health

pytestmark = pytest.mark.unit


def test_a_discriminator_that_has_won_and_samples_all_alike_are_warned_of_once():
    warned = []
    watch = health.Health(Path("unused"), 10.0, lambda name, text: warned.append(name))
    for _ in range(3 * health.SUMMARIES_WON):
        watch.watch_losses({"d_loss_real": 1e-5, "d_loss_fake": 1e-4, "g_loss": 12.0})
    assert warned == ["d_has_won"]
    watch.watch_samples(0, np.zeros((4, 8, 8, 1)))  # nothing to expect of step 0
    for step in (health.YOUNG, health.YOUNG + 1):
        watch.watch_samples(step, np.full((4, 8, 8, 1), 0.3))
    assert warned == ["d_has_won", "samples_collapsed"]


def test_spread_is_the_distance_of_two_images_drawn_from_a_batch(rng):
    images = rng.normal(size=(200, 6, 6, 3))
    a, b = rng.integers(0, 200, (2, 20_000))
    squares = ((images[a] - images[b]) ** 2).sum((1, 2, 3))
    assert health.spread(images) == pytest.approx(squares.mean() ** 0.5, rel=0.02)


def test_a_discriminator_wins_with_smoothed_labels_too():
    """Its loss on reals cannot fall below the labels' entropy, 0.33 at 0.1."""
    warned = []
    watch = health.Health(
        Path("unused"), 10.0, lambda name, text: warned.append(name), smoothed=0.1
    )
    for _ in range(health.SUMMARIES_WON):
        watch.watch_losses({"d_loss_real": 0.33, "d_loss_fake": 1e-4, "g_loss": 12.0})
    assert warned == ["d_has_won"]
