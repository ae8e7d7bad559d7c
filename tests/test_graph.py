"""The training graph: what a step reads, that it can be fed, that it does not grow."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
import tiny_systems
from rounding import UNIT, products, two_orders

from dcgan_v1.data.pipeline import InMemory
from dcgan_v1.models import mnist_beginners
from dcgan_v1.systems import SYSTEMS, MnistBeginnersConfig
from dcgan_v1.training import train
from dcgan_v1.training.rundir import RunDirectory

pytestmark = [pytest.mark.graph, pytest.mark.numerical]


@pytest.fixture(scope="module", params=SYSTEMS)
def system(request):
    """A system's configuration, images, training graph and session, made once."""
    config = tiny_systems.config(request.param, samples=16)
    images = tiny_systems.pixels(request.param, 12)
    with tf.Graph().as_default(), tf.Session() as session:
        graph = tiny_systems.training_graph(session, config, images)
        yield SimpleNamespace(config=config, images=images, graph=graph, session=session)


@pytest.fixture
def built(system):
    """The training graph of a system, at step 0."""
    tiny_systems.start(system.graph, system.session)
    return system.graph


@pytest.fixture
def session(system):
    return system.session


def test_real_images_are_the_data_in_the_networks_range(system, built, session):
    images, (low, high) = system.images, SYSTEMS[system.config.model].image_range
    seen = []
    for _ in range(3):  # one epoch
        real = session.run(built.real)
        seen += [
            int(np.abs(images / 255 * (high - low) + low - r).mean((1, 2, 3)).argmin())
            for r in real
        ]
        best = images[seen[-4:]] / 255 * (high - low) + low
        np.testing.assert_allclose(real, best, rtol=0, atol=4 * UNIT)  # four operations
        session.run(built.train.op)
    assert sorted(seen) == list(range(12))


def test_noise_differs_by_step_and_by_purpose(built, session):
    drawn = []
    for _ in range(2):
        latents = [z for name, z in built.noise.items() if name.startswith("z")]
        drawn += session.run(latents)
        session.run(built.train.op)
    for i, a in enumerate(drawn):
        assert a.shape == (4, 100)
        for b in drawn[:i]:
            assert np.abs(a - b).min(axis=1).max() > 0
            assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.25


@pytest.mark.parametrize("system", ["mnist_keras"], indirect=True)
def test_dropout_masks_keep_seven_of_ten_and_differ_by_step_and_purpose(built, session):
    masks = {name: x for name, x in built.noise.items() if name.startswith("keep")}
    assert len(masks) == 6
    drawn = {}
    for step in range(2):
        values = session.run(masks)
        drawn |= {(step, name): value for name, value in values.items()}
        session.run(built.train.op)
    for (step, name), a in drawn.items():
        assert a.shape == ((4, 14, 14, 64) if name.endswith("1") else (4, 7, 7, 128))
        assert a.mean() == pytest.approx(0.7, abs=0.01)
        for (other_step, other), b in drawn.items():
            if a.shape == b.shape and (step, name) != (other_step, other):
                assert (a == b).mean() == pytest.approx(0.58, abs=0.02)


def test_real_and_noise_can_be_fed(system, built, session, rng):
    """In D's scalars alone: g_loss would run D's update first, as the fakes' loss does
    in mnist_keras."""
    config, images = system.config, system.images
    real_loss, fake_loss = (built.pretrain.scalars[name] for name in ("d_loss_real", "d_loss_fake"))
    latents = [z for name, z in built.noise.items() if name.startswith("z")]
    other_images = {built.real: rng.uniform(0, 1, (4, *images.shape[1:]))}
    other_noise = {z: rng.uniform(-1, 1, (4, 100)) for z in latents}
    shapes = {v.op.name: v.shape.as_list() for v in built.saved if "/discriminator/" in v.op.name}
    rel = two_orders(products(shapes))
    plain = session.run(real_loss)
    assert session.run(real_loss, other_images) != plain
    assert session.run(real_loss, other_noise) == pytest.approx(plain, rel=rel)
    plain = session.run(fake_loss)
    if config.model != "mnist_keras":
        assert session.run(fake_loss, other_images) == pytest.approx(plain, rel=rel)
    assert session.run(fake_loss, other_noise) != plain


def test_a_step_counts_one_and_asking_for_scalars_counts_none(built, session):
    session.run(built.train.scalars)
    assert session.run(built.step) == 0
    session.run(built.pretrain.op)
    session.run([built.train.op, built.train.summary])
    assert session.run(built.step) == 2


