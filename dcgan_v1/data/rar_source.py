"""Images in RAR archives: a program unpacks what is compressed.

rarfile reads what an archive lists and what is stored in it as it is; what is compressed a program
unpacks, all of it at once: one file of a solid archive needs all before it."""

from __future__ import annotations

import subprocess
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple

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

PROGRAMS = "unrar, unar, 7z or bsdtar"  # that rarfile knows
CHUNK = 2**20


class _Unpacked(NamedTuple):
    """What a program made of an archive: its images, and the names of those that are wrong."""

    copy: Copy
    damaged: set[str]


class RarSource:
    """Image files in a RAR archive, in the archive's order. Needs rarfile, and one of PROGRAMS
    where files are compressed."""

    def __init__(self, path: Path) -> None:
        self.path, self.passed_over, self._lock = path, PassedOver(), threading.Lock()
        self._archive = _opened(path)
        self._members: dict[str, Any] = {}
        for member in self._archive.infolist():
            refuse_climbing(path, member.filename)
            if member.is_symlink():
                self.passed_over.add("links within the archive", member.filename)
            elif member.is_file() and takes(PurePosixPath(member.filename), self.passed_over):
                self._members[member.filename] = member
        self.names = list(self._members)
        self._unpacked: _Unpacked | UserError | None = None
        self._is_compressed = any(not _is_stored(member) for member in self._members.values())
        self._programs = list(_programs()) if self._is_compressed else []
        if self._is_compressed and not self._programs:
            raise _not_unpacked(path, "none of the programs that unpack them is here: install one")

    def read(self, name: str) -> bytes:
        member = self._archive.getinfo_orig(self._members[name])  # what it is a copy of
        if member.file_size > LARGEST:
            raise ValueError("too large a file")
        with self._lock:
            if not self._is_compressed:
                return self._stored(member)
            if self._unpacked is None:
                self._unpacked = self._unpack()
        if isinstance(self._unpacked, UserError):
            raise self._unpacked
        if member.filename in self._unpacked.damaged:
            raise ValueError("its checksum is wrong")
        return self._unpacked.copy.read(member.filename)

    def _stored(self, member: Any) -> bytes:
        import rarfile

        try:
            data: bytes = self._archive.read(member)
        except rarfile.Error as error:
            raise ValueError(f"it cannot be unpacked ({reason(error)})") from error
        return data

    def _unpack(self) -> _Unpacked | UserError:
        """Has each program that is here try: every one lacks something (solid archives, those
        of version 5, RAR altogether), and says so in its output. The first that does all of it
        right is taken, else the one with the fewest damaged files."""
        best: _Unpacked | None = None
        for command in self._programs:
            with subprocess.Popen(
                [*command, str(self.path.absolute())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            ) as process:
                assert process.stdout is not None
                copies = self._split(process.stdout)
            if copies and (best is None or len(copies.damaged) < len(best.damaged)):
                best = copies
            if best and not best.damaged:
                break
        if best and len(best.damaged) < len(self._members):
            return best
        names = ", ".join(command[0] for command in self._programs)
        return _not_unpacked(
            self.path, f"it is corrupt or beyond what is here ({names}): install another"
        )

    def _split(self, stream: IO[bytes]) -> _Unpacked | None:
        """Copies the images from one stream of all files of the archive; None where it ends
        within them. Files that have a BLAKE2 checksum alone are not checked."""
        copy, damaged = Copy(self.path), set[str]()
        filenames = {self._archive.getinfo_orig(m).filename for m in self._members.values()}
        for member in self._archive.infolist():
            if not member.is_file() or member.file_redir:  # a copy has no data of its own
                continue
            is_wanted = member.filename in filenames and member.file_size <= LARGEST
            checksum, size, content = 0, 0, bytearray()
            while size < member.file_size:
                part = stream.read(min(CHUNK, member.file_size - size))
                if not part:
                    return None
                checksum, size = zlib.crc32(part, checksum), size + len(part)
                if is_wanted:
                    content += part
            if is_wanted:
                copy.add(member.filename, bytes(content))
                if member.CRC not in (None, checksum):
                    damaged.add(member.filename)
        return _Unpacked(copy, damaged)

    def fingerprint(self, times: bool = True) -> str:
        del times  # the archive has checksums of its members
        members = self._members.items()
        return fingerprint((name, m.file_size, m.CRC or m.blake2sp_hash) for name, m in members)


def _is_stored(member: Any) -> bool:
    import rarfile

    return bool(member.compress_type == rarfile.RAR_M0)


def _opened(path: Path) -> Any:
    try:
        import rarfile
    except ImportError as error:
        raise needs(path, "a RAR archive", "rarfile") from error
    try:
        archive = rarfile.RarFile(path, errors="strict")
        is_encrypted = archive.needs_password()
    except (rarfile.PasswordRequired, rarfile.NoCrypto):
        is_encrypted = True
    except Exception as error:  # on bad bytes nearly anything
        raise unreadable(path, "a RAR archive", error) from error
    if is_encrypted:
        raise encrypted(path)
    return archive


def _programs() -> Iterator[list[str]]:
    """Yields the commands that are here and write all files of an archive to their output."""
    import rarfile

    kinds = ("unrar", "unar", "sevenzip", "sevenzip2", "bsdtar")  # rarfile's order
    for kind in kinds:
        only = {other: other == kind for other in kinds}
        try:
            setup = rarfile.tool_setup(**only, force=True)
        except rarfile.RarCannotExec:
            continue
        yield setup.get_cmdline("open_cmd", None, nodash=True)


def _not_unpacked(path: Path, why: str) -> UserError:
    return UserError(
        f"--data {path} is a RAR archive with compressed files, and {why} of "
        f"{PROGRAMS}, or unpack it elsewhere and give the folder"
    )
