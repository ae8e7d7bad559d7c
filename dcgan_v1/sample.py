"""Restores a generator, with its discriminator, and draws images."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1 import image_files, models, runtime, systems
from dcgan_v1.checkpoints import restoring
from dcgan_v1.checkpoints.checkpoint import Checkpoint, open_checkpoint
from dcgan_v1.config import Config
from dcgan_v1.nn import fast_ops

CHUNK = 64  # images per run; also the batch whose statistics `batch` takes


def draw_noise(
    kind: str, n: int, z_dim: int, seed: int | list[int], truncation: float | None = None
) -> np.ndarray:
    """Draws latents float64 [n, z_dim]. The first rows do not depend on n.

    Args:
      kind: 'normal' (0, 1) or 'uniform' in [-1, 1).
      n: how many.
      z_dim: numbers of each.
      seed: one that numpy's generators take.
      truncation: values beyond it (at least 0.01) are drawn again, for normal noise;
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


def interpolate(a: np.ndarray, b: np.ndarray, frames: int) -> np.ndarray:
    """Returns [frames, z_dim] on the great circle from a to b, ends included.

    Lengths are interpolated too, since noise lies near a sphere and the straight line
    between two draws leaves it (White 2016, section 2).

    Args:
      a, b: latents [z_dim].
      frames: how many, at least 2.
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


@dataclass(frozen=True)
class SampleGraph:
    """A generator and its discriminator. The batch dimension is free.

    Attributes:
      z: placeholder [N, z_dim].
      images: [N, H, W, C] in the system's range.
      logits: [N], D's of each image; other images can be fed in their place.
      saved: the variables to restore.
    """

    z: tf.Tensor
    images: tf.Tensor
    logits: tf.Tensor
    saved: list[tf.Variable]


def build_sample_graph(config: Config, sample_bn: str) -> SampleGraph:
    """Builds a config's networks for sampling, batch norm by the 'batch' or 'ema'."""
    generator, discriminator = models.get(config.model).networks(config)
    z_shape = [None, systems.get(config.model).z_dim]
    z_ph = tf.placeholder(tf.float32, z_shape, name="z_ph")
    images, _ = generator(z_ph, sample_bn == "batch")
    logits, _ = discriminator(images, sample_bn == "batch")
    return SampleGraph(z_ph, images, logits[:, 0], saved=tf.global_variables())


class Sampler:
    """A restored generator and discriminator. Make it with `open_sampler`.

    Attributes:
      system: its `systems.System`.
      restored: what was restored, in words.
      has_discriminator: whether D was restored, too.
    """

    def __init__(
        self,
        session: tf.Session,
        graph: SampleGraph,
        config: Config,
        sample_bn: str,
        restored: str = "",
        has_discriminator: bool = True,
    ) -> None:
        """
        Args:
          session: with the restored variables.
          graph: in it; sample_bn: how it was built.
          config: of the networks.
          restored, has_discriminator: see above.
        """
        self._session, self._graph, self._sample_bn = session, graph, sample_bn
        self.system = systems.get(config.model)
        self.restored, self.has_discriminator = restored, has_discriminator

    def __call__(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns (images uint8 [n, H, W, C], D's probability [n] of being real).

        Without a discriminator the probabilities are NaN. With batch norm by the batch an
        image depends on the 64 it is drawn with; a short batch is filled up with noise of
        its own.

        Args:
          z: latents [n, z_dim].
        """
        images, logits = self.arrays(z)
        probability = np.exp(-np.logaddexp(0, -logits.astype(np.float64)))
        return image_files.to_uint8(images, self.system.image_range), probability

    def arrays(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns what the networks give: (images float32 [n, H, W, C] in the system's
        range, D's logits [n]). See `__call__`."""
        all_images, all_logits = [], []
        for start in range(0, len(z), CHUNK):
            chunk = z[start : start + CHUNK]
            fill = CHUNK - len(chunk) if self._sample_bn == "batch" else 0
            filling = draw_noise(self.system.noise, fill, z.shape[1], seed=[7, start])
            feed = {self._graph.z: np.concatenate([chunk, filling])}
            fetches = [self._graph.images] + [self._graph.logits] * self.has_discriminator
            images, *rest = self._session.run(fetches, feed)
            logits = rest[0] if rest else np.full(len(images), np.nan)
            all_images.append(images[: len(chunk)])
            all_logits.append(logits[: len(chunk)])
        return np.concatenate(all_images), np.concatenate(all_logits)


@contextlib.contextmanager
def open_untrained(config: Config, device: str = "auto") -> Iterator[Sampler]:
    """A sampler of a config's networks as they start, batch norm by the batch."""
    with _opened(device) as session:
        tf.set_random_seed(config.seed)
        graph = build_sample_graph(config, "batch")
        session.run(tf.global_variables_initializer())
        yield Sampler(session, graph, config, "batch")


@contextlib.contextmanager
def open_sampler(
    source: Checkpoint | str | Path,
    sample_bn: str | None = None,
    device: str = "auto",
    latest: bool = False,
) -> Iterator[Sampler]:
    """Restores the networks of a checkpoint, whichever system it is of.

    Args:
      source: a checkpoint, or its path: see `open_checkpoint`.
      sample_bn: 'batch', 'ema', or None for the system's own.
      device: 'auto', 'cpu' or 'gpu'.
      latest: take G's weights as they are, also where there are averages of them.

    Raises:
      UserError: it has no networks of ours, or does not fit them.
    """
    checkpoint = open_checkpoint(source)
    config = checkpoint.config
    sample_bn = sample_bn or config.sample_bn
    with _opened(device) as session:
        graph = build_sample_graph(config, sample_bn)
        plan = restoring.plan_networks(checkpoint, graph.saved, latest)
        restoring.restore(session, plan)
        tf.get_default_graph().finalize()
        notes = [*checkpoint.notes, *filter(None, [plan.note])]
        restored = checkpoint.prefix + (f" ({'; '.join(notes)})" if notes else "")
        yield Sampler(session, graph, config, sample_bn, restored, plan.has_discriminator)


@contextlib.contextmanager
def _opened(device: str) -> Iterator[tf.Session]:
    """Opens a graph to build in, by the forms of ops that suit the device; gives a session."""
    session_config, _ = runtime.session_config(device)
    forms = fast_ops.FORMS[runtime.device_of(session_config)]
    with (
        tf.Graph().as_default(),
        fast_ops.forms(forms),
        tf.Session(config=session_config) as session,
    ):
        yield session
