"""The image front door: what is well defined is converted, the rest is named."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from dcgan_v1.config import parse_crop
from dcgan_v1.data.decode import decode
from dcgan_v1.data.photo import BadImageError

pytestmark = pytest.mark.unit

RED = (200, 30, 30)
PLAIN = {"crop": None, "resize": "area", "size": 8}


def encode(image, form="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def picture(width=32, height=32, mode="RGB", colour=RED):
    return Image.new(mode, (width, height), colour)


@pytest.mark.parametrize(
    ("image", "form", "expected"),
    [
        (picture(), "PNG", RED),
        (picture(), "JPEG", RED),
        (picture(mode="L", colour=77), "PNG", (77, 77, 77)),
        (picture(mode="1", colour=1), "PNG", (255, 255, 255)),
        (picture().convert("P", palette=Image.Palette.ADAPTIVE), "PNG", RED),
        (picture(mode="CMYK", colour=(0, 255, 255, 0)), "JPEG", (255, 0, 0)),
        (picture(mode="I;16", colour=128 * 257), "PNG", (128, 128, 128)),
        (picture(mode="RGBA", colour=(*RED, 255)), "PNG", RED),
        (picture(mode="RGBA", colour=(200, 100, 50, 0)), "PNG", (255, 255, 255)),
        (picture(mode="LA", colour=(90, 255)), "PNG", (90, 90, 90)),
        (picture(), "PPM", RED),
    ],
)
def test_every_common_pixel_format_becomes_rgb(image, form, expected):
    pixels = decode(encode(image, form), **PLAIN)
    assert pixels.shape == (8, 8, 3)
    assert pixels.dtype == np.uint8
    assert np.abs(pixels.astype(int) - expected).max() <= 3


def test_exif_rotation_is_applied():
    image = picture(8, 8)
    image.paste((0, 0, 250), (0, 0, 8, 4))  # blue above
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter to the right
    pixels = decode(encode(image, exif=exif), **PLAIN)
    assert pixels[4, 7, 2] == 250  # blue on the right
    assert pixels[4, 0, 2] == 30


def test_the_centre_is_cropped():
    image = picture(100, 60)
    image.paste((0, 250, 0), (30, 10, 70, 50))
    pixels = decode(encode(image), crop=(40, 40), resize="nearest", size=8)
    assert (pixels == (0, 250, 0)).all()


def test_celebas_crop_is_scaled_for_smaller_copies_of_its_images():
    image = picture(178, 218)
    image.paste((0, 250, 0), (35, 55, 143, 163))  # exactly the centre 108
    options = {"crop": (108, 108), "resize": "nearest", "size": 8}
    assert (decode(encode(image), **options) == (0, 250, 0)).all()
    half = image.resize((89, 109), Image.Resampling.NEAREST)
    assert (decode(encode(half), **options)[1:-1, 1:-1] == (0, 250, 0)).all()


def test_area_means_what_it_covers_and_nearest_picks(rng):
    pixels = rng.integers(0, 256, (16, 16, 3), np.uint8)
    data = encode(Image.fromarray(pixels))
    means = pixels.reshape(8, 2, 8, 2, 3).mean((1, 3))
    assert np.abs(decode(data, **PLAIN) - means).max() <= 1
    nearest = decode(data, crop=None, resize="nearest", size=8)
    assert {tuple(p) for p in nearest.reshape(-1, 3)} <= {tuple(p) for p in pixels.reshape(-1, 3)}


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "0 bytes"),
        (b"this is text, renamed .jpg" * 20, "not an image"),
        (b"<!DOCTYPE html><html>quota</html>", "not an image"),
        (encode(picture(), "JPEG")[:400], "(?i)truncated"),
        (encode(picture(1, 1)), "too small"),
        (encode(picture(30, 30)), "smaller than the crop"),
    ],
)
def test_a_bad_file_is_named(data, complaint):
    with pytest.raises(BadImageError, match=complaint):
        decode(data, crop=(31, 31), resize="area", size=8)


def test_a_bomb_is_refused_without_unpacking_it():
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(header)) + chunk
    png += struct.pack(">I", zlib.crc32(chunk)) + encode(picture())[33:]
    with pytest.raises(BadImageError, match="too large"):
        decode(png, **PLAIN)


@pytest.mark.parametrize("seed", range(40))
def test_random_damage_gives_pixels_or_a_reason(seed):
    rng = np.random.default_rng(seed)
    noise = Image.fromarray(rng.integers(0, 256, (20, 20, 3), np.uint8))
    form = ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP")[seed % 6]
    data = bytearray(encode(noise, form))
    for _ in range(rng.integers(1, 20)):
        data[rng.integers(len(data))] = rng.integers(256)
    try:
        assert decode(bytes(data), **PLAIN).shape == (8, 8, 3)
    except BadImageError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("text", "crop"), [("none", None), ("108", (108, 108)), ("90x120", (90, 120))]
)
def test_crop_options(text, crop):
    assert parse_crop(text) == crop


@pytest.mark.parametrize("text", ["0", "-1", "axb", "10x", "", "1e3"])
def test_bad_crop_options(text):
    with pytest.raises(ValueError, match="WxH"):
        parse_crop(text)
