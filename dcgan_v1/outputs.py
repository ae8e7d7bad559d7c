"""Files that a script writes: all or none, and never over another's."""

from dcgan_v1.errors import UserError
from dcgan_v1.rundir import write_atomically


def refuse_unwritable(*paths):
    """Refuses a path where something is, or whose folder cannot be made. Makes nothing.

    For the beginning of long work, so that it is not lost at the end. None is no path.
    """
    for path in filter(None, paths):
        if path.exists():
            raise UserError(f"{path} is there already; choose another path")
        above = next(folder for folder in path.absolute().parents if folder.exists())
        if not above.is_dir():
            raise UserError(f"cannot write {path}: {above} is a file")


def write(files):
    """Writes path -> bytes, and makes their folders.

    Raises:
      UserError: a file is there already, or cannot be written; then none is.
    """
    refuse_unwritable(*files)
    written = []
    try:
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, data)
            written.append(path)
    except OSError as error:
        for path in written:
            path.unlink()
        raise UserError(f"cannot write {path}: {error.strerror}") from error
