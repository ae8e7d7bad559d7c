"""What several workers of pytest need is made by the first of them that asks."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Returns a folder that all workers of this session share, for reading.

    Args:
      factory: pytest's `tmp_path_factory`.
      name: of the folder.
      make: fills it; the folder is there, and empty. Where it fails, every worker's test does.
    """
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    made, failed = folder.with_suffix(".made"), folder.with_suffix(".failed")
    with FileLock(folder.with_suffix(".lock")):
        if failed.exists():
            pytest.fail(f"{name} could not be made, by another test: {failed.read_text()}")
        if not made.exists():
            folder.mkdir()
            try:
                make(folder)
            except BaseException as error:
                failed.write_text(repr(error))
                raise
            made.touch()
    return folder
