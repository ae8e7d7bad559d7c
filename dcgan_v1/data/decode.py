"""Decodes image files that nobody vouches for: bytes in, uint8 RGB out, or a reason."""

from __future__ import annotations

import io
from typing import TypedDict

import numpy as np
from PIL import Image, ImageOps

from dcgan_v1.config import Crop
from dcgan_v1.errors import reason

ALIGNED = (178, 218)  # width and height of CelebA's aligned images
LARGEST_PIXELS = 64_000_000  # more is taken for a decompression bomb
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")  # not EPS: it runs programs
RESAMPLING = {
    "area": Image.Resampling.BOX,
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


class BadImageError(Exception):
    """Why a file cannot be used."""


class Options(TypedDict):
    """How images are brought to the network's size, see `decode`."""

    crop: Crop
    resize: str
    size: int


def decode(data: bytes, *, crop: Crop, resize: str, size: int) -> np.ndarray:
    """Decodes, crops the centre and resizes.

    Args:
      data: bytes of a JPEG, PNG, WebP, BMP, GIF or TIFF file. Grey, palette, CMYK and
        16-bit grey images are converted, alpha is laid on black, EXIF rotation applied.
      crop: (width, height) cut from the centre, 'square' for the largest square, None
        for the whole image. A size is scaled as the image is for smaller or larger
        copies of CelebA's 178x218 images.
      resize: 'area' (each result is the mean of what it covers), 'nearest', or
        'bilinear' and 'bicubic', both over all of what a result covers.
      size: side of the square result, in pixels.

    Returns:
      uint8 [size, size, 3].

    Raises:
      BadImageError: in a few words why not.
    """
    if not data:
        raise BadImageError("0 bytes")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            if opened.width * opened.height > LARGEST_PIXELS:
                raise BadImageError(f"{opened.width}x{opened.height} pixels: too large")
            if min(opened.size) < 2:
                raise BadImageError(f"{opened.width}x{opened.height} pixels: too small")
            opened.load()
            image = _to_rgb(ImageOps.exif_transpose(opened))
    except BadImageError:
        raise
    except Image.UnidentifiedImageError as error:
        raise BadImageError("not an image") from error
    except Image.DecompressionBombError as error:
        raise BadImageError("claims more pixels than is safe: too large") from error
    except Exception as error:  # Pillow's readers raise nearly anything on bad bytes
        raise BadImageError(reason(error, 80)) from error
    box = _centre(image.size, crop)
    image = image.resize((size, size), RESAMPLING[resize], box=box)
    return np.asarray(image)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":  # 16 bits of grey, or more
        pixels = np.asarray(image)
        if image.mode == "F" or pixels.min() < 0 or pixels.max() > 65535:
            raise BadImageError(f"pixel format {image.mode} has no defined white")
        pixels = (pixels.astype(np.uint32) + 128) // 257
        return Image.fromarray(pixels.astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        black = Image.new("RGBA", image.size, (0, 0, 0, 255))
        return Image.alpha_composite(black, image).convert("RGB")
    return image.convert("RGB")


def _centre(image_size: tuple[int, int], crop: Crop) -> tuple[int, int, int, int]:
    """Returns the box to cut, (left, top, right, bottom)."""
    if crop is None:
        return (0, 0, *image_size)
    width, height = image_size
    scale = width / ALIGNED[0]
    if crop == "square":
        crop = (min(image_size), min(image_size))
    elif abs(height - scale * ALIGNED[1]) <= 1:  # CelebA in another size
        crop = (round(crop[0] * scale), round(crop[1] * scale))
    if crop[0] > width or crop[1] > height:
        raise BadImageError(f"{width}x{height} pixels: smaller than the crop {crop[0]}x{crop[1]}")
    left, top = (width - crop[0]) // 2, (height - crop[1]) // 2
    return (left, top, left + crop[0], top + crop[1])
