"""The moving average of G's weights, and that nothing changes without it."""

import dataclasses
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
import tiny_systems
from rounding import UNIT, assert_close, products

from dcgan_v1.checkpoints import restoring
from dcgan_v1.checkpoints.checkpoint import open_checkpoint
from dcgan_v1.nn import averaging
from dcgan_v1.nn.optimizers import is_optimizer_variable
from dcgan_v1.sample import build_sample_graph
from dcgan_v1.training.graph import TrainGraph

pytestmark = [pytest.mark.graph, pytest.mark.numerical]

CONFIG = tiny_systems.config("celeba64", samples=4, ema_decay=0.9)
PLAIN = dataclasses.replace(CONFIG, ema_decay=0.0)
IMAGES = tiny_systems.pixels("celeba64", 12)


class Training(NamedTuple):
    graph: TrainGraph
    session: tf.Session
    initial: list  # values of graph.saved: a second initialisation would draw others

    def steps(self, count):
        """Takes steps from the beginning. Returns name -> value of what is trained."""
        tiny_systems.start(self.graph, self.session)
        initializers = [v.initializer for v in self.graph.saved]
        fed = {op.inputs[1]: x for op, x in zip(initializers, self.initial, strict=True)}
        self.session.run(initializers, fed)
        for _ in range(count):
            self.session.run(self.graph.train.op)
        return self.values(self.session.graph.get_collection("trainable_variables"))

    def values(self, variables):
        return self.session.run({v.op.name: v for v in variables})

    def of_generator(self):
        return self.values(v for v in self.graph.saved if "celeba64/generator/" in v.op.name)

    def save(self, folder):
        with self.session.graph.as_default():
            saver = tf.train.Saver(self.graph.saved)
        prefix = saver.save(self.session, str(folder / "model"), write_meta_graph=False)
        return open_checkpoint(prefix)


@contextmanager
def training(config):
    with tf.Session(graph=tf.Graph()) as session:
        with session.graph.as_default():
            graph = tiny_systems.training_graph(session, config, IMAGES)
        yield Training(graph, session, session.run(graph.saved))


@pytest.fixture(scope="module")
def averaging_run():
    with training(CONFIG) as run:
        yield run


@pytest.fixture(scope="module")
def plain_run():
    with training(PLAIN) as run:
        yield run


def test_averages_follow_weights_and_batch_norm_by_hand(averaging_run):
    averaging_run.steps(0)
    before = averaging_run.of_generator()
    averaged = {n for n in before if averaging.is_average(n)}
    networks = {n for n in before if n not in averaged and not is_optimizer_variable(n)}
    assert averaged == {n + averaging.SUFFIX for n in networks}
    assert any("moving_variance" in n for n in networks)
    for step in range(3):
        averaging_run.session.run(averaging_run.graph.train.op)
        after = averaging_run.of_generator()
        decay = min(0.9, (1 + step) / (10 + step))
        for name in networks:
            average, value = np.float64(before[name + averaging.SUFFIX]), after[name]
            # difference, product and sum are rounded, and so is the decay
            atol = 4 * UNIT * max(np.abs(average).max(), np.abs(value).max())
            np.testing.assert_allclose(
                after[name + averaging.SUFFIX],
                decay * average + (1 - decay) * value,
                rtol=0,
                atol=atol,
            )
        before = after


def test_training_has_the_same_bits_with_and_without(averaging_run, plain_run):
    without, with_averages = plain_run.steps(2), averaging_run.steps(2)
    assert without.keys() == with_averages.keys()
    for name, value in without.items():
        np.testing.assert_array_equal(value, with_averages[name], err_msg=name)


def test_samples_are_drawn_from_the_averages_unless_the_latest_are_wanted(averaging_run, tmp_path):
    averaging_run.steps(3)
    drawn, z = averaging_run.session.run([averaging_run.graph.samples, "noise/sample_z:0"])
    checkpoint = averaging_run.save(tmp_path)
    found = {}
    for latest in (False, True):
        with tf.Graph().as_default(), tf.Session() as other:
            graph = build_sample_graph(CONFIG, "ema")
            plan = restoring.plan_networks(checkpoint, graph.saved, latest)
            restoring.restore(other, plan)
            found[latest] = other.run(graph.images, {graph.z: z})
    shapes = {v.op.name: v.shape.as_list() for v in graph.saved if "/generator/" in v.op.name}
    assert_close(found[False], drawn, products(shapes), size=1)
    assert np.abs(found[True] - drawn).max() > 1e-3


def test_averages_begin_at_the_weights_of_a_checkpoint_that_has_none(
    averaging_run, plain_run, tmp_path
):
    plain_run.steps(1)
    averaging_run.steps(0)
    graph, session, _ = averaging_run
    plan = restoring.plan(plain_run.save(tmp_path), "celeba64", graph.saved)
    assert not plan.has_averages
    restoring.restore(session, plan)
    session.run(graph.restart_averages)
    values = averaging_run.of_generator()
    for name in filter(averaging.is_average, values):
        np.testing.assert_array_equal(values[name], values[name.removesuffix(averaging.SUFFIX)])


def test_a_checkpoint_with_averages_fits_a_run_without(averaging_run, plain_run, tmp_path):
    checkpoint = averaging_run.save(tmp_path)
    plan = restoring.plan(checkpoint, "celeba64", plain_run.graph.saved)
    restoring.restore(plain_run.session, plan)
    found = restoring.arrays(checkpoint)
    assert not any(map(averaging.is_average, found))


@pytest.mark.parametrize(
    ("setting", "value", "concerned"),
    [
        ("d_learning_rate", 1e-3, {"discriminator", "generator"}),  # G is judged by the new D
        ("g_learning_rate", 1e-3, {"generator"}),
        *(
            pytest.param(*row, {"discriminator", "generator"}, marks=pytest.mark.release)
            for row in (("label_smoothing", 0.2), ("augment", "all"))
        ),
    ],
)
def test_a_setting_changes_the_first_update_of_just_the_networks_it_concerns(
    plain_run, setting, value, concerned
):
    usual = plain_run.steps(1)
    with training(dataclasses.replace(PLAIN, **{setting: value})) as run:
        # ops that come before the networks change what the seed draws
        other = run._replace(initial=plain_run.initial).steps(1)
    changed = {name.split("/")[1] for name in usual if (usual[name] != other[name]).any()}
    assert changed == concerned
