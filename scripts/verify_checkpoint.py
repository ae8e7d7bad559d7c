"""Shows what is in a checkpoint and whether it is damaged.

Checks every file against the manifest and reads every array. Exits with 1 if it is damaged, with 0
if not."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1.commands import run

if __name__ == "__main__":
    run("verify_checkpoint")
