"""What archives of every kind share: refusals, fingerprints, a temporary copy of their images."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dcgan_v1.errors import UserError, how_to_install, reason


class Copy:
    """An archive's files one after the other in a temporary file, which is gone with the
    process."""

    def __init__(self, path: Path) -> None:
        """
        Args:
          path: of the archive.

        Raises:
          UserError: there is no room, here and in `add`.
        """
        self._path, self._lock = path, threading.Lock()
        self._places: dict[str, tuple[int, int]] = {}
        with _room_for(path):
            self._file = tempfile.TemporaryFile()  # noqa: SIM115, open as long as this is

    def add(self, name: str, data: bytes) -> None:
        with self._lock, _room_for(self._path):
            self._places[name] = (self._file.seek(0, os.SEEK_END), len(data))
            self._file.write(data)
            self._file.flush()

    def read(self, name: str) -> bytes:
        start, size = self._places[name]
        return os.pread(self._file.fileno(), size, start)


def fingerprint(members: Iterable[tuple[object, ...]]) -> str:
    """Returns hex digits that change when members of an archive do.

    Args:
      members: for each its name, its size and what changes with its content.
    """
    digest = hashlib.sha256()
    for fields in members:
        digest.update(("\0".join(map(str, fields)) + "\n").encode("utf-8", "replace"))
    return digest.hexdigest()


def refuse_climbing(path: Path, name: str) -> None:
    """Raises UserError where a member of an archive would lie outside of it."""
    if ".." in name.replace("\\", "/").split("/") or name.startswith(("/", "\\")):
        raise UserError(
            f"--data {path} holds the path {name!r}, which leads out of it; do not trust this "
            "archive"
        )


def needs(path: Path, what: str, package: str) -> UserError:
    """Returns the error of an archive that a package would read.

    Args:
      path: of the archive.
      what: it is, such as 'a 7z archive'.
      package: that is not installed.
    """
    return UserError(
        f"--data {path} is {what}, which needs the package {package}: "
        f"{how_to_install('archives')}; or unpack it and give the folder"
    )


def encrypted(path: Path) -> UserError:
    return UserError(f"--data {path} is encrypted; decrypt it first")


def unreadable(path: Path, what: str, error: Exception) -> UserError:
    """Returns the error of an archive that could not be read: by its own fault, or by the
    disk's.

    Args:
      path: of the archive.
      what: it is, such as 'a 7z archive'.
      error: that reading it raised.
    """
    if isinstance(error, OSError) and error.strerror:
        return UserError(f"--data {path} cannot be read: {error.strerror}")
    return UserError(f"--data {path} is {what} that cannot be read ({reason(error)}); get it again")


@contextmanager
def _room_for(path: Path) -> Iterator[None]:
    """Names the disk that a temporary copy of an archive does not fit on."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"cannot copy the images of {path} to {tempfile.gettempdir()}: "
            f"{error.strerror or reason(error)}; make room there, set TMPDIR to another folder, "
            "or unpack the archive and give the folder"
        ) from error
