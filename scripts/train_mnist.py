"""Trains a TF1-style DCGAN on MNIST, or on any data in MNIST's file format."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1 import cli, options, runtime
from dcgan_v1.config import MnistBeginnersConfig, MnistKerasConfig, MnistTutorialConfig
from dcgan_v1.data import mnist
from dcgan_v1.errors import UserError

CONFIGS = [MnistBeginnersConfig, MnistKerasConfig, MnistTutorialConfig]
BY_MODEL = {config().model: config for config in CONFIGS}


def main(args):
    args.run_dir = args.run_dir or f"runs/{args.model or 'mnist_beginners'}"
    model = args.model or cli.model_of_run(args) or "mnist_beginners"
    if model not in BY_MODEL:
        raise UserError(
            f"{args.run_dir} holds a run of {model}; this script trains "
            f"{', '.join(BY_MODEL)}"
        )
    config, keywords = cli.resolve(args, BY_MODEL[model])
    data = mnist.load(config.data_dir)
    config = cli.check_same_data(config, data.sha256, keywords.get("resume"))
    left_out = getattr(config, "validation", 0)
    if len(data.images) <= left_out:
        raise UserError(
            f"--validation {left_out} leaves nothing of "
            f"{len(data.images)} images to train on"
        )

    runtime.prepare()
    from dcgan_v1.data.pipeline import InMemory
    from dcgan_v1.train import train

    last = "filled" if model == "mnist_beginners" else "smaller"
    return train(config, InMemory(data.images[left_out:], last), **keywords)


def make_parser():
    parser = cli.parser(__doc__)
    group = parser.add_argument_group("training")
    group.add_argument(
        "--model",
        choices=BY_MODEL,
        help="the system (default mnist_beginners, or that of the run which --restore "
        "continues)",
    )
    names = (
        "steps",
        "epochs",
        "pretrain_steps",
        "batch_size",
        "init",
        "seed",
        "device",
    )
    options.add_settings(group, CONFIGS, *names, "deterministic", *options.RECIPE)
    group = parser.add_argument_group("data")
    options.add_settings(group, CONFIGS, "data_dir", "validation")
    group = parser.add_argument_group("run")
    options.add_settings(group, CONFIGS, "sample_epochs", "save_epochs")
    options.add_run_options(group, CONFIGS, None)
    return parser


if __name__ == "__main__":
    cli.main(main, make_parser())
