"""Images in archives of every kind: read where they lie, or refused for what they are."""

import bz2
import contextlib
import gzip
import io
import lzma
import os
import shutil
import struct
import tarfile
import threading
import zipfile
import zlib

import numpy as np
import pytest
from image_data import encoded
from PIL import Image

from dcgan_v1.data import (
    archives,
    image_dataset,
    members,
    signatures,
    sources,
    tar_source,
    zip_source,
)
from dcgan_v1.errors import UserError
from dcgan_v1.systems import Images96Config

with contextlib.suppress(ImportError):
    import py7zr  # noqa: F401, what it imports starts a process, once

pytestmark = pytest.mark.unit

FILES = {f"faces/{i}.png": encoded(Image.new("RGB", (8, 8), (20 * i,) * 3)) for i in range(5)}
BESIDE = {"faces/notes.txt": b"no image", "faces/.hidden.png": b"", "__MACOSX/faces/._0.png": b""}


def tar(path, mode="w", files=FILES | BESIDE):
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("faces/link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "0.png"
        archive.addfile(link)
    return path


def tar_of_before_1988(path):
    """With no magic word in its headers."""
    data = bytearray(tar(path).read_bytes())
    for start in range(0, len(data), 512):
        if data[start + 257 : start + 262] == b"ustar":
            data[start + 257 : start + 512] = bytes(255)
            data[start + 148 : start + 156] = b" " * 8
            data[start + 148 : start + 156] = b"%06o\0 " % sum(data[start : start + 512])
    path.write_bytes(data)
    return path


def tar_zst(path):
    zstd = pytest.importorskip("backports.zstd")
    path.write_bytes(zstd.compress(tar(path).read_bytes()))
    return path


def rar(path, files=FILES | BESIDE, is_compressed=False, is_solid=False):
    """A RAR archive (version 5) by its description."""
    pytest.importorskip("rarfile")

    def block(kind, flags, fields, data=b""):
        size = _vint(len(data)) if data else b""
        header = _vint(kind) + _vint(flags | 2 * bool(data)) + size + fields
        header = _vint(len(header)) + header
        return struct.pack("<I", zlib.crc32(header)) + header + data

    blocks = [b"Rar!\x1a\x07\x01\0", block(1, 0, _vint(4 * is_solid))]
    for i, (name, data) in enumerate(files.items()):
        fields = _vint(4) + _vint(len(data)) + _vint(0o644)  # a checksum is there
        method = 3 if is_compressed and data else 0
        fields += struct.pack("<I", zlib.crc32(data))
        fields += _vint(method << 7 | (is_solid and i > 0) << 6) + _vint(1)
        fields += _vint(len(name.encode())) + name.encode()
        blocks.append(block(2, 0, fields, _packed_by_rar(data) if method else data))
    path.write_bytes(b"".join([*blocks, block(5, 0, _vint(0))]))
    return path


def _packed_by_rar(data):
    """As one block of RAR's method 3 with no match in it: every byte has a code of 8 bits.

    In front are the lengths of 430 codes, coded themselves: '0' is the length 8, '10' repeats
    it and '11' repeats zero, 11 times and as often as the next seven bits say.
    """
    bits = "".join(format({8: 1, 17: 2, 19: 2}.get(i, 0), "04b") for i in range(20))
    bits += "0" + "10" + format(127, "07b") + "10" + format(106, "07b")  # 256 of length 8
    bits += "11" + format(127, "07b") + "11" + format(25, "07b")  # 174 that do not occur
    bits += "".join(format(byte, "08b") for byte in data)
    flags = 0xD0 | (len(bits) - 1) % 8  # has these lengths, is the last, gives its size in 3
    packed = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    size = len(packed).to_bytes(3, "little")
    return bytes([flags, 0x5A ^ flags ^ size[0] ^ size[1] ^ size[2]]) + size + packed


def _vint(number):
    """Seven bits in each byte, the lowest first."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _vint(rest) if rest else bytes([low])


def seven(path):
    py7zr = pytest.importorskip("py7zr")
    with py7zr.SevenZipFile(path, "w") as archive:
        for name, data in (FILES | BESIDE).items():
            archive.writestr(data, name)
    return path


def zipped(path, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in (FILES | BESIDE).items():
            archive.writestr(name, data)
    return path


def zip_by(path, method, pack):
    """A zip whose members are packed by a method that zipfile does not know."""
    packed = {name: pack(data) for name, data in FILES.items()}
    directory, body = [], b""
    for name, data in FILES.items():
        sizes = struct.pack("<III", zlib.crc32(data), len(packed[name]), len(data))
        middle = struct.pack("<HHHI", 20, 0, method, 0) + sizes
        lengths = struct.pack("<HH", len(name), 0)
        directory.append(
            b"PK\x01\x02\x14\0" + middle + lengths + bytes(10) + struct.pack("<I", len(body))
            + name.encode()
        )  # fmt: skip
        body += b"PK\x03\x04" + middle + lengths + name.encode() + packed[name]
    end = b"".join(directory)
    count = len(directory)
    tail = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, len(end), len(body), 0)
    path.write_bytes(body + end + tail)
    return path


def deflate64_run(byte, count):
    """One byte many times by a match that deflate, whose longest is 258, does not have."""
    bits = "110" + format(0x30 + byte, "08b")  # a last block of fixed codes; the byte
    bits += format(0xC5, "08b") + format(count - 4, "016b")[::-1] + "00000" + "0000000"
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))


def zip_deflate64(path):
    pytest.importorskip("inflate64")
    return zip_by(path, 9, lambda data: zlib.compress(data, 0, -15))


def zip_zstandard(path):
    zstd = pytest.importorskip("backports.zstd")
    return zip_by(path, 93, zstd.compress)


FORMS = {
    "tar": tar,
    "tgz": lambda path: tar(path, "w:gz"),
    "tar.bz2": lambda path: tar(path, "w:bz2"),
    "tar.xz": lambda path: tar(path, "w:xz"),
    "tar.zst": tar_zst,
    "gnu.tar": tar_of_before_1988,
    "7z": seven,
    "rar": rar,
    "zip": zipped,
    "stored.zip": lambda path: zipped(path, zipfile.ZIP_STORED),
    "bzip2.zip": lambda path: zipped(path, zipfile.ZIP_BZIP2),
    "lzma.zip": lambda path: zipped(path, zipfile.ZIP_LZMA),
    "xz.zip": lambda path: zip_by(path, 95, lzma.compress),
    "deflate64.zip": zip_deflate64,
    "zstandard.zip": zip_zstandard,
    "no_suffix": lambda path: tar(path, "w:gz"),
}


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


# ---- zips of more than 4 GiB ----


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


# ---- compressed RAR: a program unpacks it ----


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


# ---- what cannot be read is named ----


def corrupted(path, start=60, size=40):
    data = bytearray(path.read_bytes())
    data[start : start + size] = bytes(b ^ 0x5A for b in data[start : start + size])
    path.write_bytes(data)
    return path


def written(path, data):
    path.write_bytes(data)
    return path


REFUSED = {
    "a.rar": (
        lambda p: written(p, b"Rar!\x1a\x07\x01\0" + bytes(99)),
        r"is a RAR archive that cannot be read|is a RAR archive, which needs the package rarfile",
    ),
    "b.zip": (lambda p: written(p, b"Rar!\x1a\x07\0" + bytes(99)), "is a RAR archive"),
    "up.rar": (lambda p: rar(p, {"../a.png": b""}), "leads out of it"),
    "a.part1.rar": (lambda p: written(p, b"Rar!\x1a\x07\0"), r"one part of .* split \(a\)"),
    "a.7z.001": (lambda p: written(p, b"7z\xbc\xaf\x27\x1c"), r"one part of .* split \(a.7z\)"),
    "a.z01": (lambda p: written(p, b"PK\x07\x08PK\x03\x04"), "one part of"),
    "a.7z": (lambda p: written(p, b"7z\xbc\xaf\x27\x1c" + bytes(99)), "a 7z archive"),
    "a.gz": (
        lambda p: written(p, gzip.compress(b"text")),
        "gzip file with no valid tar archive in",
    ),
    "c.gz": (
        lambda p: written(p, gzip.compress(zipped(p).read_bytes())),
        "no valid tar archive in",
    ),
    "a.bz2": (lambda p: written(p, bz2.compress(b"x" * 999)), "bzip2 file with no valid tar"),
    "a.tgz": (lambda p: corrupted(tar(p, "w:gz")), "that cannot be read|corrupt|no valid tar"),
    "d.tgz": (lambda p: written(p, tar(p, "w:gz").read_bytes()[:-300]), "truncated|cannot be read"),
    "a.heic": (lambda p: written(p, b"\0\0\0\x18ftypheic" + bytes(99)), "is a HEIC photo"),
    "a.pdf": (lambda p: written(p, b"%PDF-1.7"), "is a PDF document"),
    "a.npy": (lambda p: written(p, b"\x93NUMPY\x01\0"), "is an array of numpy's"),
    "implode.zip": (lambda p: zip_by(p, 6, bytes), "by zip's method 6, which is not read"),
    "up.tar": (lambda p: tar(p, "w", {"../a.png": b""}), "leads out of it"),
    "none.tar": (lambda p: tar(p, "w", BESIDE), "no images in"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_named_with_a_way_on(tmp_path, name):
    write, said = REFUSED[name]
    with pytest.raises(UserError, match=said) as error:
        sources.open_source(str(write(tmp_path / name)))
    assert "\n" not in str(error.value) and str(tmp_path / name) in str(error.value)
    assert "zip archive (" not in str(error.value)


@pytest.mark.parametrize(
    ("form", "module", "package"),
    [
        ("tar.zst", "backports.zstd", "backports.zstd"),
        ("7z", "py7zr", "py7zr"),
        ("rar", "rarfile", "rarfile"),
        ("deflate64.zip", "inflate64", "inflate64"),
        ("zstandard.zip", "backports.zstd", "backports.zstd"),
    ],
)
def test_a_package_that_is_missing_is_named(tmp_path, monkeypatch, form, module, package):
    starts = {
        "tar.zst": lambda p: written(p, b"\x28\xb5\x2f\xfd"),
        "7z": lambda p: written(p, b"7z\xbc\xaf\x27\x1c"),
        "rar": lambda p: written(p, b"Rar!\x1a\x07\x01\0"),
        "deflate64.zip": lambda p: zip_by(p, 9, bytes),
        "zstandard.zip": lambda p: zip_by(p, 93, bytes),
    }
    monkeypatch.setitem(__import__("sys").modules, module, None)
    monkeypatch.setattr(zip_source, "find_spec", lambda name: None)
    with pytest.raises(UserError) as error:
        sources.open_source(str(starts[form](tmp_path / f"a.{form}")))
    assert f"needs the package {package}: pip install" in str(error.value)
    assert "or unpack it and give the folder" in str(error.value)


def test_encrypted_7z_is_called_that(tmp_path):
    py7zr = pytest.importorskip("py7zr")
    for headers in (False, True):
        path = tmp_path / f"{headers}.7z"
        with py7zr.SevenZipFile(path, "w", password="x", header_encryption=headers) as archive:
            archive.writestr(FILES["faces/0.png"], "a.png")
        with pytest.raises(UserError, match="is encrypted; decrypt it first"):
            sources.open_source(str(path))


def test_members_that_claim_too_much_or_are_corrupt_are_bad_images(tmp_path, monkeypatch):
    path = corrupted(zipped(tmp_path / "a.zip", zipfile.ZIP_STORED), 60, 4)
    source = sources.open_source(str(path))
    with pytest.raises(ValueError, match="checksum differs"):
        source.read("faces/0.png")
    assert source.read("faces/1.png") == FILES["faces/1.png"]
    for path in (zipped(tmp_path / "b.zip"), tar(tmp_path / "b.tar"), tar(tmp_path / "b.tgz")):
        monkeypatch.setattr(zip_source, "LARGEST", 10)
        monkeypatch.setattr(tar_source, "LARGEST", 10)
        with pytest.raises(ValueError, match="too large a file"):
            sources.open_source(str(path)).read("faces/1.png")


@pytest.mark.parametrize("form", ["tgz", "7z"])
def test_a_full_disk_is_named_where_an_archive_is_copied(tmp_path, monkeypatch, form):
    source = sources.open_source(str(FORMS[form](tmp_path / f"a.{form}")))

    class Full(io.BytesIO):
        def write(self, data):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(members.tempfile, "TemporaryFile", Full)
    with pytest.raises(UserError, match="No space left on device; make room there, set TMPDIR"):
        source.read("faces/0.png")


@pytest.mark.parametrize("form", ["tgz", "7z", "rar"])
def test_a_disk_that_fails_is_no_fault_of_the_archive(tmp_path, monkeypatch, form):
    path = FORMS[form](tmp_path / f"a.{form}")
    kind = signatures.what(path.read_bytes()[:512])
    failed = OSError(5, "Input/output error")

    def fails(*args, **options):
        raise failed

    for module, name in (("gzip", "GzipFile"), ("py7zr", "SevenZipFile"), ("rarfile", "RarFile")):
        with contextlib.suppress(ImportError):
            monkeypatch.setattr(__import__(module), name, fails)
    with pytest.raises(UserError) as error:
        archives.open_archive(path, kind)
    assert str(error.value) == f"--data {path} cannot be read: Input/output error"


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_called_that(device):
    with pytest.raises(UserError, match=f"--data {device} is a device or a pipe"):
        sources.open_source(device)


# ---- images by what they are, not by their names ----


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
