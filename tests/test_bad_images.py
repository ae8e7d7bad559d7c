"""Images and zips that cannot be read: listed, left out on request, tried again."""

import os
import zipfile

import numpy as np
import pytest
from face_files import as_zip, greys, jpeg, load, write_greys

from dcgan_v1.data import sources
from dcgan_v1.errors import UserError

pytestmark = pytest.mark.unit


@pytest.fixture
def folder(tmp_path):
    return write_greys(tmp_path / "faces")


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
