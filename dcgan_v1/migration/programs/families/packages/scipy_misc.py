"""What scipy.misc was: pictures by Pillow, scaled as scipy 1.0 did it.

Facts from scipy 1.0's pilutil: floats are stretched from their smallest to their
largest value over 0 to 255, and rounded by adding 0.5.
"""

import math
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "lanczos": Image.Resampling.LANCZOS,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "cubic": Image.Resampling.BICUBIC,
}


def bytescale(
    data: Any, cmin: float | None = None, cmax: float | None = None, high: int = 255, low: int = 0
) -> np.ndarray:
    """Stretches `cmin`..`cmax` (the smallest and largest where None) over `low`..`high`.

    Returns:
      uint8 of the same shape; uint8 as it is.

    Raises:
      ValueError: bounds are out of order.
    """
    data = np.asarray(data)
    if data.dtype == np.uint8:
        return data
    if high > 255 or low < 0 or high < low:
        raise ValueError("`low` and `high` must lie in order between 0 and 255")
    cmin = data.min() if cmin is None else cmin
    cmax = data.max() if cmax is None else cmax
    span = cmax - cmin
    if span < 0:
        raise ValueError("`cmax` should be larger than `cmin`.")
    scaled = (data - cmin) * (float(high - low) / (span or 1)) + low
    return (scaled.clip(low, high) + 0.5).astype(np.uint8)


def toimage(
    arr: Any,
    high: int = 255,
    low: int = 0,
    cmin: float | None = None,
    cmax: float | None = None,
    pal: Any = None,
    mode: str | None = None,
    channel_axis: int | None = None,
) -> Image.Image:
    """[H, W] or [H, W, 3 or 4], the channels anywhere -> PIL image."""
    data = np.asarray(arr)
    if np.iscomplexobj(data):
        raise ValueError("Cannot convert a complex-valued array.")
    if data.ndim == 2:
        return _flat_image(data, (high, low, cmin, cmax), pal, mode)
    if data.ndim != 3 or not {3, 4} & set(data.shape):
        raise ValueError("'arr' does not have a suitable array shape for any mode.")
    if channel_axis is None:
        channels = 3 if 3 in data.shape else 4
        channel_axis = data.shape.index(channels)
    data = np.moveaxis(bytescale(data, cmin, cmax, high, low), channel_axis, -1)
    image = Image.fromarray(np.ascontiguousarray(data))
    return image.convert(mode) if mode and mode != image.mode else image


def _flat_image(
    data: np.ndarray,
    scaling: tuple[int, int, float | None, float | None],
    pal: Any,
    mode: str | None,
) -> Image.Image:
    high, low, cmin, cmax = scaling
    if mode == "F":
        return Image.fromarray(data.astype(np.float32))
    if mode in (None, "L", "P"):
        image = Image.fromarray(bytescale(data, cmin, cmax, high, low))
        if pal is not None:
            image.putpalette(np.asarray(pal, np.uint8).tobytes())
        return image
    if mode == "1":
        return Image.fromarray(np.where(data > high, 255, 0).astype(np.uint8)).convert("1")
    if mode == "I":
        low_value = data.min() if cmin is None else cmin
        span = (data.max() if cmax is None else cmax) - low_value
        scaled = (data * 1.0 - low_value) * (high - low) / span + low
        return Image.fromarray(scaled.astype(np.int32))
    raise ValueError(f"no mode {mode} for an array of two axes")


def fromimage(im: Image.Image, flatten: bool = False, mode: str | None = None) -> np.ndarray:
    """PIL image -> array; float32 where flattened."""
    if mode is not None:
        im = im.convert(mode) if mode != im.mode else im
    elif im.mode == "P":
        im = im.convert("RGBA" if "transparency" in im.info else "RGB")
    if flatten:
        im = im.convert("F")
    elif im.mode == "1":
        im = im.convert("L")
    elif im.mode.startswith("I;16"):
        im = im.convert("I")  # as Pillow opened 16 bits then
    return np.array(im)


def imread(name: Any, flatten: bool = False, mode: str | None = None) -> np.ndarray:
    """Reads a picture as `fromimage` gives it."""
    with Image.open(name) as image:
        return fromimage(image, flatten, mode)


def imsave(name: Any, arr: Any, format: str | None = None) -> None:
    image = toimage(arr, channel_axis=2)
    image.save(name) if format is None else image.save(name, format)


def imresize(arr: Any, size: Any, interp: str = "bilinear", mode: str | None = None) -> np.ndarray:
    """A percentage, a fraction, or (height, width)."""
    image = toimage(arr, mode=mode)
    if isinstance(size, int | np.integer):
        size = tuple((np.array(image.size) * (size / 100.0)).astype(int))
    elif isinstance(size, float | np.floating):
        size = tuple((np.array(image.size) * size).astype(int))
    else:
        size = int(size[1]), int(size[0])
    return fromimage(image.resize(size, RESAMPLING[interp]))


def imrotate(arr: Any, angle: float, interp: str = "bilinear") -> np.ndarray:
    """Counter-clockwise by degrees."""
    return fromimage(toimage(arr).rotate(angle, resample=RESAMPLING[interp]))


def imfilter(arr: Any, ftype: str) -> np.ndarray:
    """By one of Pillow's filters, 'blur' to 'sharpen'."""
    return fromimage(toimage(arr).filter(getattr(ImageFilter, ftype.upper())))


def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False) -> Any:
    a = np.asarray(a, np.float64)
    top = np.max(a, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    total = np.sum((1 if b is None else b) * np.exp(a - top), axis, keepdims=True)
    result = np.log(total) + top
    return result if keepdims else np.squeeze(result, axis=axis)[()]


def comb(N: int, k: int, exact: bool = False, repetition: bool = False) -> float:
    """How many ways there are of choosing k of N."""
    ways = math.comb(N + k - 1 if repetition else N, k)
    return ways if exact else np.float64(ways)


def factorial(n: Any, exact: bool = False) -> Any:
    if exact:
        return math.factorial(n)
    return np.array(np.vectorize(math.gamma, otypes=[float])(np.asarray(n) + 1))


def derivative(
    func: Any, x0: float, dx: float = 1.0, n: int = 1, args: tuple[Any, ...] = (), order: int = 3
) -> Any:
    """The n-th derivative by central differences of `order` points, `dx` apart."""
    half = order // 2
    steps = np.arange(-half, half + 1.0)
    powers = np.vander(steps, order, increasing=True)
    weights = math.factorial(n) * np.linalg.inv(powers)[n]
    values = [w * func(x0 + k * dx, *args) for w, k in zip(weights, steps, strict=True)]
    return sum(values) / dx**n


def imshow(arr: Any) -> None:
    """Shows nothing: there may be no screen."""
    toimage(arr)


NAMES = {
    name: globals()[name]
    for name in (
        "bytescale",
        "toimage",
        "fromimage",
        "imread",
        "imsave",
        "imresize",
        "imrotate",
        "imfilter",
        "imshow",
        "logsumexp",
        "comb",
        "factorial",
        "derivative",
    )
}
