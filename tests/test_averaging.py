"""The moving average of G's weights, and that nothing changes without it."""

import dataclasses

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1.checkpoints import restoring
from dcgan_v1.checkpoints.checkpoint import open_checkpoint
from dcgan_v1.data.pipeline import InMemory
from dcgan_v1.nn import averaging
from dcgan_v1.nn.optimizers import is_optimizer_variable
from dcgan_v1.sample import build_sample_graph
from dcgan_v1.systems import Celeba64Config
from dcgan_v1.training.graph import build_train_graph

pytestmark = pytest.mark.graph

CONFIG = Celeba64Config(batch_size=4, width=8, samples=4, ema_decay=0.9)


@pytest.fixture
def data(rng):
    return InMemory(rng.integers(0, 256, (12, 64, 64, 3), np.uint8))


def build(config, data, session):
    built = build_train_graph(config, data)
    session.run(built.initialize)
    built.start_data(session, 0)
    return built


def generator_values(session):
    of_g = [v for v in tf.global_variables() if "celeba64/generator/" in v.op.name]
    return {v.op.name: value for v, value in zip(of_g, session.run(of_g), strict=True)}


def test_averages_follow_weights_and_batch_norm_by_hand(data, session):
    built = build(CONFIG, data, session)
    before = generator_values(session)
    averaged = {n for n in before if averaging.is_average(n)}
    networks = {n for n in before if n not in averaged and not is_optimizer_variable(n)}
    assert averaged == {n + averaging.SUFFIX for n in networks}
    assert any("moving_variance" in n for n in networks)
    for step in range(3):
        session.run(built.train.op)
        after = generator_values(session)
        decay = min(0.9, (1 + step) / (10 + step))
        for name in networks:
            expected = decay * before[name + averaging.SUFFIX]
            expected = expected + (1 - decay) * after[name]
            np.testing.assert_allclose(
                after[name + averaging.SUFFIX], expected, rtol=1e-5, atol=1e-7
            )
        before = after


def test_training_has_the_same_bits_with_and_without(data):
    values = []
    for decay in (0.0, 0.9):
        config = dataclasses.replace(CONFIG, ema_decay=decay)
        with tf.Graph().as_default(), tf.Session() as session:
            built = build(config, data, session)
            for _ in range(2):
                session.run(built.train.op)
            trained = tf.trainable_variables()
            values.append(session.run({v.op.name: v for v in trained}))
    without, with_averages = values
    assert without.keys() == with_averages.keys()
    for name, value in without.items():
        np.testing.assert_array_equal(value, with_averages[name], err_msg=name)


def test_samples_are_drawn_from_the_averages_unless_the_latest_are_wanted(data, session, tmp_path):
    built = build(CONFIG, data, session)
    for _ in range(3):
        session.run(built.train.op)
    drawn, z = session.run([built.samples, "sample_z:0"])
    prefix = tf.train.Saver(built.saved).save(session, str(tmp_path / "model"))
    found = {}
    for latest in (False, True):
        with tf.Graph().as_default(), tf.Session() as other:
            graph = build_sample_graph(CONFIG, "ema")
            plan = restoring.plan_networks(open_checkpoint(prefix), graph.saved, latest)
            restoring.restore(other, plan)
            found[latest] = other.run(graph.images, {graph.z: z})
    np.testing.assert_allclose(found[False], drawn, atol=1e-6)
    assert np.abs(found[True] - drawn).max() > 1e-3


def test_averages_begin_at_the_weights_of_a_checkpoint_that_has_none(data, session, tmp_path):
    without = dataclasses.replace(CONFIG, ema_decay=0.0)
    with tf.Graph().as_default(), tf.Session() as other:
        built = build(without, data, other)
        other.run(built.train.op)
        prefix = tf.train.Saver(built.saved).save(other, str(tmp_path / "model"))
    built = build(CONFIG, data, session)
    plan = restoring.plan(open_checkpoint(prefix), "celeba64", built.saved)
    assert not plan.has_averages
    restoring.restore(session, plan)
    session.run(built.restart_averages)
    values = generator_values(session)
    for name in filter(averaging.is_average, values):
        np.testing.assert_array_equal(values[name], values[name.removesuffix(averaging.SUFFIX)])


def test_a_checkpoint_with_averages_fits_a_run_without(data, session, tmp_path):
    with tf.Graph().as_default(), tf.Session() as other:
        built = build(CONFIG, data, other)
        prefix = tf.train.Saver(built.saved).save(other, str(tmp_path / "model"))
    built = build(dataclasses.replace(CONFIG, ema_decay=0.0), data, session)
    restoring.restore(session, restoring.plan(open_checkpoint(prefix), "celeba64", built.saved))
    found = restoring.arrays(open_checkpoint(prefix))
    assert not any(map(averaging.is_average, found))


def test_learning_rates_smoothing_and_augmentation_reach_the_step(data, rng):
    """Each setting changes the first update of just the networks it concerns."""
    plain = Celeba64Config(batch_size=4, width=8, samples=4)
    changes = {
        "d_learning_rate": {"discriminator", "generator"},  # G is judged by the new D
        "g_learning_rate": {"generator"},
        "label_smoothing": {"discriminator", "generator"},
        "augment": {"discriminator", "generator"},
    }
    values = {"label_smoothing": 0.2, "augment": "all"}

    def first_update(config):
        with tf.Graph().as_default(), tf.Session() as session:
            built = build(config, data, session)
            session.run(built.train.op)
            trained = tf.trainable_variables()
            return session.run({v.op.name: v for v in trained})

    usual = first_update(plain)
    for setting, concerned in changes.items():
        config = dataclasses.replace(plain, **{setting: values.get(setting, 1e-3)})
        other = first_update(config)
        changed = {name.split("/")[1] for name in usual if (usual[name] != other[name]).any()}
        assert changed == concerned, setting
