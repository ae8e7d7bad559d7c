"""Everything random is a function of (seed, stream, step)."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1.nn import randomness

pytestmark = pytest.mark.unit


def test_noise_is_standard_normal_and_differs_by_seed_stream_and_step(session):
    step = tf.placeholder(tf.int64, [])

    def draw(seed, stream, at):
        noise = randomness.noise("normal", [200, 100], seed, stream, step)
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


def test_uniform_noise_fills_minus_one_to_one(session):
    draw = session.run(randomness.noise("uniform", [200, 100], 1, "z", 7))
    assert -1 <= draw.min() < -0.99
    assert 0.99 < draw.max() < 1
    assert abs(draw.mean()) < 0.02
    assert abs(draw.std() - 3**-0.5) < 0.02


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


def test_the_orders_of_epochs_are_not_correlated(session):
    """As they are with the shuffle op's default rounds, by up to 0.8."""
    order = batches(session, size=55_000, batch_size=11_000, count=40, seed=0)
    order = order.reshape(8, 55_000)
    correlations = np.corrcoef(order) - np.eye(8)
    assert np.abs(correlations).max() < 0.05


def test_a_batch_at_an_epochs_end_is_filled_up_from_the_next_epoch(session):
    order = batches(session, size=7, batch_size=5, count=7).reshape(5, 7)
    for epoch in order:
        assert sorted(epoch) == list(range(7))


def test_the_order_depends_on_the_seed(session):
    assert list(batches(session, 50, 10, 5, seed=1)) != list(batches(session, 50, 10, 5, seed=2))


def dropping(session, order, size=10, batch_size=4, count=6):
    step = tf.placeholder(tf.int64, [])
    chosen = randomness.batch_of_epoch(step, batch_size, size, 3, order=order)
    return np.stack([session.run(chosen, {step: i}) for i in range(count)])


def test_an_incomplete_last_batch_may_be_taken_as_it_is(session):
    step = tf.placeholder(tf.int64, [])
    chosen = randomness.batch_of_epoch(step, 4, 10, 3, last="smaller")
    drawn = [session.run(chosen, {step: i}) for i in range(9)]
    assert [len(batch) for batch in drawn] == [4, 4, 2] * 3
    epochs = [np.concatenate(drawn[i : i + 3]) for i in (0, 3, 6)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3


def test_an_incomplete_last_batch_is_left_out(session):
    epochs = dropping(session, "shuffled").reshape(3, 8)
    for epoch in epochs:
        assert len(set(epoch)) == 8
        assert set(epoch) <= set(range(10))
    assert len({tuple(sorted(epoch)) for epoch in epochs}) > 1  # not always the same


def test_file_order_is_the_order_of_the_files(session):
    epochs = dropping(session, "file").reshape(3, 8)
    assert epochs.tolist() == [list(range(8))] * 3
