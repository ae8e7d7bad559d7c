"""Trains a TF1-style DCGAN on MNIST, or on any data in MNIST's file format."""

import dataclasses
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1 import cli, runtime
from dcgan_v1 import config as config_lib
from dcgan_v1.config import Config
from dcgan_v1.data import mnist
from dcgan_v1.errors import UserError
from dcgan_v1.rundir import RunDirectory


def main(args):
    if args.restore is True and args.restart:
        raise UserError("--restore continues a run and --restart begins one: choose")
    directory = RunDirectory(args.run_dir)
    resume = args.restore is True and directory.holds_run()
    asked = cli.given(args)
    if args.data_dir is not None:
        asked["data_dir"] = args.data_dir
    if resume:
        saved = directory.load_config("mnist_beginners")
        config = config_lib.continued(saved, asked)
    else:
        if not args.restart:
            directory.refuse_if_used()
        start = args.restore if isinstance(args.restore, str) else ""
        config = Config(model="mnist_beginners", start=start, **asked)
    if args.restore is True and not resume and not args.quiet:
        print(f"no run in {args.run_dir} yet: starting one")

    data = mnist.load(config.data_dir)
    if resume and data.sha256 != config.data_sha256:
        raise UserError(
            f"the training images in {config.data_dir or 'the package'} are not those "
            f"the run in {args.run_dir} was made with; give their --data-dir"
        )
    if len(data.images) <= config.validation:
        raise UserError(
            f"--validation {config.validation} leaves nothing of "
            f"{len(data.images)} images to train on"
        )
    config = dataclasses.replace(config, data_sha256=data.sha256)

    runtime.prepare()
    from dcgan_v1.train import train

    return train(
        config,
        data.images[config.validation :],
        directory,
        resume=resume,
        restart=args.restart,
        quiet=args.quiet,
    )


def make_parser():
    parser = cli.parser(__doc__)
    training = parser.add_argument_group("training")
    cli.add_settings(
        training, ("steps", "pretrain_steps", "batch_size", "seed", "device")
    )
    data = parser.add_argument_group("data")
    data.add_argument(
        "--data-dir",
        metavar="DIR",
        help="folder with the four IDX files, gzipped or not (default: the MNIST "
        "that comes with the project)",
    )
    cli.add_settings(data, ("validation",))
    run = parser.add_argument_group("run")
    cli.add_run_options(run, "runs/mnist_beginners")
    cli.add_settings(
        run,
        (
            "save_every",
            "keep",
            "sample_every",
            "summary_every",
            "sample_bn",
            "histograms",
        ),
    )
    return parser


if __name__ == "__main__":
    cli.main(main, make_parser())
