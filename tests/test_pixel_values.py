"""Pixels are never silently nothing: transparency, ranges of deep images, data without content.

What transparency is laid on, which numbers are black and white where there are more than 8 bits,
and data with nothing in it to learn."""

import dataclasses

import numpy as np
import pytest
from image_data import GREY, GREY_ALPHA, RGB, RGB_ALPHA, encoded, png16, tiff, with_chunk
from PIL import Image
from script_runs import refusal

from dcgan_v1.config import config_json
from dcgan_v1.data import first_pass, image_dataset, sources, statistics
from dcgan_v1.data.decode import decode
from dcgan_v1.data.value_range import ValueRange
from dcgan_v1.errors import UserError
from dcgan_v1.systems import Images96Config

pytestmark = pytest.mark.unit

PLAIN = {"crop": None, "resize": "nearest", "size": 8}
CLEAR = Image.new("RGBA", (8, 8), (0, 0, 0, 0))


def load(folder, files, said=None, cache=None, **settings):
    """Writes files name -> bytes to a folder and loads them, with no check; returns pixels."""
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    config = Images96Config(data=str(folder), batch_size=1, resize="nearest", **settings)
    say = said.append if said is not None else lambda line: None
    read, count, _ = image_dataset.load(config, cache, size=8, say=say, quiet=True)
    return read(np.arange(count))


# ---- transparency ----


def palette_with_transparency():
    image = Image.new("P", (8, 8), 1)
    image.putpalette([10, 20, 30, 40, 50, 60])
    return encoded(image, transparency=1)


@pytest.mark.parametrize(
    "data",
    [
        encoded(CLEAR),
        encoded(CLEAR.convert("LA")),
        palette_with_transparency(),
        encoded(Image.new("L", (8, 8), 7), transparency=7),  # tRNS
        encoded(Image.new("RGB", (8, 8), (1, 2, 3)), transparency=(1, 2, 3)),
        encoded(Image.new("P", (8, 8), 0), "GIF", transparency=0),
        encoded(CLEAR, "WEBP", lossless=True),
        encoded(CLEAR, "TIFF"),
        png16(np.zeros((8, 8, 4)), RGB_ALPHA),
        png16(np.zeros((8, 8, 2)), GREY_ALPHA),
        png16(np.full((8, 8, 1), 9), GREY, (b"tRNS", b"\0\x09")),
        png16(np.full((8, 8, 3), 9), RGB, (b"tRNS", b"\0\x09" * 3)),
    ],
)
def test_what_is_clear_shows_white_or_what_is_asked_for(data):
    assert (decode(data, **PLAIN) == 255).all()
    assert (decode(data, **PLAIN, background="black") == 0).all()


@pytest.mark.parametrize(
    ("data", "body", "expected"),
    [
        (encoded(CLEAR), b"\0\xc8\0\x64\0\x32", (200, 100, 50)),
        (encoded(CLEAR.convert("LA")), b"\0\x50", (80, 80, 80)),
        (palette_with_transparency(), b"\0", (10, 20, 30)),
        (png16(np.zeros((8, 8, 4)), RGB_ALPHA), b"\xff\xff\x80\x80\0\0", (255, 128, 0)),
    ],
)
def test_the_background_that_a_png_names_shows_through(data, body, expected):
    data = with_chunk(data, b"bKGD", body)
    limits = ValueRange(0, 65535)
    assert (decode(data, **PLAIN, value_range=limits) == expected).all()
    assert (decode(data, **PLAIN, background="white", value_range=limits) == 255).all()


def test_half_transparency_is_mixed():
    image = Image.new("RGBA", (8, 8), (100, 0, 200, 51))  # a fifth
    assert (decode(encoded(image), **PLAIN) == (224, 204, 244)).all()


def test_the_rule_for_transparency_is_said_also_from_the_cache(tmp_path):
    files = {"a.png": encoded(CLEAR), "b.png": encoded(Image.new("RGB", (8, 8)))}
    for _ in range(2):
        said = []
        pixels = load(tmp_path / "d", files, said, tmp_path / "cache")
        assert pixels[0].min() == 255 and pixels[1].max() == 0
        assert "1 images have transparency: they are laid on white (--background)" in said
    said = []
    named = with_chunk(encoded(CLEAR), b"bKGD", bytes(6))
    pixels = load(tmp_path / "d", {"c.png": named}, said, tmp_path / "cache")
    assert pixels[0].min() == 255 and pixels[2].max() == 0
    assert any("the colour that 1 of them name, the others on white" in line for line in said)


# ---- numbers of more than 8 bits ----


def numbers(high, low=0, kind=np.uint16):
    """Two images [8, 8]: one that holds the lowest, one that holds the highest."""
    ramp = np.linspace(low, high, 128).astype(kind)
    return ramp[:64].reshape(8, 8), ramp[64:].reshape(8, 8)