TAKEN_TOGETHER = {  # updates whose gradients are taken at the same weights
    "mnist_beginners": [("d_real_adam/apply", "d_fake_adam/apply"), ("g_adam/apply",)],
    "mnist_tutorial": [("d_adam/apply", "g_adam/apply")],
    # d_adam's two steps
    "mnist_keras": [("d_adam/apply",), ("d_adam/apply_1",), ("g_adam/apply",)],
}
BOXES = {
    "data",
    "noise",
    "generator",
    "discriminator",
    "losses",
    "updates",
    "averages",
    "summaries",
}


def test_every_apply_waits_for_all_gradients_taken_at_its_weights(system, built):
    """Read off the graph, so that no race can hide behind good luck."""

    def ancestors(op):
        found, open_ops = set(), [op]
        while open_ops:
            for parent in [i.op for i in open_ops[-1].inputs] + list(open_ops.pop().control_inputs):
                if parent not in found:
                    found.add(parent)
                    open_ops.append(parent)
        return found

    ops = built.step.graph.get_operations()
    applies = [op for op in ops if op.type == "ResourceApplyAdam"]
    gradients = {}
    for op in applies:
        gradients.setdefault(update_of(op), set()).add(op.inputs[9].op)
    default = [("d_adam/apply",), ("g_adam/apply",)]
    same_weights = TAKEN_TOGETHER.get(system.config.model, default)
    assert sum(map(len, same_weights)) == len(gradients)
    for names in same_weights:
        needed = set().union(*(gradients[name] for name in names))
        for op in applies:
            if update_of(op) in names:
                assert needed <= ancestors(op), op.name


def update_of(op):
    """The optimiser that an op belongs to, and which of its updates."""
    return "/".join(op.name.split("/")[:2])


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == "mnist_tutorial" else pytest.mark.release)
        for name in tiny_systems.SYSTEMS
    ],
)
def test_tensorboard_shows_the_graph_in_about_ten_boxes(name):
    augment = {"augment": "all"} if name in ("celeba64", "images96") else {}
    config = tiny_systems.config(name, ema_decay=0.9, **augment)
    with tf.Graph().as_default() as graph, tf.Session() as session:
        built = tiny_systems.training_graph(session, config, tiny_systems.pixels(name))
        tf.train.Saver(built.saved, name="checkpoint/save")
        top = {op.name.split("/")[0] for op in graph.get_operations()}
    # besides those: the weights, the optimisers, the step, the checkpoint, augmentation
    rest = top - BOXES - {name, "global_step", "checkpoint", "augmentation"}
    assert top >= BOXES and rest and all(box.endswith("_adam") for box in rest), top


def test_samples_by_the_averages_are_what_the_generator_gives_in_inference():
    config = tiny_systems.config("mnist_beginners", sample_bn="ema")
    with tf.Graph().as_default(), tf.Session() as session:
        built = tiny_systems.training_graph(session, config, tiny_systems.pixels(config.model))
        for _ in range(3):
            session.run(built.train.op)
        sample_z = built.step.graph.get_tensor_by_name("noise/sample_z:0")
        again, _ = mnist_beginners.generator(sample_z, False)
        by_batch, _ = mnist_beginners.generator(sample_z, True)
        samples, again, by_batch = session.run([built.samples, again, by_batch])
    np.testing.assert_array_equal(samples, again)
    assert np.abs(samples - by_batch).max() > 1e-3


def test_quirk_the_graph_is_finalised_and_does_not_grow(tmp_path, capsys):
    """The original adds a generator every 100 steps. Here sampling, summaries and
    checkpoints add nothing: the op count of every step is the same."""
    counts, finalized = [], []

    def count(run):
        counts.append(len(run.session.graph.get_operations()))
        finalized.append(run.session.graph.finalized)

    config = MnistBeginnersConfig(
        batch_size=4,
        steps=4,
        pretrain_steps=2,
        save_every=2,
        sample_every=2,
        summary_every=1,
        histograms=True,
        device="cpu",
    )
    images = np.zeros((8, 28, 28, 1), np.uint8)
    directory = RunDirectory(tmp_path / "r")
    assert train.train(config, InMemory(images), directory, after_step=[count]) == 0
    assert len(counts) == 6
    assert len(set(counts)) == 1
    assert all(finalized)
    assert re.search(r"step 6/6 .* images/s .* left 00:00", capsys.readouterr().out)
