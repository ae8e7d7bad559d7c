"""Evaluates a checkpoint: the metrics of its samples beside those of real images."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
from tqdm import tqdm

from dcgan_v1 import systems
from dcgan_v1.config import Config
from dcgan_v1.errors import UserError
from dcgan_v1.metrics import features, image_metrics
from dcgan_v1.metrics.features import Extractor
from dcgan_v1.metrics.image_metrics import Figures
from dcgan_v1.metrics.real_images import RealImages
from dcgan_v1.sample import Sampler, draw_noise, open_untrained


def evaluate(
    config: Config,
    sampler: AbstractContextManager[Sampler],
    extractors: dict[str, Extractor],
    real_images: RealImages,
    *,
    device: str,
    seed: int,
) -> tuple[dict[str, Figures], np.ndarray]:
    """Draws as many samples as there are real images and computes every figure.

    Args:
      config: of the run, or one that fits the checkpoint's networks.
      sampler: what `open_sampler` returns, not entered yet.
      extractors: see `open_extractors`.
      device: 'auto', 'cpu' or 'gpu', where untrained samples are drawn.
      seed: of the noise.

    Returns:
      (what `image_metrics.compute` does, the samples uint8 [N, H, W, C]).
    """
    reference, real, training = real_images
    has_begun = False
    with tqdm(total=image_metrics.stages(len(extractors)) + 2, unit="part") as bar:

        def stage(description: str) -> None:
            nonlocal has_begun
            bar.update(has_begun)  # the part before is done
            has_begun = True
            bar.set_description(description)

        stage("drawing samples")
        samples = draw(sampler, len(real), seed)
        stage("untrained samples")
        sets = image_metrics.Sets(
            samples,
            real,
            draw(open_untrained(config, device), len(real), seed),
            reference,
            training,
            real_is_new=systems.get(config.model).data == "digits",
            mirrored=getattr(config, "flip", False),
        )
        figures = image_metrics.compute(sets, extractors, stage)
        bar.update()
    return figures, samples


def draw(context: AbstractContextManager[Sampler], count: int, seed: int) -> np.ndarray:
    """Returns uint8 [count, H, W, C] of a sampler that is opened and closed here.

    Args:
      context: what `open_sampler` returns, not entered yet.
      count: of images.
      seed: of the noise.
    """
    with context as sampler:
        system = sampler.system
        return sampler(draw_noise(system.noise, count, system.z_dim, seed))[0]


def check_extractors(model: str, classifier: Path | None, inception: Path | None) -> None:
    """Raises UserError where a feature extractor does not go with a system.

    Args:
      model: the system's name.
      classifier, inception: what was asked for, see `open_extractors`.
    """
    of_digits = systems.get(model).features == "classifier"
    if inception and of_digits:
        raise UserError("--inception is for colour images; leave it out for MNIST")
    if inception and not inception.is_file():
        raise UserError(
            f"--inception {inception} is not a file; it takes "
            "classify_image_graph_def.pb out of inception-2015-12-05.tgz"
        )
    if classifier and not of_digits:
        raise UserError("--classifier is for MNIST; leave it out for other images")


@contextlib.contextmanager
def open_extractors(
    model: str,
    classifier: Path | str | None = None,
    inception: Path | None = None,
    device: str = "auto",
) -> Iterator[dict[str, Extractor]]:
    """Yields name -> function from images to features, see `features`.

    Args:
      model: the system's name.
      classifier: path of a checkpoint in the place of the one that ships.
      inception: path of Inception's graph, whose features are computed, too.
      device: 'auto', 'cpu' or 'gpu'.
    """
    with contextlib.ExitStack() as stack:
        context = features.open_extractor(model, classifier, device)
        extractors = {systems.get(model).features: stack.enter_context(context)}
        if inception:
            context = features.open_inception(inception, device)
            extractors["Inception"] = stack.enter_context(context)
        yield extractors
