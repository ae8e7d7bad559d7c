"""imageio's reading and writing of pictures and GIFs by Pillow, where imageio is not installed."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from PIL import Image, ImageSequence

from dcgan_v1.migration.programs.facade import Facade, Missing

INSTALL = "pip install imageio"


def imread(uri: Any, *_: Any, **__: Any) -> np.ndarray:
    """[H, W] or [H, W, channels] of uint8, colours of a palette by their values."""
    with Image.open(uri) as image:
        return _array(image)


def mimread(uri: Any, *_: Any, **__: Any) -> list[np.ndarray]:
    """All pictures of a GIF."""
    with Image.open(uri) as image:
        return [_array(frame) for frame in ImageSequence.Iterator(image)]


def _array(image: Image.Image) -> np.ndarray:
    return np.array(image.convert("RGB") if image.mode == "P" else image)


def imwrite(uri: Any, im: Any, format: str | None = None, **_: Any) -> None:
    is_deep = np.asarray(im).dtype == np.uint16 and str(uri).lower().endswith((".png", ".tif"))
    (Image.fromarray(np.asarray(im)) if is_deep else _picture(im)).save(
        uri, format and _pillows(format)
    )


def _pillows(format: str) -> str | None:
    """What Pillow calls a format of imageio's: 'jpg', '.png', 'PNG-PIL'; None where the file's name
    says it."""
    Image.init()
    name = format.lstrip(".").partition("-")[0].upper()
    name = {"JPG": "JPEG", "TIF": "TIFF"}.get(name, name)
    return name if name in Image.SAVE else None


def mimwrite(
    uri: Any, ims: Sequence[Any], format: str | None = None, duration: Any = None, **options: Any
) -> None:
    """A GIF; `duration` is in seconds, for each picture or for all, or 1 / `fps`."""
    _refuse_video(uri, format)
    first, *others = map(_picture, ims)
    seconds = np.multiply(duration or 1 / options.get("fps", 10), 1000).astype(int).tolist()
    first.save(
        uri,
        "GIF",
        save_all=True,
        append_images=others,
        duration=seconds,
        loop=options.get("loop", 0),
    )


def _refuse_video(uri: Any, format: str | None) -> None:
    if not str(uri).lower().endswith(".gif") and str(format).lower() != "gif":
        raise Missing(f"imageio's pictures in {uri}, which is no GIF: {INSTALL}")


def _picture(im: Any) -> Image.Image:
    """As imageio 2 made uint8: floats within 0..1 times 255, others stretched from their smallest
    to their largest value."""
    array = np.asarray(im)
    if array.dtype in (np.uint16, np.uint32, np.uint64):
        array = np.right_shift(array, 8 * array.itemsize - 8)
    elif array.dtype not in (np.uint8, np.bool_):
        low, high = float(array.min()), float(array.max())
        is_fraction = array.dtype.kind == "f" and low >= 0 and high <= 1
        if not is_fraction and low != high:
            array, is_fraction = (array - low) / (high - low), True
        if is_fraction:
            array = array * 255.0 + 0.499999999
    array = array.astype(np.uint8)
    array = array[..., 0] if array.ndim == 3 and array.shape[-1] == 1 else array
    return Image.fromarray(array)


class Writer:
    """`get_writer`: pictures one by one."""

    def __init__(self, uri: Any, format: str | None = None, mode: str = "?", **options: Any):
        del mode
        _refuse_video(uri, format)
        self._uri, self._format, self._options = uri, format, options
        self._pictures: list[Any] = []

    def append_data(self, im: Any, meta: Any = None) -> None:
        del meta
        self._pictures.append(im)

    def close(self) -> None:
        if self._pictures:
            mimwrite(self._uri, self._pictures, self._format, **self._options)
            self._pictures = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def module() -> Facade:
    """Returns the facade of imageio."""
    names = {
        "imread": imread,
        "mimread": mimread,
        "imwrite": imwrite,
        "imsave": imwrite,
        "mimwrite": mimwrite,
        "mimsave": mimwrite,
        "get_writer": Writer,
    }
    return Facade("imageio", (), names, hints={"": INSTALL})
