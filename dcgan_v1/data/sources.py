"""Where images come from: a folder, a zip read in place, or drawn by ourselves.

A source has `names`, `read(name) -> bytes` (safe to call from several threads) and
`fingerprint()`, which changes when the files do.
"""

import hashlib
import os
import threading
import zipfile
from pathlib import Path

from dcgan_v1.data import synthetic
from dcgan_v1.errors import UserError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")


def open_source(data, *, limit=None, seed=0):
    """Opens `data`: a folder, a zip file, or the word 'synthetic'.

    Raises:
      UserError: it is none of these, or holds no images.
    """
    if data == "synthetic":
        source = SyntheticSource(limit or synthetic.COUNT, seed)
    elif Path(data).is_dir():
        source = FolderSource(Path(data))
    elif Path(data).is_file():
        source = ZipSource(Path(data))
    else:
        raise UserError(f"--data {data} does not exist")
    if not source.names:
        raise UserError(
            f"no images in --data {data}; files ending in {', '.join(SUFFIXES)} count"
        )
    if limit:
        source.names = source.names[:limit]
    return source


class FolderSource:
    """Image files below a folder, in order of their paths."""

    def __init__(self, path):
        self.path = path
        self.names = sorted(
            str((Path(root) / name).relative_to(path))
            for root, _, names in os.walk(path)
            for name in names
            if name.lower().endswith(SUFFIXES) and not name.startswith(".")
        )

    def read(self, name):
        return (self.path / name).read_bytes()

    def fingerprint(self):
        digest = hashlib.sha256()
        for name in self.names:
            path = self.path / name
            stat = path.stat() if path.exists() else path.lstat()  # a dangling link
            digest.update(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
        return digest.hexdigest()


class ZipSource:
    """Image files in a zip archive, never unpacked, in the archive's order."""

    def __init__(self, path):
        self.path = path
        self._local = threading.local()  # a ZipFile per thread: they share no position
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
        except (zipfile.BadZipFile, OSError) as error:
            raise UserError(f"--data {path} {_no_zip(path, error)}") from error
        members = [m for m in members if m.filename.lower().endswith(SUFFIXES)]
        for member in members:
            if member.flag_bits & 1:
                raise UserError(f"--data {path} is encrypted; decrypt it first")
            parts = member.filename.replace("\\", "/").split("/")
            if ".." in parts or member.filename.startswith(("/", "\\")):
                raise UserError(
                    f"--data {path} holds the path {member.filename!r}, which leads "
                    "out of it; do not trust this archive"
                )
        self._members = {m.filename: m for m in members}
        self.names = list(self._members)

    def read(self, name):
        if not hasattr(self._local, "archive"):
            self._local.archive = zipfile.ZipFile(self.path)
        return self._local.archive.read(name)

    def fingerprint(self):
        digest = hashlib.sha256()
        for name in self.names:
            member = self._members[name]
            digest.update(f"{name}\0{member.file_size}\0{member.CRC}\n".encode())
        return digest.hexdigest()


class SyntheticSource:
    """Faces drawn by the project, see `synthetic`."""

    def __init__(self, count, seed):
        self.seed = seed
        self.names = [f"face_{i:06d}" for i in range(count)]

    def read(self, name):
        return synthetic.face_png(self.seed, int(name.removeprefix("face_")))

    def fingerprint(self):
        text = f"synthetic {synthetic.VERSION} {self.seed} {len(self.names)}"
        return hashlib.sha256(text.encode()).hexdigest()


def _no_zip(path, error):
    """Says what a file is that zipfile would not open."""
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror}"
    with path.open("rb") as file:
        start = file.read(512).lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return (
            "is an HTML page, not a zip: the server sent a quota or login page instead "
            "of the archive; download it again in a browser"
        )
    return f"is no sound zip archive ({error}); download it again"
