"""Folders, zips and drawn faces; the cache of decoded images; the order of batches."""

import hashlib
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from face_files import as_zip, greys, jpeg, load, write_greys
from PIL import Image

from dcgan_v1.data import cache, faces, image_dataset, sources, synthetic
from dcgan_v1.data.pipeline import Streamed
from dcgan_v1.errors import UserError
from dcgan_v1.systems import Celeba64Config
from dcgan_v1.training.graph import build_train_graph

pytestmark = pytest.mark.unit


@pytest.fixture
def folder(tmp_path):
    return write_greys(tmp_path / "faces")


@pytest.mark.parametrize("kind", ["folder", "zip", "cached folder", "cached zip"])
def test_images_come_in_the_order_of_their_names(folder, tmp_path, kind):
    data = as_zip(folder, tmp_path / "a.zip") if "zip" in kind else folder
    where = tmp_path / "cache" if "cached" in kind else None
    read, count, _ = load(data, where)
    assert count == 10
    images = read(np.arange(10))
    assert images.shape == (10, 64, 64, 3)
    np.testing.assert_allclose(greys(images), 20 * np.arange(10), atol=2)
    np.testing.assert_allclose(greys(read([7, 2])), [140, 40], atol=2)


def test_browsers_and_cameras_own_suffixes_of_jpeg_are_images(folder):
    for suffix, path in zip((".jfif", ".jpe", ".JPG"), sorted(folder.rglob("*.jpg")), strict=False):
        path.rename(path.with_suffix(suffix))
    assert load(folder)[1] == 10


def test_the_start_says_images_batches_and_what_is_dropped(folder):
    said = []
    load(folder, said=said)
    assert "10 images" in said[0]
    assert "2 batches of 4 per epoch, 2 images dropped" in said[0]


def test_limit_takes_the_first_images(folder):
    read, count, _ = load(folder, limit=6)
    assert count == 6
    np.testing.assert_allclose(greys(read([5])), [100], atol=2)


def test_drawn_faces_vary_and_are_a_function_of_seed_and_number():
    first = synthetic.face_png(1, 5)
    assert first == synthetic.face_png(1, 5)
    assert first != synthetic.face_png(1, 6)
    assert first != synthetic.face_png(2, 5)
    drawn = [
        np.asarray(Image.open(io.BytesIO(synthetic.face_png(0, i))), np.float64) for i in range(12)
    ]
    assert all(image.shape == (218, 178, 3) for image in drawn)
    distances = [np.abs(a - b).mean() for a in drawn for b in drawn if a is not b]
    assert min(distances) > 5


@pytest.mark.graph
def test_reals_are_scaled_to_minus_one_and_one(session, tmp_path):
    for i, value in enumerate((0, 255)):
        (tmp_path / f"{i}.png").write_bytes(jpeg((value,) * 3))
    config = Celeba64Config(data=str(tmp_path), batch_size=2, width=8, order="file")
    read, count, _ = image_dataset.load(config, None, size=64, say=lambda text: None, quiet=True)
    graph = build_train_graph(config, Streamed(read, count))
    session.run(graph.initialize)
    graph.start_data(session, 0)
    real = session.run(graph.real)
    np.testing.assert_array_equal(real.reshape(2, -1).min(1), [-1, 1])


def test_a_second_start_reads_the_cache_and_not_the_files(folder, tmp_path):
    first, _, _ = load(folder, tmp_path / "c")
    before = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "c").iterdir()}
    stat = {p: p.stat() for p in folder.rglob("*.jpg")}
    for path, old in stat.items():  # other bytes, but the same size and time
        path.write_bytes(bytes(old.st_size))
        os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))
    second, _, _ = load(folder, tmp_path / "c")
    np.testing.assert_array_equal(first(np.arange(10)), second(np.arange(10)))
    assert before == {p.name: p.stat().st_mtime_ns for p in (tmp_path / "c").iterdir()}


@pytest.mark.parametrize("what", ["cut short", "empty", "no array", "broken note"])
def test_a_corrupt_cache_is_built_again_saying_so(folder, tmp_path, what):
    load(folder, tmp_path / "c")
    (array,) = (tmp_path / "c").glob("*.npy")
    if what == "cut short":
        array.write_bytes(array.read_bytes()[:-100])
    elif what == "empty":
        array.write_bytes(b"")
    elif what == "no array":
        array.unlink()
    else:
        array.with_suffix(".json").write_text("{")
    said = []
    read, _, _ = load(folder, tmp_path / "c", said)
    assert any("building it again" in line for line in said)
    np.testing.assert_allclose(greys(read(np.arange(10))), 20 * np.arange(10), atol=2)


