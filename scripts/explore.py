"""Opens a page to explore a trained generator: draws, the ways between them, directions.

Or writes it as one file that needs no Python."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1.commands import run

if __name__ == "__main__":
    run("explore")
