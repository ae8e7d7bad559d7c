"""The front door for image files of strangers: bytes in, uint8 RGB out, or a reason."""

import io
import threading
import warnings

import numpy as np
from PIL import Image, ImageOps

from dcgan_v1.errors import reason

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


_current = threading.local()  # the name of the image that a thread decodes


class Warned:
    """While entered, keeps what Pillow warns of: warning -> names of the images.

    Python's own way of catching warnings does not know which thread one came from.
    """

    def __init__(self):
        self.names = {}

    def __enter__(self):
        self._shown = warnings.showwarning
        self._filters = warnings.filters[:]
        warnings.simplefilter("always")
        warnings.showwarning = self._note
        return self

    def __exit__(self, *_):
        warnings.showwarning = self._shown
        warnings.filters[:] = self._filters
        warnings.simplefilter("ignore", UserWarning)  # read again, they are known
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)

    def _note(self, message, *_, **__):
        name = getattr(_current, "name", "")
        self.names.setdefault(reason(message, 80), []).append(name)

    def decoding(self, name):
        """Says which image this thread decodes next."""
        _current.name = name

    def __str__(self):
        return "; ".join(
            f"{text}: {', '.join(sorted(set(names))[:3])}"
            + (f" and {len(set(names)) - 3} more" if len(set(names)) > 3 else "")
            for text, names in self.names.items()
        )


ALIGNED = (178, 218)  # width and height of CelebA's aligned images


def decode(data, *, crop, resize, size):
    """Decodes, crops the centre and resizes.

    Args:
      data: bytes of a JPEG, PNG, WebP, BMP, GIF or TIFF file. Grey, palette, CMYK and
        16-bit grey images are converted, alpha is laid on black, EXIF rotation applied.
      crop: (width, height) cut from the centre, 'square' for the largest square, None
        for the whole image. A size is scaled as the image is for smaller or larger
        copies of CelebA's 178x218 images.
      resize: 'area' (each result is the mean of what it covers), 'nearest', or
        'bilinear' and 'bicubic', both over all of what a result covers.
      size: side of the square result.

    Returns:
      uint8 [size, size, 3].

    Raises:
      BadImageError: in a few words why not.
    """
    if not data:
        raise BadImageError("0 bytes")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > LARGEST_PIXELS:
                raise BadImageError(f"{image.width}x{image.height} pixels: too large")
            if min(image.size) < 2:
                raise BadImageError(f"{image.width}x{image.height} pixels: too small")
            image.load()
            image = _to_rgb(ImageOps.exif_transpose(image))
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


def _to_rgb(image):
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


def _centre(image_size, crop):
    """Returns the box to cut, (left, top, right, bottom)."""
    if crop is None:
        return (0, 0, *image_size)
    width, height = image_size
    scale = width / ALIGNED[0]
    if crop == "square":
        crop = (min(image_size),) * 2
    elif abs(height - scale * ALIGNED[1]) <= 1:  # CelebA in another size
        crop = (round(crop[0] * scale), round(crop[1] * scale))
    if crop[0] > width or crop[1] > height:
        raise BadImageError(f"{width}x{height} pixels: smaller than the crop {crop[0]}x{crop[1]}")
    left, top = (width - crop[0]) // 2, (height - crop[1]) // 2
    return (left, top, left + crop[0], top + crop[1])
