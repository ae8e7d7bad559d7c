"""The system images96: names, PyTorch's initial values, variances and Adam."""

import itertools

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from rounding import UNIT, products, two_orders

from dcgan_v1 import models
from dcgan_v1.data.pipeline import InMemory
from dcgan_v1.nn import ops, optimizers, weight_updates
from dcgan_v1.nn.optimizers import is_optimizer_variable
from dcgan_v1.sample import build_sample_graph
from dcgan_v1.systems import Images96Config
from dcgan_v1.training.graph import build_train_graph

pytestmark = [pytest.mark.graph, pytest.mark.numerical]


def golden(w):
    depths = [8 * w, 4 * w, 2 * w, w]
    names = {
        "generator/deconv1/w": (4, 4, 8 * w, 100),
        "generator/deconv5/w": (5, 5, 3, w),
        "discriminator/conv1/w": (5, 5, 3, w),
        "discriminator/conv5/w": (4, 4, 8 * w, 1),
    }
    for i, (above, below) in enumerate(itertools.pairwise(depths)):
        names[f"generator/deconv{i + 2}/w"] = (4, 4, below, above)
        names[f"discriminator/conv{4 - i}/w"] = (4, 4, below, above)
    for i, channels in enumerate(depths):
        for part in ("beta", "gamma", "moving_mean", "moving_variance"):
            names[f"generator/bn{i + 1}/{part}"] = (channels,)
            names[f"discriminator/bn{4 - i}/{part}"] = (channels,)
    return names


def build(images=None, **settings):
    if images is None:
        images = np.zeros((8, 96, 96, 3), np.uint8)
    config = Images96Config(**{"batch_size": 4, "width": 8, **settings})
    return build_train_graph(config, InMemory(images))


@pytest.mark.parametrize("width", [8, 64])
def test_names_and_shapes_are_the_golden_list(graph, width):
    build(width=width)
    found = {
        v.op.name.removeprefix("images96/"): tuple(v.shape.as_list())
        for v in tf.global_variables()
        if not is_optimizer_variable(v.op.name)
    }
    assert found == golden(width)


def test_parameter_counts_at_the_sources_width(graph):
    """Counted by hand from the source's layers, which have no biases."""
    build(width=64)
    counts = [
        sum(int(np.prod(v.shape.as_list())) for v in part)
        for part in weight_updates.variables_of(tf.trainable_variables(), "images96")
    ]
    middle = 16 * (512 * 256 + 256 * 128 + 128 * 64)
    norms = 2 * (512 + 256 + 128 + 64)
    ends = 25 * 64 * 3
    assert counts == [16 * 100 * 512 + middle + ends + norms, 16 * 512 + middle + ends + norms]


def test_initial_values_are_pytorchs_defaults(graph, session):
    """U(-b, b), b = 1 / sqrt(fan_in), fan_in being counted over a transposed
    convolution's output channels."""
    session.run(build(width=32).initialize)
    for v in tf.trainable_variables():
        value, name = session.run(v), v.op.name
        if name.endswith(("beta", "gamma")):
            assert (value == name.endswith("gamma")).all()
        else:
            bound = np.prod(value.shape[:3]) ** -0.5  # [k, k, counted, other]
            assert 0.95 * bound < np.abs(value).max() <= bound * (1 + 1e-6), name
            assert value.std() == pytest.approx(bound / 3**0.5, rel=0.1), name


