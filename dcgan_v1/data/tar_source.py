"""Images in archives that are read from the beginning to the end: tar, compressed or not,
and 7z. What cannot be read in place is copied to a temporary file, the first time."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import os
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from dcgan_v1.data.passed_over import PassedOver, takes
from dcgan_v1.data.sources import LARGEST
from dcgan_v1.data.zip_source import refuse_climbing
from dcgan_v1.errors import UserError, how_to_install, reason


def _zstandard(path: Path) -> IO[bytes]:
    try:
        import backports.zstd as zstd
    except ImportError as error:
        raise UserError(_needs(path, "compressed by Zstandard", "backports.zstd")) from error
    return cast(IO[bytes], zstd.open(path, "rb"))


COMPRESSED: dict[str, Callable[[Path], IO[bytes]]] = {  # kind, see `signatures.what`
    "a gzip file": lambda path: cast(IO[bytes], gzip.GzipFile(path)),
    "a bzip2 file": lambda path: cast(IO[bytes], bz2.BZ2File(path)),
    "an xz file": lambda path: cast(IO[bytes], lzma.LZMAFile(path)),  # noqa: SIM115
    "a Zstandard file": _zstandard,
}


class Copy:
    """Files one after the other in a temporary file, which is gone with the process."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115, open as long as this is
        self._places: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def add(self, name: str, data: bytes) -> None:
        with self._lock:
            self._places[name] = (self._file.seek(0, os.SEEK_END), len(data))
            self._file.write(data)
            self._file.flush()

    def read(self, name: str) -> bytes:
        start, size = self._places[name]
        return os.pread(self._file.fileno(), size, start)


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
            if isinstance(error, OSError) and error.errno:  # the disk's
                raise
            raise UserError(
                f"--data {self.path} is {self._kind} that cannot be read ({reason(error)}); "
                "get it again"
            ) from error

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
        copy = Copy()
        with _room_for(self.path), self._opened() as archive:
            for member in archive:
                if member.name in self._members and member.size <= LARGEST:
                    file = archive.extractfile(member)
                    copy.add(member.name, file.read() if file else b"")
        return copy

    def fingerprint(self, times: bool = True) -> str:
        digest = hashlib.sha256()
        for name in self.names:
            member = self._members[name]
            changed = member.mtime if times else ""
            digest.update(f"{name}\0{member.size}\0{changed}\n".encode("utf-8", "replace"))
        if times:
            digest.update(str(self.path.stat().st_mtime_ns).encode())
        return digest.hexdigest()


class SevenZipSource:
    """Image files in a 7z archive, in the archive's order. Needs py7zr."""

    def __init__(self, path: Path) -> None:
        self.path, self.passed_over = path, PassedOver()
        self._copy, self._lock = cast(Copy | None, None), threading.Lock()
        try:
            import py7zr
        except ImportError as error:
            raise UserError(_needs(path, "a 7z archive", "py7zr")) from error
        try:
            with py7zr.SevenZipFile(path) as archive:
                is_encrypted, members = archive.needs_password(), archive.list()
        except py7zr.exceptions.PasswordRequired:
            is_encrypted, members = True, []
        except Exception as error:  # as in TarSource
            raise UserError(
                f"--data {path} is a 7z archive that cannot be read ({reason(error)}); get it again"
            ) from error
        if is_encrypted:
            raise UserError(f"--data {path} is encrypted; decrypt it first")
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

        copy = Copy()
        small = {name for name in self.names if self._members[name].uncompressed <= LARGEST}
        try:
            with _room_for(self.path), py7zr.SevenZipFile(self.path) as archive:
                archive.extract(targets=small, factory=_factory(copy))
        except UserError:
            raise
        except Exception as error:
            raise UserError(
                f"--data {self.path} cannot be unpacked ({reason(error)}); get it again"
            ) from error
        return copy

    def fingerprint(self, times: bool = True) -> str:
        del times  # the archive has checksums of its members
        digest = hashlib.sha256()
        for name in self.names:
            member = self._members[name]
            line = f"{name}\0{member.uncompressed}\0{member.crc32}\n"
            digest.update(line.encode("utf-8", "replace"))
        return digest.hexdigest()


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


def _needs(path: Path, what: str, package: str) -> str:
    return (
        f"--data {path} is {what}, which needs the package {package}: "
        f"{how_to_install('archives')}; or unpack it and give the folder"
    )