def scaled(images, black, white):
    values = (np.stack(images).astype(np.float64) - black) / (white - black) * 255
    return np.floor(values + 0.5)[..., None].clip(0, 255)


@pytest.mark.parametrize(
    ("images", "black", "white"),
    [
        (numbers(4095), 0, 4095),
        (numbers(3500), 0, 4095),
        (numbers(1000), 0, 1023),
        (numbers(16000), 0, 16383),
        (numbers(65535), 0, 65535),
        (numbers(40000), 0, 65535),
        (numbers(255), 0, 255),
        (numbers(1), 0, 1),
        (numbers(31000, 29000), 29000, 31000),  # thermal cameras' hundredths of a kelvin
        (numbers(3071, -1024, np.int16), -1024, 3071),
        (numbers(2**31 - 1, -(2**31), np.int32), -(2**31), 2**31 - 1),
        (numbers(2**32 - 1, 0, np.uint32), 0, 2**32 - 1),
        (numbers(1.0, 0.0, np.float32), 0, 1),
        (numbers(0.8, -0.9, np.float32), -1, 1),
        (numbers(250.0, 0.0, np.float32), 0, 255),
        (numbers(12.5, -7.25, np.float32), -7.25, 12.5),
    ],
)
def test_black_and_white_come_from_all_images_together_and_are_said(tmp_path, images, black, white):
    files = {f"{i}.tif": tiff(image) for i, image in enumerate(images)}
    for cache in (None, tmp_path / "cache", tmp_path / "cache"):
        said = []
        pixels = load(tmp_path / "d", files, said, cache)
        assert np.abs(pixels - scaled(images, black, white)).max() <= 1  # rounding of float32
        line = f"{np.float64(black):g} is taken for black and {np.float64(white):g} for white"
        assert any(line in text for text in said), said


@pytest.mark.parametrize("kind", [GREY, RGB, GREY_ALPHA, RGB_ALPHA])
def test_every_kind_of_16_bit_png_keeps_all_its_bits(tmp_path, rng, kind):
    channels = {GREY: 1, RGB: 3, GREY_ALPHA: 2, RGB_ALPHA: 4}[kind]
    values = rng.integers(0, 4096, (8, 8, channels))
    values[0, 0, 0] = 4095
    if kind in (GREY_ALPHA, RGB_ALPHA):
        values[..., -1] = 65535
        channels -= 1
    pixels = load(tmp_path / "d", {"a.png": png16(values, kind)})
    np.testing.assert_array_equal(
        pixels[0], np.broadcast_to(scaled([values[..., :channels]], 0, 4095)[0, ..., 0], (8, 8, 3))
    )


@pytest.mark.parametrize("compression", [None, "tiff_deflate"])
def test_compressed_tiffs_are_as_plain_ones(tmp_path, compression):
    images = numbers(4095)
    files = {f"{i}.tif": tiff(image, compression) for i, image in enumerate(images)}
    np.testing.assert_array_equal(load(tmp_path / "d", files), scaled(images, 0, 4095) + [0] * 3)


def test_images_of_8_bits_are_left_as_they_are_beside_deeper_ones(tmp_path):
    files = {"a.png": encoded(Image.new("L", (8, 8), 77)), "b.tif": tiff(numbers(4095)[1])}
    assert (load(tmp_path / "d", files)[0] == 77).all()


def test_a_range_of_the_users_is_taken_and_cuts_off_what_lies_beyond(tmp_path):
    images = numbers(3071, -1024, np.int16)
    files = {f"{i}.tif": tiff(image) for i, image in enumerate(images)}
    pixels = load(tmp_path / "d", files, value_range="-500,1500")
    np.testing.assert_array_equal(pixels, scaled(images, -500, 1500) + [0] * 3)
    for bad in ("12", "5,5", "9,1", "0,inf", "a,b", ""):
        with pytest.raises(UserError, match="--value-range: 'data', 'type', or LOW,HIGH"):
            Images96Config(value_range=bad)


@pytest.mark.parametrize("decoded", [(0, 1), (1, 0)])
def test_fractions_and_integers_have_no_range_in_common(tmp_path, decoded):
    files = {"a.tif": tiff(numbers(4095)[1]), "b.tif": tiff(numbers(1, 0, np.float32)[1])}
    with pytest.raises(UserError, match=r"a.tif holds integers .* b.tif fractions"):
        load(tmp_path / "d", files)
    options = {**PLAIN, "background": "file", "value_range": "data"}
    one_pass = first_pass._Pass(sources.FolderSource(tmp_path / "d"), options, None)
    for number in decoded:  # in which order threads come to it
        assert not one_pass.decode(number)
    with pytest.raises(UserError, match=r"a.tif holds integers .* b.tif fractions"):
        one_pass.settle_range()


