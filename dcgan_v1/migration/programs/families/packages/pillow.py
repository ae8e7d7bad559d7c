"""Pillow's names and leniency of before 10, which TF1 programs were written for."""

from collections.abc import Callable
from typing import Any

import numpy as np
import PIL
from PIL import Image, ImageDraw, ImageFont, ImageMath, ImageOps

from dcgan_v1.migration.programs.amending import add_names, wrap
from dcgan_v1.migration.programs.facade import Facade

VERSION = "5.4.1"  # what programs that look for one are given


def fromarray(obj: Any, mode: str | None = None) -> Image.Image:
    """Old Pillow took the bytes of any array for the mode that a program named. Floats
    that it has no mode for are clipped to 0..255."""
    array = np.asarray(obj)
    is_colour = array.ndim == 3 or mode in ("RGB", "L", "RGBA")
    if array.dtype != np.uint8 and is_colour:
        array = np.clip(array, 0, 255).astype(np.uint8)
    image = Image.fromarray(array)
    return image.convert(mode) if mode and mode != image.mode else image


def _nearest_by_default(position: int, name: str) -> Callable[..., Any]:
    """Around a function whose filter was NEAREST where none was named, until 7.0.

    Args:
      position, name: of the filter among its arguments.
    """

    def around(plain: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        if len(arguments) <= position and name not in options:
            options[name] = Image.Resampling.NEAREST
        return plain(*arguments, **options)

    return around


def _size_of(font: Any, text: str, *_: Any, **__: Any) -> tuple[int, int]:
    """(width, height) in pixels, from where the text is put."""
    _, _, right, bottom = font.getbbox(text)
    return int(right), int(bottom)


def _text_size(draw: Any, text: str, font: Any = None, *_: Any, **__: Any) -> tuple[int, int]:
    if "\n" in text:
        return _lines_size(draw, text, font)
    return _size_of(font or draw.getfont(), text)


def _lines_size(
    draw: Any, text: str, font: Any = None, spacing: float = 4, *_: Any, **__: Any
) -> tuple[int, int]:
    _, _, right, bottom = draw.multiline_textbbox((0, 0), text, font, spacing=spacing)
    return int(right), int(bottom)


def _load_default(size: float | None = None) -> Any:
    """The bitmap font, which it was until 10.1."""
    if size is None and hasattr(ImageFont, "load_default_imagefont"):
        return ImageFont.load_default_imagefont()
    return ImageFont.load_default(size)


def modules() -> Facade:
    """Returns the facade of PIL."""
    names = {
        "ANTIALIAS": Image.Resampling.LANCZOS,
        "CUBIC": Image.Resampling.BICUBIC,
        "LINEAR": Image.Resampling.BILINEAR,
        "fromarray": fromarray,
        "isImageType": lambda thing: isinstance(thing, Image.Image),
        "PILLOW_VERSION": VERSION,
        "VERSION": "1.1.7",  # of the library that Pillow took over from
    }
    wrap(Image.Image, "resize", _nearest_by_default(2, "resample"))
    for name, place, argument in (
        ("fit", 2, "method"),
        ("pad", 2, "method"),
        ("scale", 2, "resample"),
    ):
        wrap(ImageOps, name, _nearest_by_default(place, argument))
    differs = {
        "fromarray": "colours as floats are clipped to 0..255; old Pillow refused them "
        "or, with a mode, read their bytes"
    }
    add_names(Image.Image, {"_getexif": lambda image: dict(image.getexif()) or None}, "Image")
    for font in (ImageFont.FreeTypeFont, ImageFont.ImageFont, ImageFont.TransposedFont):
        add_names(font, {"getsize": _size_of}, "ImageFont")
    add_names(
        ImageDraw.ImageDraw,
        {"textsize": _text_size, "multiline_textsize": _lines_size},
        "ImageDraw.Draw",
    )
    return Facade(
        "PIL",
        (PIL,),
        {
            "Image": Facade("PIL.Image", (Image,), names, differs),
            "ImageFont": Facade("PIL.ImageFont", (ImageFont,), {"load_default": _load_default}),
            "ImageMath": Facade("PIL.ImageMath", (ImageMath,), {"eval": ImageMath.unsafe_eval}),
            "PILLOW_VERSION": VERSION,
            "VERSION": "1.1.7",  # of the library that Pillow took over from
            "__version__": VERSION,
        },
    )
