"""Image files of kinds that Pillow reads but does not write."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

GREY, RGB, GREY_ALPHA, RGB_ALPHA = 0, 2, 4, 6  # PNG's kinds of colour


def png16(numbers, kind, *chunks):
    """A PNG of 16 bits a channel.

    numbers: [H, W, C]; chunks: (name, bytes) that come before the pixels.
    """
    height, width, _ = numbers.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in numbers)
    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


def with_chunk(png, name, body):
    """A PNG with a chunk put before its pixels."""
    place = png.index(b"IDAT") - 4
    chunk = struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return png[:place] + chunk + png[place:]


def tiff(numbers, compression=None):
    """A TIFF of one channel: uint16, int16, int32, uint32 or float32."""
    if numbers.dtype in (np.uint16, np.int32, np.float32):
        buffer = io.BytesIO()
        Image.fromarray(numbers).save(buffer, "TIFF", compression=compression)
        return buffer.getvalue()
    height, width = numbers.shape
    form = 2 if numbers.dtype.kind == "i" else 1
    body = numbers.astype(numbers.dtype.newbyteorder("<")).tobytes()
    tags = {256: width, 257: height, 258: 8 * numbers.dtype.itemsize, 259: 1, 262: 1}
    tags |= {273: 8, 277: 1, 278: height, 279: len(body), 339: form}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    directory = struct.pack("<H", len(tags)) + entries + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + len(body)) + body + directory


def encoded(image, form="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()
