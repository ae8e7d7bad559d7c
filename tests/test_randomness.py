"""Everything random is a function of (seed, stream, step)."""

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1 import randomness


def test_noise_is_standard_normal_and_differs_by_seed_stream_and_step(session):
    step = tf.placeholder(tf.int64, [])

    def draw(seed, stream, at):
        noise = randomness.normal([200, 100], seed, stream, step)
        return session.run(noise, {step: at})

    first = draw(1, "z_generator", 7)
    assert abs(first.mean()) < 0.05
    assert abs(first.std() - 1) < 0.05
    np.testing.assert_array_equal(first, draw(1, "z_generator", 7))
    for other in (
        draw(2, "z_generator", 7),
        draw(1, "z_discriminator", 7),
        draw(1, "z_generator", 8),
    ):
        assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.05


def batches(session, size, batch_size, count, seed=3):
    step = tf.placeholder(tf.int64, [])
    chosen = randomness.shuffled_batch(step, batch_size, size, seed)
    return np.concatenate([session.run(chosen, {step: i}) for i in range(count)])


def test_each_epoch_is_a_permutation_of_its_own(session):
    order = batches(session, size=60, batch_size=12, count=15).reshape(3, 60)
    for epoch in order:
        assert sorted(epoch) == list(range(60))
    assert len({tuple(epoch) for epoch in order}) == 3
    assert list(order[0]) != list(range(60))


def test_a_batch_at_an_epochs_end_is_filled_up_from_the_next_epoch(session):
    order = batches(session, size=7, batch_size=5, count=7).reshape(5, 7)
    for epoch in order:
        assert sorted(epoch) == list(range(7))


def test_the_order_depends_on_the_seed(session):
    assert list(batches(session, 50, 10, 5, seed=1)) != list(
        batches(session, 50, 10, 5, seed=2)
    )
