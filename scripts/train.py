"""Trains one of the systems as a TF1-style graph: on MNIST or any data in its format, on
faces, or on any folder or zip of images."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1.commands import run

if __name__ == "__main__":
    run("train")
