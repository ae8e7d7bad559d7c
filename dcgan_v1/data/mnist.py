"""MNIST and its relatives: IDX files, plain or gzipped, read and checked.

The complete MNIST ships with the package, in `mnist_files/`.
"""

import gzip
import hashlib
import math
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dcgan_v1.errors import UserError

SHIPPED = Path(__file__).with_name("mnist_files")
SHIPPED_SHA256 = {  # of the uncompressed files
    "train-images": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
LARGEST = 2**31  # bytes; a header that claims more is not believed


class Mnist(NamedTuple):
    """One split: images uint8 [N, 28, 28, 1], labels uint8 [N], images' SHA-256."""

    images: np.ndarray
    labels: np.ndarray
    sha256: str


def load(data_dir="", split="train"):
    """Reads a split.

    Args:
      data_dir: folder with the four IDX files under their usual names, gzipped or not;
        empty for the shipped ones, whose checksums are verified.
      split: 'train' or 't10k'.

    Raises:
      UserError: names the file that is missing, damaged or does not fit.
    """
    folder = Path(data_dir) if data_dir else SHIPPED
    arrays, digests = [], []
    for kind, dimensions in (("images", 3), ("labels", 1)):
        path = _find(folder, f"{split}-{kind}", dimensions)
        array, digest = read_idx(path, dimensions)
        if not data_dir and digest != SHIPPED_SHA256[f"{split}-{kind}"]:
            raise UserError(f"{path} is damaged: its SHA-256 differs; reinstall it")
        arrays.append(array)
        digests.append(digest)
    images, labels = arrays
    if len(images) != len(labels):
        raise UserError(
            f"{folder}: {len(images)} {split} images but {len(labels)} labels; "
            "the files do not belong together"
        )
    if images.shape[1:] != (28, 28):
        height, width = images.shape[1:]
        raise UserError(
            f"{folder}: {split} images are {height}x{width}; 28x28 is needed"
        )
    return Mnist(images[..., None], labels, digests[0])


def read_idx(path, dimensions):
    """Reads an IDX file of bytes. Returns (array, SHA-256 of the uncompressed file).

    The header decides how much is read; a file that is shorter or longer is refused.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    header_size = 4 + 4 * dimensions
    try:
        with opener(path, "rb") as file:
            header = file.read(header_size)
            if len(header) < header_size:
                raise UserError(f"{path} is truncated: {len(header)} bytes, no header")
            zero, kind, rank = struct.unpack(">HBB", header[:4])
            if (zero, kind, rank) != (0, 8, dimensions):
                raise UserError(
                    f"{path} is no IDX file of {dimensions}-dimensional bytes: it "
                    f"begins with {header[:4].hex()}, not 000008{dimensions:02x}"
                )
            shape = struct.unpack(f">{dimensions}I", header[4:])
            size = math.prod(shape)
            if size > LARGEST:
                raise UserError(f"{path} claims {size} bytes in its header: damaged")
            body = _read_up_to(file, size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"cannot read {path}: {error}") from error
    if len(body) != size:
        what = "truncated" if len(body) < size else "too long"
        raise UserError(
            f"{path} is {what}: its header promises {size} bytes of data, "
            f"{'only ' + str(len(body)) if len(body) < size else 'more'} follow"
        )
    digest = hashlib.sha256(header)
    digest.update(body)
    return np.frombuffer(body, np.uint8).reshape(shape), digest.hexdigest()


def _read_up_to(file, size, chunk=2**22):
    """Reads in chunks, so that memory follows the file and not the header's claim."""
    parts = []
    while size > 0 and (part := file.read(min(size, chunk))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _find(folder, stem, dimensions):
    names = [
        f"{stem}{separator}idx{dimensions}-ubyte{suffix}"
        for separator in "-."
        for suffix in ("", ".gz")
    ]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise UserError(
        f"no {names[0]} or {names[1]} in {folder}; --data-dir takes a folder with the "
        "four IDX files"
    )
