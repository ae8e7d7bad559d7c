"""Writes a recorder as one file, to be taken to where an old program or a port runs.

`--of tf1` runs beside TensorFlow 1.4 to 1.15 and 2, `--of port` beside PyTorch, Keras or TF2.
Neither needs this project there."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1.commands import run

if __name__ == "__main__":
    run("write_recorder")
