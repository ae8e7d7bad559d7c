"""Images in archives of every kind: read where they lie, or refused for what they are."""

import contextlib
import os
import shutil
import struct
import threading
import zipfile
import zlib

import numpy as np
import pytest
from archive_files import BESIDE, FILES, FORMS, deflate64_run, rar, tar, zip_by, zipped
from image_data import encoded
from PIL import Image

from dcgan_v1.data import image_dataset, signatures, sources, zip_source
from dcgan_v1.errors import UserError
from dcgan_v1.systems import Images96Config

pytestmark = pytest.mark.unit

with contextlib.suppress(ImportError):
    import py7zr  # noqa: F401, what it imports starts a process, once


@pytest.mark.parametrize("form", FORMS)
def test_an_archive_of_any_kind_gives_the_files_that_it_holds(tmp_path, form):
    path = FORMS[form](tmp_path / f"faces.{form}")
    source = sources.open_source(str(path))
    assert source.names == list(FILES)
    order = [4, 0, 3, 1, 2]  # as training asks for them
    assert [source.read(source.names[i]) for i in order] == [list(FILES.values())[i] for i in order]
    assert sources.open_source(str(path)).fingerprint() == source.fingerprint()
    if "zip" not in form or form in ("zip", "stored.zip"):
        assert "1 files without the suffix of an image (notes.txt)" in str(source.passed_over)
    if form == "tgz":
        assert "1 links within the archive (faces/link.png)" in str(source.passed_over)


def test_long_matches_of_deflate64_are_unpacked():
    """As 7-Zip writes them, whose archives were read once, too."""
    pytest.importorskip("inflate64")
    packed, data = deflate64_run(7, 50_000), b"\x07" * 50_000
    with pytest.raises(zlib.error):
        zlib.decompress(packed, -15)
    assert zip_source.UNPACKERS[9](packed, len(data)) == data


