"""Trains one of the systems as a TF1-style graph: on MNIST's format, faces, or any images."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1.commands import run

if __name__ == "__main__":
    run("train")