def test_numbers_that_are_none_are_bad_images(tmp_path):
    holes = np.full((8, 8), np.nan, np.float32)
    with pytest.raises(UserError, match=r"a\.tif: holds NaN"):
        load(tmp_path / "d", {"a.tif": tiff(holes)})


def test_a_run_begun_before_there_was_a_choice_reads_its_images_as_it_did(tmp_path):
    config = config_json.from_json('{"model": "images96", "batch_size": 1}', "config.json")
    assert (config.background, config.value_range) == ("black", "type")
    rgb = np.full((8, 8, 3), 40000)
    files = {"a.png": encoded(CLEAR), "b.tif": tiff(numbers(4095)[1]), "c.png": png16(rgb, RGB)}
    pixels = load(tmp_path / "d", files, background="black", value_range="type")
    assert pixels[0].max() == 0
    np.testing.assert_array_equal(pixels[1, ..., 0], (numbers(4095)[1].astype(int) + 128) // 257)
    assert (pixels[2] == 40000 >> 8).all()


# ---- nothing to learn ----


def images(*values):
    return np.stack([np.full((8, 8, 3), value, np.uint8) for value in values])


def test_statistics_are_those_of_numpy(rng):
    pixels = rng.integers(3, 240, (50, 8, 8, 3), np.uint8)
    found = statistics.of(pixels)
    assert (found.low, found.high, found.images) == (pixels.min(), pixels.max(), 50)
    np.testing.assert_allclose(found.mean, pixels.mean())
    np.testing.assert_allclose(found.deviation, pixels.std())
    np.testing.assert_allclose(found.apart, np.sqrt(((pixels - pixels.mean(0)) ** 2).mean()))
    found.refuse_uniform("--data d")
    assert f"mean {pixels.mean():.1f}, standard deviation {pixels.std():.1f}" in str(found)


def test_data_with_nothing_to_learn_is_refused_in_words(rng):
    photo = rng.integers(0, 256, (8, 8, 3), np.uint8)
    nearly = np.stack([photo] * 30)
    nearly[:, 0, 0, 0] = np.arange(30)  # one value of 192 differs
    mostly = np.concatenate([np.stack([photo] * 97), rng.integers(0, 256, (3, 8, 8, 3), np.uint8)])
    noise = np.minimum(rng.integers(0, 3, (20, 8, 8, 3), np.uint8), 2)
    for pixels, why in (
        (images(0, 0, 0, 0), "4 of 4 images are of one colour, or nearly"),
        (images(10, 200, 90), "3 of 3 images are of one colour, or nearly"),
        (noise, "20 of 20 images are of one colour, or nearly"),
        (np.stack([photo] * 5), "5 of 5 images are equal"),
        (mostly, "97 of 100 images are equal"),
        (nearly, "all 30 images are nearly equal"),
        (photo[None], "there is one image alone"),
    ):
        with pytest.raises(UserError, match="--allow-uniform") as error:
            statistics.of(pixels).refuse_uniform("--data d")
        assert why in str(error.value) and "\n" not in str(error.value)
    statistics.of(mostly[90:]).refuse_uniform("--data d")


def test_values_that_a_few_others_leave_little_of_the_range_are_said(tmp_path, rng):
    """One stuck pixel of a 12-bit camera sets white for all."""
    scans = rng.integers(0, 4096, (20, 8, 8)).astype(np.uint16)
    files = {f"{i:02}.tif": tiff(scan) for i, scan in enumerate(scans)}
    said = []
    load(tmp_path / "d", files, said)
    assert not any("of them" in line or "far from" in line for line in said)
    scans[3, 2, 2] = 65535
    files["03.tif"] = tiff(scans[3])
    for _ in range(2):  # the second time from the cache
        said = []
        load(tmp_path / "d", files, said, tmp_path / "cache")
        assert any("0 to 255, 99.8% of them 0 to 16, mean" in line for line in said), said
        assert any("give --value-range LOW,HIGH" in line for line in said)


def test_training_on_nothing_is_refused_before_anything_is_made(tmp_path):
    (tmp_path / "d").mkdir()
    for i in range(4):
        (tmp_path / "d" / f"{i}.png").write_bytes(encoded(Image.new("RGB", (96, 96), (i,) * 3)))
    words = ("--data", tmp_path / "d", "--batch-size", 2, "--no-cache", "--quiet")
    said = refusal("train_images.py", *words, "--run-dir", tmp_path / "r")
    assert f"--data {tmp_path}/d: 4 of 4 images are of one colour" in said
    assert not (tmp_path / "r").exists()


def test_settings_of_pixels_stand_in_the_config(tmp_path):
    config = Images96Config(background="black", value_range="0,4095", allow_uniform=True)
    assert config_json.from_json(config.to_json(), "there") == config
    fixed = {f.name for f in dataclasses.fields(config) if f.metadata["fixed"]}
    assert {"background", "value_range"} <= fixed and "allow_uniform" not in fixed