def test_threads_read_one_archive_at_once(tmp_path):
    files = {f"{i}.png": os.urandom(5000) for i in range(40)}
    for path in (tar(tmp_path / "a.tgz", "w:gz", files), tar(tmp_path / "a.tar", "w", files)):
        source, wrong = sources.open_source(str(path)), []

        def read(source=source, wrong=wrong):
            wrong += [name for name in source.names if source.read(name) != files[name]]

        threads = [threading.Thread(target=read) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong and len(source.names) == 40


def test_an_archive_trains_as_its_folder_does(tmp_path):
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    pixels = []
    for data in (tmp_path / "faces", tar(tmp_path / "a.tgz", "w:gz"), zipped(tmp_path / "a.zip")):
        for cache in (None, tmp_path / "cache"):
            config = Images96Config(data=str(data), batch_size=2)
            read, count, _ = image_dataset.load(
                config, cache, size=8, say=lambda line: None, quiet=True
            )
            pixels.append(read(np.arange(count)))
    assert all((one == pixels[0]).all() for one in pixels)


def test_one_image_is_a_data_set_of_one(tmp_path):
    (tmp_path / "a.dat").write_bytes(FILES["faces/2.png"])
    source = sources.open_source(str(tmp_path / "a.dat"))
    assert source.names == ["a.dat"] and source.read("a.dat") == FILES["faces/2.png"]


def wrapped_zip(path):
    """As Macs write them: no zip64, so offsets are modulo 4 GiB. What lies between the files
    is a hole, which takes no room."""
    places = [0, 2**32 - 20, 2**32 + 5000, 2 * 2**32 + 7, 2 * 2**32 + 9000]
    whole = zip_by(path, 0, bytes).read_bytes()
    starts = [whole.index(b"PK\x03\x04" + b"\x14\0\0\0\0\0")]
    while (more := whole.find(b"PK\x03\x04\x14\0\0\0\0\0", starts[-1] + 4)) > 0:
        starts.append(more)
    directory = bytearray(whole[whole.index(b"PK\x01\x02") :])
    starts.append(len(whole) - len(directory))
    with path.open("wb") as file:
        for place, start, end in zip(places, starts[:-1], starts[1:], strict=True):
            file.seek(place)
            file.write(whole[start:end])
        entry = 0
        for place in places:
            directory[entry + 42 : entry + 46] = struct.pack("<I", place % 2**32)
            entry = directory.find(b"PK\x01\x02", entry + 4)
        directory[-6:-2] = struct.pack("<I", file.tell() % 2**32)
        file.write(directory)
    return path


def test_a_zip_of_many_gigabytes_without_zip64_is_read(tmp_path):
    path = wrapped_zip(tmp_path / "mac.zip")
    assert path.stat().st_size > 2 * 2**32
    source = sources.open_source(str(path))
    assert [source.read(name) for name in source.names] == list(FILES.values())


def test_a_zip_of_many_gigabytes_with_zip64_is_read(tmp_path):
    path = tmp_path / "big.zip"
    with path.open("w+b") as file, zipfile.ZipFile(file, "w", allowZip64=True) as archive:
        for i, (name, data) in enumerate(FILES.items()):
            archive.writestr(name, data)
            if i == 2:  # a hole
                archive.start_dir = file.seek(2**32 + 999)
    source = sources.open_source(str(path))
    assert [source.read(name) for name in source.names] == list(FILES.values())


@pytest.mark.cli
@pytest.mark.parametrize("is_solid", [False, True])
@pytest.mark.skipif(
    not any(map(shutil.which, ("unrar", "unar", "bsdtar"))), reason="none of the programs is here"
)
def test_a_compressed_rar_is_unpacked(tmp_path, is_solid):
    path = rar(tmp_path / "a.rar", is_compressed=True, is_solid=is_solid)
    source = sources.open_source(str(path))
    assert [source.read(name) for name in source.names] == list(FILES.values())


def program(folder, name, output):
    """A program in `folder` that writes `output`, and a line to <name>.calls each time."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.output").write_bytes(output)
    script = folder / name
    said = f'echo "$@" >> {script}.calls; cat {script}.output'
    script.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\ncase $# in 1|2) ;; *) {said};; esac\n")
    script.chmod(0o755)
    return script


@pytest.mark.cli
def test_a_compressed_rar_is_unpacked_once_by_the_first_program_that_can(tmp_path, monkeypatch):
    """Some write what is wrong to where the files belong (7z without RAR, unar)."""
    whole = b"".join((FILES | BESIDE).values())
    program(tmp_path / "bin", "unrar", b"Archive parsing failed!\n")
    program(tmp_path / "bin", "unar", whole[:150] + b"?" + whole[151:])  # a wrong checksum
    last = program(tmp_path / "bin", "bsdtar", whole)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    source = sources.open_source(str(rar(tmp_path / "a.rar", is_compressed=True)))
    assert [source.read(name) for name in source.names] == list(FILES.values())
    assert last.with_suffix(".calls").read_text().count("\n") == 1


@pytest.mark.cli
def test_a_damaged_file_of_a_compressed_rar_is_one_bad_image(tmp_path, monkeypatch):
    """And what is no image does not matter."""
    files = {name: b"?" + data[1:] for name, data in BESIDE.items()}
    whole = b"".join(FILES.values())
    wrong = whole[:150] + bytes([whole[150] ^ 1]) + whole[151:]
    only = program(tmp_path / "bin", "unar", wrong + b"".join(files.values()))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    source = sources.open_source(str(rar(tmp_path / "a.rar", is_compressed=True)))
    right = []
    for name in source.names:
        try:
            right.append(source.read(name) == FILES[name])
        except ValueError as error:
            assert "checksum is wrong" in str(error)
    assert right == [True] * (len(FILES) - 1)
    assert only.with_suffix(".calls").read_text().count("\n") == 1


@pytest.mark.cli
def test_a_compressed_rar_that_is_not_unpacked_says_which_programs_do(tmp_path, monkeypatch):
    path = rar(tmp_path / "packed.rar", is_compressed=True)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(UserError, match=r"none of the programs .* is here: install .* unrar, unar"):
        sources.open_source(str(path))
    program(tmp_path / "bin", "7z", b"ERROR: Unsupported Method\n")
    source = sources.open_source(str(path))
    with pytest.raises(UserError, match=r"beyond what is here \(7z\): install another of unrar"):
        source.read("faces/0.png")


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC photo"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf", "a HEIC photo"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "an AVIF image"),
        (b"\0\0\0\x14ftypmif1\0\0\0\0mif1", "a HEIF photo"),
        (b"\0\0\0\x18ftypisom\0\0\0\0mp42isom", "a video"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL image"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a WebP image"),
        (b"\n<!DOCTYPE html>", "a page of HTML"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a pointer of Git LFS"),
        (b"<?xml version='1.0'?><svg>", "an SVG drawing"),
        (b"anything else", ""),
    ],
)
def test_files_are_known_by_their_first_bytes(start, kind):
    assert signatures.what(start) == kind


@pytest.mark.parametrize("form", ["AVIF", "WEBP", "JPEG2000", "PNG"])
def test_an_image_is_read_whatever_its_suffix_says(tmp_path, form):
    photo = Image.radial_gradient("L").convert("RGB")
    (tmp_path / "a.jpg").write_bytes(encoded(photo, form))
    config = Images96Config(data=str(tmp_path), batch_size=1)
    read, _, _ = image_dataset.load(config, None, size=32, say=lambda line: None, quiet=True)
    expected = np.asarray(photo.resize((32, 32), Image.Resampling.BOX), int)
    assert np.abs(read(np.array([0]))[0] - expected).mean() < 8
    assert signatures.is_read(signatures.what((tmp_path / "a.jpg").read_bytes()))


def test_photos_of_iphones_are_named_by_content_and_by_suffix(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(500))
    (tmp_path / "IMG_1.HEIC").write_bytes(b"")
    (tmp_path / "shot.CR2").write_bytes(b"")
    config = Images96Config(data=str(tmp_path), batch_size=1)
    with pytest.raises(UserError, match=r"a\.jpg: not an image that can be read, but a HEIC photo"):
        image_dataset.load(config, None, size=32, say=lambda line: None, quiet=True)
    said = str(sources.open_source(str(tmp_path)).passed_over)
    assert "1 HEIC photos, to be converted first (IMG_1.HEIC)" in said
    assert "1 raw files of cameras, to be converted first (shot.CR2)" in said
