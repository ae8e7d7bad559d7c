"""Folders, zips and drawn faces; the cache of decoded images; the order of batches."""

import hashlib
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dcgan_v1.data import cache, faces, image_dataset, sources, synthetic
from dcgan_v1.data.pipeline import Streamed
from dcgan_v1.errors import UserError
from dcgan_v1.systems import Celeba64Config
from dcgan_v1.training.graph import build_train_graph

pytestmark = pytest.mark.unit


def jpeg(colour, size=(178, 218)):
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path):
    """Ten images, two folders deep, each of one grey: 0, 20, 40, ..."""
    for i in range(10):
        path = tmp_path / "faces" / f"part{i // 5}" / f"{i:03d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg((20 * i,) * 3))
    (tmp_path / "faces" / "notes.txt").write_text("no image")
    return tmp_path / "faces"


def as_zip(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*.jpg")):
            archive.write(file, f"img_align_celeba/{file.name}")
    return path


def load(data, cache_folder=None, said=None, **settings):
    config = Celeba64Config(data=str(data), batch_size=4, **settings)
    say = said.append if said is not None else (lambda text: None)
    return image_dataset.load(config, cache_folder, size=64, say=say, quiet=True)


def greys(images):
    return [int(image.mean().round()) for image in images]


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


# ---- the cache ----


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


# ---- bad files ----


@pytest.fixture
def with_bad_files(folder):
    (folder / "part0" / "002.jpg").write_bytes(b"")
    (folder / "part1" / "006.jpg").write_bytes(b"text")
    (folder / "part1" / "broken_link.jpg").symlink_to("nowhere")
    return folder


@pytest.mark.parametrize("cached", [True, False])
def test_bad_images_are_listed_at_the_start(with_bad_files, tmp_path, cached):
    where = tmp_path / "c" if cached else None
    with pytest.raises(UserError) as error:
        load(with_bad_files, where)
    message = str(error.value)
    for part in ("3 of 11", "--skip-bad", "002.jpg: 0 bytes", "006.jpg: not an image"):
        assert part in message
    assert not list((tmp_path / "c").glob("*")) if cached else True


@pytest.mark.parametrize("cached", [True, False])
def test_skip_bad_counts_lists_and_leaves_them_out(with_bad_files, tmp_path, cached):
    for _ in range(2):  # the second time from the cache
        said = []
        read, count, _ = load(
            with_bad_files, tmp_path / "c" if cached else None, said, skip_bad=True
        )
        assert count == 8
        assert "3 of 11 images cannot be used and are skipped" in said[0]
        expected = [0, 20, 60, 80, 100, 140, 160, 180]
        np.testing.assert_allclose(greys(read(np.arange(8))), expected, atol=2)


def test_a_skipping_cache_is_not_taken_without_the_option(with_bad_files, tmp_path):
    load(with_bad_files, tmp_path / "c", skip_bad=True)
    with pytest.raises(UserError, match="--skip-bad"):
        load(with_bad_files, tmp_path / "c")


def test_a_photo_that_could_not_be_read_is_tried_again(folder, tmp_path, monkeypatch):
    """A disk that failed, a right that was missing: nothing of the file itself changes."""
    read = sources.FolderSource.read

    def failing(source, name):
        if name.endswith("003.jpg"):
            raise PermissionError(13, "Permission denied")
        return read(source, name)

    monkeypatch.setattr(sources.FolderSource, "read", failing)
    assert load(folder, tmp_path / "c", skip_bad=True)[1] == 9
    monkeypatch.undo()
    said = []
    images, count, _ = load(folder, tmp_path / "c", said, skip_bad=True)
    assert count == 10 and abs(greys(images([3]))[0] - 60) <= 2
    assert "003.jpg could not be used, and can be now: building the cache again" in said[0]
    said = []
    load(folder, tmp_path / "c", said)
    assert not any("building" in line for line in said)


def test_at_most_ten_offenders_are_listed(tmp_path):
    for i in range(15):
        (tmp_path / f"{i:02d}.jpg").write_bytes(b"")
    with pytest.raises(UserError) as error:
        load(tmp_path)
    assert str(error.value).count("0 bytes") == 10
    assert "and 5 more" in str(error.value)


def bad_zip(path, what):
    if what == "html":
        path.write_text("<!DOCTYPE html><html>Google Drive - Quota exceeded</html>")
    elif what == "noise":
        path.write_bytes(os.urandom(2000))
    elif what == "cut short":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.jpg", jpeg(0))
        path.write_bytes(path.read_bytes()[:-30])
    elif what == "empty":
        zipfile.ZipFile(path, "w").close()
    elif what == "of no bytes":
        path.touch()
    elif what == "of numpy's arrays":
        with path.open("wb") as file:
            np.savez(file, images=np.zeros((2, 8, 8, 3), np.uint8))
    elif what == "climbing":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("../../a.jpg", jpeg(0))
    elif what == "encrypted":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.jpg", jpeg(0))
        data = bytearray(path.read_bytes())
        data[6] |= 1  # the flag in the member's header and in the directory's
        data[data.index(b"PK\x01\x02") + 8] |= 1
        path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("what", "complaint"),
    [
        ("html", "HTML page"),
        ("noise", "not a valid zip"),
        ("cut short", "not a valid zip"),
        ("empty", "no images"),
        ("of no bytes", "is empty"),
        ("of numpy's arrays", "1 arrays of numpy's, to be converted first"),
        ("climbing", "leads out of it"),
        ("encrypted", "encrypted"),
    ],
)
def test_a_bad_zip_is_named_in_one_line(tmp_path, what, complaint):
    with pytest.raises(UserError, match=complaint) as error:
        sources.open_source(str(bad_zip(tmp_path / "a.zip", what)))
    assert "\n" not in str(error.value)


def test_a_member_that_fails_its_checksum_is_an_offender(folder, tmp_path):
    path = as_zip(folder, tmp_path / "a.zip")
    data = bytearray(path.read_bytes())
    data[2000] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(UserError, match="1 of 10"):
        load(path)


@pytest.mark.parametrize("what", ["empty folder", "nothing", "few images"])
def test_too_little_data_is_refused(tmp_path, what):
    data = tmp_path / "d"
    if what != "nothing":
        data.mkdir()
    if what == "few images":
        (data / "a.jpg").write_bytes(jpeg(0))
    with pytest.raises(UserError, match=r"no images|does not exist|fewer than one batch"):
        load(data)


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


# ---- --download ----


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


# ---- the order of batches ----


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
