"""Trains a TF1-style DCGAN on faces: CelebA, any folder or zip of images, or faces
drawn by the project itself (--data synthetic). Without --data it looks for
data/img_align_celeba, data/celeba and data/img_align_celeba.zip."""

from dcgan_v1.commands import cli, options, start
from dcgan_v1.data import faces
from dcgan_v1.distributed import launcher
from dcgan_v1.errors import UserError
from dcgan_v1.systems import Celeba64Config

FAITHFUL = {"init": "source", "crop": "none", "resize": "nearest", "order": "file"}


def main(args):
    if args.faithful:
        vars(args).update({**FAITHFUL, **vars(args)})
    if args.download and "data" in args:
        raise UserError("--download says where the data is; leave --data out")
    config, keywords = start.resolve(args, Celeba64Config)
    if launcher.is_wanted(args):
        return launcher.launch("train_celeba", args, config, keywords["directory"])
    data = config.data or (faces.download() if args.download else faces.find())
    return start.train_on_images(config, keywords, data)


def make_parser():
    parser = cli.parser(__doc__)
    names = ("steps", "batch_size", "width", "init")
    training, data = options.add_image_options(parser, [Celeba64Config], *names)
    training.add_argument(
        "--faithful",
        action="store_true",
        help="the source's behaviour throughout: "
        + " ".join(f"--{name} {value}" for name, value in FAITHFUL.items())
        + " (default off)",
    )
    data.add_argument(
        "--download",
        action="store_true",
        help="fetch CelebA to data/img_align_celeba.zip first, with the package gdown "
        "(default off)",
    )
    group = parser.add_argument_group("run")
    options.add_run_options(group, [Celeba64Config], "runs/celeba64")
    return parser
