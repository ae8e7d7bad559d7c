"""Archives that are corrupt, encrypted or none: refused for what they are."""

import bz2
import contextlib
import gzip
import io
import zipfile

import pytest
from archive_files import BESIDE, FILES, FORMS, rar, tar, zip_by, zipped

from dcgan_v1.data import archive_members, archives, signatures, sources, tar_source, zip_source
from dcgan_v1.errors import UserError

pytestmark = pytest.mark.unit


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

    monkeypatch.setattr(archive_members.tempfile, "TemporaryFile", Full)
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
