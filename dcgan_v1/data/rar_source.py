"""Images in RAR archives: a program unpacks what is compressed.

rarfile reads what an archive lists and what is stored in it as it is; what is compressed a program
unpacks, all of it at once: one file of a solid archive needs all before it."""

from __future__ import annotations

import subprocess
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

from dcgan_v1.data.members import Copy, encrypted, fingerprint, needs, refuse_climbing, unreadable
from dcgan_v1.data.passed_over import PassedOver, takes
from dcgan_v1.data.sources import LARGEST
from dcgan_v1.errors import UserError, reason

PROGRAMS = "unrar, unar, 7z or bsdtar"  # that rarfile knows
CHUNK = 2**20


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
        self._copy: Copy | None = None
        self._programs = list(_programs()) if self._is_compressed() else []
        if self._is_compressed() and not self._programs:
            raise _not_unpacked(path, "none of the programs that unpack them is here: install one")

    def _is_compressed(self) -> bool:
        import rarfile

        return any(member.compress_type != rarfile.RAR_M0 for member in self._members.values())

    def read(self, name: str) -> bytes:
        member = self._archive.getinfo_orig(self._members[name])  # what it is a copy of
        if member.file_size > LARGEST:
            raise ValueError("too large a file")
        with self._lock:
            if not self._is_compressed():
                return self._stored(member)
            if self._copy is None:
                self._copy = self._copied()
        return self._copy.read(member.filename)

    def _stored(self, member: Any) -> bytes:
        import rarfile

        try:
            data: bytes = self._archive.read(member)
        except rarfile.Error as error:
            raise ValueError(f"it cannot be unpacked ({reason(error)})") from error
        return data

    def _copied(self) -> Copy:
        """Has each program that is here try: every one lacks something (solid archives, those
        of version 5, RAR altogether), and says so in its output."""
        for command in self._programs:
            with subprocess.Popen(
                [*command, str(self.path.absolute())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            ) as process:
                assert process.stdout is not None
                if copy := self._split(process.stdout):
                    return copy
        tried = ", ".join(command[0] for command in self._programs)
        raise _not_unpacked(
            self.path, f"it is corrupt or beyond what is here ({tried}): install another"
        )

    def _split(self, stream: IO[bytes]) -> Copy | None:
        """Copies the archive's files from one stream of all of them; None where it is not that."""
        copy = Copy(self.path)
        for member in self._archive.infolist():
            if not member.is_file() or member.file_redir:  # a copy has no data of its own
                continue
            checksum, size, kept = 0, 0, bytearray()
            while size < member.file_size:
                part = stream.read(min(CHUNK, member.file_size - size))
                if not part:
                    return None
                checksum, size = zlib.crc32(part, checksum), size + len(part)
                if member.file_size <= LARGEST:
                    kept += part
            if member.CRC not in (None, checksum):
                return None
            if member.file_size <= LARGEST:
                copy.add(member.filename, bytes(kept))
        return copy

    def fingerprint(self, times: bool = True) -> str:
        del times  # the archive has checksums of its members
        members = self._members.items()
        return fingerprint((name, m.file_size, m.CRC or m.blake2sp_hash) for name, m in members)


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
