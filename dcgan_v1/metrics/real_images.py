"""The real images that a model's samples are measured against."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dcgan_v1 import systems
from dcgan_v1.config import Config, DigitSettings
from dcgan_v1.data import image_dataset, mnist
from dcgan_v1.errors import UserError

MIN_IMAGES = 200  # images, under which the figures of quality say nothing


class RealImages(NamedTuple):
    """uint8 [N, H, W, C] each: what samples are measured against, as many others, and all
    that the model was trained on."""

    reference: np.ndarray
    others: np.ndarray
    training: np.ndarray


def load(
    config: Config, data: str | Path | None, n: int, seed: int, split: str | None = None
) -> RealImages:
    """Opens the real images that belong to a model.

    For MNIST the others are the test images, which no model was trained on. A folder of
    images is split in halves, both of them training images.

    Args:
      config: of the run, or one that fits the checkpoint's networks.
      data: where the images are, None for what the config says.
      split: which of EMNIST's data sets, where `data` holds several.
      n: how many of `reference` and `others`; fewer, with a line that says so, where
        there are not so many.
      seed: of their order.

    Raises:
      UserError: there are no images, or fewer than MIN_IMAGES.
    """
    rng = np.random.default_rng(seed)
    if isinstance(config, DigitSettings):
        where = (str(data), split or "") if data else (config.data_dir, config.split)
        digits = mnist.load(*where, labels=False)
        training = digits.images[getattr(config, "validation", 0) :]
        test = mnist.load(*where, part="t10k", labels=False).images
        reference, real = rng.permutation(training), rng.permutation(test)
    else:
        training = _folder(config, data)
        order = rng.permutation(len(training))
        half = min(n, len(training) // 2)
        reference, real = training[order[:half]], training[order[-half:]]
    count = min(n, len(reference), len(real))
    if count < MIN_IMAGES:
        raise UserError(
            f"only {count} real images to measure with; --data must have at least "
            f"{MIN_IMAGES} of them, and as many others"
        )
    if count < n:
        print(f"{count} samples instead of {n}: there are no more real images")
    return RealImages(reference[:count], real[:count], training)


def _folder(config: Any, data: str | Path | None) -> np.ndarray:
    data = data or config.data
    if not data or not (data == "synthetic" or Path(data).exists()):
        raise UserError(
            f"{config.model} was trained on images that do not come with the project; "
            "say with --data where they are (a folder or a zip)"
        )
    config = dataclasses.replace(config, data=str(data))
    side, *_ = systems.get(config.model).image_shape
    reader, count, _ = image_dataset.load(config, Path("runs/cache"), size=side)
    return reader(np.arange(count))
