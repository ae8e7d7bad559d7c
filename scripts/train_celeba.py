"""Trains a TF1-style DCGAN on faces: CelebA, a folder or zip of images, or faces drawn here.

The project draws faces itself with --data synthetic. Without --data it looks for
data/img_align_celeba, data/celeba and data/img_align_celeba.zip."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1.commands import run

if __name__ == "__main__":
    run("train_celeba")
