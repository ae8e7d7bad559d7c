"""Makes a folder of pretrained/ from a checkpoint of a run: the networks alone, the
config, a grid, a GIF of the training, the figures and a card."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1.commands import run

if __name__ == "__main__":
    run("make_pretrained")
