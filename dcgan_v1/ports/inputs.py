"""What the five systems are given: images, noise and masks."""

import numpy as np

from dcgan_v1 import systems
from dcgan_v1.data import mnist, synthetic
from dcgan_v1.data.decode import decode
from dcgan_v1.sample import draw_noise


def write(path, config, steps):
    """Writes an .npz with '<step>/<name>' for every step.

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
    np.savez(path, **arrays)


def _images(system, count, seed):
    if system.data == "digits":
        images = mnist.load().images
        rows = np.random.default_rng(seed).integers(0, len(images), count)
        return images[rows]
    options = {"crop": None, "resize": "area", "size": system.image_shape[0]}
    distinct = min(count, 64)  # each takes a while to draw
    faces = [decode(synthetic.face_png(seed, i), **options) for i in range(distinct)]
    return np.stack([faces[i % distinct] for i in range(count)])
