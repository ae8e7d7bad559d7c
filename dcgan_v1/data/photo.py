"""Opens image files that nobody vouches for.

Bytes in; pixels of 8 bits or numbers of more bits out, with their transparency, or a reason why
not."""

from __future__ import annotations

import io
import struct
import sys
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFile, ImageOps

from dcgan_v1.data import signatures
from dcgan_v1.errors import reason

LARGEST_PIXELS = 64_000_000  # more is taken for a decompression bomb
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF", "JPEG2000", "PPM")
# not EPS: it runs programs
# modes of 16 bits a channel, of which Pillow keeps 8, and the mode that holds the rest
WIDE = {"RGB": "RGB", "RGBA": "RGBA", "RGBX": "RGB", "LA": "RGBA"}
SAMPLE_FORMAT, BITS = 339, 258  # tags of TIFF


class BadImageError(Exception):
    """Why a file cannot be used."""


class Photo(NamedTuple):
    """A decoded file in its own size.

    Attributes:
      image: of 8 bits, in Pillow's modes RGB or RGBA; None where there are `numbers`.
      numbers: of more bits: uint16, int32, uint32 or float32 [H, W, 1 or 3], finite.
      alpha: uint8 [H, W], the transparency that goes with numbers, None where all is opaque.
      background: the grey or colour that the file itself names, as the image or numbers are.
    """

    image: Image.Image | None
    numbers: np.ndarray | None = None
    alpha: np.ndarray | None = None
    background: tuple[int, ...] | None = None

    @property
    def is_transparent(self) -> bool:
        """Whether something shows through anywhere."""
        if self.image is None:
            return self.alpha is not None and int(self.alpha.min()) < 255
        if self.image.mode != "RGBA":
            return False
        low, _ = self.image.getchannel("A").getextrema()
        return int(low) < 255  # type: ignore[arg-type]  # a pair of numbers in this mode


def opened(data: bytes, *, all_bits: bool = True) -> Photo:
    """Opens a file of FORMATS; its rotation by EXIF is applied.

    Args:
      data: the file.
      all_bits: keep those of colours of 16 bits, of which Pillow takes the upper 8.

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
            wide = _wide_mode(image) if all_bits else ""
            background = _background(data) if image.format == "PNG" else None
            if wide:
                return _wide(data, image, wide, background)
            image.load()
            photo = _photo(ImageOps.exif_transpose(image), background)
            if photo.numbers is not None and _is_unsigned(image):
                photo = photo._replace(numbers=photo.numbers.view(np.uint32))
            return photo
    except BadImageError:
        raise
    except Image.UnidentifiedImageError as error:
        kind = signatures.what(data[: signatures.START])
        if not kind:
            raise BadImageError("not an image") from error
        if signatures.is_read(kind):
            raise BadImageError(f"{kind} that is damaged, or of a rare kind") from error
        way = signatures.way_on(kind)
        raise BadImageError(f"not an image that can be read, but {kind}: {way}") from error
    except Image.DecompressionBombError as error:
        raise BadImageError("claims more pixels than is safe: too large") from error
    except Exception as error:  # Pillow's readers raise nearly anything on bad bytes
        raise BadImageError(reason(error, 80)) from error


def _photo(image: Image.Image, background: tuple[int, ...] | None) -> Photo:
    """The Photo of a loaded image in one of Pillow's modes."""
    if image.mode.startswith("I") or image.mode == "F":  # 16 bits of grey, or more
        numbers = np.asarray(image)
        if not np.isfinite(numbers).all():
            raise BadImageError("holds NaN or infinite values")
        clear = image.info.get("transparency")
        alpha = None if clear is None else np.where(numbers == clear, 0, 255).astype(np.uint8)
        return Photo(None, numbers[..., None], alpha, background)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        if background and image.mode == "P":
            background = _of_palette(image, background[0])
        return Photo(image.convert("RGBA"), background=background)
    return Photo(image.convert("RGB"))