def test_running_variance_is_the_unbiased_one_in_each_pass_in_turn(session, rng):
    """D's averages follow the reals, then the fakes, then the fakes again."""
    built = build(rng.integers(0, 256, (4, 96, 96, 3), np.uint8))
    session.run(built.initialize)
    built.start_data(session, 0)
    named = {v.op.name.removeprefix("images96/"): v for v in built.saved}
    w = named["discriminator/conv1/w"]
    fake, _ = models.get("images96").generator(built.noise["z"], True, width=8)

    def moments(images):
        h = tf.nn.conv2d(tf.cast(images, tf.float64), tf.cast(w, tf.float64), 3, "SAME")
        return tf.nn.moments(h, [0, 1, 2])

    of_real, of_fake = session.run([moments(built.real), moments(fake)])
    real, fake_images = session.run([built.real, fake])
    session.run(built.train.op)
    again = session.run(moments(tf.constant(fake_images)))
    n = 4 * 32 * 32
    mean, variance = np.zeros(8), np.ones(8)
    for m, v in (of_real, of_fake, again):
        mean = 0.9 * mean + 0.1 * m
        variance = 0.9 * variance + 0.1 * v * n / (n - 1)
    found = [
        session.run(named[f"discriminator/bn1/moving_{kind}"]) for kind in ("mean", "variance")
    ]
    # sums over the map, of convolutions, of what the generator drew
    weights = [v for v in built.saved if not is_optimizer_variable(v.op.name)]
    terms = n + products({v.op.name: v.shape.as_list() for v in weights})
    biased = np.ones(8)
    for _, v in (of_real, of_fake, again):
        biased = 0.9 * biased + 0.1 * v
    shares = zip((0.081, 0.09, 0.1), (of_real, of_fake, again), strict=True)
    size = sum(share * (m**2 + v) for share, (m, v) in shares)  # what the batches added
    assert (np.abs(found[0] - mean) <= two_orders(terms) * np.sqrt(size.max())).all()
    bound = two_orders(terms) * size + 4 * UNIT
    assert (np.abs(found[1] - variance) <= bound).all()
    assert (np.abs(variance - biased) > bound).any()  # the bound can tell them apart
    assert real.shape == (4, 96, 96, 3)


@pytest.mark.parametrize("size", [4, 5])
def test_same_padding_is_the_sources_explicit_padding(session, rng, size):
    """4x4 of stride 2 and 5x5 of stride 3: one row of zeros on each side."""
    stride, side = size - 2, 12 if size == 4 else 15
    x = tf.constant(rng.normal(size=(2, side, side, 3)))
    init = {"w_initializer": tf.random_normal_initializer()}
    y = ops.conv2d(x, 5, size, "conv", stride=stride, **init)
    (w,) = tf.trainable_variables()
    padded = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
    expected = tf.nn.conv2d(padded, w, stride, "VALID")
    session.run(tf.global_variables_initializer())
    np.testing.assert_allclose(*session.run([y, expected]), rtol=1e-12)


def test_convolutions_without_padding_equal_matrix_products(session, rng):
    x = tf.constant(rng.normal(size=(2, 4, 4, 3)))
    z = tf.constant(rng.normal(size=(2, 1, 1, 7)))
    init = {"stride": 1, "padding": "VALID"}
    init["w_initializer"] = tf.random_normal_initializer()
    down = ops.conv2d(x, 5, 4, "conv", **init)
    up = ops.conv2d_transpose(z, 5, 4, "deconv", **init)
    session.run(tf.global_variables_initializer())
    w, w_up = session.run(tf.trainable_variables())
    x_np, z_np, down, up = session.run([x, z, down, up])
    assert down.shape == (2, 1, 1, 5)
    np.testing.assert_allclose(down[:, 0, 0], np.einsum("nijc,ijco->no", x_np, w), rtol=1e-10)
    np.testing.assert_allclose(up, np.einsum("nc,ijoc->nijo", z_np[:, 0, 0], w_up), rtol=1e-10)


def test_epsilon_is_added_after_the_bias_correction(graph, session, rng):
    """As in Kingma & Ba's algorithm 1, with a gradient small enough to tell."""
    g = rng.normal(size=5) * 1e-8
    v = tf.get_variable("v", initializer=tf.zeros([5], tf.float64))
    adam = optimizers.pytorch_adam(2e-4, 0.5, name="g_adam", dtype=tf.float64)
    op = adam.apply_gradients([(tf.constant(g), v)])
    session.run(tf.global_variables_initializer())
    expected, m, s = np.zeros(5), np.zeros(5), np.zeros(5)
    for t in range(1, 6):
        session.run(op)
        m = 0.5 * m + 0.5 * g
        s = 0.999 * s + 0.001 * g * g
        step = m / (1 - 0.5**t) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
        expected = expected - 2e-4 * step
        np.testing.assert_allclose(session.run(v), expected, rtol=1e-12)


def test_images_for_any_number_of_draws_in_the_networks_range(graph, session, rng):
    sample = build_sample_graph(Images96Config(width=8), "ema")
    session.run(tf.global_variables_initializer())
    for n in (1, 3):
        images = session.run(sample.images, {sample.z: rng.normal(size=(n, 100))})
        assert images.shape == (n, 96, 96, 3)
        assert np.abs(images).max() <= 1