def test_changed_files_or_options_get_a_cache_of_their_own(folder, tmp_path):
    def keys():
        return {path.stem for path in (tmp_path / "c").glob("*.npy")}

    load(folder, tmp_path / "c")
    load(folder, tmp_path / "c", crop="none")
    load(folder, tmp_path / "c", resize="nearest")
    load(folder, tmp_path / "c", limit=9)
    assert len(keys()) == 4
    (folder / "part0" / "000.jpg").write_bytes(jpeg((250, 0, 0)))
    load(folder, tmp_path / "c")
    assert len(keys()) == 5


def test_an_unwritable_cache_says_what_to_do(folder):
    with pytest.raises(UserError, match="--no-cache"):
        load(folder, Path("/proc/nowhere"))


def test_a_pipe_named_like_an_image_does_not_block(folder):
    os.mkfifo(folder / "pipe.jpg")
    with pytest.raises(UserError, match="not a regular file"):
        load(folder)


def test_a_stream_from_a_zip_opens_it_a_few_times_only(folder, tmp_path, session, monkeypatch):
    source = sources.open_source(str(as_zip(folder, tmp_path / "a.zip")))
    opened, real = [], io.open

    def counting(path, *args, **options):
        opened.append(path)
        return real(path, *args, **options)

    def read(numbers):
        data = [source.read(source.names[n]) for n in numbers]
        assert all(data)
        return np.zeros((len(data), 2, 2, 3), np.uint8)

    config = Celeba64Config(batch_size=2, width=8)
    batch, start = Streamed(read, 10).build(config, None)
    start(session, 0)
    monkeypatch.setattr(io, "open", counting)  # which is what opens everything in the end
    monkeypatch.setattr("builtins.open", counting)
    for _ in range(30):
        session.run(batch)
    assert len(opened) <= 4


def test_a_copy_of_the_files_is_the_same_data_for_a_run(folder, tmp_path):
    _, _, checksum = load(folder)
    for path in folder.rglob("*.jpg"):
        os.utime(path, (1, 1))
    assert load(folder)[2] == checksum
    path = folder / "part0" / "003.jpg"
    size = path.stat().st_size
    with Image.open(path) as image:
        black = Image.new("RGB", image.size)
    black.save(path)
    with path.open("ab") as file:
        file.write(bytes(size - path.stat().st_size))  # another image of equal size
    assert load(folder)[2] != checksum
    path.unlink()
    assert load(folder)[2] != checksum


def test_a_quota_page_is_told_from_the_archive(tmp_path):
    path = tmp_path / "a.part"
    path.write_text("<html>quota</html>")
    with pytest.raises(UserError, match="quota"):
        faces.check_archive(path)
    assert not path.exists()


def test_the_archives_checksum_is_verified(tmp_path):
    path = tmp_path / "a.part"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "b")
    faces.check_archive(path, hashlib.md5(path.read_bytes()).hexdigest())
    with pytest.raises(UserError, match="MD5"):
        faces.check_archive(path)


def drawn(session, start, count, **settings):
    """The batches that a stream started at `start` gives, by their first pixels."""
    config = Celeba64Config(batch_size=3, width=8, **settings)
    pixels = np.arange(10, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
    pixels[:, :, 1] += 100  # left and right differ
    batch, start_data = Streamed(lambda n: pixels[n], 10).build(config, None)
    start_data(session, start)
    return [session.run(batch)[:, 0, 0, 0].tolist() for _ in range(count)]


@pytest.mark.graph
@pytest.mark.parametrize("settings", [{}, {"flip": True}, {"order": "file"}])
def test_a_stream_started_at_a_step_goes_on_as_the_uninterrupted_one(session, settings):
    straight = drawn(session, 0, 9, **settings)
    assert drawn(session, 4, 5, **settings) == straight[4:]


@pytest.mark.graph
def test_flip_mirrors_about_half_of_the_images(session):
    values = np.concatenate(drawn(session, 0, 60, flip=True))
    assert 0.3 < (values >= 100).mean() < 0.7
    assert (np.concatenate(drawn(session, 0, 9)) < 100).all()


def test_cache_key_is_short_and_stable(folder):
    source = sources.open_source(str(folder))
    options = {"crop": None, "resize": "area", "size": 64}
    assert cache.key(source, options) == cache.key(source, dict(options))
    assert len(cache.key(source, options)) == 24
