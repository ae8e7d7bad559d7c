"""The real images that a model's samples are measured against."""

import dataclasses
from pathlib import Path

import numpy as np

from dcgan_v1 import cli, config_file
from dcgan_v1.data import images, mnist
from dcgan_v1.errors import UserError
from dcgan_v1.options import LEAST_JUDGED


def saved_config(path):
    """Returns the config of the run that a checkpoint is of, None if there is none.

    Args:
      path: a run directory, a folder of `pretrained/`, or a checkpoint in either.
    """
    path = Path(path)
    for folder in (path, path.parent, path.parent.parent):
        if (folder / "config.json").is_file():
            file = folder / "config.json"
            return config_file.from_json(file.read_bytes(), file)
    return None


def load(config, data, n, seed):
    """Returns (reference, other real images, all training images); of the first two
    equally many, in an order of the seed.

    For MNIST the others are the test images, which no model was trained on. A folder of
    images is split in halves, both of them training images.

    Args:
      data: where the images are, None for what the config says.
      n: how many of the first two; fewer, and it is said, where there are not so many.
    """
    rng = np.random.default_rng(seed)
    if is_mnist(config.model):
        data = data or config.data_dir
        training = mnist.load(data).images[getattr(config, "validation", 0) :]
        unseen = mnist.load(data, "t10k").images
        reference, real = rng.permutation(training), rng.permutation(unseen)
    else:
        training = _folder(config, data or config.data)
        order = rng.permutation(len(training))
        half = min(n, len(training) // 2)
        reference, real = training[order[:half]], training[order[-half:]]
    count = min(n, len(reference), len(real))
    if count < LEAST_JUDGED:
        raise UserError(
            f"only {count} real images to measure with; --data must have at least "
            f"{LEAST_JUDGED} of them, and as many others"
        )
    if count < n:
        print(f"{count} samples instead of {n}: there are no more real images")
    return reference[:count], real[:count], training


def is_mnist(model):
    """Whether a system draws digits: they are judged by a classifier."""
    return model.startswith("mnist")


def _folder(config, data):
    if not data or not (data == "synthetic" or Path(data).exists()):
        raise UserError(
            f"{config.model} was trained on images that do not come with the project; "
            "say with --data where they are (a folder or a zip)"
        )
    config = dataclasses.replace(config, data=str(data))
    side = cli.IMAGE_SIDES[config.model]
    read, count, _ = images.load(config, Path("runs/cache"), size=side)
    return read(np.arange(count))
