"""The real images that a model's samples are measured against."""

import dataclasses
from pathlib import Path

import numpy as np

from dcgan_v1 import cli, config_file
from dcgan_v1.data import images, mnist
from dcgan_v1.errors import UserError


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


def load(config, data, seed):
    """Returns (reference, other real images, all training images), the first two in an
    order of the seed.

    For MNIST the others are the test images, which no model was trained on. A folder of
    images is split in halves, both of them training images.

    Args:
      data: where the images are, None for what the config says.
    """
    rng = np.random.default_rng(seed)
    if config.model.startswith("mnist"):
        data = data or config.data_dir
        training = mnist.load(data).images[getattr(config, "validation", 0) :]
        unseen = mnist.load(data, "t10k").images
        return rng.permutation(training), rng.permutation(unseen), training
    data = data or config.data
    if not data or not (data == "synthetic" or Path(data).exists()):
        raise UserError(
            f"{config.model} was trained on images that do not come with the project; "
            "say with --data where they are (a folder or a zip)"
        )
    config = dataclasses.replace(config, data=str(data))
    side = cli.IMAGE_SIDES[config.model]
    read, count, _ = images.load(config, Path("runs/cache"), size=side)
    training = read(np.arange(count))
    order = rng.permutation(count)
    return training[order[: count // 2]], training[order[count // 2 :]], training
