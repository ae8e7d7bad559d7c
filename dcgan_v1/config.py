"""One frozen config for a run: JSON in and out, unknown keys refused.

Every system has its own, with the source's values as defaults.
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from typing import ClassVar

from dcgan_v1.data.decode import parse_crop
from dcgan_v1.errors import UserError


def _fixed(default):
    """A setting that decides which numbers a run computes: it never changes again."""
    return field(default=default, metadata={"fixed": True})


@dataclass(frozen=True)
class Config:
    """Settings of any run. The fixed ones must stay as they are when it is restored."""

    model: str = _fixed("")  # registry name
    seed: int = _fixed(0)  # of everything random
    batch_size: int = _fixed(50)
    pretrain_steps: int = _fixed(0)  # steps of D alone before the first with G
    data_sha256: str = _fixed("")  # of the training images, or of their list
    start: str = _fixed("")  # the checkpoint this run began from, if any
    deterministic: bool = _fixed(False)  # bits that no number of cores changes

    d_learning_rate: float = _fixed(2e-4)  # of all of D's Adams
    g_learning_rate: float = _fixed(2e-4)
    beta1: float = _fixed(0.5)  # of all Adams
    label_smoothing: float = _fixed(0.0)  # D is to say 1 minus this of reals
    ema_decay: float = _fixed(0.0)  # of the average of G's weights; 0: there is none

    steps: int = 100_000  # steps of D and G, after pre-training
    save_every: int = 1000
    save_minutes: int = 10  # at most so long between checkpoints; 0: no limit
    keep: int = 5  # checkpoints
    sample_every: int = 100
    summary_every: int = 10
    sample_bn: str = "batch"  # statistics of the samples: 'batch' or 'ema'
    samples: int = _fixed(64)  # images of a sample grid
    histograms: bool = False
    device: str = "auto"

    MAY_BE_ZERO: ClassVar = ()  # settings whose 0 leaves the number to others

    def __post_init__(self):
        for name, minimum in LEAST.items():
            if name in self.MAY_BE_ZERO:
                minimum = 0
            value = getattr(self, name, minimum)
            if not isinstance(value, int) or isinstance(value, bool):
                raise UserError(f"{option(name)} must be an integer, not {value!r}")
            if value < minimum:
                raise UserError(
                    f"{option(name)} must be at least {minimum}, not {value}"
                )
        for name, (low, high) in BETWEEN.items():
            value = getattr(self, name)
            if not low <= value < high:  # a NaN is not, either
                raise UserError(
                    f"{option(name)} must be at least {low:g} and below {high:g}, "
                    f"not {value}"
                )
        if self.seed >= 2**31:
            raise UserError(f"--seed must be below 2**31, not {self.seed}")
        for name, choices in CHOICES.items():
            if getattr(self, name, choices[0]) not in choices:
                raise UserError(
                    f"{option(name)} must be one of {', '.join(choices)}, "
                    f"not {getattr(self, name)!r}"
                )

    @property
    def total_steps(self):
        """Global steps of the whole run, pre-training included."""
        return self.pretrain_steps + self.steps

    def in_steps(self, epoch_steps):
        """Returns this config with what is given in epochs turned into steps."""
        del epoch_steps
        return self

    def fixed(self):
        """Returns the settings that decide which numbers a run computes, by name."""
        names = [f.name for f in dataclasses.fields(self) if f.metadata.get("fixed")]
        return {name: getattr(self, name) for name in sorted(names)}

    def fixed_sha256(self):
        return hashlib.sha256(json.dumps(self.fixed()).encode()).hexdigest()

    def to_json(self):
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"


@dataclass(frozen=True)
class EpochConfig(Config):
    """Settings of a system whose source counts epochs. 0 steps: as the epochs say."""

    epochs: int = 50
    sample_epochs: int = 1  # epochs between two sample grids
    save_epochs: int = 1  # epochs between two checkpoints
    steps: int = 0
    sample_every: int = 0
    save_every: int = 0
    MAY_BE_ZERO: ClassVar = ("steps", "sample_every", "save_every")

    def in_steps(self, epoch_steps):
        return dataclasses.replace(
            self,
            steps=self.steps or self.epochs * epoch_steps,
            sample_every=self.sample_every or self.sample_epochs * epoch_steps,
            save_every=self.save_every or self.save_epochs * epoch_steps,
        )


@dataclass(frozen=True)
class MnistBeginnersConfig(Config):
    """Settings of `mnist_beginners`."""

    model: str = _fixed("mnist_beginners")
    pretrain_steps: int = _fixed(300)
    validation: int = _fixed(5000)  # images at the data's start that are not trained on
    d_learning_rate: float = _fixed(3e-4)
    g_learning_rate: float = _fixed(1e-4)
    beta1: float = _fixed(0.9)
    data_dir: str = ""  # empty: the files shipped with the package


@dataclass(frozen=True)
class ImageSettings:
    """What a system adds to its settings that trains on a folder or zip of images."""

    width: int = _fixed(64)  # channels of D's first and G's last hidden layer
    crop: str = _fixed("square")  # cut from the centre: a number, WxH, such or 'none'
    resize: str = _fixed("bilinear")
    order: str = _fixed("shuffled")  # 'shuffled' anew each epoch, or as on 'file'
    flip: bool = _fixed(False)  # mirror every other image, at random
    augment: str = _fixed("none")  # what D sees of reals and fakes, see `augmentation`
    limit: int = _fixed(0)  # use only the first so many images; 0: all
    data: str = ""  # folder, zip or 'synthetic'
    skip_bad: bool = False
    cache: bool = True

    def __post_init__(self):
        super().__post_init__()
        if self.width % 8:
            raise UserError(f"--width must be a multiple of 8, not {self.width}")
        try:
            parse_crop(self.crop)
        except ValueError as error:
            raise UserError(f"--crop: {error}") from error


@dataclass(frozen=True)
class Celeba64Config(ImageSettings, Config):
    """Settings of `celeba64`."""

    model: str = _fixed("celeba64")
    batch_size: int = _fixed(16)
    width: int = _fixed(128)
    init: str = _fixed("paper")  # initial values: 'paper' or 'source'
    crop: str = _fixed("108")
    resize: str = _fixed("area")
    steps: int = 10_000
    sample_bn: str = "ema"


@dataclass(frozen=True)
class MnistKerasConfig(EpochConfig):
    """Settings of `mnist_keras`."""

    model: str = _fixed("mnist_keras")
    batch_size: int = _fixed(128)
    init: str = _fixed("paper")  # initial values: 'paper' or 'source'
    samples: int = _fixed(16)
    sample_bn: str = "ema"
    data_dir: str = ""  # empty: the files shipped with the package


@dataclass(frozen=True)
class MnistTutorialConfig(EpochConfig):
    """Settings of `mnist_tutorial`."""

    model: str = _fixed("mnist_tutorial")
    batch_size: int = _fixed(256)
    d_learning_rate: float = _fixed(1e-4)
    g_learning_rate: float = _fixed(1e-4)
    beta1: float = _fixed(0.9)
    samples: int = _fixed(16)
    save_epochs: int = 15
    sample_bn: str = "ema"
    data_dir: str = ""  # empty: the files shipped with the package


@dataclass(frozen=True)
class Images96Config(ImageSettings, EpochConfig):
    """Settings of `images96`."""

    model: str = _fixed("images96")
    batch_size: int = _fixed(64)
    epochs: int = 400


CONFIGS = {
    "mnist_beginners": MnistBeginnersConfig,
    "celeba64": Celeba64Config,
    "mnist_keras": MnistKerasConfig,
    "mnist_tutorial": MnistTutorialConfig,
    "images96": Images96Config,
}
CHOICES = {  # setting -> what it may be
    "sample_bn": ("batch", "ema"),
    "init": ("paper", "source"),
    "resize": ("area", "nearest", "bilinear", "bicubic"),
    "order": ("shuffled", "file"),
    "augment": ("none", "color", "translation", "cutout", "all"),
}
BETWEEN = {  # setting -> (the smallest it may be, what it must be below)
    "d_learning_rate": (0.0, 1.0),
    "g_learning_rate": (0.0, 1.0),
    "beta1": (0.0, 1.0),
    "label_smoothing": (0.0, 0.5),
    "ema_decay": (0.0, 1.0),
}
LEAST = {  # setting -> the smallest number it may be
    "seed": 0,
    "batch_size": 1,
    "pretrain_steps": 0,
    "validation": 0,
    "width": 8,
    "limit": 0,
    "steps": 1,
    "save_every": 1,
    "save_minutes": 0,
    "keep": 1,
    "sample_every": 1,
    "samples": 1,
    "epochs": 1,
    "sample_epochs": 1,
    "save_epochs": 1,
    "summary_every": 1,
}


def option(name):
    """Returns the command-line option of a setting."""
    return "--" + name.replace("_", "-")
