"""The system celeba64: its networks, names, quirks, and the original beside it."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from rounding import assert_close, products

from dcgan_v1.checkpoints import original_names, reading, restoring
from dcgan_v1.checkpoints.checkpoint import open_checkpoint
from dcgan_v1.data.pipeline import InMemory
from dcgan_v1.models import celeba64
from dcgan_v1.nn import losses, weight_updates
from dcgan_v1.nn.optimizers import is_optimizer_variable
from dcgan_v1.sample import build_sample_graph
from dcgan_v1.systems import Celeba64Config
from dcgan_v1.training.graph import build_train_graph
from originals import celeba64 as source_graph

pytestmark = [pytest.mark.graph, pytest.mark.numerical]

NARROW = Celeba64Config(width=8, batch_size=4)
ORIGINAL_NAMES = Path(__file__).with_name("legacy") / "celeba64.tsv"


def names_without_optimizers(variables):
    return {
        v.op.name.removeprefix("celeba64/"): tuple(v.shape.as_list())
        for v in variables
        if not is_optimizer_variable(v.op.name)
    }


def golden(w):
    """Every variable of both networks at width w."""
    generator = {"linear0/w": (100, 128 * w)}
    discriminator = {"linear4/w": (128 * w, 1)}
    depths = [8 * w, 4 * w, 2 * w, w]
    for i, (above, below) in enumerate(zip(depths, [*depths[1:], 3], strict=True)):
        generator[f"deconv{i + 1}/w"] = (5, 5, below, above)
        discriminator[f"conv{3 - i}/w"] = (5, 5, below, above)
        for part in ("beta", "gamma", "moving_mean", "moving_variance"):
            generator[f"bn{i}/{part}"] = (above,)
        for part in ("beta", "gamma"):
            discriminator[f"bn{3 - i}/{part}"] = (above,)
        for part in ("moving_mean", "moving_variance"):
            for averages in ("fake", "real"):
                discriminator[f"bn{3 - i}/{averages}/{part}"] = (above,)
    return {f"generator/{k}": v for k, v in generator.items()} | {
        f"discriminator/{k}": v for k, v in discriminator.items()
    }


def generator_products():
    """How many products lie behind a pixel of the narrow generator."""
    shapes = {k: shape for k, shape in golden(NARROW.width).items() if k.startswith("generator")}
    return products(shapes)


def build(config, images_np=None):
    if images_np is None:
        images_np = np.zeros((8, 64, 64, 3), np.uint8)
    return build_train_graph(config, InMemory(images_np))


@pytest.fixture(scope="module")
def at_the_sources_width():
    """A training graph, which is built once."""
    with tf.Graph().as_default():
        return build(Celeba64Config())


@pytest.mark.parametrize("width", [8, 64])
def test_names_and_shapes_are_the_golden_list(graph, width):
    build(Celeba64Config(width=width))
    assert names_without_optimizers(tf.global_variables()) == golden(width)


def test_names_shapes_and_parameter_counts_at_the_sources_width(at_the_sources_width):
    with at_the_sources_width.step.graph.as_default():
        variables, trained = tf.global_variables(), tf.trainable_variables()
    assert names_without_optimizers(variables) == golden(128)
    counts = [
        sum(int(np.prod(v.shape.as_list())) for v in part)
        for part in weight_updates.variables_of(trained, "celeba64")
    ]
    kernels = 25 * (1024 * 512 + 512 * 256 + 256 * 128 + 128 * 3)
    norms = 2 * (1024 + 512 + 256 + 128)
    assert counts == [100 * 16384 + kernels + norms, 16384 + kernels + norms]


@pytest.mark.parametrize("init", ["paper", "source"])
def test_initial_values(graph, session, init):
    build(Celeba64Config(width=32, init=init))
    session.run(tf.global_variables_initializer())
    source = init == "source"
    trained = tf.trainable_variables()
    for v, value in zip(trained, session.run(trained), strict=True):
        name, n = v.op.name, value.size
        if name.endswith("beta"):
            assert not value.any()
        elif name.endswith("gamma"):  # quirk: the source's gammas start around 0
            assert abs(value.mean() - (0 if source else 1)) < 0.1 / n**0.5
            assert value.std() == pytest.approx(0.02, rel=0.6)
        elif source and "linear" in name:  # quirk: uniform in [0, 1)
            assert 0 <= value.min() <= value.max() < 1
            assert value.mean() == pytest.approx(0.5, abs=2 / n**0.5)
        else:
            cut = 0.8796 if source else 1.0  # what cutting at two deviations leaves
            stddev = 0.02 if not source else 0.05 if "deconv" in name else 0.005
            assert value.std() == pytest.approx(stddev * cut, rel=0.1), name
            assert abs(value.mean()) < 5 * stddev / n**0.5, name


def test_images_lie_in_minus_one_to_one_for_any_batch_size(graph, session, rng):
    sample = build_sample_graph(NARROW, "batch")
    session.run(tf.global_variables_initializer())
    for n in (1, 3):
        images, logits = session.run(
            [sample.images, sample.logits], {sample.z: rng.uniform(-1, 1, (n, 100))}
        )
        assert images.shape == (n, 64, 64, 3)
        assert -1 <= images.min() < images.max() <= 1
        assert logits.shape == (n,)


def test_quirk_d_keeps_averages_of_fakes_and_of_reals_apart(graph, session, rng):
    """Reals move the `real` set, fakes the `fake` set; a sample is judged by `fake`."""
    images = rng.integers(0, 256, (8, 64, 64, 3), np.uint8)
    built = build(NARROW, images)
    session.run(built.initialize)
    built.start_data(session, 0)
    # by hand from the weights before the step: the first layer's mean over the reals
    (w,) = (v for v in tf.trainable_variables() if "conv0/w" in v.op.name)
    first = tf.nn.conv2d(built.real, w, strides=2, padding="SAME")
    first = session.run(first)
    session.run(built.train.op)
    values = {v.op.name: session.run(v) for v in built.saved if "bn0" in v.op.name}
    prefix = "celeba64/discriminator/bn0"
    real, fake = (values[f"{prefix}/{s}/moving_mean"] for s in ("real", "fake"))
    terms = first[..., 0].size + 5 * 5 * 3  # of a mean of convolutions
    expected = first.mean((0, 1, 2), np.float64)
    assert_close(real, 0.1 * expected, terms, size=0.1 * np.abs(first).mean())
    assert np.abs(real - fake).max() > 1e-5
    before = {v: session.run(v) for v in built.saved}
    session.run([built.samples, built.d_mean_sample])
    for v, value in before.items():  # drawing samples moves nothing
        np.testing.assert_array_equal(session.run(v), value, err_msg=v.op.name)


def test_is_training_may_be_a_bool_tensor(graph, session, rng):
    z = tf.constant(rng.uniform(-1, 1, (4, 100)), tf.float32)
    phase_ph = tf.placeholder(tf.bool, [])
    generator, discriminator = celeba64.networks(NARROW)
    images, updates = generator(z, phase_ph)
    logits, d_updates = discriminator(images, phase_ph)
    plain, _ = generator(z, True)
    session.run(tf.global_variables_initializer())
    moments = 4 * (4**2 + 8**2 + 16**2 + 32**2)  # of the batch, in each batch norm
    terms = generator_products() + moments
    assert_close(*session.run([images, plain], {phase_ph: True}), terms, size=1)
    for _ in range(30):
        session.run([updates, d_updates], {phase_ph: True})
    by_averages, by_batch = (
        session.run([images, logits], {phase_ph: phase}) for phase in (False, True)
    )
    # the averages have settled on this one batch
    np.testing.assert_allclose(by_averages[0], by_batch[0], atol=0.1)
    assert np.abs(by_averages[0] - by_batch[0]).max() > 0


def test_flat_step_equals_separate_runs_bit_for_bit(graph, session, rng):
    real = tf.placeholder(tf.float32, [None, 64, 64, 3])
    z = tf.placeholder(tf.float32, [None, 100])
    step = celeba64.training_step(NARROW, *celeba64.networks(NARROW), real, z)
    g_vars, _ = weight_updates.variables_of(tf.trainable_variables(), "celeba64")
    generator, discriminator = celeba64.networks(NARROW)
    logits, _ = discriminator(generator(z, True)[0], True)
    gradients = tf.gradients(losses.generator_loss(logits), g_vars)
    adam = tf.train.AdamOptimizer(2e-4, 0.5, name="alone_adam")
    g_alone = adam.apply_gradients(zip(gradients, g_vars, strict=True))
    session.run(tf.global_variables_initializer())
    trained = tf.trainable_variables()
    start = session.run(trained)
    feeds = [
        {real: rng.uniform(-1, 1, (4, 64, 64, 3)), z: rng.uniform(-1, 1, (4, 100))}
        for _ in range(3)
    ]
    for feed in feeds:
        session.run(step.d_and_g_op, feed)
    fused = session.run(trained)
    session.run(tf.global_variables_initializer())
    session.run([tf.assign(v, b) for v, b in zip(trained, start, strict=True)])
    for feed in feeds:
        session.run(step.d_op, feed)
        session.run(g_alone, feed)
    for v, a, b in zip(trained, fused, session.run(trained), strict=True):
        np.testing.assert_array_equal(a, b, err_msg=v.op.name)


# ---- the original ----


def test_original_names_map_every_variable_exactly_once(at_the_sources_width):
    lines = ORIGINAL_NAMES.read_text().splitlines()[1:]
    pairs = (line.split("\t") for line in lines)
    original = {name: [int(n) for n in shape.split(",") if n] for name, shape in pairs}
    ours = {v.op.name: v.shape.as_list() for v in at_the_sources_width.saved}
    table = original_names.names("celeba64", ours)
    assert set(table) == set(ours) - {"global_step"}
    assert {table[name]: ours[name] for name in table} == original


@pytest.fixture(scope="session")
def written_by_the_original(tmp_path_factory):
    """A trained checkpoint of the source's graph, and what it makes of one noise."""
    rng = np.random.default_rng(5)
    z = rng.uniform(-1, 1, (4, 100)).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        ops = source_graph.graph(batch_size=4, width=8)
        session.run(tf.global_variables_initializer())
        for _ in range(2):
            feed = {
                ops["x"]: rng.uniform(-1, 1, (4, 64, 64, 3)),
                ops["z"]: rng.uniform(-1, 1, (4, 100)),
                ops["training"]: True,
            }
            session.run(ops["d"], feed)
            session.run(ops["g"], feed)
        prefix = str(tmp_path_factory.mktemp("original") / "model")
        tf.train.Saver().save(session, prefix)
        images = session.run(ops["images"], {ops["z"]: z, ops["training"]: False})
        return (prefix, z, images, session.run({v.op.name: v for v in tf.global_variables()}))


