"""MNIST and faces where programs look for them, as links: nothing is copied.

Programs name the folder in their own way. Each name that is known, and that the
program's folder does not have itself, is linked to the data.
"""

import gzip
import re
from pathlib import Path

from dcgan_v1.errors import UserError
from dcgan_v1.legacy import mnist_tutorial

MNIST = ("MNIST_data", "MNIST-data", "mnist_data", "mnist", "MNIST", "data/mnist",
         "data/MNIST", "data/MNIST_data", "data/mnist_data", "data/fashion-mnist",
         "datasets/mnist", "data/train")  # fmt: skip
FACES = ("img_align_celeba", "celebA", "celeba", "CelebA", "data/celebA", "data/celeba",
         "data/CelebA", "data/img_align_celeba", "data/CelebA/img_align_celeba",
         "data/celebA/img_align_celeba", "datasets/celeba", "celebA/img_align_celeba",
         "celebA/images", "faces", "data/faces", "images")  # fmt: skip
PICTURES = (".jpg", ".jpeg", ".png")
UNPACKED = "unpacked_mnist"


def supply(places, folder, source):
    """Links the data of `places` into a program's working directory.

    Raises:
      UserError: a place holds neither MNIST nor pictures.
    """
    mnist_tutorial.folders.clear()
    for place in places:
        digits, faces = _mnist_in(place), _faces_in(place)
        if not digits and not faces:
            raise UserError(
                f"--data-dir {place} has neither {mnist_tutorial.FILES[0]}.gz nor "
                "pictures"
            )
        if digits:
            mnist_tutorial.folders.append(str(digits))
            shown = _both_forms(digits, folder) if _reads_unpacked(source) else digits
            _link(folder, MNIST, shown)
        if faces:
            _link(folder, FACES, faces)


def _mnist_in(place):
    for near in (place, place / "mnist", place / "MNIST_data", place / "mnist_files"):
        if any((near / f"{mnist_tutorial.FILES[0]}{end}").is_file()
               for end in ("", ".gz")):  # fmt: skip
            return near
    return None


def _faces_in(place):
    for near in (place, place / "img_align_celeba", place / "celebA", place / "celeba"):
        if near.is_dir() and any(p.suffix.lower() in PICTURES for p in near.iterdir()):
            return near
    return None


def _reads_unpacked(source):
    """Whether a program opens idx files itself, as they are without gzip."""
    texts = (p.read_text("utf-8", "replace") for p in source.glob("*.py"))
    return any(re.search(r"idx[13]-ubyte(?!\.gz)", text) for text in texts)


def _both_forms(digits, folder):
    """A folder with the files packed (links) and unpacked (written once)."""
    made = folder / UNPACKED
    made.mkdir(exist_ok=True)
    for name in mnist_tutorial.FILES:
        packed, plain = digits / f"{name}.gz", made / name
        if (digits / name).is_file():
            _link(made, (name,), digits / name)
        elif packed.is_file():
            _link(made, (f"{name}.gz",), packed)
            if not plain.exists():
                plain.write_bytes(gzip.decompress(packed.read_bytes()))
    return made.resolve()


def _link(folder, names, target):
    for name in names:
        link = Path(folder) / name
        if link.is_dir() and not link.is_symlink() and not any(link.iterdir()):
            link.rmdir()
        if link.exists() or link.is_symlink():
            continue
        if any(p.is_symlink() for p in link.parents if p.is_relative_to(folder)):
            continue  # a folder of the data itself
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target.resolve())
