"""Restores a generator, with its judge, and draws images."""

import contextlib

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1 import checkpoints, images, models, runtime
from dcgan_v1.graph import build_sample_graph

CHUNK = 64  # images per run; also the batch whose statistics `batch` takes


def draw_noise(kind, n, z_dim, seed, truncation=None):
    """Draws latents [n, z_dim], 'normal' (0, 1) or 'uniform' in [-1, 1).

    The first rows do not depend on n.

    Args:
      truncation: values beyond it (at least 0.01) are drawn anew, for normal noise;
        uniform noise is drawn from [-truncation, truncation).
    """
    rng = np.random.default_rng(seed)
    if kind == "uniform":
        return rng.uniform(-1, 1, (n, z_dim)) * min(truncation or 1.0, 1.0)
    z = rng.normal(size=(n, z_dim))
    again = np.random.default_rng([seed, 1])
    while truncation and (beyond := np.abs(z) > truncation).any():
        z[beyond] = again.normal(size=beyond.sum())
    return z


def interpolate(a, b, frames):
    """Returns [frames, z_dim] on the great circle from a to b, ends included.

    Lengths are interpolated too, since noise lies near a sphere and the straight line
    between two draws leaves it (White 2016, section 2).
    """
    t = np.linspace(0, 1, frames)[:, None]
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    cosine = np.clip(a @ b / (lengths[0] * lengths[1]), -1, 1)
    angle = np.arccos(cosine)
    if np.sin(angle) < 1e-6:  # same or opposite directions: no circle is special
        return (1 - t) * a + t * b
    direction = (
        np.sin((1 - t) * angle) * a / lengths[0] + np.sin(t * angle) * b / lengths[1]
    ) / np.sin(angle)
    return direction * ((1 - t) * lengths[0] + t * lengths[1])


class Sampler:
    """A restored generator and discriminator. Make it with `open_sampler`."""

    def __init__(self, session, graph, config, sample_bn):
        self._session, self._graph, self._sample_bn = session, graph, sample_bn
        self.model = models.get(config.model)

    def __call__(self, z):
        """Returns (images uint8 [n, H, W, C], D's probability [n] of being real).

        With batch norm by the batch an image depends on the 64 it is drawn with; a
        short batch is filled up with noise of its own.
        """
        parts = []
        for start in range(0, len(z), CHUNK):
            chunk = z[start : start + CHUNK]
            fill = CHUNK - len(chunk) if self._sample_bn == "batch" else 0
            filling = draw_noise(self.model.NOISE, fill, z.shape[1], seed=[7, start])
            fetched = self._session.run(
                [self._graph.images, self._graph.probability],
                {self._graph.z: np.concatenate([chunk, filling])},
            )
            drawn, probability = (array[: len(chunk)] for array in fetched)
            drawn = images.to_uint8(drawn, self.model.IMAGE_RANGE)
            parts.append((drawn, probability))
        return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))


@contextlib.contextmanager
def open_untrained(config, device="auto"):
    """A sampler of a config's networks as they start, batch norm by the batch."""
    session_config, _ = runtime.session_config(device)
    with tf.Graph().as_default(), tf.Session(config=session_config) as session:
        tf.set_random_seed(config.seed)
        graph = build_sample_graph(config, "batch")
        session.run(tf.global_variables_initializer())
        yield Sampler(session, graph, config, "batch")


@contextlib.contextmanager
def open_sampler(path, sample_bn=None, device="auto", latest=False):
    """Restores the networks of a checkpoint, whichever system it is of.

    Args:
      path: see `checkpoints.resolve`.
      sample_bn: 'batch', 'ema', or None for the system's own.
      latest: take G's weights as they are, also where there are averages of them.
    """
    prefix = checkpoints.resolve(path)
    config = checkpoints.identify(prefix)
    sample_bn = sample_bn or config.sample_bn
    session_config, _ = runtime.session_config(device)
    with tf.Graph().as_default(), tf.Session(config=session_config) as session:
        graph = build_sample_graph(config, sample_bn)
        plan = checkpoints.plan_networks(prefix, config.model, graph.saved, latest)
        checkpoints.restore(session, plan)
        tf.get_default_graph().finalize()
        yield Sampler(session, graph, config, sample_bn)
