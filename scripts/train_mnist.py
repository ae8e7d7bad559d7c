"""Trains a TF1-style DCGAN on MNIST, or on any data in MNIST's file format."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1 import cli, runtime
from dcgan_v1.config import MnistBeginnersConfig
from dcgan_v1.data import mnist
from dcgan_v1.errors import UserError


def main(args):
    config, options = cli.resolve(args, MnistBeginnersConfig)
    data = mnist.load(config.data_dir)
    config = cli.check_same_data(config, data.sha256, options.get("resume"))
    if len(data.images) <= config.validation:
        raise UserError(
            f"--validation {config.validation} leaves nothing of "
            f"{len(data.images)} images to train on"
        )

    runtime.prepare()
    from dcgan_v1.data.pipeline import InMemory
    from dcgan_v1.train import train

    return train(config, InMemory(data.images[config.validation :]), **options)


def make_parser():
    parser = cli.parser(__doc__)
    group = parser.add_argument_group("training")
    names = ("steps", "pretrain_steps", "batch_size", "seed", "device")
    cli.add_settings(group, MnistBeginnersConfig, *names)
    group = parser.add_argument_group("data")
    cli.add_settings(group, MnistBeginnersConfig, "data_dir", "validation")
    group = parser.add_argument_group("run")
    cli.add_run_options(group, MnistBeginnersConfig, "runs/mnist_beginners")
    return parser


if __name__ == "__main__":
    cli.main(main, make_parser())