def numpy_generator(z, v):
    """The source's formulas in float64, batch norm by the averages."""
    from test_ops import numpy_conv2d_transpose

    def bn(h, i):
        scope = f"bn/Generator/bn_{i}" if i else "bn/Generator/bn"
        mean, variance = (
            v[f"{scope}/moments/{part}/ExponentialMovingAverage"]
            for part in ("Squeeze", "Squeeze_1")
        )
        h = (h - mean) / np.sqrt(variance + 1e-5)
        return h * v[f"Generator/g_gamma{i}"] + v[f"Generator/g_beta{i}"]

    h = (z @ v["Generator/g_W0"]).reshape(len(z), 4, 4, -1)
    for i in (1, 2, 3, 4):
        h = np.maximum(bn(h, i - 1), 0)
        h = numpy_conv2d_transpose(h, v[f"Generator/g_W{i}"], 2, before=1)
    return np.tanh(h)


def test_images_from_the_originals_checkpoint_are_what_its_formulas_give(
    written_by_the_original, graph, session
):
    prefix, z, theirs, values = written_by_the_original
    values = {name: np.float64(value) for name, value in values.items()}
    sample = build_sample_graph(NARROW, "ema")
    plan = restoring.plan_networks(open_checkpoint(prefix), sample.saved)
    restoring.restore(session, plan)
    ours = session.run(sample.images, {sample.z: z})
    assert_close(ours, theirs, generator_products(), size=1)
    assert_close(ours, numpy_generator(np.float64(z), values), generator_products(), size=1)


