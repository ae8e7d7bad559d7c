"""Files that are written whole or not at all, and never over another's."""

import errno
import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from dcgan_v1.errors import UserError

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


def write_atomically(path: str | Path, data: bytes) -> None:
    """Writes bytes beside `path` and renames: readers see the old file or the new."""
    beside = Path(path).with_name(f".{Path(path).name}.{os.getpid()}")
    try:
        beside.write_bytes(data)
        with beside.open("rb") as file:
            os.fsync(file.fileno())  # or a power cut might leave an empty file
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def append(path: Path, data: bytes) -> None:
    """Adds bytes to a file: all of them or, where the disk does not take them, none."""
    with path.open("ab", buffering=0) as file:
        before = file.tell()
        try:
            if (file.write(data) or 0) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            os.truncate(path, before)
            raise


def refuse_unwritable(*paths: Path | None, empty_folder: bool = False) -> None:
    """Refuses a path where something is, or whose folder cannot be made. Makes nothing.

    For the beginning of long work, so that it is not lost at the end. None is no path.

    Args:
      empty_folder: an empty folder may be there.
    """
    places = [path.absolute() for path in paths if path]
    for path in places:
        if path.exists():
            if not (empty_folder and path.is_dir()):
                raise UserError(f"{path} is there already; choose another path")
            if any(path.iterdir()):
                raise UserError(f"{path} is not empty; choose another folder")
        above = next(f for f in (path, *path.parents) if f.exists())
        if not above.is_dir():
            raise UserError(f"cannot write {path}: {above} is a file")
        if not os.access(above, os.W_OK):
            raise UserError(f"cannot write {path}: {above} is read-only")
        if places.count(path) > 1 or set(path.parents) & set(places):
            raise UserError(f"{path} is meant for two things; choose another path")


def write(files: Mapping[Path, bytes]) -> None:
    """Writes path -> bytes, and makes their folders.

    Raises:
      UserError: a file is there already, or cannot be written; then none is.
    """
    refuse_unwritable(*files)
    try:
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, data)
    except BaseException as error:
        for written in files:
            written.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise UserError(f"cannot write {path}: {error.strerror}") from error


def place(folder: Path, out: Path) -> None:
    """Copies what is in a folder into another, new or empty: all of it or nothing.

    Raises:
      UserError: it cannot be written; then nothing of it is there.
    """
    is_new = not out.exists()
    placed: list[Path] = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for entry in sorted(folder.iterdir()):
            target = out / entry.name
            if target.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
            placed.append(target)
            if entry.is_dir():
                shutil.copytree(entry, target)
            else:
                shutil.copyfile(entry, target)
    except BaseException as error:
        for target in placed:
            if target.is_dir():
                shutil.rmtree(target, ignore_errors=True)
            target.unlink(missing_ok=True)
        if is_new and out.is_dir():
            out.rmdir()
        if not isinstance(error, OSError):
            raise
        # copytree gathers the errors of many files in one that has no text of its own
        reason = error.strerror or error.args[0][0][2]
        raise UserError(f"cannot write {out}: {reason}") from error


def checksum(path: Path) -> str:
    """Returns the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
