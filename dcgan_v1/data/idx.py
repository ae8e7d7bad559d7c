"""IDX, the file format of MNIST: a header, then bytes; plain or gzipped, by content."""

from __future__ import annotations

import hashlib
import math
import struct
import zlib
from typing import IO, Protocol

import numpy as np

from dcgan_v1.errors import UserError

LARGEST = 2**31  # bytes; a header that claims more is not believed
CHUNK = 2**22
GZIP = b"\x1f\x8b"


class Readable(Protocol):
    """What has bytes to read."""

    def read(self, size: int, /) -> bytes: ...


def read_idx(file: IO[bytes], dimensions: int, name: str) -> tuple[np.ndarray, str, bool]:
    """Reads an IDX file of bytes, whatever its name says of gzip.

    Args:
      file: an open binary file that can seek.
      dimensions: of its array: 3 of images [N, H, W], 1 of labels [N].
      name: for error messages.

    Returns:
      (uint8 array, SHA-256 of the uncompressed file, whether it is gzipped).

    Raises:
      UserError: the file is not such an IDX file. The header decides how much is read; a
        file that is shorter or longer is refused, but what follows the end of a gzip
        stream is ignored.
    """
    is_gzipped = _begins_with(file, GZIP)
    unzipped: Readable = _Unzipped(file) if is_gzipped else file
    if _begins_with(file, b"version https://git-lfs"):
        raise UserError(f"{name} is a pointer of Git LFS; git lfs pull gets the file itself")
    if _begins_with(file, b"<", after_space=True):
        raise UserError(
            f"{name} is a page of HTML, not data: a server sent it instead of the "
            "file; download it again"
        )
    header_size = 4 + 4 * dimensions
    try:
        header = unzipped.read(header_size)
        if len(header) < header_size:
            raise UserError(f"{name} is truncated: {len(header)} bytes, no header")
        zero, kind, rank = struct.unpack(">HBB", header[:4])
        if (zero, kind, rank) != (0, 8, dimensions):
            raise UserError(
                f"{name} is not an IDX file of {dimensions}-dimensional bytes: it "
                f"begins with {header[:4].hex()}, not 000008{dimensions:02x}"
            )
        shape = struct.unpack(f">{dimensions}I", header[4:])
        size = math.prod(shape)
        if size > LARGEST:
            raise UserError(f"{name} is corrupt: its header claims {size} bytes; download it again")
        body = _read_up_to(unzipped, size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"cannot read {name}: {error}") from error
    if len(body) != size:
        what = "truncated" if len(body) < size else "too long"
        raise UserError(
            f"{name} is {what}: its header promises {size} bytes of data, "
            f"{'only ' + str(len(body)) if len(body) < size else 'more'} follow"
        )
    digest = hashlib.sha256(header)
    digest.update(body)
    array = np.frombuffer(body, np.uint8).reshape(shape)
    return array, digest.hexdigest(), is_gzipped


def _begins_with(file: IO[bytes], magic: bytes, after_space: bool = False) -> bool:
    start = file.read(64)
    file.seek(0)
    return (start.lstrip() if after_space else start).startswith(magic)


def _read_up_to(file: Readable, size: int) -> bytes:
    """Reads in chunks, so that memory follows the file and not the header's claim."""
    parts = []
    while size > 0 and (part := file.read(min(size, CHUNK))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


class _Unzipped:
    """The content of a gzip file: of one stream, or of several one after the other.

    Their checksums count; what else follows them does not.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._rest = file, b""
        self._stream = zlib.decompressobj(wbits=31)

    def read(self, size: int, /) -> bytes:
        parts = []
        while size > 0 and self._goes_on():
            data = self._rest or self._file.read(2**16)
            if not data:
                raise EOFError("the gzip stream ends before its end marker")
            part = self._stream.decompress(data, size)
            self._rest = self._stream.unconsumed_tail
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _goes_on(self) -> bool:
        """Whether there is more, in this stream or in another behind it."""
        if not self._stream.eof:
            return True
        behind = self._stream.unused_data
        if len(behind) < len(GZIP):
            behind += self._file.read(2**16)
        if not behind.startswith(GZIP):
            return False
        self._stream, self._rest = zlib.decompressobj(wbits=31), behind
        return True
