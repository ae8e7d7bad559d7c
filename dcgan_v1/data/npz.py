"""Images and labels of 28x28 data in an .npz, whatever their names, shapes and types."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np

from dcgan_v1.data import value_range as ranges
from dcgan_v1.errors import UserError

Part = tuple[str, str]  # ('train' or 't10k', 'images' or 'labels')
KERAS = ("x_train", "y_train", "x_test", "y_test")  # of its mnist.npz
IMAGES = re.compile(r"(?i)(?<![a-z])(?:x|images?|imgs?|data|pixels|digits)(?![a-z])|images")
LABELS = re.compile(r"(?i)(?<![a-z])(?:y|classes)(?![a-z])|label|target")
TEST, TRAIN, OTHER = (
    re.compile(rf"(?i){words}") for words in ("test|t10k", "train", "val(?:id|_|$)")
)
SIDE = 28
SHAPES = "(N, 28, 28), (N, 28, 28, 1), (N, 1, 28, 28) or (N, 784)"


def find(path: Path) -> dict[Part, str]:
    """Returns which arrays of a file are the images and labels of which part, by their names
    and, where those do not tell, by their shapes and order.

    Raises:
      UserError: no array can be images.
      Exception: whatever zipfile and numpy raise on bad bytes.
    """
    shapes = _shapes(path)
    parts: dict[Part, str] = {}
    for key in sorted(shapes, key=lambda key: key not in KERAS):
        kind = _kind(key, shapes[key])
        if kind is None or OTHER.search(key):
            continue
        part = "t10k" if TEST.search(key) else "train"
        if (part, kind) in parts and not TRAIN.search(key):
            part = "t10k"  # arr_0, arr_1: the second of two
        parts.setdefault((part, kind), key)
    if not any(kind == "images" for _, kind in parts):
        text = ", ".join(f"{key} {shape}" for key, shape in list(shapes.items())[:6]) or "nothing"
        raise UserError(f"it holds {text}; images have the shape {SHAPES}")
    return parts


def _kind(key: str, shape: tuple[int, ...]) -> str | None:
    """Returns 'images', 'labels', or None for what is neither."""
    if LABELS.search(key):
        return "labels"
    if _is_of_images(shape) or (IMAGES.search(key) and len(shape) > 1):
        return "images"
    return "labels" if len(shape) == 1 and shape[0] > 1 else None


def _is_of_images(shape: tuple[int, ...]) -> bool:
    sides = [n for n in shape[1:] if n != 1]
    return sides in ([SIDE, SIDE], [SIDE * SIDE])


def _shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Returns the shapes of a file's arrays, by their names, from their headers alone."""
    shapes = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".npy"):
                with archive.open(name) as file:
                    version = np.lib.format.read_magic(file)
                    read_header = np.lib.format.read_array_header_2_0
                    if version == (1, 0):
                        read_header = np.lib.format.read_array_header_1_0
                    shapes[name.removesuffix(".npy")] = read_header(file)[0]
    return shapes


def images(array: np.ndarray, name: str) -> tuple[np.ndarray, str]:
    """Returns images as uint8 [N, H, W], and in words how their numbers were read.

    Args:
      array: of one of SHAPES, of any type of numbers; of other sides, too.
      name: for error messages.
    """
    shape = array.shape
    single = tuple(axis for axis in range(1, array.ndim) if shape[axis] == 1)
    array = array.squeeze(single)
    if array.ndim == 2 and array.shape[1] == SIDE * SIDE:
        array = array.reshape(-1, SIDE, SIDE)
    if array.ndim != 3:
        raise UserError(f"{name} has the shape {shape}; {SHAPES} is needed")
    if array.dtype == np.uint8 or not array.size:
        return np.ascontiguousarray(array, np.uint8), ""
    if array.dtype == bool:
        return array.astype(np.uint8) * 255, "False is taken for black and True for white"
    if array.dtype.kind not in "iuf":
        raise UserError(f"{name} holds {array.dtype}, not numbers")
    low, high = float(array.min()), float(array.max())
    if not np.isfinite([low, high]).all():
        raise UserError(f"{name} holds NaN or infinite values")
    limits = ranges.of_data(low, high)
    return ranges.to_uint8(array, limits), f"{array.dtype}, of which {limits}"


def labels(array: np.ndarray, name: str) -> np.ndarray:
    """Returns labels uint8 [N] of numbers [N] or [N, 1], or of one-hot rows [N, classes]."""
    if array.ndim == 2:
        array = array[:, 0] if array.shape[1] == 1 else array.argmax(1)
    numbers = array.astype(np.uint8) if array.dtype.kind in "iufb" else None
    if array.ndim != 1 or numbers is None or not (numbers == array).all():
        raise UserError(f"{name} holds {array.dtype} {array.shape}, not labels of 0 to 255")
    return numbers
