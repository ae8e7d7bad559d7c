"""What systems add to a config for the data that they train on, and how its texts are read."""

import math
import re
from dataclasses import dataclass
from typing import Any, Literal

from dcgan_v1.config.setting import fixed, setting
from dcgan_v1.errors import UserError

# what is cut from the centre: (width, height), the largest square, or nothing
Crop = tuple[int, int] | Literal["square"] | None


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
