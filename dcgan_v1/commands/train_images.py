"""Trains images96, a PyTorch DCGAN as a TF1 graph, on any folder or zip of images."""

from dcgan_v1.commands import cli, train
from dcgan_v1.commands.train import main as main
from dcgan_v1.systems import SYSTEMS


def make_parser() -> cli.Parser:
    images = {name: system for name, system in SYSTEMS.items() if system.data == "images"}
    return train.make_parser(__doc__, images, default="images96")
