"""From network output to pictures."""

import io

import numpy as np
import pytest
from PIL import Image

from dcgan_v1 import image_files

pytestmark = pytest.mark.unit


def test_to_uint8_maps_the_ends_and_the_middle_of_a_range():
    for low, high in ((0.0, 1.0), (-1.0, 1.0)):
        values = np.array([low, (low + high) / 2, high, high + 1, low - 1])
        assert list(image_files.to_uint8(values, (low, high))) == [0, 128, 255, 255, 0]


def test_to_uint8_inverts_the_training_scale(rng):
    pixels = rng.integers(0, 256, 1000, np.uint8)
    for low, high in ((0.0, 1.0), (-1.0, 1.0)):
        scaled = np.float32(pixels) / np.float32(255) * (high - low) + low
        np.testing.assert_array_equal(image_files.to_uint8(scaled, (low, high)), pixels)


def test_grid_puts_images_row_by_row(rng):
    pixels = rng.integers(0, 256, (5, 3, 4, 3), np.uint8)
    picture = image_files.grid(pixels, gap=1)  # 3 columns, 2 rows
    assert picture.shape == (2 * 3 + 1, 3 * 4 + 2, 3)
    for i in range(5):
        y, x = i // 3 * 4, i % 3 * 5
        np.testing.assert_array_equal(picture[y : y + 3, x : x + 4], pixels[i])


def test_png_keeps_every_pixel(rng):
    for channels, mode in ((1, "L"), (3, "RGB")):
        pixels = rng.integers(0, 256, (6, 5, channels), np.uint8)
        image = Image.open(io.BytesIO(image_files.png_bytes(pixels)))
        assert image.mode == mode
        np.testing.assert_array_equal(np.array(image).reshape(pixels.shape), pixels)


def test_gif_shows_the_first_and_the_last_of_many_pictures(tmp_path):
    paths = []
    for i in range(250):
        path = tmp_path / f"{i:04d}.png"
        path.write_bytes(image_files.png_bytes(np.full((4, 4, 1), i, np.uint8)))
        paths.append(path)
    assert image_files.write_gif(tmp_path / "a.gif", paths) == image_files.GIF_FRAMES
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.n_frames == image_files.GIF_FRAMES
        assert gif.convert("L").getpixel((0, 0)) == 0
        gif.seek(gif.n_frames - 1)
        assert gif.convert("L").getpixel((0, 0)) == 249
        assert gif.info["duration"] > 1000


def test_a_grid_falls_apart_into_the_images_it_was_made_of(rng):
    for count in (1, 4, 5, 64):
        made = rng.integers(0, 256, (count, 28, 28, 1), np.uint8)
        tiles = image_files.tiles(image_files.grid(made), 28)
        np.testing.assert_array_equal(tiles[:count], made)
        assert (tiles[count:] == 128).all()
