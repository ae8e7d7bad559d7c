"""cv2's reading, writing, colours and resizing by Pillow and numpy, where OpenCV is missing.

Arrays are [H, W, 3] in BGR order, uint8. Windows are not shown: there may be no screen."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dcgan_v1.migration.programs.facade import Facade, Missing

IMREAD_GRAYSCALE, IMREAD_COLOR, IMREAD_UNCHANGED = 0, 1, -1
INTER_NEAREST, INTER_LINEAR, INTER_CUBIC, INTER_AREA = 0, 1, 2, 3
COLOR_BGR2RGB, COLOR_BGR2GRAY, COLOR_RGB2GRAY, COLOR_GRAY2BGR = 4, 6, 7, 8
CUBIC = -0.75  # of cv2's cubic kernel
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
    """Between half-pixel centres, without smoothing, or by the mean of areas; dsize is (W, H)."""
    del dst
    src = np.asarray(src)
    h, w = src.shape[:2]
    width, height = dsize or (round(w * fx), round(h * fy))
    if interpolation == INTER_NEAREST:
        rows, columns = np.arange(height) * h // height, np.arange(width) * w // width
        return src[rows][:, columns]
    is_smaller = height <= h and width <= w
    kinds = {INTER_LINEAR: _linear, INTER_CUBIC: _cubic, INTER_AREA: _area}
    if interpolation not in kinds or (interpolation == INTER_AREA and not is_smaller):
        raise Missing(f"cv2.resize with interpolation {interpolation}: pip install opencv-python")
    weights = kinds[interpolation]
    a = np.einsum("yh,hw...->yw...", weights(h, height), src.astype(np.float64))
    a = np.einsum("xw,yw...->yx...", weights(w, width), a)
    if src.dtype == np.uint8:
        return np.clip(np.rint(a), 0, 255).astype(np.uint8)
    return a.astype(src.dtype)


def _linear(old: int, new: int) -> np.ndarray:
    """[new, old] weights of the two next to each new place."""
    place = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    return np.maximum(0, 1 - np.abs(place[:, None] - np.arange(old)))


def _cubic(old: int, new: int) -> np.ndarray:
    """[new, old] weights of the four next to each new place; the edge goes on."""
    place = (np.arange(new) + 0.5) * old / new - 0.5
    weights = np.zeros((new, old))
    for step in range(-1, 3):
        near = np.floor(place).astype(int) + step
        x = np.abs(place - near)
        inner = (CUBIC + 2) * x**3 - (CUBIC + 3) * x**2 + 1
        outer = CUBIC * (x**3 - 5 * x**2 + 8 * x - 4)
        np.add.at(
            weights, (np.arange(new), np.clip(near, 0, old - 1)), np.where(x <= 1, inner, outer)
        )
    return weights


def _area(old: int, new: int) -> np.ndarray:
    """[new, old] shares of each old pixel in a new one."""
    edges = np.arange(new + 1) * old / new
    pixels = np.arange(old)
    shares = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.maximum(0, shares) * new / old


def flip(src: Any, flipCode: int) -> np.ndarray:
    """Upside down by 0, left to right by 1, both by -1."""
    src = np.asarray(src)
    src = src[::-1] if flipCode <= 0 else src
    return np.ascontiguousarray(src[:, ::-1] if flipCode else src)


def split(m: Any) -> tuple[np.ndarray, ...]:
    """[H, W, C] -> C times [H, W]."""
    return tuple(np.ascontiguousarray(np.asarray(m)[..., i]) for i in range(np.shape(m)[-1]))


def merge(mv: Any) -> np.ndarray:
    """C times [H, W] -> [H, W, C]."""
    return np.stack(list(mv), -1)


def _no_window(*_: Any, **__: Any) -> int:
    """`imshow`, and `waitKey`, in which no key is pressed."""
    return -1


WINDOWS = ("imshow", "waitKey", "namedWindow", "destroyAllWindows", "destroyWindow")


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
        "flip": flip,
        "split": split,
        "merge": merge,
        **dict.fromkeys(WINDOWS, _no_window),
        "COLOR_GRAY2RGB": COLOR_GRAY2BGR,
        "COLOR_RGB2BGR": COLOR_BGR2RGB,
    }
    differs = {"resize": "uint8 may be off by one: cv2 rounds its weights to 11 bits"}
    return Facade("cv2", (), supplied, differs, {"": "pip install opencv-python"})
