"""The original's values in a port's own format, in its folder: `weights/`."""

import sys
from pathlib import Path

from dcgan_v1.compare import source_of
from dcgan_v1.errors import UserError
from dcgan_v1.migration import conversion
from dcgan_v1.migration.specs import Tf1

FOLDER = "weights"


def convert(old: Tf1, new: str, port: Path, to: str) -> None:
    """Writes the folder; where that fails, says so and leaves none.

    Args:
      old: the original; new: 'port.py:new'.
      port: its folder, whose map pairs everything.
      to: the framework.
    """
    try:
        conversion.convert(source_of(old), source_of(new), port / "map.toml", to, port / FOLDER)
    except UserError as error:
        print(f"no weights are written: {error}", file=sys.stderr)
