"""Finds the files of MNIST and its relatives by name: in folders, archives and .npz.

Nothing is opened before it is read.
"""

from __future__ import annotations

import contextlib
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from dcgan_v1.data import npz, signatures
from dcgan_v1.data.idx import read_idx
from dcgan_v1.errors import UserError, reason

DIMENSIONS = {"images": 3, "labels": 1}
# train-images-idx3-ubyte, emnist-letters-train-images-idx3-ubyte.gz, t10k.labels, ...
IDX_NAME = re.compile(
    r"(?:(?P<set>.+?)[-._])?(?P<part>train|t10k|test)[-._ ]"
    r"(?P<kind>images|labels)(?:[-._ ]idx[13])?(?:[-._ ]ubyte)?(?P<gz>\.gz)?",
    re.IGNORECASE,
)


class MnistFile(NamedTuple):
    """The images or labels of one part of a data set.

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
    open: Callable[[], IO[bytes] | np.ndarray]

    def read(self) -> tuple[np.ndarray, str, str]:
        """Returns (uint8 array, SHA-256 of it as an IDX file, how it was read or '')."""
        content, how = self.open(), ""
        if isinstance(content, np.ndarray):
            if self.kind == "images":
                content, how = npz.images(content, self.name)
            else:
                content = npz.labels(content, self.name)
            content = io.BytesIO(_idx_header(content) + content.tobytes())
        with content as file:
            array, digest, is_gzipped = read_idx(file, DIMENSIONS[self.kind], self.name)
        return array, digest, "gzipped" if is_gzipped else how


def find_files(place: Path) -> list[MnistFile]:
    """Returns every file of such data sets in a folder, a zip or an .npz.

    In a folder its own files come first, then those of the folders that torchvision
    (MNIST/raw) and Kaggle (one named as the file in it) put them in; where there is
    none, those of archives.
    """
    if place.is_file():
        return _in_archive(place)
    if not place.is_dir():
        raise UserError(f"--data-dir {place} is a device or a pipe; give a folder or a file")
    files = []
    for folder, split in [(place, ""), *_below(place)]:
        for path in sorted(folder.iterdir()):
            if path.is_file() and (match := IDX_NAME.fullmatch(path.name)):
                files.append(_file(match, str(path), partial(_opened, path), split))
    errors = []
    if not files:
        for path in sorted(place.iterdir()):
            if path.suffix.lower() in (".npz", ".zip"):
                try:
                    files += _in_archive(path)
                except UserError as error:
                    errors.append(error)
    if errors and not files:
        raise errors[0]
    return files


def _below(place: Path) -> Iterator[tuple[Path, str]]:
    """Yields (folder in which downloads hide the files, the data set it is of)."""
    for path in sorted(place.iterdir()):
        if not path.is_dir() or path.name.startswith("."):
            continue
        if path.name.lower() == "raw" or IDX_NAME.fullmatch(path.name):
            yield path, ""
        elif (path / "raw").is_dir():
            yield path / "raw", path.name.lower()


def _in_archive(path: Path) -> list[MnistFile]:
    """Finds the parts in a zip of the files, or in Keras's .npz."""
    with path.open("rb") as file:
        start = file.read(signatures.START)
    kind = signatures.what(start)
    if start.lstrip().startswith(b"<"):
        raise UserError(
            f"{path} is a page of HTML, not data: a server sent it instead of the "
            "file; download it again"
        )
    if kind == "a pointer of Git LFS":
        raise UserError(f"{path} is {kind}; {signatures.way_on(kind)}")
    if kind.endswith((" archive", " file")) and kind != "a zip archive":
        raise UserError(f"{path} is {kind}: unpack it, and give the folder as --data-dir")
    if not start.startswith(b"PK"):
        raise UserError(
            f"{path} is {kind or 'not a valid archive'}; --data-dir takes a folder, a zip or "
            "an .npz (of a single file, give the folder it lies in)"
        )
    with _of_archive(path):
        if path.suffix.lower() == ".npz":
            return _in_npz(path)
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.namelist() if not m.endswith("/")]
    files = []
    for member in sorted(members):
        match = IDX_NAME.fullmatch(member.replace("\\", "/").rpartition("/")[2])
        if match and not member.startswith("__MACOSX/"):
            opener = partial(_member, path, member)
            files.append(_file(match, f"{path}: {member}", opener))
    return files


@contextlib.contextmanager
def _of_archive(name: Path | str) -> Iterator[None]:
    """Names the archive, or the part of it, in whatever error reading it raises."""
    try:
        yield
    except UserError as error:
        raise UserError(f"cannot read {name}: {error}") from error
    except Exception as error:  # on bad bytes zipfile and numpy raise nearly anything
        raise UserError(f"cannot read {name}: {reason(error)}") from error


def _opened(path: Path) -> IO[bytes]:
    return path.open("rb")


def _member(path: Path, name: str) -> IO[bytes]:
    with _of_archive(f"{path}: {name}"), zipfile.ZipFile(path) as archive:
        return io.BytesIO(archive.read(name))


def _in_npz(path: Path) -> list[MnistFile]:
    return [
        MnistFile("", part, kind, f"{path}: {key}", partial(_array, path, key))
        for (part, kind), key in npz.find(path).items()
    ]


def _array(path: Path, key: str) -> np.ndarray:
    with _of_archive(f"{path}: {key}"), np.load(path) as file:
        array: np.ndarray = file[key]
    return array


def _idx_header(array: np.ndarray) -> bytes:
    sizes = b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes


def _file(
    match: re.Match[str], name: str, open: Callable[[], IO[bytes] | np.ndarray], split: str = ""
) -> MnistFile:
    part = "t10k" if match["part"].lower() in ("t10k", "test") else "train"
    split = (match["set"] or split).lower()
    return MnistFile(split, part, match["kind"].lower(), name, open)


def is_transposed(split: str) -> bool:
    """Whether the images of a data set lie on their side, as all of EMNIST's do."""
    return split.startswith("emnist")


def in_folder(place: Path) -> str:
    """Names what is in a place, for a message; at most six."""
    if not place.is_dir():
        return f"{place.name} alone"
    names = sorted(path.name for path in place.iterdir())
    return ", ".join(names[:6]) + (", ..." if len(names) > 6 else "") or "nothing"
