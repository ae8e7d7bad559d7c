"""Trains images96, a PyTorch DCGAN as a TF1 graph, on any folder or zip of images."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1 import cli, options
from dcgan_v1.config import Images96Config
from dcgan_v1.errors import UserError


def main(args):
    if args.no_cache:
        args.cache = False
    config, keywords = cli.resolve(args, Images96Config)
    if not config.data:
        raise UserError("--data is needed: a folder or zip of images, or 'synthetic'")
    return cli.train_on_images(config, keywords, config.data)


def make_parser():
    parser = cli.parser(__doc__)
    group = parser.add_argument_group("training")
    names = (
        "epochs",
        "steps",
        "batch_size",
        "width",
        "seed",
        "device",
        "deterministic",
    )
    options.add_settings(group, [Images96Config], *names, *options.RECIPE, "augment")
    group = parser.add_argument_group("data")
    names = ("data", "crop", "resize", "order", "flip", "limit", "skip_bad")
    options.add_settings(group, [Images96Config], *names)
    group.add_argument(
        "--no-cache",
        action="store_true",
        help="decode while training, instead of once into a file beside the run "
        "(default off)",
    )
    group = parser.add_argument_group("run")
    options.add_settings(group, [Images96Config], "sample_epochs", "save_epochs")
    options.add_run_options(group, [Images96Config], "runs/images96")
    return parser


if __name__ == "__main__":
    cli.main(main, make_parser())
