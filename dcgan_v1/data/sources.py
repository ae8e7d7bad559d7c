"""Where images come from: a folder, a zip read in place, or drawn by ourselves.

Each is a `Source`.
"""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path, PurePath, PurePosixPath
from typing import Protocol

from dcgan_v1.data import synthetic
from dcgan_v1.errors import UserError, reason

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
OF_PROGRAMS = ("__MACOSX", "$RECYCLE.BIN", "System Volume Information", "@eaDir")
LARGEST = 256 * 2**20  # bytes of one image file


class PassedOver:
    """Counts what is not taken for an image, by reason, with the first of each kind."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def add(self, why: str, name: str) -> None:
        self._first.setdefault(why, name)
        self._counts[why] = self._counts.get(why, 0) + 1

    def __str__(self) -> str:
        return "; ".join(
            f"{count} {why} ({self._first[why]}{', ...' if count > 1 else ''})"
            for why, count in self._counts.items()
        )


class Source(Protocol):
    """Where images come from.

    Attributes:
      names: of the images, in order.
      passed_over: what there is besides, and is not taken for an image.
    """

    names: list[str]
    passed_over: PassedOver

    def read(self, name: str) -> bytes:
        """Returns an image's file. Safe to call from several threads."""

    def fingerprint(self, times: bool = True) -> str:
        """Returns hex digits that change when the files do: by names, sizes and, with
        `times`, when they were last written."""


def _takes(path: PurePath, passed_over: PassedOver) -> bool:
    """Whether a file is an image by its place and name.

    Args:
      path: within the folder or archive.
      passed_over: counts it with the reason where it is not.
    """
    hidden = [part for part in path.parts[:-1] if _is_hidden(part)]
    is_image = path.suffix.lower() in SUFFIXES
    if hidden and is_image:
        passed_over.add("images in hidden folders", f"{hidden[0]}/")
    elif path.name.startswith("."):
        passed_over.add("hidden files", path.name)
    elif is_image:
        return True
    elif path.suffix.lower() in ARCHIVES:
        passed_over.add("archives, which are not opened", path.name)
    else:
        passed_over.add("files without the suffix of an image", path.name)
    return False


def _is_hidden(folder: str) -> bool:
    """Whether a folder holds what programs keep for themselves: copies, thumbnails."""
    return folder.startswith(".") or folder in OF_PROGRAMS


def _raise(error: OSError) -> None:
    raise UserError(f"cannot list {error.filename}: {error.strerror}") from error


def open_source(data: str, *, limit: int | None = None, seed: int = 0) -> Source:
    """Opens `data`: a folder, a zip file, or the word 'synthetic'.

    Args:
      limit: use only the first so many images; 0 or None for all.
      seed: of synthetic faces.

    Raises:
      UserError: it is none of these, or holds no images.
    """
    source: Source
    if data == "synthetic":
        source = SyntheticSource(limit or synthetic.COUNT, seed)
    elif Path(data).is_dir():
        source = FolderSource(Path(data))
    elif Path(data).is_file():
        source = ZipSource(Path(data))
    else:
        raise UserError(f"--data {data} does not exist")
    if not source.names:
        there = f"; it holds {source.passed_over}" if str(source.passed_over) else ""
        raise UserError(
            f"no images in --data {data}; files ending in {', '.join(SUFFIXES)} count{there}"
        )
    if limit:
        source.names = source.names[:limit]
    return source


class FolderSource:
    """Image files below a folder, in order of their paths; links are followed."""

    def __init__(self, path: Path) -> None:
        self.path, self.passed_over = path, PassedOver()
        self.names = sorted(str(file) for file in self._files() if _takes(file, self.passed_over))

    def _files(self) -> Iterator[Path]:
        """Yields the path of every file, relative to the folder.

        Folders behind links come last, and each folder once: where two ways lead to
        one, the way without links counts.
        """
        visited: set[Path] = set()
        starts = deque([self.path])
        while starts:
            start = starts.popleft()
            if start.resolve() in visited or self._is_above(start):
                where = str(start.relative_to(self.path))
                self.passed_over.add("links to folders that are counted already", where)
                continue
            for place, folders, names in os.walk(start, onerror=_raise):
                root = Path(place)
                if not any(map(_is_hidden, root.relative_to(self.path).parts)):
                    visited.add(root.resolve())  # else a link may lead there
                folders.sort()
                starts += [root / name for name in folders if (root / name).is_symlink()]
                folders[:] = [f for f in folders if (root / f).resolve() not in visited]
                yield from ((root / name).relative_to(self.path) for name in names)

    def _is_above(self, start: Path) -> bool:
        """Whether a link leads to a folder that this one lies in."""
        return start != self.path and self.path.resolve().is_relative_to(start.resolve())

    def read(self, name: str) -> bytes:
        status = (self.path / name).stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would block for ever
            raise ValueError("not a regular file")
        if status.st_size > LARGEST:
            raise ValueError("too large a file")
        return (self.path / name).read_bytes()

    def fingerprint(self, times: bool = True) -> str:
        digest = hashlib.sha256()
        for name in self.names:
            path = self.path / name
            status = path.stat() if path.exists() else path.lstat()  # a dangling link
            changed = status.st_mtime_ns if times else ""
            digest.update(os.fsencode(f"{name}\0{status.st_size}\0{changed}\n"))
        return digest.hexdigest()


class ZipSource:
    """Image files in a zip archive, never unpacked, in the archive's order."""

    def __init__(self, path: Path) -> None:
        self.path, self.passed_over = path, PassedOver()
        # open archives; each is used by one thread at a time
        self._free: deque[zipfile.ZipFile] = deque()
        try:
            self._size = path.stat().st_size
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
        except Exception as error:  # zipfile raises nearly anything on bad bytes
            raise UserError(f"--data {path} {_why_no_zip(path, error)}") from error
        for member in members:
            parts = member.filename.replace("\\", "/").split("/")
            if ".." in parts or member.filename.startswith(("/", "\\")):
                raise UserError(
                    f"--data {path} holds the path {member.filename!r}, which leads "
                    "out of it; do not trust this archive"
                )
        members = [
            member
            for member in members
            if not member.is_dir()
            and _takes(PurePosixPath(member.filename.replace("\\", "/")), self.passed_over)
        ]
        if any(member.flag_bits & 1 for member in members):
            raise UserError(f"--data {path} is encrypted; decrypt it first")
        self._members = {m.filename: m for m in members}
        self.names = list(self._members)

    def read(self, name: str) -> bytes:
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

    def fingerprint(self, times: bool = True) -> str:
        del times  # the archive has checksums of its members
        digest = hashlib.sha256()
        for name in self.names:
            member = self._members[name]
            digest.update(f"{name}\0{member.file_size}\0{member.CRC}\n".encode("utf-8", "replace"))
        return digest.hexdigest()


class SyntheticSource:
    """Faces drawn by the project, see `synthetic`."""

    def __init__(self, count: int, seed: int) -> None:
        self.seed, self.passed_over = seed, PassedOver()
        self.names = [f"face_{i:06d}" for i in range(count)]

    def read(self, name: str) -> bytes:
        return synthetic.face_png(self.seed, int(name.removeprefix("face_")))

    def fingerprint(self, times: bool = True) -> str:
        del times
        text = f"synthetic {synthetic.VERSION} {self.seed} {len(self.names)}"
        return hashlib.sha256(text.encode()).hexdigest()


def _why_no_zip(path: Path, error: Exception) -> str:
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
    return f"is not a valid zip archive ({reason(error)}); download it again"
