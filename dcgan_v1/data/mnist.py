"""MNIST and its relatives, read and checked.

The complete MNIST ships with the package, in `mnist_files/`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dcgan_v1.data import mnist_forms
from dcgan_v1.data.mnist_forms import MnistFile
from dcgan_v1.errors import UserError

SHIPPED = Path(__file__).with_name("mnist_files")
SHIPPED_SHA256 = {  # of the uncompressed files
    "train-images": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


class Mnist(NamedTuple):
    """One part: images uint8 [N, 28, 28, 1], labels uint8 [N], or [0] where they were not
    asked for, and the images' SHA-256."""

    images: np.ndarray
    labels: np.ndarray
    sha256: str


def load(
    data_dir: str = "",
    split: str = "",
    *,
    part: str = "train",
    labels: bool = True,
    say: Callable[[str], None] = lambda text: None,
) -> Mnist:
    """Reads the training or the test part of a data set.

    Args:
      data_dir: a folder, zip or .npz in one of the forms of `mnist_forms`; empty for
        the shipped files, whose checksums are verified.
      split: which of EMNIST's data sets, '' for the only one.
      part: 'train' or 't10k'.
      labels: whether they are needed.
      say: is called with a line on which file was taken for what.

    Raises:
      UserError: names the file that is missing, corrupt or does not fit.
    """
    place = Path(data_dir) if data_dir else SHIPPED
    if not place.exists():
        raise UserError(f"--data-dir {place} does not exist")
    files = _of_split(mnist_forms.find_files(place), split, place)
    file, (images, digest, note) = _read(files, part, "images", place, say)
    if not data_dir and digest != SHIPPED_SHA256[f"{part}-images"]:
        raise UserError(f"{file.name} is corrupt: its SHA-256 differs; reinstall the package")
    if images.shape[1:] != (28, 28):
        height, width = images.shape[1:]
        raise UserError(f"{place}: {part} images are {height}x{width}; 28x28 is needed")
    how = f", {note}" if note else ""
    if mnist_forms.is_transposed(file.split):
        images = images.transpose(0, 2, 1)
        how += ", set upright (EMNIST's lie on their side)"
    if data_dir and (how or file.name != str(place / f"{part}-images-idx3-ubyte")):
        say(f"{part} images: {file.name}{how}")
    digits = np.empty(0, np.uint8)
    if labels:
        digits = _labels(files, part, place, len(images), check=not data_dir)
    return Mnist(images[..., None], digits, digest)


def _labels(
    files: Sequence[MnistFile], part: str, place: Path, count: int, check: bool
) -> np.ndarray:
    file, (labels, digest, _) = _read(files, part, "labels", place, lambda text: None)
    if check and digest != SHIPPED_SHA256[f"{part}-labels"]:
        raise UserError(f"{file.name} is corrupt: its SHA-256 differs; reinstall the package")
    if len(labels) != count:
        raise UserError(
            f"{place}: {count} {part} images but {len(labels)} labels; "
            "the files do not belong together"
        )
    return labels


def _of_split(files: Sequence[MnistFile], split: str, place: Path) -> list[MnistFile]:
    """Returns the files of one data set, where there are several."""
    splits = sorted({file.split for file in files})
    if split:
        matches = [s for s in splits if s == split.lower() or s.endswith(f"-{split.lower()}")]
        if len(matches) != 1:
            names = ", ".join(s for s in splits if s) or "none"
            raise UserError(f"--split {split}: {place} has the data sets {names}; name one of them")
        splits = matches
    elif "" in splits:  # the files that carry no name of a set are meant
        splits = [""]
    if len(splits) > 1:
        raise UserError(
            f"{place} has several data sets ({', '.join(splits)}); choose one with "
            f"--split {splits[-1].rpartition('-')[2]}"
        )
    return [file for file in files if file.split in splits]


def _read(
    files: Sequence[MnistFile], part: str, kind: str, place: Path, say: Callable[[str], None]
) -> tuple[MnistFile, tuple[np.ndarray, str, str]]:
    """Returns the first valid file of a part and kind, and what `MnistFile.read` gives.

    A corrupt one is skipped where another holds the same.
    """
    candidates = [file for file in files if (file.part, file.kind) == (part, kind)]
    if not candidates:
        dimensions = mnist_forms.DIMENSIONS[kind]
        raise UserError(
            f"no {part}-{kind}-idx{dimensions}-ubyte, gzipped or not, in {place}; "
            f"--data-dir takes a folder with the files of MNIST, this one "
            f"holds {mnist_forms.in_folder(place)}"
        )
    errors = []
    for file in candidates:
        try:
            content = file.read()
        except UserError as error:
            errors.append(error)
        else:
            for problem in errors:
                say(f"skipped: {problem}")
            return file, content
    raise errors[0]
