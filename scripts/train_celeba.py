"""Trains a TF1-style DCGAN on faces: CelebA, any folder or zip of images, or faces
drawn by the project itself (--data synthetic). Without --data it looks for
data/img_align_celeba, data/celeba and data/img_align_celeba.zip."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1 import cli, options
from dcgan_v1.config import Celeba64Config
from dcgan_v1.data import faces
from dcgan_v1.errors import UserError

FAITHFUL = {"init": "source", "crop": "none", "resize": "nearest", "order": "file"}


def main(args):
    if args.faithful:
        vars(args).update({**FAITHFUL, **vars(args)})
    if args.no_cache:
        args.cache = False
    config, keywords = cli.resolve(args, Celeba64Config)
    if args.download and config.data:
        raise UserError("--download says where the data is; leave --data out")
    data = config.data or (faces.download() if args.download else faces.find())
    return cli.train_on_images(config, keywords, data)


def make_parser():
    parser = cli.parser(__doc__)
    group = parser.add_argument_group("training")
    names = ("steps", "batch_size", "width", "init", "seed", "device", "deterministic")
    options.add_settings(group, [Celeba64Config], *names, *options.RECIPE, "augment")
    group.add_argument(
        "--faithful",
        action="store_true",
        help="the source's behaviour throughout: "
        + " ".join(f"--{name} {value}" for name, value in FAITHFUL.items())
        + " (default off)",
    )
    group = parser.add_argument_group("data")
    names = ("data", "crop", "resize", "order", "flip", "limit", "skip_bad")
    options.add_settings(group, [Celeba64Config], *names)
    group.add_argument(
        "--download",
        action="store_true",
        help="fetch CelebA to data/img_align_celeba.zip first, with the package gdown "
        "(default off)",
    )
    group.add_argument(
        "--no-cache",
        action="store_true",
        help="decode while training, instead of once into a file beside the run "
        "(default off)",
    )
    group = parser.add_argument_group("run")
    options.add_run_options(group, [Celeba64Config], "runs/celeba64")
    return parser


if __name__ == "__main__":
    cli.main(main, make_parser())
