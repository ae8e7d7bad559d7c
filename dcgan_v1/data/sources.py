"""Where images come from: a folder, a zip read in place, or drawn by ourselves.

A source has `names`, `read(name) -> bytes` (safe to call from several threads) and
`fingerprint(times)`, which changes when the files do: names, sizes and, with `times`,
when they were last written.
"""

import hashlib
import os
import stat
import zipfile
from collections import deque
from pathlib import Path

from dcgan_v1.data import synthetic
from dcgan_v1.errors import UserError, reason

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")


LARGEST = 256 * 2**20  # bytes of one image file


def _is_image(name):
    return name.lower().endswith(SUFFIXES) and not Path(name).name.startswith(".")


def _raise(error):
    raise UserError(f"cannot list {error.filename}: {error.strerror}") from error


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
            for root, _, names in os.walk(path, onerror=_raise)
            for name in names
            if _is_image(name)
        )

    def read(self, name):
        status = (self.path / name).stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would block for ever
            raise ValueError("not a regular file")
        if status.st_size > LARGEST:
            raise ValueError("too large a file")
        return (self.path / name).read_bytes()

    def fingerprint(self, times=True):
        digest = hashlib.sha256()
        for name in self.names:
            path = self.path / name
            status = path.stat() if path.exists() else path.lstat()  # a dangling link
            changed = status.st_mtime_ns if times else ""
            digest.update(os.fsencode(f"{name}\0{status.st_size}\0{changed}\n"))
        return digest.hexdigest()


class ZipSource:
    """Image files in a zip archive, never unpacked, in the archive's order."""

    def __init__(self, path):
        self.path = path
        self._free = deque()  # open archives; each is used by one thread at a time
        try:
            self._size = path.stat().st_size
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
        except Exception as error:  # zipfile raises nearly anything on bad bytes
            raise UserError(f"--data {path} {_no_zip(path, error)}") from error
        for member in members:
            parts = member.filename.replace("\\", "/").split("/")
            if ".." in parts or member.filename.startswith(("/", "\\")):
                raise UserError(
                    f"--data {path} holds the path {member.filename!r}, which leads "
                    "out of it; do not trust this archive"
                )
        members = [m for m in members if _is_image(m.filename)]
        if any(member.flag_bits & 1 for member in members):
            raise UserError(f"--data {path} is encrypted; decrypt it first")
        self._members = {m.filename: m for m in members}
        self.names = list(self._members)

    def read(self, name):
        if self._members[name].file_size > LARGEST:
            raise ValueError("too large a file")
        if self._members[name].compress_size > self._size:  # zipfile would believe it
            raise ValueError("claims more bytes than the archive has")
        # Not a threading.local: TensorFlow's threads lose theirs after each call, and
        # reading the directory of a large archive takes seconds.
        try:
            archive = self._free.pop()
        except IndexError:
            archive = zipfile.ZipFile(self.path)
        try:
            return archive.read(name)
        finally:
            self._free.append(archive)

    def fingerprint(self, times=True):
        del times  # the archive has checksums of its members
        digest = hashlib.sha256()
        for name in self.names:
            member = self._members[name]
            digest.update(
                f"{name}\0{member.file_size}\0{member.CRC}\n".encode("utf-8", "replace")
            )
        return digest.hexdigest()


class SyntheticSource:
    """Faces drawn by the project, see `synthetic`."""

    def __init__(self, count, seed):
        self.seed = seed
        self.names = [f"face_{i:06d}" for i in range(count)]

    def read(self, name):
        return synthetic.face_png(self.seed, int(name.removeprefix("face_")))

    def fingerprint(self, times=True):
        del times
        text = f"synthetic {synthetic.VERSION} {self.seed} {len(self.names)}"
        return hashlib.sha256(text.encode()).hexdigest()


def _no_zip(path, error):
    """Says what a file is that zipfile would not open."""
    if isinstance(error, OSError):
        return f"cannot be read: {reason(error)}"
    with path.open("rb") as file:
        start = file.read(512).lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return (
            "is an HTML page, not a zip: the server sent a quota or login page instead "
            "of the archive; download it again in a browser"
        )
    return f"is no sound zip archive ({reason(error)}); download it again"
