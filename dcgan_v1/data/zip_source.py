"""Images in a zip archive, read in place, by several threads.

Also what Python's zipfile does not know: deflate64, Zstandard, Macs' archives over 4 GiB."""

from __future__ import annotations

import bz2
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from dcgan_v1.data.archive_members import encrypted, fingerprint, needs, refuse_climbing
from dcgan_v1.data.image_names import PassedOver, takes
from dcgan_v1.data.sources import LARGEST
from dcgan_v1.errors import UserError, reason

HEADER = struct.Struct("<4s22xHH")  # of a member: magic, lengths of its name and extras
MAGIC = b"PK\x03\x04"
WRAP = 2**32  # offsets of more bytes need zip64, which Macs leave out
CHUNK = 2**16


class ZipSource:
    """Image files in a zip archive, never unpacked, in the archive's order."""

    def __init__(self, path: Path) -> None:
        self.path, self.passed_over = path, PassedOver()
        try:
            self._file = path.open("rb")
            self._size = path.stat().st_size
            with zipfile.ZipFile(self._file) as archive:
                members = archive.infolist()
        except OSError as error:
            raise UserError(f"--data {path} cannot be read: {reason(error)}") from error
        except Exception as error:  # zipfile raises nearly anything on bad bytes
            raise UserError(
                f"--data {path} is not a valid zip archive ({reason(error)}); download it again"
            ) from error
        for member in members:
            refuse_climbing(path, member.filename)
        members = [
            member
            for member in members
            if not member.filename.endswith("/")
            and takes(PurePosixPath(member.filename.replace("\\", "/")), self.passed_over)
        ]
        self._refuse_unreadable(members)
        self._starts = dict(self._placed(members))
        self._members = {m.filename: m for m in members}
        self.names = list(self._members)

    def _refuse_unreadable(self, members: list[zipfile.ZipInfo]) -> None:
        if any(member.flag_bits & 1 for member in members):
            raise encrypted(self.path)
        if any(member.volume for member in members):
            raise UserError(
                f"--data {self.path} is one part of a zip that was split: join it first "
                "(zip -s 0 IT.zip --out whole.zip)"
            )
        for method in {member.compress_type for member in members}:
            if method not in UNPACKERS:
                raise UserError(
                    f"--data {self.path} is compressed by zip's method {method}, which is not "
                    "read: unpack it and give the folder"
                )
            package = PACKAGES.get(method)
            if package and not _is_there(package):
                raise needs(self.path, f"a zip archive by method {method}", package)

    def _placed(self, members: list[zipfile.ZipInfo]) -> Iterator[tuple[str, int]]:
        """Yields (name, where the member begins).

        A zip of more than 4 GiB with no zip64 records has offsets modulo 4 GiB. Its members
        lie in order, so the next place that has a header of that name is meant.
        """
        least = 0
        for member in members:
            start = member.header_offset
            if self._size > WRAP and not self._begins(start, member):
                places = range(start % WRAP, self._size, WRAP)
                fitting = [p for p in places if p >= least and self._begins(p, member)]
                start = least = fitting[0] if fitting else start
            yield member.filename, start

    def _begins(self, start: int, member: zipfile.ZipInfo) -> bool:
        """Whether a member's header lies there."""
        name = member.orig_filename.encode("utf-8" if member.flag_bits & 0x800 else "cp437")
        header = os.pread(self._file.fileno(), HEADER.size + len(name), start)
        return header.startswith(MAGIC) and header[HEADER.size :] == name

    def read(self, name: str) -> bytes:
        member = self._members[name]
        if member.file_size > LARGEST:
            raise ValueError("too large a file")
        if member.compress_size > self._size:  # else so much memory would be taken
            raise ValueError("claims more bytes than the archive has")
        file, start = self._file.fileno(), self._starts[name]
        magic, *lengths = HEADER.unpack(os.pread(file, HEADER.size, start).ljust(HEADER.size))
        if magic != MAGIC:
            raise ValueError("no file lies where the archive says")
        packed = os.pread(file, member.compress_size, start + HEADER.size + sum(lengths))
        data = UNPACKERS[member.compress_type](packed, member.file_size)
        if len(data) != member.file_size or zlib.crc32(data) != member.CRC:
            raise ValueError("its checksum differs: the archive is corrupt")
        return data

    def fingerprint(self, times: bool = True) -> str:
        del times  # the archive has checksums of its members
        return fingerprint((name, m.file_size, m.CRC) for name, m in self._members.items())


# ---- methods: (bytes, size that they claim to have unpacked) -> bytes, hardly more ----


def _deflate(packed: bytes, size: int) -> bytes:
    return zlib.decompressobj(-15).decompress(packed, size + 1)


def _deflate64(packed: bytes, size: int) -> bytes:
    import inflate64

    inflater, data = inflate64.Inflater(), bytearray()
    for start in range(0, len(packed), CHUNK):
        data += inflater.inflate(packed[start : start + CHUNK])
        if inflater.eof or len(data) > size:
            break
    return bytes(data)


def _lzma(packed: bytes, size: int) -> bytes:
    """As a file of the old program `lzma`, whose header has the size besides."""
    length = int.from_bytes(packed[2:4], "little")
    header = packed[4 : 4 + length] + size.to_bytes(8, "little")
    return lzma.LZMADecompressor(lzma.FORMAT_ALONE).decompress(
        header + packed[4 + length :], size + 1
    )


def _zstandard(packed: bytes, size: int) -> bytes:
    from backports import zstd

    return zstd.ZstdDecompressor().decompress(packed, size + 1)


UNPACKERS: dict[int, Callable[[bytes, int], bytes]] = {  # zip's number of a method
    0: lambda packed, size: packed,
    8: _deflate,
    9: _deflate64,
    12: lambda packed, size: bz2.BZ2Decompressor().decompress(packed, size + 1),
    14: _lzma,
    93: _zstandard,
    95: lambda packed, size: lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(packed, size + 1),
}
PACKAGES = {9: "inflate64", 93: "backports.zstd"}


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # not even what it lies in
        return False
