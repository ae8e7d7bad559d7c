"""Restores a generator, with its judge, and draws images."""

import contextlib

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1 import image_files, runtime, systems
from dcgan_v1.checkpoints import finding, restoring
from dcgan_v1.training.graph import build_sample_graph

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
    """A restored generator and discriminator. Make it with `open_sampler`.

    Attributes:
      system: its `systems.System`.
      restored: what was restored, in words.
      has_discriminator: whether D was restored, too.
    """

    def __init__(self, session, graph, config, sample_bn, restored="", has_discriminator=True):
        self._session, self._graph, self._sample_bn = session, graph, sample_bn
        self.system = systems.get(config.model)
        self.restored, self.has_discriminator = restored, has_discriminator

    def __call__(self, z):
        """Returns (images uint8 [n, H, W, C], D's probability [n] of being real).

        Without a judge the probabilities are no numbers (NaN). With batch norm by the
        batch an image depends on the 64 it is drawn with; a short batch is filled up
        with noise of its own.
        """
        images, logits = self.arrays(z)
        probability = np.exp(-np.logaddexp(0, -logits.astype(np.float64)))
        return image_files.to_uint8(images, self.system.image_range), probability

    def arrays(self, z):
        """Returns what the networks give: (images float32 [n, H, W, C] in the system's
        range, D's logits [n]). See `__call__`."""
        parts = []
        for start in range(0, len(z), CHUNK):
            chunk = z[start : start + CHUNK]
            fill = CHUNK - len(chunk) if self._sample_bn == "batch" else 0
            filling = draw_noise(self.system.noise, fill, z.shape[1], seed=[7, start])
            fetches = [self._graph.images] + [self._graph.logits] * self.has_discriminator
            feed = {self._graph.z: np.concatenate([chunk, filling])}
            images, *logits = self._session.run(fetches, feed)
            logits = logits[0] if logits else np.full(len(images), np.nan)
            parts.append((images[: len(chunk)], logits[: len(chunk)]))
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
      path: see `finding.resolve`.
      sample_bn: 'batch', 'ema', or None for the system's own.
      latest: take G's weights as they are, also where there are averages of them.
    """
    notes = []
    prefix = finding.resolve(path, notes.append)
    config = restoring.identify(prefix)
    sample_bn = sample_bn or config.sample_bn
    session_config, _ = runtime.session_config(device)
    with tf.Graph().as_default(), tf.Session(config=session_config) as session:
        graph = build_sample_graph(config, sample_bn)
        plan = restoring.plan_networks(prefix, config.model, graph.saved, latest)
        restoring.restore(session, plan)
        tf.get_default_graph().finalize()
        notes += [plan.note] if plan.note else []
        restored = prefix + (f" ({'; '.join(notes)})" if notes else "")
        yield Sampler(session, graph, config, sample_bn, restored, plan.has_discriminator)
