"""Images in RAR archives. rarfile reads what an archive lists and what is stored in it as it is;
what is compressed it has a program unpack, for RAR's method is not free to be written again."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path, PurePosixPath
from typing import Any

from dcgan_v1.data.passed_over import PassedOver, takes
from dcgan_v1.data.sources import LARGEST
from dcgan_v1.data.zip_source import refuse_climbing
from dcgan_v1.errors import UserError, how_to_install, reason

PROGRAMS = "unrar, unar, 7z or bsdtar"  # that rarfile looks for


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
        _refuse_without_program(path, self._members.values())

    def read(self, name: str) -> bytes:
        member = self._members[name]
        if member.file_size > LARGEST:
            raise ValueError("too large a file")
        import rarfile

        try:
            with self._lock:
                data: bytes = self._archive.read(member)
        except rarfile.Error as error:
            raise ValueError(f"it cannot be unpacked ({reason(error)})") from error
        return data

    def fingerprint(self, times: bool = True) -> str:
        del times  # the archive has checksums of its members
        digest = hashlib.sha256()
        for name in self.names:
            member = self._members[name]
            line = f"{name}\0{member.file_size}\0{member.CRC or member.blake2sp_hash}\n"
            digest.update(line.encode("utf-8", "replace"))
        return digest.hexdigest()


def _opened(path: Path) -> Any:
    try:
        import rarfile
    except ImportError as error:
        raise UserError(
            f"--data {path} is a RAR archive, which needs the package rarfile: "
            f"{how_to_install('archives')}; or unpack it (unrar x, 7z x) and give the folder"
        ) from error
    try:
        archive = rarfile.RarFile(path, errors="strict")
        is_encrypted = archive.needs_password()
    except (rarfile.PasswordRequired, rarfile.NoCrypto):
        is_encrypted = True
    except Exception as error:  # on bad bytes nearly anything
        raise UserError(
            f"--data {path} is a RAR archive that cannot be read ({reason(error)}); get it again"
        ) from error
    if is_encrypted:
        raise UserError(f"--data {path} is encrypted; decrypt it first")
    return archive


def _refuse_without_program(path: Path, members: Any) -> None:
    """Says before anything is decoded that nothing here unpacks an archive."""
    import rarfile

    if all(member.compress_type == rarfile.RAR_M0 for member in members):
        return
    try:
        rarfile.tool_setup()
    except rarfile.RarCannotExec as error:
        raise UserError(
            f"--data {path} is a RAR archive with compressed files, and none of the programs that "
            f"unpack them is here ({PROGRAMS}): install one, or unpack it elsewhere and give the "
            "folder"
        ) from error
