"""What the five systems are given: images, noise and masks."""

import numpy as np

from dcgan_v1 import systems
from dcgan_v1.config import Config
from dcgan_v1.data import mnist, synthetic
from dcgan_v1.data.decode import decode
from dcgan_v1.migration.records import Arrays
from dcgan_v1.sample import draw_noise
from dcgan_v1.systems import System


def make(config: Config, steps: int) -> Arrays:
    """Returns name -> array [steps, N, ...] of all that a step is given.

    Images are real ones, MNIST's or faces drawn by the project, in float64; masks keep what the
    system's dropout would.
    """
    system = systems.get(config.model)
    rng = np.random.default_rng(config.seed)
    n = config.batch_size
    images = _images(system, n * steps, config.seed)
    low, high = system.image_range
    batches: dict[str, list[np.ndarray]] = {"real": []}
    for step in range(steps):
        batch = images[step * n : (step + 1) * n]
        batches["real"].append(batch / 255 * (high - low) + low)  # [N, H, W, C]
        for stream in system.streams:
            z = draw_noise(system.noise, n, system.z_dim, int(rng.integers(2**31)))
            batches.setdefault(stream, []).append(z)
        for stream, shape in system.masks.items():
            batches.setdefault(stream, []).append(rng.random((n, *shape)) >= system.dropout)
    return {name: np.stack(arrays) for name, arrays in batches.items()}


def _images(system: System, count: int, seed: int) -> np.ndarray:
    if system.data == "digits":
        images = mnist.load().images
        rows = np.random.default_rng(seed).integers(0, len(images), count)
        return images[rows]
    size = system.image_shape[0]
    distinct = min(count, 64)  # each takes a while to draw
    faces = [
        decode(synthetic.face_png(seed, i), crop=None, resize="area", size=size)
        for i in range(distinct)
    ]
    return np.stack([faces[i % distinct] for i in range(count)])
