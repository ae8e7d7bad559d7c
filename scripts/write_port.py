"""Writes a port of a TF1 program, and proves that it computes the same function.

Writes networks and training step as code that is meant to be kept, the checkpoint's weights, a
program that trains, and both sides for compare.py. Exits with 0 if the two compute the same
function, with 1 if the port is written but differs or is not proven, with 2 if none is written."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1.commands import run

if __name__ == "__main__":
    run("write_port")
