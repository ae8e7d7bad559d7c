"""Pillow's names and leniency of before 10, which TF1 programs were written for."""

from typing import Any

import numpy as np
from PIL import Image

from dcgan_v1.migration.programs.facade import Facade


def fromarray(obj: Any, mode: str | None = None) -> Image.Image:
    """Old Pillow took the bytes of any array for the mode that a program named. Floats
    that it has no mode for are clipped to 0..255."""
    array = np.asarray(obj)
    is_colour = array.ndim == 3 or mode in ("RGB", "L", "RGBA")
    if array.dtype != np.uint8 and is_colour:
        array = np.clip(array, 0, 255).astype(np.uint8)
    image = Image.fromarray(array)
    return image.convert(mode) if mode and mode != image.mode else image


def modules() -> Facade:
    names = {
        "ANTIALIAS": Image.Resampling.LANCZOS,
        "CUBIC": Image.Resampling.BICUBIC,
        "LINEAR": Image.Resampling.BILINEAR,
        "fromarray": fromarray,
    }
    differs = {
        "fromarray": "colours as floats are clipped to 0..255; old Pillow refused them "
        "or, with a mode, read their bytes"
    }
    import PIL

    return Facade(
        "PIL",
        (PIL,),
        {"Image": Facade("PIL.Image", (Image,), names, differs), "PILLOW_VERSION": PIL.__version__},
    )
