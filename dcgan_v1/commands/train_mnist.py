"""Trains a TF1-style DCGAN on MNIST, or on any data in MNIST's file format."""

from dcgan_v1.commands import cli, train
from dcgan_v1.commands.train import main as main
from dcgan_v1.systems import SYSTEMS


def make_parser() -> cli.Parser:
    digits = {name: system for name, system in SYSTEMS.items() if system.data == "digits"}
    return train.make_parser(__doc__, digits, default="mnist_beginners")
