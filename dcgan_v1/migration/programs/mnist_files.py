"""MNIST for programs: its four files, and what programs keep it in, wherever they look for it.

The files are those that a program names, else those of --data-dir, else those that ship with
dcgan_v1. A path that a program opens or asks for, that is not there and that ends in one of the
known names gets a file of that name, under the folder that the program runs in.
"""

import gzip
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np

from dcgan_v1.data.idx import read_idx
from dcgan_v1.data.mnist import SHIPPED
from dcgan_v1.errors import UserError

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
# 'train-images.idx3-ubyte' is what some programs for unpacking make of the name
PART = re.compile(r"(train|t10k)-(images|labels)[-.]idx[13]-ubyte(\.gz)?")
WHOLE = ("mnist.pkl.gz", "mnist.pkl", "mnist.npz")
RELATIVES = re.compile(r"fashion|emnist|kmnist|notmnist|qmnist", re.IGNORECASE)
PIXELS = 1 / 256  # of mnist.pkl.gz, as deeplearning.net had it
folders: list[Path] = []  # where the files are, before SHIPPED; `data_folders` fills it
run_folder = Path()  # the folder that the program runs in; `data_folders` sets it
_announced: set[str] = set()


def path_of(name: str, folder: Path) -> Path | None:
    """Returns the path of one of NAMES in a folder, packed or not; None where it is not there."""
    paths = (folder / f"{name}.gz", folder / name)
    return next((path for path in paths if path.is_file()), None)


def read(name: str, folder: str | None = None) -> np.ndarray:
    """Reads one of NAMES from a folder that a program names, or else from where it is.

    Returns:
      uint8 [N, 28, 28] or [N].

    Raises:
      UserError: it is no such file.
    """
    path = (path_of(name, Path(folder)) if folder else None) or _source(name, folder or "MNIST")
    with path.open("rb") as file:
        return read_idx(file, 3 if "idx3" in name else 1, str(path))[0]


def _source(name: str, wanted: str) -> Path:
    """Returns one of NAMES of --data-dir, or of what ships, and says so."""
    for place in folders:
        if path := path_of(name, place):
            return path
    path = path_of(name, SHIPPED)
    if path is None:
        raise UserError(f"no {name}.gz: name the folder of MNIST's files by --data-dir")
    if not _announced:
        _announced.add(wanted)
        print(f"{wanted}: MNIST as it ships with dcgan_v1 (--data-dir names another)", flush=True)
    return path


def available(path: Any) -> Any:
    """Returns a path as it is, or that of a file of MNIST's where it is missing and is one."""
    if not isinstance(path, str | Path) or not _is_missing(Path(path)):
        return path
    wanted = Path(path)
    is_inside = not wanted.is_absolute() or wanted.is_relative_to(run_folder)
    place = wanted if is_inside else run_folder / "mnist_files" / wanted.name
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        _make(place, str(path))
    return type(path)(place)


def _is_missing(path: Path) -> bool:
    is_known = PART.fullmatch(path.name) or path.name in WHOLE
    return bool(is_known) and not RELATIVES.search(str(path)) and not path.exists()


def _make(place: Path, wanted: str) -> None:
    part = PART.fullmatch(place.name)
    if part:
        name = f"{part[1]}-{part[2]}-idx{3 if part[2] == 'images' else 1}-ubyte"
        data = _source(name, wanted).read_bytes()
        is_packed = data.startswith(b"\x1f\x8b")
        if is_packed and not part[3]:
            data = gzip.decompress(data)
        elif part[3] and not is_packed:
            data = gzip.compress(data)
        place.write_bytes(data)
        return
    _source(NAMES[0], wanted)
    x, y, x_test, y_test = (read(name) for name in NAMES)
    if place.suffix == ".npz":
        np.savez_compressed(place, x_train=x, y_train=y, x_test=x_test, y_test=y_test)
        return
    validation = min(10000, len(x) // 6)
    parts = (
        (x[:-validation], y[:-validation]),
        (x[-validation:], y[-validation:]),
        (x_test, y_test),
    )
    data = pickle.dumps(tuple((_rows(x), y.astype(np.int64)) for x, y in parts), 2)
    place.write_bytes(gzip.compress(data, 1) if place.suffix == ".gz" else data)


def _rows(images: np.ndarray) -> np.ndarray:
    """uint8 [N, 28, 28] -> float32 [N, 784] in 0..1."""
    return (images.reshape(len(images), -1) * PIXELS).astype(np.float32)
