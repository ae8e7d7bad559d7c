"""Reads and writes .npz files of plain arrays; a pickle in one is refused."""

import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.records import Arrays


def read_npz(path: str | Path, prefixes: str | tuple[str, ...] = "") -> Arrays:
    """Returns name -> array of an .npz file, of the names that begin so.

    Raises:
      UserError: it is none, or holds objects.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return {n: file[n] for n in file.files if n.startswith(prefixes)}
    except (
        OSError,
        ValueError,
        TypeError,
        EOFError,
        AttributeError,
        BadZipFile,
        zlib.error,
    ) as error:
        state = "is not an .npz of arrays" if Path(path).exists() else "does not exist"
        raise UserError(f"{path} {state}") from error


def save_npz(path: str | Path, arrays: Arrays) -> None:
    """Writes name -> array as an .npz file."""
    named: dict[str, Any] = dict(arrays)
    np.savez(path, **named)
