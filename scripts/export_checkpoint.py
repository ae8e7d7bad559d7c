"""Writes a checkpoint for others: the networks alone, or all of it for the original TF1 script.

Of G the averaged weights are written where a run kept them. --legacy writes everything in the
names of the original script, which can then restore it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1.commands import run

if __name__ == "__main__":
    run("export_checkpoint")
