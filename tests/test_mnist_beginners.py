"""The system mnist_beginners: its networks, names, counts and quirks."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from rounding import assert_close, products, two_orders

from dcgan_v1.checkpoints import original_names
from dcgan_v1.models import mnist_beginners
from dcgan_v1.nn import losses, weight_updates
from originals import mnist_beginners as source_graph

pytestmark = [pytest.mark.graph, pytest.mark.numerical]

GENERATOR = {
    "linear1/w": (100, 3136),
    "linear1/b": (3136,),
    "bn1/beta": (1,),
    "conv2/w": (3, 3, 1, 50),
    "conv2/b": (50,),
    "bn2/beta": (50,),
    "conv3/w": (3, 3, 50, 25),
    "conv3/b": (25,),
    "bn3/beta": (25,),
    "conv4/w": (1, 1, 25, 1),
    "conv4/b": (1,),
}
DISCRIMINATOR = {
    "conv1/w": (5, 5, 1, 32),
    "conv1/b": (32,),
    "conv2/w": (5, 5, 32, 64),
    "conv2/b": (64,),
    "linear3/w": (3136, 1024),
    "linear3/b": (1024,),
    "linear4/w": (1024, 1),
    "linear4/b": (1,),
}


@pytest.fixture
def networks(graph):
    z_ph = tf.placeholder(tf.float32, [None, 100])
    images, updates = mnist_beginners.generator(z_ph, True)
    logits, d_updates = mnist_beginners.discriminator(images, True)
    assert d_updates == []
    return z_ph, images, logits, updates


def test_trainable_names_and_shapes_are_the_golden_list(networks):
    golden = {f"mnist_beginners/generator/{k}": v for k, v in GENERATOR.items()}
    golden |= {f"mnist_beginners/discriminator/{k}": v for k, v in DISCRIMINATOR.items()}
    found = {v.op.name: tuple(v.shape.as_list()) for v in tf.trainable_variables()}
    assert found == golden


def test_averages_are_kept_for_each_batch_norm_and_not_trained(networks):
    others = set(tf.global_variables()) - set(tf.trainable_variables())
    assert {v.op.name.removeprefix("mnist_beginners/generator/") for v in others} == {
        f"bn{i}/moving_{what}" for i in (1, 2, 3) for what in ("mean", "variance")
    }


def test_parameter_counts(networks):
    split = weight_updates.variables_of(tf.trainable_variables(), "mnist_beginners")
    counts = [sum(int(np.prod(v.shape.as_list())) for v in part) for part in split]
    # 100*3136 + 3136 + 1 + 450 + 50 + 50 + 11250 + 25 + 25 + 25 + 1, and D's by layer
    assert counts == [328_613, 832 + 51_264 + 3_212_288 + 1_025]


def test_variable_lists_are_disjoint_and_a_stray_variable_is_noticed(networks):
    generator, discriminator = weight_updates.variables_of(
        tf.trainable_variables(), "mnist_beginners"
    )
    assert not {v.ref() for v in generator} & {v.ref() for v in discriminator}
    tf.get_variable("mnist_beginners/generatorish", [1])
    with pytest.raises(AssertionError, match="generatorish"):
        weight_updates.variables_of(tf.trainable_variables(), "mnist_beginners")


def test_any_batch_size_gives_images_in_zero_to_one(networks, session, rng):
    z_ph, images, logits, _ = networks
    session.run(tf.global_variables_initializer())
    for n in (1, 3):
        out, scores = session.run([images, logits], {z_ph: rng.normal(size=(n, 100)) * 10})
        assert out.shape == (n, 28, 28, 1)
        assert scores.shape == (n, 1)
        assert 0 <= out.min() <= out.max() <= 1


def test_initial_values(networks, session):
    """Weights, and the generator's biases too, are truncated normal 0.02."""
    session.run(tf.global_variables_initializer())
    for v in tf.trainable_variables():
        value, name = session.run(v), v.op.name
        random = name.endswith("/w") or (name.endswith("/b") and "generator" in name)
        assert random == bool(value.any()), name
        assert np.abs(value).max() <= 0.04  # cut at two standard deviations
        if value.size > 1000 and random:
            # a normal cut at two standard deviations keeps 0.8796 of its deviation
            assert value.std() == pytest.approx(0.02 * 0.8796, rel=0.08), name
            assert abs(value.mean()) < 0.02 / np.sqrt(value.size) * 5, name