def _is_unsigned(image: Image.Image) -> bool:
    """Whether a TIFF has integers of 32 bits that Pillow takes for signed ones."""
    tags = getattr(image, "tag_v2", {})
    bits, form = tags.get(BITS), tags.get(SAMPLE_FORMAT, (1,))
    return image.mode == "I" and (bits, form) == ((32,), (1,))


# ---- 16 bits a channel ----


def _wide_mode(image: ImageFile.ImageFile) -> str:
    """Returns the mode of colours of 16 bits as the file has them, '' for other files."""
    if len(image.tile) != 1 or image.mode not in ("RGB", "RGBA"):
        return ""
    mode, _, bits = _rawmode(image).partition(";")
    return mode if bits in ("16B", "16L", "16N") and mode in WIDE else ""


def _wide(
    data: bytes, image: ImageFile.ImageFile, mode: str, background: tuple[int, ...] | None
) -> Photo:
    """The Photo of a file with 16 bits a channel.

    Pillow has no mode for it, and skips the lower byte of each number; read as of the other
    byte order it skips the upper. Both together are the number.
    """
    with Image.open(io.BytesIO(data), formats=FORMATS) as again:
        if mode == "LA":  # four bytes: read as four channels
            again.tile = [_with_rawmode(again, "RGBA")]
            again.load()
            both = np.asarray(ImageOps.exif_transpose(again)).astype(np.uint16)
            grey = both[..., :1] * 256 + both[..., 1:2]
            return Photo(None, grey, both[..., 2].astype(np.uint8), background)
        clear = again.info.pop("transparency", None)
        order = _rawmode(again)[-3:]
        big = order == "16B" or (order == "16N" and sys.byteorder == "big")
        again.tile = [_with_rawmode(again, f"{mode};16{'L' if big else 'B'}")]
        again.load()
        image.load()
        image.info.pop("transparency", None)
        upper, lower = (np.asarray(ImageOps.exif_transpose(i)) for i in (image, again))
    numbers = upper[..., :3].astype(np.uint16) * 256 + lower[..., :3]
    alpha: np.ndarray | None = upper[..., 3] if upper.shape[2] == 4 else None
    if clear is not None:
        alpha = np.where((numbers == np.array(clear)).all(-1), 0, 255).astype(np.uint8)
    return Photo(None, numbers, alpha, background)


def _rawmode(image: ImageFile.ImageFile) -> str:
    """Returns how a file's pixels lie in it, in Pillow's words: 'RGB;16B'."""
    args = image.tile[0].args
    return args if isinstance(args, str) else str((args or ("",))[0])


def _with_rawmode(image: ImageFile.ImageFile, rawmode: str) -> ImageFile._Tile:
    tile = image.tile[0]
    return tile._replace(
        args=rawmode if isinstance(tile.args, str) else (rawmode, *(tile.args or ())[1:])
    )


# ---- the background that a PNG names ----


def _background(data: bytes) -> tuple[int, ...] | None:
    """Returns the bKGD chunk of a PNG: the number of a palette's colour, or a grey or a
    colour, of 8 bits where the file has no more, otherwise of 16."""
    position, depth, kind = 8, 8, 0
    while position + 8 <= len(data):
        size, name = struct.unpack(">I4s", data[position : position + 8])
        body = data[position + 8 : position + 8 + size]
        if name == b"IHDR" and len(body) == 13:
            depth, kind = body[8], body[9]
        elif name == b"bKGD":
            if kind == 3:
                return tuple(body[:1]) or None
            numbers = struct.unpack(f">{size // 2}H", body[: size // 2 * 2])
            if len(numbers) not in (1, 3):
                return None
            return tuple(n if depth == 16 else n * 255 // (2**depth - 1) for n in numbers)
        elif name == b"IDAT":
            break
        position += 12 + size
    return None


def _of_palette(image: Image.Image, number: int) -> tuple[int, ...] | None:
    palette = image.getpalette("RGB") or []
    return tuple(palette[3 * number : 3 * number + 3]) or None
