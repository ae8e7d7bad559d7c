"""What both sides are given: images, noise, masks and a state to start from."""

import numpy as np

from dcgan_v1 import systems
from dcgan_v1.data import mnist, synthetic
from dcgan_v1.data.decode import decode
from dcgan_v1.sample import draw_noise

SAMPLES = 16


def write(path, config, steps):
    """Writes an .npz with '<step>/<name>' for every step, and 'samples_z'.

    Images are real ones, MNIST's or faces drawn by the project, in float64; masks keep
    what the system's dropout would.
    """
    system = systems.get(config.model)
    rng = np.random.default_rng(config.seed)
    n = config.batch_size
    images = _images(system, n * steps, config.seed)
    low, high = system.image_range
    arrays = {}
    for step in range(steps):
        batch = images[step * n : (step + 1) * n]
        arrays[f"{step}/real"] = batch / 255 * (high - low) + low
        for stream in system.streams:
            z = draw_noise(system.noise, n, system.z_dim, rng.integers(2**31))
            arrays[f"{step}/{stream}"] = z
        for stream, shape in system.masks.items():
            arrays[f"{step}/{stream}"] = rng.random((n, *shape)) >= system.dropout
    latents = (system.noise, SAMPLES, system.z_dim)
    arrays["samples_z"] = draw_noise(*latents, config.seed)
    np.savez(path, **arrays)


def start_from_scratch(fresh, seed):
    """Returns a state to start from: TF1's initial values, but averages that are drawn.

    Averages as they start, all alike, would hide a mean taken for a variance, or one
    layer's for another's.
    """
    rng = np.random.default_rng(seed)
    start = {}
    for name, value in fresh.items():
        if name.endswith("moving_mean"):
            value = rng.normal(0, 0.1, value.shape).astype(value.dtype)
        elif name.endswith("moving_variance"):
            value = rng.uniform(0.5, 1.5, value.shape).astype(value.dtype)
        start[name] = value
    return start


def nudged(start, seed, units):
    """Returns a state whose weights are off by up to `units` of their last place."""
    rng = np.random.default_rng(seed)
    moved = {}
    for name, value in start.items():
        if value.dtype == np.float32 and value.ndim and not name.endswith("_power"):
            off = rng.uniform(-units, units, value.shape) * np.finfo(np.float32).eps
            value = (value * (1 + off)).astype(np.float32)
        moved[name] = value
    return moved


def _images(system, count, seed):
    if system.data == "digits":
        images = mnist.load().images
        rows = np.random.default_rng(seed).integers(0, len(images), count)
        return images[rows]
    options = {"crop": None, "resize": "area", "size": system.image_shape[0]}
    distinct = min(count, 64)  # each takes a while to draw
    faces = [decode(synthetic.face_png(seed, i), **options) for i in range(distinct)]
    return np.stack([faces[i % distinct] for i in range(count)])
