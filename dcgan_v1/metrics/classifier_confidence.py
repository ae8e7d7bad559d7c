"""How many samples of a grid are digits, by the confidence of the project's classifier."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from dcgan_v1 import image_files
from dcgan_v1.data import mnist
from dcgan_v1.metrics import features
from dcgan_v1.metrics.features import Extractor

SURE = 0.9  # the probability above which the classifier takes an image for a digit


def confident_share(images: np.ndarray, classify: Extractor) -> float:
    """Returns the part of images that a classifier is sure of, in [0, 1].

    Args:
      images: uint8 [N, 28, 28, 1].
      classify: what `features.open_classifier` yields.
    """
    _, probabilities = classify(images)
    return float((probabilities.max(1) > SURE).mean())


def of_grid(path: Path, classifier_path: Path | str | None = None) -> str:
    """Returns a line on the images that a sample grid shows.

    Args:
      path: of the picture, whose images are 28x28 pixels.
      classifier_path: see `features.open_classifier`.
    """
    with Image.open(path) as image:
        samples = image_files.tiles(np.asarray(image)[..., None], 28)
    real = mnist.load(part="t10k").images
    with features.open_classifier(classifier_path) as classify:
        of_samples, of_real = (confident_share(x, classify) for x in (samples, real))
    count = round(of_samples * len(samples))
    return (
        f"{path}: {count} of {len(samples)} samples are digits to the classifier "
        f"({of_samples:.0%}; of real digits {of_real:.0%}), with a probability above "
        f"{SURE}"
    )
