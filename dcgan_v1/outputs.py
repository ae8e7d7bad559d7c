"""Files that a script writes: all or none, and never over another's."""

import os

from dcgan_v1.errors import UserError
from dcgan_v1.rundir import write_atomically


def refuse_unwritable(*paths):
    """Refuses a path where something is, or whose folder cannot be made. Makes nothing.

    For the beginning of long work, so that it is not lost at the end. None is no path.
    """
    paths = [path.absolute() for path in paths if path]
    for path in paths:
        if path.exists():
            raise UserError(f"{path} is there already; choose another path")
        above = next(folder for folder in path.parents if folder.exists())
        if not above.is_dir():
            raise UserError(f"cannot write {path}: {above} is a file")
        if not os.access(above, os.W_OK):
            raise UserError(f"cannot write {path}: {above} is read-only")
        if paths.count(path) > 1 or set(path.parents) & set(paths):
            raise UserError(f"{path} is meant for two things; choose another path")


def write(files):
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
