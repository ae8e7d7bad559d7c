"""One frozen config for a run: JSON out, checked when it is made.

What is `fixed` decides which numbers a run computes and never changes again. Systems
have defaults of their own (see `systems`).
"""

import dataclasses
import json
import math
import re
from dataclasses import dataclass
from typing import Any, Literal, Self

from dcgan_v1.config.setting import check, fixed, setting
from dcgan_v1.errors import UserError

# what is cut from the centre: (width, height), the largest square, or nothing
Crop = tuple[int, int] | Literal["square"] | None


@dataclass(frozen=True)
class Config:
    """Settings of any run."""

    model: str = fixed("")  # name of the system
    seed: int = fixed(
        0, "of everything random: initial values, data order, noise", least=0, below=2**31
    )
    batch_size: int = fixed(50, "images per step", least=1)
    pretrain_steps: int = fixed(0, "steps of D alone at the beginning", least=0)
    data_sha256: str = fixed("")  # of the training images, or of their list
    start: str = fixed("")  # the checkpoint this run began from, if any
    deterministic: bool = fixed(False, "the same bits whatever the number of cores")

    precision: str = fixed(
        "float32",
        "what products are computed in; weights, moments and averages are float32 always. mixed: "
        "bfloat16; mixed_float16: float16 with loss scaling",
        choices=("float32", "mixed", "mixed_float16"),
    )

    d_learning_rate: float = fixed(2e-4, "of D's Adams", least=0.0, below=1.0)
    g_learning_rate: float = fixed(2e-4, "of G's Adam", least=0.0, below=1.0)
    beta1: float = fixed(0.5, "of all Adams", least=0.0, below=1.0)
    label_smoothing: float = fixed(
        0.0, "train D to say 1 minus this of real images", least=0.0, below=0.5
    )
    ema_decay: float = fixed(
        0.0,
        "keep a moving average of G's weights, from which samples are drawn; this much "
        "is kept each step, 0: no average",
        least=0.0,
        below=1.0,
    )

    bn: str = fixed(
        "joined",
        "batch norm of several workers: by the moments of the whole batch, or each by "
        "those of its own share",
        choices=("joined", "local"),
    )

    steps: int = setting(100_000, "steps of D and G, after pre-training", least=1)
    save_every: int = setting(1000, "steps between checkpoints", least=1)
    save_minutes: int = setting(10, "a checkpoint at least so often; 0: by steps alone", least=0)
    keep: int = setting(5, "newest checkpoints kept", least=1)
    sample_every: int = setting(100, "steps between sample grids", least=1)
    summary_every: int = setting(10, "steps between lines in metrics.csv and TensorBoard", least=1)
    sample_bn: str = setting(
        "batch",
        "batch norm of the samples: statistics of the batch itself, or moving averages",
        choices=("batch", "ema"),
    )
    samples: int = fixed(64, "images of a sample grid", least=1)
    histograms: bool = setting(False, "histograms of the weights in TensorBoard")

    device: str = setting(
        "auto", "auto takes a GPU where there is one", choices=("auto", "cpu", "gpu")
    )

    networks_only: bool = fixed(
        False,
        "with --restore PATH: take what that checkpoint has of the two networks, and "
        "start all else afresh",
    )

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            check(field, getattr(self, field.name))

    @property
    def total_steps(self) -> int:
        """Global steps of the whole run, pre-training included."""
        return self.pretrain_steps + self.steps

    def in_steps(self, epoch_steps: int) -> Self:
        """Returns this config with what is given in epochs turned into steps."""
        del epoch_steps
        return self

    def fixed_settings(self) -> dict[str, Any]:
        """Returns the settings that decide which numbers a run computes, by name."""
        names = [f.name for f in dataclasses.fields(self) if f.metadata["fixed"]]
        return {name: getattr(self, name) for name in sorted(names)}

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"


def _by_epochs(name: str) -> Any:
    """A count of steps that is 0 where epochs give it."""
    (field,) = (f for f in dataclasses.fields(Config) if f.name == name)
    return dataclasses.field(default=0, metadata={**field.metadata, "least": 0})


@dataclass(frozen=True)
class EpochConfig(Config):
    """Settings of a system whose source counts epochs. 0 steps: as the epochs say."""

    epochs: int = setting(50, "how often each image is seen", least=1)
    sample_epochs: int = setting(1, "epochs between sample grids", least=1)
    save_epochs: int = setting(1, "epochs between checkpoints", least=1)
    steps: int = _by_epochs("steps")
    sample_every: int = _by_epochs("sample_every")
    save_every: int = _by_epochs("save_every")

    def in_steps(self, epoch_steps: int) -> Self:
        return dataclasses.replace(
            self,
            steps=self.steps or self.epochs * epoch_steps,
            sample_every=self.sample_every or self.sample_epochs * epoch_steps,
            save_every=self.save_every or self.save_epochs * epoch_steps,
        )


