"""What scipy.misc was: pictures by Pillow, scaled as scipy 1.0 did it.

Facts from scipy 1.0's pilutil: floats are stretched from their smallest to their
largest value over 0 to 255, and rounded by adding 0.5.
"""

import math

import numpy as np
from PIL import Image

RESAMPLING = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "cubic": 3}


def bytescale(data, cmin=None, cmax=None, high=255, low=0):
    """Returns uint8 of the same shape; uint8 as it is."""
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


def toimage(arr, high=255, low=0, cmin=None, cmax=None, pal=None, mode=None, channel_axis=None):
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


def _flat_image(data, scaling, pal, mode):
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


def fromimage(im, flatten=False, mode=None):
    """PIL image -> array; float32 where flattened."""
    if mode is not None:
        im = im.convert(mode) if mode != im.mode else im
    elif im.mode == "P":
        im = im.convert("RGBA" if "transparency" in im.info else "RGB")
    if flatten:
        im = im.convert("F")
    elif im.mode == "1":
        im = im.convert("L")
    return np.array(im)


def imread(name, flatten=False, mode=None):
    with Image.open(name) as image:
        return fromimage(image, flatten, mode)


def imsave(name, arr, format=None):
    image = toimage(arr, channel_axis=2)
    image.save(name) if format is None else image.save(name, format)


def imresize(arr, size, interp="bilinear", mode=None):
    """A percentage, a fraction, or (height, width)."""
    image = toimage(arr, mode=mode)
    if isinstance(size, int | np.integer):
        size = tuple((np.array(image.size) * (size / 100.0)).astype(int))
    elif isinstance(size, float | np.floating):
        size = tuple((np.array(image.size) * size).astype(int))
    else:
        size = int(size[1]), int(size[0])
    return fromimage(image.resize(size, RESAMPLING[interp]))


def imrotate(arr, angle, interp="bilinear"):
    return fromimage(toimage(arr).rotate(angle, resample=RESAMPLING[interp]))


def logsumexp(a, axis=None, b=None, keepdims=False):
    a = np.asarray(a, np.float64)
    top = np.max(a, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    total = np.sum((1 if b is None else b) * np.exp(a - top), axis, keepdims=True)
    found = np.log(total) + top
    return found if keepdims else np.squeeze(found, axis=axis)[()]


def comb(N, k, exact=False, repetition=False):
    found = math.comb(N + k - 1 if repetition else N, k)
    return found if exact else float(found)


def factorial(n, exact=False):
    return math.factorial(n) if exact else float(math.factorial(n))


def imshow(arr):
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
        "imshow",
        "logsumexp",
        "comb",
        "factorial",
    )
}
