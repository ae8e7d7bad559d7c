"""cv2's reading, writing, colours and resizing by Pillow and numpy, where OpenCV is not
installed. Arrays are [H, W, 3] in BGR order, uint8."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dcgan_v1.migration.programs.facade import Facade, Missing

IMREAD_GRAYSCALE, IMREAD_COLOR, IMREAD_UNCHANGED = 0, 1, -1
INTER_NEAREST, INTER_LINEAR = 0, 1
COLOR_BGR2RGB, COLOR_BGR2GRAY, COLOR_RGB2GRAY, COLOR_GRAY2BGR = 4, 6, 7, 8
GRAY = np.array([0.299, 0.587, 0.114])  # of R, G, B: ITU-R BT.601


def imread(filename: str, flags: int = IMREAD_COLOR) -> np.ndarray | None:
    """Returns None where there is no picture, as cv2 does."""
    if not Path(filename).is_file():
        return None
    try:
        with Image.open(filename) as image:
            if flags == IMREAD_GRAYSCALE:
                return np.array(image.convert("L"))
            return np.ascontiguousarray(np.array(image.convert("RGB"))[..., ::-1])
    except OSError:
        return None


def imwrite(filename: str, img: Any, params: Any = None) -> bool:
    """Writes [H, W], [H, W, 1] or [H, W, 3] of 0..255, rounded."""
    del params
    array = np.clip(np.rint(np.asarray(img, np.float64)), 0, 255).astype(np.uint8)
    array = array[..., 0] if array.ndim == 3 and array.shape[-1] == 1 else array
    Image.fromarray(array[..., ::-1] if array.ndim == 3 else array).save(filename)
    return True


def cvtColor(src: Any, code: int) -> np.ndarray:
    """[H, W, 3] or [H, W] in another order of colours, or grey."""
    src = np.asarray(src)
    if code == COLOR_BGR2RGB:
        return np.ascontiguousarray(src[..., ::-1])
    if code == COLOR_GRAY2BGR:
        return np.repeat(src[..., np.newaxis], 3, axis=-1)
    if code not in (COLOR_BGR2GRAY, COLOR_RGB2GRAY):
        raise Missing(f"cv2.cvtColor with code {code}: pip install opencv-python")
    weights = GRAY if code == COLOR_RGB2GRAY else GRAY[::-1]
    gray = src @ weights
    return np.rint(gray).astype(np.uint8) if src.dtype == np.uint8 else gray


def resize(
    src: Any,
    dsize: tuple[int, int] | None,
    dst: Any = None,
    fx: float = 0,
    fy: float = 0,
    interpolation: int = INTER_LINEAR,
) -> np.ndarray:
    """Bilinear between half-pixel centres, without smoothing; dsize is (W, H)."""
    del dst
    src = np.asarray(src)
    h, w = src.shape[:2]
    width, height = dsize or (round(w * fx), round(h * fy))
    if interpolation not in (INTER_NEAREST, INTER_LINEAR):
        raise Missing(f"cv2.resize with interpolation {interpolation}: pip install opencv-python")
    if interpolation == INTER_NEAREST:
        rows, columns = np.arange(height) * h // height, np.arange(width) * w // width
        return src[rows][:, columns]
    (top, down), (left, right) = _between(h, height), _between(w, width)
    a = src.astype(np.float64)
    shape = (-1, 1, 1)[: a.ndim]
    a = a[top] * (1 - down).reshape(shape) + a[np.minimum(top + 1, h - 1)] * (down).reshape(shape)
    shape = (1, -1, 1)[: a.ndim]
    a = a[:, left] * (1 - right).reshape(shape) + a[:, np.minimum(left + 1, w - 1)] * (
        right
    ).reshape(shape)
    return np.rint(a).astype(np.uint8) if src.dtype == np.uint8 else a.astype(src.dtype)


def _between(old: int, new: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns (index below each new place, how far it is past that)."""
    place = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    below = np.floor(place).astype(int)
    return below, place - below


def module() -> Facade:
    supplied = {
        name: value
        for name, value in globals().items()
        if name.startswith(("IMREAD_", "INTER_", "COLOR_"))
    } | {
        "imread": imread,
        "imwrite": imwrite,
        "cvtColor": cvtColor,
        "resize": resize,
        "COLOR_RGB2BGR": COLOR_BGR2RGB,
    }
    differs = {"resize": "uint8 may be off by one: cv2 rounds its weights to 11 bits"}
    return Facade("cv2", (), supplied, differs, {"": "pip install opencv-python"})
