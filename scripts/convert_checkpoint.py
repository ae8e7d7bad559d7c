"""Converts a TF1 checkpoint to TF2, Keras or PyTorch, or such a one back, bit for bit.

Weights, averages, optimiser slots and step go over. Of the project's own systems by
themselves; of any other pair with the port, and a map that pairs them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1.commands import run

if __name__ == "__main__":
    run("convert_checkpoint")
