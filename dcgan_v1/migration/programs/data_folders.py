"""MNIST and faces where programs look for them, as links: nothing is copied.

Programs name the folder in their own way. Each name that is known, that the program or
its arguments mention, and that is not there, becomes a folder of links to the files.
"""

import gzip
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from dcgan_v1.errors import UserError
from dcgan_v1.migration.programs import mnist_files

MNIST = (
    "MNIST_data",
    "MNIST-data",
    "mnist_data",
    "mnist",
    "MNIST",
    "data/mnist",
    "data/MNIST",
    "data/MNIST_data",
    "data/mnist_data",
    "datasets/mnist",
)
FACES = (
    "img_align_celeba",
    "celebA",
    "celeba",
    "CelebA",
    "data/celebA",
    "data/celeba",
    "data/CelebA",
    "data/img_align_celeba",
    "data/CelebA/img_align_celeba",
    "data/celebA/img_align_celeba",
    "datasets/celeba",
    "celebA/img_align_celeba",
    "celebA/images",
    "data/CelebA/splits/train",
)
PICTURES = (".jpg", ".jpeg", ".png")


def supply(places: Sequence[Path], folder: Path, words: str) -> None:
    """Shows the data of `places` in a program's working directory.

    Args:
      places: folders that --data-dir names.
      folder: the program's working directory.
      words: the text of the program's files and its arguments.

    Raises:
      UserError: a place holds neither MNIST nor pictures.
    """
    mnist_files.folders.clear()
    mnist_files.run_folder = folder
    for place in places:
        digits, faces = _mnist_in(place), _faces_in(place)
        if not digits and not faces:
            raise UserError(
                f"--data-dir {place} has neither {mnist_files.NAMES[0]}.gz nor pictures"
            )
        if digits:
            mnist_files.folders.append(digits)
            # some open idx files themselves, as they are without gzip
            unpacked = bool(re.search(r"idx[13]-ubyte(?!\.gz)", words))
            for name in _mentioned(MNIST, words):
                _show_digits(digits, folder / name, unpacked)
        if faces:
            files = [p for p in faces.iterdir() if p.suffix.lower() in PICTURES]
            for name in _mentioned(FACES, words):
                _link(files, folder / name)


def _mentioned(names: Sequence[str], words: str) -> list[str]:
    """Those whose every part a program speaks of."""
    mentions = set(re.findall(r"[\w-]+", words))
    return [name for name in names if set(name.split("/")) <= mentions]


def _mnist_in(place: Path) -> Path | None:
    for near in (place, place / "mnist", place / "MNIST_data", place / "mnist_files"):
        if mnist_files.path_of(mnist_files.NAMES[0], near):
            return near
    return None


def _faces_in(place: Path) -> Path | None:
    for near in (place, place / "img_align_celeba", place / "celebA", place / "celeba"):
        if near.is_dir() and any(p.suffix.lower() in PICTURES for p in near.iterdir()):
            return near
    return None


def _show_digits(digits: Path, folder: Path, unpacked: bool) -> None:
    names = [n for name in mnist_files.NAMES for n in (name, f"{name}.gz")]
    _link([digits / n for n in names if (digits / n).is_file()], folder)
    for name in mnist_files.NAMES if unpacked else ():
        packed, plain = folder / f"{name}.gz", folder / name
        if packed.is_file() and not plain.exists():
            plain.write_bytes(gzip.decompress(packed.read_bytes()))


def _link(files: Iterable[Path], folder: Path) -> None:
    """Links files into a folder, which stays as it is where it holds others."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        link = folder / file.name
        if not (link.exists() or link.is_symlink()):
            link.symlink_to(file.resolve())
