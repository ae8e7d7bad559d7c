"""Trains images96, a PyTorch DCGAN as a TF1 graph, on any folder or zip of images."""

from dcgan_v1.commands import cli, options, start
from dcgan_v1.errors import UserError
from dcgan_v1.systems import Images96Config


def main(args):
    config, keywords = start.resolve(args, Images96Config)
    if not config.data:
        raise UserError("--data is needed: a folder or zip of images, or 'synthetic'")
    return start.train_on_images(config, keywords, config.data)


def make_parser():
    parser = cli.parser(__doc__)
    names = ("epochs", "steps", "batch_size", "width")
    options.add_image_options(parser, [Images96Config], *names)
    group = parser.add_argument_group("run")
    options.add_settings(group, [Images96Config], "sample_epochs", "save_epochs")
    options.add_run_options(group, [Images96Config], "runs/images96")
    return parser
