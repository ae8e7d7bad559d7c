"""Trains a TF1-style DCGAN on faces: CelebA, a folder or zip of images, or faces drawn here.

The project draws faces itself with --data synthetic. Without --data it looks for
data/img_align_celeba, data/celeba and data/img_align_celeba.zip."""

from dcgan_v1.commands import cli, train
from dcgan_v1.commands.train import main as main
from dcgan_v1.systems import SYSTEMS


def make_parser() -> cli.Parser:
    faces = {name: system for name, system in SYSTEMS.items() if system.data == "faces"}
    return train.make_parser(__doc__, faces, default="celeba64")
