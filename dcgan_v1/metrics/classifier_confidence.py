"""How many of a run's last samples are digits, by the project's classifier."""

import numpy as np
from PIL import Image

from dcgan_v1 import image_files
from dcgan_v1.data import mnist
from dcgan_v1.metrics import features

SURE = 0.9  # the probability above which the classifier takes an image for a digit


def confident_share(images, look):
    """Returns the part of images [N, 28, 28, 1] that a classifier is sure of.

    Args:
      look: what `features.open_classifier` yields.
    """
    _, probabilities = look(images)
    return float((probabilities.max(1) > SURE).mean())


def of_last_samples(directory, classifier_path=None):
    """Returns a line on the last sample grid of a run, the very images it shows.

    Args:
      directory: the run's `rundir.RunDirectory`.
      classifier_path: see `features.open_classifier`.
    """
    path = directory.sample_paths()[-1]
    with Image.open(path) as image:
        samples = image_files.tiles(np.asarray(image)[..., None], 28)
    real = mnist.load(part="t10k").images
    with features.open_classifier(classifier_path) as look:
        of_samples, of_real = confident_share(samples, look), confident_share(real, look)
    count = round(of_samples * len(samples))
    return (
        f"{path}: {count} of {len(samples)} samples are digits to the classifier "
        f"({of_samples:.0%}; of real digits {of_real:.0%}), with a probability above "
        f"{SURE}"
    )