def test_quirk_a_training_sample_depends_on_the_batch_it_is_drawn_in(networks, session, rng):
    z_ph, images, _, _ = networks
    session.run(tf.global_variables_initializer())
    z = rng.normal(size=(8, 100))
    first = session.run(images, {z_ph: z})[0]
    changed = session.run(images, {z_ph: np.concatenate([z[:1], z[1:] * 3])})[0]
    assert np.abs(first - changed).max() > 1e-4


def test_averages_make_a_sample_independent_of_its_batch(graph, session, rng):
    z_ph = tf.placeholder(tf.float32, [None, 100])
    images, _ = mnist_beginners.generator(z_ph, False)
    session.run(tf.global_variables_initializer())
    z = rng.normal(size=(8, 100))
    together = session.run(images, {z_ph: z})[0]
    alone = session.run(images, {z_ph: z[:1]})[0]
    assert_close(together, alone, products(GENERATOR), size=1)


# ---- beside the original graph, with the original's weights ----


@pytest.fixture
def beside_source(graph, session):
    """Both graphs in one session, our weights set to the original's.

    Gives the source's ops, ours, and pairs of (our variable, the original's).
    """
    source = source_graph.graph()
    originals = {v.op.name: v for v in tf.global_variables()}
    images, _ = mnist_beginners.generator(source["z"], True)
    real_logits, _ = mnist_beginners.discriminator(source["x"], True)
    fake_logits, _ = mnist_beginners.discriminator(images, True)
    ours = {
        "images": images,
        "d_loss_real": losses.discriminator_loss_real(real_logits),
        "d_loss_fake": losses.discriminator_loss_fake(fake_logits),
        "g_loss": losses.generator_loss(fake_logits),
    }
    mine = {v.op.name: v for v in tf.global_variables() if v.op.name not in originals}
    table = original_names.names("mnist_beginners", mine)
    pairs = [(mine[a], originals[b]) for a, b in table.items() if a in mine]
    session.run(tf.global_variables_initializer())
    session.run([tf.assign(a, b) for a, b in pairs])
    return source, ours, pairs


N = 10  # images
TERMS = products(GENERATOR) + 3 * N * 28 * 28  # of sums of batch norms, too
ALL_TERMS = TERMS + products(DISCRIMINATOR)


def test_images_and_losses_are_the_originals(beside_source, session, rng):
    source, ours, _ = beside_source
    feed = {source["x"]: rng.random((N, 28, 28, 1)), source["z"]: rng.normal(size=(N, 100))}
    theirs, ours = session.run([{k: source[k] for k in ours}, ours], feed)
    assert_close(ours["images"], theirs["images"], TERMS, size=1)
    for name in ("d_loss_real", "d_loss_fake", "g_loss"):
        assert_close(ours[name], theirs[name], ALL_TERMS)


def test_gradients_are_the_originals(beside_source, session, rng):
    source, ours, pairs = beside_source
    feed = {source["x"]: rng.random((N, 28, 28, 1)), source["z"]: rng.normal(size=(N, 100))}
    for loss, net in (("d_loss_real", "d"), ("d_loss_fake", "d"), ("g_loss", "g")):
        trained = [
            (a, b)
            for a, b in pairs
            if b.op.name.startswith(f"{net}_") and "moving" not in b.op.name
        ]
        ours_np, theirs_np = session.run(
            [
                tf.gradients(ours[loss], [a for a, _ in trained]),
                tf.gradients(source[loss], [b for _, b in trained]),
            ],
            feed,
        )
        largest = max(np.linalg.norm(g) for g in theirs_np)
        for a, b, (variable, _) in zip(ours_np, theirs_np, trained, strict=True):
            # Rounding by a share r of what goes into ReLUs turns that share of them over,
            # and with it that share of the squared norm; and a share of the largest is
            # allowed, since what stands before a batch norm can have a gradient of zero.
            off = two_orders(ALL_TERMS)
            allowed = off**0.5 * np.linalg.norm(b) + off * largest
            assert np.linalg.norm(a - b) < allowed, variable.op.name
