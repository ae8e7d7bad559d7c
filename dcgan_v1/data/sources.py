"""Where images come from: a folder, an archive, one file, or drawn by ourselves.

Each is a `Source`.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from dcgan_v1.data import signatures, synthetic
from dcgan_v1.data.image_names import SUFFIXES, PassedOver, is_hidden, takes
from dcgan_v1.errors import UserError

LARGEST = 256 * 2**20  # bytes of one image file


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


def _raise(error: OSError) -> None:
    raise UserError(f"cannot list {error.filename}: {error.strerror}") from error


def open_source(data: str, *, limit: int | None = None, seed: int = 0) -> Source:
    """Opens `data`: a folder, an archive, an image file, or the word 'synthetic'.

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
        source = _of_file(Path(data))
    elif Path(data).exists():
        raise UserError(f"--data {data} is a device or a pipe; give a folder or a file")
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


def _of_file(path: Path) -> Source:
    """Opens an archive or an image, by its content."""
    from dcgan_v1.data.archives import open_archive

    try:
        with path.open("rb") as file:
            kind = signatures.what(file.read(signatures.START))
    except OSError as error:
        raise UserError(f"--data {path} cannot be read: {error.strerror}") from error
    return FileSource(path) if signatures.is_read(kind) else open_archive(path, kind)


class FolderSource:
    """Image files below a folder, in order of their paths; links are followed."""

    def __init__(self, path: Path) -> None:
        self.path, self.passed_over = path, PassedOver()
        self.names = sorted(str(file) for file in self._files() if takes(file, self.passed_over))

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
                if not any(map(is_hidden, root.relative_to(self.path).parts)):
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
            time = status.st_mtime_ns if times else ""
            digest.update(os.fsencode(f"{name}\0{status.st_size}\0{time}\n"))
        return digest.hexdigest()


class FileSource:
    """One image file."""

    def __init__(self, path: Path) -> None:
        self.path, self.passed_over = path, PassedOver()
        self.names = [path.name]

    def read(self, name: str) -> bytes:
        if self.path.stat().st_size > LARGEST:
            raise ValueError("too large a file")
        return self.path.read_bytes()

    def fingerprint(self, times: bool = True) -> str:
        status = self.path.stat()
        time = status.st_mtime_ns if times else ""
        text = f"{self.path.name}\0{status.st_size}\0{time}\n"
        return hashlib.sha256(os.fsencode(text)).hexdigest()


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
