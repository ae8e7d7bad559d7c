"""Measures how good a model's samples are, beside real images and an untrained generator.

What real images get is the floor, what the untrained generator gets the ceiling. Needs no
network."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1.commands import run

if __name__ == "__main__":
    run("evaluate")
