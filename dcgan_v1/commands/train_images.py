"""Trains images96, a PyTorch DCGAN as a TF1 graph, on any folder or zip of images."""

from dcgan_v1.commands import cli, options, start
from dcgan_v1.distributed import launcher
from dcgan_v1.errors import UserError
from dcgan_v1.systems import of_script

SYSTEMS = of_script("train_images")
CONFIGS = [system.config for system in SYSTEMS.values()]


def main(args):
    model = start.system_of(args, SYSTEMS, "images96")
    config, keywords = start.resolve(args, SYSTEMS[model].config)
    if not config.data:
        raise UserError("--data is needed: a folder or zip of images, or 'synthetic'")
    if launcher.is_wanted(args):
        return launcher.launch("train_images", args, config, keywords["directory"])
    return start.train_on_images(config, keywords, config.data)


def make_parser():
    parser = cli.parser(__doc__)
    names = ("epochs", "steps", "batch_size", "width")
    training, _ = options.add_image_options(parser, CONFIGS, *names)
    training.add_argument(
        "--model",
        choices=SYSTEMS,
        help="the system (default images96, or that of the run which --restore continues)",
    )
    group = parser.add_argument_group("run")
    options.add_settings(group, CONFIGS, "sample_epochs", "save_epochs")
    options.add_run_options(group, CONFIGS, "runs/images96")
    return parser
