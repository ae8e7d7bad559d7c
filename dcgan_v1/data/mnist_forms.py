"""The forms in which MNIST and its relatives lie about: names, archives, folders.

A place (a folder or an archive) is looked through once, and each file in it that is a
part of such a data set is told by its name; nothing is opened before it is needed.
"""

import io
import re
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dcgan_v1.data.idx import read_idx
from dcgan_v1.errors import UserError, reason

DIMENSIONS = {"images": 3, "labels": 1}
# train-images-idx3-ubyte, emnist-letters-train-images-idx3-ubyte.gz, t10k.labels, ...
IDX_NAME = re.compile(
    r"(?:(?P<set>.+?)[-._])?(?P<part>train|t10k|test)[-._ ]"
    r"(?P<kind>images|labels)(?:[-._ ]idx[13])?(?:[-._ ]ubyte)?(?P<gz>\.gz)?",
    re.IGNORECASE,
)
NPZ_KEYS = {  # (part, kind) -> the array's name in Keras's mnist.npz
    ("train", "images"): "x_train",
    ("train", "labels"): "y_train",
    ("t10k", "images"): "x_test",
    ("t10k", "labels"): "y_test",
}


class Found(NamedTuple):
    """One part of a data set.

    Attributes:
      split: which of several data sets, '' for the only one; in lower case.
      part: 'train' or 't10k'; kind: 'images' or 'labels'.
      name: for people.
      open: function that returns an open binary file, or, for .npz, an array.
    """

    split: str
    part: str
    kind: str
    name: str
    open: object

    def read(self):
        """Returns (array of uint8, SHA-256 of what is in it)."""
        opened = self.open()
        if isinstance(opened, np.ndarray):
            kept = np.ascontiguousarray(opened)
            buffer = io.BytesIO(_idx_header(kept) + kept.tobytes())
            return read_idx(buffer, DIMENSIONS[self.kind], self.name)
        with opened as file:
            return read_idx(file, DIMENSIONS[self.kind], self.name)


def look_through(place):
    """Returns every Found of a folder, a zip or an .npz.

    In a folder its own files come first, then those of the folders that torchvision
    (MNIST/raw) and Kaggle (one named as the file in it) put them in.
    """
    if place.is_file():
        return _in_archive(place)
    found = []
    for folder in [place, *_below(place)]:
        for path in sorted(folder.iterdir()):
            if path.is_file() and (match := IDX_NAME.fullmatch(path.name)):
                found.append(_found(match, str(path), lambda p=path: p.open("rb")))
    if not found:
        archives = [p for p in sorted(place.iterdir()) if p.suffix in (".npz", ".zip")]
        for path in archives:
            found += _in_archive(path)
    return found


def _below(place):
    """Folders in which downloads hide the files: MNIST/raw, raw, Kaggle's."""
    for path in sorted(place.iterdir()):
        if not path.is_dir() or path.name.startswith("."):
            continue
        if path.name.lower() == "raw" or IDX_NAME.fullmatch(path.name):
            yield path
        elif (path / "raw").is_dir():
            yield path / "raw"


def _in_archive(path):
    """Finds the parts in a zip of the files, or in Keras's .npz."""
    try:
        if path.suffix.lower() == ".npz":
            return _in_npz(path)
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.namelist() if not m.endswith("/")]
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} is no sound archive: {reason(error)}") from error
    found = []
    for member in sorted(members):
        name = member.rpartition("/")[2]
        match = IDX_NAME.fullmatch(name)
        if match and not member.startswith("__MACOSX/"):
            found.append(
                _found(match, f"{path}: {member}", lambda m=member: _member(path, m))
            )
    return found


def _member(path, name):
    with zipfile.ZipFile(path) as archive:
        return io.BytesIO(archive.read(name))


def _in_npz(path):
    with np.load(path) as file:
        names = set(file.files)
    return [
        Found("", part, kind, f"{path}: {key}", lambda key=key: _array(path, key))
        for (part, kind), key in NPZ_KEYS.items()
        if key in names
    ]


def _array(path, key):
    try:
        with np.load(path) as file:
            array = file[key]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: {key} cannot be read: {reason(error)}") from error
    if array.dtype != np.uint8:
        raise UserError(f"{path}: {key} holds {array.dtype}, not bytes (uint8)")
    return array


def _idx_header(array):
    sizes = b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes


def _found(match, name, open):
    part = "t10k" if match["part"].lower() in ("t10k", "test") else "train"
    split = (match["set"] or "").lower()
    return Found(split, part, match["kind"].lower(), name, open)


def is_transposed(split):
    """Whether the images of a data set lie on their side, as all of EMNIST's do."""
    return split.startswith("emnist")


def in_folder(place):
    """Names what is in a place, for a message; at most six."""
    if not Path(place).is_dir():
        return "a file"
    names = sorted(path.name for path in Path(place).iterdir())
    return ", ".join(names[:6]) + (", ..." if len(names) > 6 else "") or "nothing"
