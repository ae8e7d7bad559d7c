"""Brings a file's image to the network's size: bytes in, uint8 RGB out, or a reason."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from PIL import Image

from dcgan_v1.config import Crop
from dcgan_v1.data import value_range as ranges
from dcgan_v1.data.photo import LARGEST_PIXELS as LARGEST_PIXELS
from dcgan_v1.data.photo import BadImageError, Photo, opened
from dcgan_v1.data.value_range import ValueRange, Wanted

ALIGNED = (178, 218)  # width and height of CelebA's aligned images
RESAMPLING = {
    "area": Image.Resampling.BOX,
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}
GROUNDS = {"white": (255, 255, 255), "black": (0, 0, 0)}


class Options(TypedDict):
    """How images are brought to the network's size, see `to_pixels`."""

    crop: Crop
    resize: str
    size: int
    background: str
    value_range: Wanted


def decode(
    data: bytes,
    *,
    crop: Crop,
    resize: str,
    size: int,
    background: str = "file",
    value_range: Wanted = "data",
) -> np.ndarray:
    """Decodes, crops the centre and resizes.

    Args:
      data: bytes of a JPEG, PNG, WebP, BMP, GIF, TIFF, AVIF, JPEG 2000 or PNM file. Grey, palette
        and CMYK images are converted, EXIF rotation applied.
      crop, resize, size, background, value_range: see `to_pixels`.

    Returns:
      uint8 [size, size, 3].

    Raises:
      BadImageError: in a few words why not.
    """
    photo = opened(data, all_bits=value_range != "type")
    return to_pixels(
        photo, crop=crop, resize=resize, size=size, background=background, value_range=value_range
    )


def to_pixels(
    photo: Photo, *, crop: Crop, resize: str, size: int, background: str, value_range: Wanted
) -> np.ndarray:
    """Brings a decoded file to the network's size.

    Args:
      crop: (width, height) cut from the centre, 'square' for the largest square, None
        for the whole image. A size is scaled as the image is for smaller or larger
        copies of CelebA's 178x218 images.
      resize: 'area' (each result is the mean of what it covers), 'nearest', or
        'bilinear' and 'bicubic', both over all of what a result covers.
      size: side of the square result, in pixels.
      background: what shows through: 'file' for the colour that the file names, white
        where it names none; 'white'; 'black'.
      value_range: black and white of numbers of more than 8 bits; 'type' for the limits
        of 16 bits, 'data' for those of this image.

    Returns:
      uint8 [size, size, 3].

    Raises:
      BadImageError: it is smaller than the crop, or has numbers beyond 'type'.
    """
    image, ground = photo.image, photo.background
    if image is None:
        image, ground = _of_numbers(photo, value_range)
    if image.mode == "RGBA":
        ground = GROUNDS.get(background) or ground or GROUNDS["white"]
        below = Image.new("RGBA", image.size, (*(ground * 3)[:3], 255))
        image = Image.alpha_composite(below, image).convert("RGB")
    box = _centre(image.size, crop)
    image = image.resize((size, size), RESAMPLING[resize], box=box)
    return np.asarray(image)


def _of_numbers(photo: Photo, value_range: Wanted) -> tuple[Image.Image, tuple[int, ...] | None]:
    """Returns a Photo of more than 8 bits as an image of 8, and its background."""
    numbers = photo.numbers
    assert numbers is not None
    limits = _limits(numbers, value_range)
    pixels = ranges.to_uint8(numbers, limits)
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).convert("RGB")
    if photo.alpha is not None:
        image.putalpha(Image.fromarray(photo.alpha))
    if photo.background is None:
        return image, None
    return image, tuple(ranges.to_uint8(np.array(photo.background), limits).tolist())


def _limits(numbers: np.ndarray, value_range: Wanted) -> ValueRange:
    if isinstance(value_range, ValueRange):
        return value_range
    low, high = float(numbers.min()), float(numbers.max())
    if value_range == "data":
        return ranges.of_data(low, high)
    if numbers.dtype == np.float32 or low < 0 or high > ranges.OF_TYPE.white:
        raise BadImageError("numbers beyond 16 bits have no defined white: see --value-range")
    return ranges.OF_TYPE


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
