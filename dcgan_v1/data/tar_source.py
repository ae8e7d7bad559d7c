"""Images in archives that are read from beginning to end: tar, compressed or not, and 7z.

What cannot be read in place is copied to a temporary file, the first time."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from dcgan_v1.data.archive_members import (
    Copy,
    encrypted,
    fingerprint,
    needs,
    refuse_climbing,
    unreadable,
)
from dcgan_v1.data.image_names import PassedOver, takes
from dcgan_v1.data.sources import LARGEST
from dcgan_v1.errors import UserError, reason


def _zstandard(path: Path) -> IO[bytes]:
    try:
        import backports.zstd as zstd
    except ImportError as error:
        raise needs(path, "a Zstandard file", "backports.zstd") from error
    return cast(IO[bytes], zstd.open(path, "rb"))


COMPRESSED: dict[str, Callable[[Path], IO[bytes]]] = {  # kind, see `signatures.what`
    "a gzip file": lambda path: cast(IO[bytes], gzip.GzipFile(path)),
    "a bzip2 file": lambda path: cast(IO[bytes], bz2.BZ2File(path)),
    "an xz file": lambda path: cast(IO[bytes], lzma.LZMAFile(path)),  # noqa: SIM115
    "a Zstandard file": _zstandard,
}


class TarSource:
    """Image files in a tar archive, in the archive's order."""

    def __init__(self, path: Path, kind: str) -> None:
        """
        Args:
          kind: a key of COMPRESSED, or 'a tar archive'.
        """
        self.path, self.passed_over = path, PassedOver()
        self._kind, self._copy, self._lock = kind, cast(Copy | None, None), threading.Lock()
        self._members: dict[str, tarfile.TarInfo] = {}
        with self._opened() as archive:
            for member in archive:
                refuse_climbing(path, member.name)
                place = PurePosixPath(member.name)
                if member.issym() or member.islnk():
                    self.passed_over.add("links within the archive", member.name)
                elif member.isfile() and takes(place, self.passed_over):
                    self._members[member.name] = member
        self.names = list(self._members)

    @contextmanager
    def _opened(self) -> Iterator[tarfile.TarFile]:
        """Opens the archive to be read from the beginning, once."""
        unpack = COMPRESSED.get(self._kind)
        try:
            if unpack is None:
                with tarfile.open(self.path, "r:") as archive:
                    yield archive
            else:
                with unpack(self.path) as file, tarfile.open(fileobj=file, mode="r|") as archive:
                    yield archive
        except UserError:
            raise
        except tarfile.ReadError as error:
            what = f"{self._kind} with no valid tar archive in it"
            if unpack is None or self._members:
                what = f"a tar archive that is corrupt or truncated ({reason(error)})"
            raise UserError(f"--data {self.path} is {what}; unpack it or get it again") from error
        except Exception as error:  # on bad bytes the unpackers raise nearly anything
            raise unreadable(self.path, self._kind, error) from error

    def read(self, name: str) -> bytes:
        member = self._members[name]
        if member.size > LARGEST:
            raise ValueError("too large a file")
        if self._kind not in COMPRESSED:
            if member.issparse():
                raise ValueError("a sparse file of the archive")
            with self.path.open("rb") as file:
                data = os.pread(file.fileno(), member.size, member.offset_data)
            if len(data) < member.size:
                raise ValueError("the archive ends within it")
            return data
        with self._lock:
            if self._copy is None:
                self._copy = self._copied()
        return self._copy.read(name)

    def _copied(self) -> Copy:
        copy = Copy(self.path)
        with self._opened() as archive:
            for member in archive:
                if member.name in self._members and member.size <= LARGEST:
                    file = archive.extractfile(member)
                    copy.add(member.name, file.read() if file else b"")
        return copy

    def fingerprint(self, times: bool = True) -> str:
        members = [(name, m.size, m.mtime if times else "") for name, m in self._members.items()]
        return fingerprint([*members, (self.path.stat().st_mtime_ns,)] if times else members)


class SevenZipSource:
    """Image files in a 7z archive, in the archive's order. Needs py7zr."""

    def __init__(self, path: Path) -> None:
        self.path, self.passed_over = path, PassedOver()
        self._copy, self._lock = cast(Copy | None, None), threading.Lock()
        try:
            import py7zr
        except ImportError as error:
            raise needs(path, "a 7z archive", "py7zr") from error
        try:
            with py7zr.SevenZipFile(path) as archive:
                is_encrypted, members = archive.needs_password(), archive.list()
        except py7zr.exceptions.PasswordRequired:
            is_encrypted, members = True, []
        except Exception as error:  # as in TarSource
            raise unreadable(path, "a 7z archive", error) from error
        if is_encrypted:
            raise encrypted(path)
        for member in members:
            refuse_climbing(path, member.filename)
        self._members: dict[str, Any] = {
            member.filename: member
            for member in members
            if member.is_file and takes(PurePosixPath(member.filename), self.passed_over)
        }
        self.names = list(self._members)

    def read(self, name: str) -> bytes:
        if self._members[name].uncompressed > LARGEST:
            raise ValueError("too large a file")
        with self._lock:
            if self._copy is None:
                self._copy = self._copied()
        return self._copy.read(name)

    def _copied(self) -> Copy:
        import py7zr

        copy = Copy(self.path)
        small = {name for name in self.names if self._members[name].uncompressed <= LARGEST}
        try:
            with py7zr.SevenZipFile(self.path) as archive:
                archive.extract(targets=small, factory=_factory(copy))
        except UserError:
            raise
        except Exception as error:
            raise unreadable(self.path, "a 7z archive", error) from error
        return copy

    def fingerprint(self, times: bool = True) -> str:
        del times  # the archive has checksums of its members
        return fingerprint((name, m.uncompressed, m.crc32) for name, m in self._members.items())


def _factory(copy: Copy) -> Any:
    """Returns what gives py7zr a place to write each member to."""
    from py7zr.io import Py7zBytesIO, WriterFactory

    class Member(Py7zBytesIO):
        def close(self) -> None:
            self.seek(0)
            copy.add(self.filename, self.read())

    class Factory(WriterFactory):
        def create(self, filename: str) -> Member:
            return Member(filename, LARGEST)

    return Factory()