def test_restore_and_export_give_back_the_originals_bytes(
    written_by_the_original, graph, session, tmp_path
):
    prefix, _, _, values = written_by_the_original
    built = build(NARROW)
    session.run(built.initialize)
    restoring.restore(session, restoring.plan(open_checkpoint(prefix), "celeba64", built.saved))
    ours = session.run({v.op.name: v for v in built.saved})
    np.testing.assert_array_equal(
        ours["celeba64/discriminator/bn2/gamma/d_adam_1"], values["Discriminator/d_gamma3/Adam_1"]
    )
    np.testing.assert_array_equal(
        ours["celeba64/discriminator/bn1/real/moving_variance"],
        values["bn/Discriminator/bn_5/moments/Squeeze_1/ExponentialMovingAverage"],
    )
    table = original_names.names("celeba64", ours)
    reading.write(tmp_path / "back", {table[name]: ours[name] for name in table})
    back = reading.tensors(str(tmp_path / "back"))
    assert set(back) == set(values)
    for name, value in values.items():
        assert back[name].tobytes() == value.tobytes(), name


def test_gradients_are_the_originals(graph, session, rng):
    ops = source_graph.graph(batch_size=4, width=8)
    originals = {v.op.name: v for v in tf.global_variables()}
    generator, discriminator = celeba64.networks(NARROW)
    images, _ = generator(ops["z"], True)
    fake, _ = discriminator(images, True, averages="fake")
    real, _ = discriminator(ops["x"], True, averages="real")
    d_loss = losses.discriminator_loss_real(real) + losses.discriminator_loss_fake(fake)
    mine = {v.op.name: v for v in tf.global_variables() if v.op.name not in originals}
    table = original_names.names("celeba64", mine)
    session.run(tf.global_variables_initializer())
    session.run([tf.assign(mine[a], originals[b]) for a, b in table.items()])
    feed = {
        ops["x"]: rng.uniform(-1, 1, (4, 64, 64, 3)),
        ops["z"]: rng.uniform(-1, 1, (4, 100)),
        ops["training"]: True,
    }
    for ours, theirs, net in (
        (d_loss, ops["d_loss"], "Discriminator/"),
        (losses.generator_loss(fake), ops["g_loss"], "Generator/"),
    ):
        pairs = [
            (mine[a], originals[b])
            for a, b in table.items()
            if b.startswith(net) and mine[a] in tf.trainable_variables()
        ]
        a_np, b_np = session.run(
            [
                tf.gradients(ours, [a for a, _ in pairs]),
                tf.gradients(theirs, [b for _, b in pairs]),
            ],
            feed,
        )
        for a, b, (v, _) in zip(a_np, b_np, pairs, strict=True):
            assert np.linalg.norm(a - b) <= 5e-3 * np.linalg.norm(b), v.op.name
