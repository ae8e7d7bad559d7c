"""What the page of explore.py is made of, each part against somebody else's."""

import base64

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from browser import levels, opened, script
from PIL import Image
from rounding import assert_close, two_orders

from dcgan_v1 import image_files, pretrained, systems
from dcgan_v1.explore import directions, packing
from dcgan_v1.export import layers
from dcgan_v1.sample import draw_noise, open_sampler

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("kind", ["normal", "uniform"])
def test_noise_is_numpys(kind, tab, rng):
    seeds = [0, 1, 2**32, 2**127 + 5, *rng.integers(2**62, size=3).tolist()]
    for truncation in (None, 0.5):
        found = tab.evaluate(
            "([kind, seeds, truncation]) => {"
            + script("noise.js")
            + """
            return seeds.map(seed =>
            drawNoise(kind, 100, 100, BigInt(seed), truncation).map(z => [...z])); }""",
            [kind, [str(seed) for seed in seeds], truncation],
        )
        for seed, z in zip(seeds, found, strict=True):
            expected = draw_noise(kind, 100, 100, seed, truncation)
            bound = 0 if kind == "uniform" else 5e-14
            np.testing.assert_allclose(z, expected, rtol=bound, atol=0)


def test_the_matrix_product_is_numpys(tab, rng):
    for _ in range(5):
        rows, depth = 4 * rng.integers(1, 9), rng.integers(1, 70)
        columns = 8 * rng.integers(1, 9)
        a, b = rng.normal(size=(rows, depth)), rng.normal(size=(depth, columns))
        panels = b.reshape(depth, -1, 8).transpose(1, 0, 2)
        sizes = [rows, depth, columns]
        found = tab.evaluate(
            "([a, b, sizes]) => {"
            + script("multiply.js")
            + """
            const memory = new WebAssembly.Memory({ initial: 4 });
            const module = new WebAssembly.Module(multiplyModule());
            const { multiply } = new WebAssembly.Instance(
              module, { page: { memory } }).exports;
            const numbers = new Float32Array(memory.buffer);
            numbers.set(a); numbers.set(b, 20000);
            multiply(0, 80000, 160000, ...sizes);
            return [...numbers.subarray(40000, 40000 + sizes[0] * sizes[2])]; }""",
            [a.ravel().tolist(), panels.ravel().tolist(), [int(n) for n in sizes]],
        )
        size = (np.abs(a) @ np.abs(b)).max()
        assert_close(np.reshape(found, (rows, columns)), a @ b, depth, size)


def test_gifs_are_read_back_exactly_where_256_colours_do(tab, rng, tmp_path):
    """Also where the table of codes is full and begins anew, and where a colour has to
    stand for several."""
    few = np.full((2, 150, 120, 4), 255, np.uint8)
    few[..., :3] = rng.integers(0, 6, (2, 150, 120, 3)) * 51  # 216 colours
    many = np.full((1, 64, 64, 4), 255, np.uint8)
    ramp = np.linspace(0, 255, 64).astype(np.uint8)
    many[..., 0], many[..., 1] = ramp, ramp[:, None]
    many[..., 2] = 128
    for frames, bound in ((few, 0), (many, 10)):
        found = tab.evaluate(
            "([frames, width, height]) => {"
            + script("gif.js")
            + """
            const encoded = frames.map(frame => encodedFrame(frame, width, height));
            return [...gifBytes(encoded, width, height)]; }""",
            [[f.ravel().tolist() for f in frames], frames.shape[2], frames.shape[1]],
        )
        path = tmp_path / "a.gif"
        path.write_bytes(bytes(found))
        with Image.open(path) as gif:
            assert gif.n_frames == len(frames)
            for number, frame in enumerate(frames):
                gif.seek(number)
                assert levels(np.asarray(gif.convert("RGB")), frame[..., :3]) <= bound


def test_weights_are_float32_where_float16_shows(tab):
    """A last layer of large weights that cancel: rounding them would be seen."""
    with opened("mnist_tutorial") as network:
        assert packing.halves_do(network)
        with network.session.graph.as_default():
            (first,) = [v for v in tf.global_variables() if v.op.name.endswith("linear1/w")]
        w = network.session.run(first)
        row = np.full(w.shape[1], 3000.3, np.float32)
        first.load(np.concatenate([w[:-2], [row, -row]]), network.session)
        assert not packing.halves_do(network)
        layers, data = packing.pack(network)
        z = draw_noise("normal", 4, 100, seed=5)
        z[:, -1] = z[:, -2]  # they cancel, unless one is rounded
        expected = image_files.to_uint8(network.session.run(network.y, {network.x: z}), (-1, 1))
    assert not any(w["half"] for layer in layers for w in layer["weights"].values())
    found = computed(tab, layers, data, z, (28, 28, 1))
    assert expected.std() > 10
    assert levels(found, expected) <= 1


def computed(tab, layers, data, z, shape):
    """What network.js makes of latents, uint8 [N, H, W, C]."""
    pixels = tab.evaluate(
        "([layers, data, latents, shape]) => {"
        + script("multiply.js", "network.js")
        + """
        const made = new Network(layers, decode(data));
        return latents.map(z =>
          [...toPixels(made.run(z), shape[2], [-1, 1])]); }""",
        [layers, base64.b64encode(data).decode(), z.tolist(), list(shape)],
    )
    rgba = np.array(pixels, np.uint8).reshape(len(z), *shape[:2], 4)
    return rgba[..., : shape[2]]


@pytest.mark.graph
def test_principal_directions_are_those_of_the_first_layers_outputs(rng):
    """Against the covariance of what the graph itself computes there."""
    for name in ("mnist_tutorial", "images96"):
        with opened(name) as network:
            vectors = directions.principal(layers.read_layers(network))
            z = rng.normal(size=(300, 100))
            z -= z.mean(0)
            z = np.linalg.qr(z)[0] * len(z) ** 0.5  # without correlations
            graph = network.session.graph
            first = next(
                layer
                for layer in graph.get_collection(("dcgan_v1", "layers"))
                if layer.kind == "batch_norm"
            )
            h = network.session.run(first.y, {network.x: z}).reshape(len(z), -1)
            moved = network.session.run(first.y, {network.x: z[:1] + vectors})
            still = h[0]
        np.testing.assert_allclose(vectors @ vectors.T, np.eye(6), atol=1e-9)
        moved = moved.reshape(6, -1)
        lengths = np.linalg.norm(moved - still, axis=1)
        assert (np.diff(lengths) < 0).all()
        h = (h - h.mean(0)).astype(np.float64)
        variances = np.linalg.eigvalsh(h @ h.T / len(z))[::-1][:6]
        off = two_orders(100) * (np.linalg.norm(moved, axis=1) + np.linalg.norm(still))
        assert (np.abs(lengths**2 - variances) <= 2 * lengths * off).all()


def test_along_its_direction_ds_score_rises(rng):
    with open_sampler(pretrained.path_of("celeba64"), "ema", "cpu") as sampler:
        vector = directions.score(sampler)
        z = draw_noise("uniform", 64, 100, int(rng.integers(2**31)))
        low, high = (sampler.arrays(z + step * vector)[1] for step in (-1.5, 1.5))
    assert (high > low).mean() > 0.7 and (high - low).mean() > 0.5


@pytest.mark.graph
def test_where_d_says_the_same_of_all_there_is_no_direction_of_its_score():
    class Indifferent:
        system = systems.get("mnist_tutorial")

        def arrays(self, z):
            return None, np.random.default_rng(0).normal(size=len(z))

    assert directions.score(Indifferent()) is None
