"""Writes a checkpoint for others: the networks alone (of G the averaged weights where a
run kept them), or all of it in the names of the original TF1 script (--legacy), so that
the old script can restore it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1.commands import run

if __name__ == "__main__":
    run("export_checkpoint")