COUNTED_TWICE = {  # a setting in epochs -> the one in steps that takes its place
    "epochs": "steps",
    "sample_epochs": "sample_every",
    "save_epochs": "save_every",
}


@dataclass(frozen=True)
class StartSettings:
    """What a system adds whose source starts from odd initial values."""

    init: str = fixed(
        "paper", "initial values: the paper's, or the source's", choices=("paper", "source")
    )


def _allow_uniform() -> Any:
    return setting(False, "train also where all images are equal, or each of one colour")


@dataclass(frozen=True)
class DigitSettings:
    """What a system adds that trains on data in MNIST's format."""

    data_dir: str = setting(
        "",
        "folder or zip with the files of MNIST or a relative of it, in any of their "
        "usual forms (default: the MNIST that comes with the project)",
    )
    split: str = setting(
        "", "which of EMNIST's data sets, where there are several (default: the only one)"
    )
    allow_uniform: bool = _allow_uniform()


@dataclass(frozen=True)
class ValidationSettings:
    """What a system adds whose source holds images back."""

    validation: int = fixed(5000, "images at the data's start that are not trained on", least=0)


@dataclass(frozen=True)
class ImageSettings:
    """What a system adds that trains on a folder or zip of images."""

    width: int = fixed(
        64, "channels of D's first and G's last hidden layer, a multiple of 8", least=8
    )
    crop: str = fixed(
        "square",
        "cut from the centre: a number or WxH, in pixels of CelebA's 178x218; square, "
        "the largest there is; or none",
    )
    resize: str = fixed(
        "bilinear",
        "how the cut is brought to the network's size",
        choices=("area", "nearest", "bilinear", "bicubic"),
    )
    order: str = fixed(
        "shuffled", "shuffled again each epoch, or as the files come", choices=("shuffled", "file")
    )
    flip: bool = fixed(False, "mirror every other image, at random")
    augment: str = fixed(
        "none",
        "change what D sees, of reals and fakes alike: their colours, their place, a "
        "part cut out, or all of it",
        choices=("none", "color", "translation", "cutout", "all"),
    )
    limit: int = fixed(0, "use only the first so many images, 0 for all", least=0)
    background: str = fixed(
        "file",
        "what transparent images are laid on: the colour that their file names, white where "
        "it names none; or always white or black",
        choices=("file", "white", "black"),
    )
    value_range: str = fixed(
        "data",
        "what is black and white in images of more than 8 bits: read from all of the data "
        "set's values; type, the limits of 16 bits; or two numbers, LOW,HIGH",
    )
    data: str = setting(
        "",
        "folder with images, searched recursively; or a zip, read in place; or "
        "'synthetic': faces drawn by the project (no default, but train_celeba.py "
        "looks in data/ first)",
    )
    skip_bad: bool = setting(False, "leave out images that cannot be used, instead of stopping")
    allow_uniform: bool = _allow_uniform()
    cache: bool = setting(True, "decode while training, instead of once into a file beside the run")

    def __post_init__(self) -> None:
        super().__post_init__()  # type: ignore[misc]  # Config's: no class has these alone
        if self.width % 8:
            raise UserError(f"--width must be a multiple of 8, not {self.width}")
        try:
            parse_crop(self.crop)
        except ValueError as error:
            raise UserError(f"--crop: {error}") from error
        try:
            parse_value_range(self.value_range)
        except ValueError as error:
            raise UserError(f"--value-range: {error}") from error


def parse_crop(text: str) -> Crop:
    """Reads '108', '108x120' (width x height), 'square' or 'none'.

    Returns:
      (width, height), 'square' for the largest there is, or None.
    """
    if text == "none":
        return None
    if text == "square":
        return "square"
    match = re.fullmatch(r"([1-9]\d{0,4})(?:x([1-9]\d{0,4}))?", text)
    if match is None:
        raise ValueError(f"'none', 'square', a number or WxH is needed, not {text!r}")
    return int(match[1]), int(match[2] or match[1])


def parse_value_range(text: str) -> tuple[float, float] | Literal["data", "type"]:
    """Reads 'data', 'type' or two numbers, '0,4095'.

    Returns:
      the word, or (black, white).
    """
    if text == "data":
        return "data"
    if text == "type":
        return "type"
    try:
        black, white = map(float, text.split(","))
    except ValueError:
        black = white = 0.0
    if not (math.isfinite(black) and math.isfinite(white) and black < white):
        raise ValueError(
            f"'data', 'type', or LOW,HIGH with LOW below HIGH, is needed, not {text!r}"
        )
    return black, white
