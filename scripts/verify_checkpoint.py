"""Says what is in a checkpoint and whether it is sound: every file against the
manifest, every array read. Exits with 0 if it is, with 1 if it is damaged."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1.commands import run

if __name__ == "__main__":
    run("verify_checkpoint")
