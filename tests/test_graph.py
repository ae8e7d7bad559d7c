"""The training graph: what a step reads, that it can be fed, that it does not grow."""

import re

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1 import train
from dcgan_v1.config import Celeba64Config, MnistBeginnersConfig
from dcgan_v1.data.pipeline import InMemory
from dcgan_v1.graph import build_train_graph
from dcgan_v1.models import mnist_beginners
from dcgan_v1.rundir import RunDirectory

SYSTEMS = {
    "mnist_beginners": (MnistBeginnersConfig(batch_size=4), (28, 28, 1), (0, 1)),
    "celeba64": (Celeba64Config(batch_size=4, width=8), (64, 64, 3), (-1, 1)),
}


@pytest.fixture(params=SYSTEMS)
def system(request, rng):
    config, shape, limits = SYSTEMS[request.param]
    return config, rng.integers(0, 256, (12, *shape), np.uint8), limits


@pytest.fixture
def built(system, session):
    config, images, _ = system
    graph = build_train_graph(config, InMemory(images))
    session.run(graph.initialize)
    graph.start_data(session, 0)
    return graph


def test_real_images_are_the_data_in_the_networks_range(system, built, session):
    _, images, (low, high) = system
    seen = []
    for _ in range(3):  # one epoch
        real = session.run(built.real)
        seen += [
            int(np.abs(images / 255 * (high - low) + low - r).mean((1, 2, 3)).argmin())
            for r in real
        ]
        best = images[seen[-4:]] / 255 * (high - low) + low
        np.testing.assert_allclose(real, best, atol=1e-6)
        session.run(built.train.op)
    assert sorted(seen) == list(range(12))


def test_noise_differs_by_step_and_by_purpose(built, session):
    drawn = []
    for _ in range(2):
        drawn += session.run(list(built.z.values()))
        session.run(built.train.op)
    for i, a in enumerate(drawn):
        assert a.shape == (4, 100)
        for b in drawn[:i]:
            assert np.abs(a - b).min(axis=1).max() > 0
            assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.25


def test_real_and_noise_can_be_fed(system, built, session, rng):
    images = system[1]  # D's scalars alone: g_loss would run D's update first
    plain = session.run(built.pretrain.scalars)
    fed = {built.real: rng.uniform(0, 1, (4, *images.shape[1:]))}
    other = session.run(built.pretrain.scalars, fed)
    assert other["d_loss_real"] != plain["d_loss_real"]
    assert other["d_loss_fake"] == pytest.approx(plain["d_loss_fake"], rel=1e-5)
    fed = {z: rng.uniform(-1, 1, (4, 100)) for z in built.z.values()}
    other = session.run(built.pretrain.scalars, fed)
    assert other["d_loss_real"] == pytest.approx(plain["d_loss_real"], rel=1e-5)
    assert other["d_loss_fake"] != plain["d_loss_fake"]


def test_a_step_counts_one_and_asking_for_scalars_counts_none(built, session):
    session.run(built.train.scalars)
    assert session.run(built.step) == 0
    session.run(built.pretrain.op)
    session.run([built.train.op, built.train.summary])
    assert session.run(built.step) == 2


def test_every_apply_waits_for_all_gradients_taken_at_its_weights(built):
    """Read off the graph, so that no race can hide behind good luck."""

    def ancestors(op):
        found, open_ops = set(), [op]
        while open_ops:
            for parent in [i.op for i in open_ops[-1].inputs] + list(
                open_ops.pop().control_inputs
            ):
                if parent not in found:
                    found.add(parent)
                    open_ops.append(parent)
        return found

    ops = built.step.graph.get_operations()
    applies = [op for op in ops if op.type == "ResourceApplyAdam"]
    gradients = {}
    for op in applies:
        gradients.setdefault(op.name.split("/")[0], set()).add(op.inputs[9].op)
    same_weights = [
        names for names in (("d_real_adam", "d_fake_adam"), ("d_adam",), ("g_adam",))
        if names[0] in gradients
    ]  # fmt: skip
    assert sum(map(len, same_weights)) == len(gradients)
    for names in same_weights:
        needed = set().union(*(gradients[name] for name in names))
        for op in applies:
            if op.name.split("/")[0] in names:
                assert needed <= ancestors(op), op.name


def test_samples_by_the_averages_are_what_the_generator_gives_in_inference(
    session, rng
):
    config = MnistBeginnersConfig(batch_size=4, sample_bn="ema")
    images = rng.integers(0, 256, (12, 28, 28, 1), np.uint8)
    built = build_train_graph(config, InMemory(images))
    session.run(built.initialize)
    built.start_data(session, 0)
    for _ in range(3):
        session.run(built.train.op)
    sample_z = built.step.graph.get_tensor_by_name("sample_z:0")
    again, _ = mnist_beginners.generator(sample_z, False)
    by_batch, _ = mnist_beginners.generator(sample_z, True)
    samples, again, by_batch = session.run([built.samples, again, by_batch])
    np.testing.assert_array_equal(samples, again)
    assert np.abs(samples - by_batch).max() > 1e-3


def test_quirk_the_graph_is_finalised_and_does_not_grow(tmp_path, monkeypatch, capsys):
    """The original adds a generator every 100 steps. Here sampling, summaries and
    checkpoints add nothing: the op count of every step is the same."""
    counts, finalized = [], []
    one_step = train.Trainer.train_step

    def counted(self):
        result = one_step(self)
        graph = tf.get_default_graph()
        counts.append(len(graph.get_operations()))
        finalized.append(graph.finalized)
        return result

    monkeypatch.setattr(train.Trainer, "train_step", counted)
    config = MnistBeginnersConfig(
        batch_size=4, steps=4, pretrain_steps=2, save_every=2, sample_every=2,
        summary_every=1, histograms=True, device="cpu",
    )  # fmt: skip
    images = np.zeros((8, 28, 28, 1), np.uint8)
    assert train.train(config, InMemory(images), RunDirectory(tmp_path / "r")) == 0
    assert len(counts) == 6
    assert len(set(counts)) == 1
    assert all(finalized)
    assert re.search(r"step 6/6 .* images/s .* left 00:00", capsys.readouterr().out)
