"""What the scripts share: options, error lines, exit codes. Loads no TensorFlow."""

import argparse
import dataclasses
import os
import sys
import traceback
from pathlib import Path

from dcgan_v1 import config as config_lib
from dcgan_v1.config import CHOICES
from dcgan_v1.errors import UserError
from dcgan_v1.rundir import RunDirectory
from dcgan_v1.runtime import DEVICES

PRETRAINED = Path(__file__).resolve().parents[1] / "pretrained"

HELP = {  # of the settings of a config
    "steps": "steps of D and G, after pre-training",
    "pretrain_steps": "steps of D alone at the beginning",
    "batch_size": "images per step",
    "seed": "of everything random: initial values, data order, noise",
    "validation": "images at the data's start that are not trained on",
    "data_dir": "folder with the four IDX files, gzipped or not (default: the MNIST "
    "that comes with the project)",
    "data": "folder with images, searched recursively; or a zip, read in place; or "
    "'synthetic': faces drawn by the project (default: data/img_align_celeba, "
    "data/celeba or data/img_align_celeba.zip, the first that is there)",
    "width": "channels of D's first and G's last hidden layer, a multiple of 8",
    "init": "initial values: the paper's, or the source's",
    "crop": "cut from the centre: a number, WxH or none, in pixels of CelebA's 178x218",
    "resize": "how the cut is brought to 64x64",
    "order": "shuffled anew each epoch, or as the files come",
    "flip": "mirror every other image, at random",
    "limit": "use only the first so many images, 0 for all",
    "skip_bad": "leave out images that cannot be used, instead of stopping",
    "save_every": "steps between checkpoints",
    "keep": "newest checkpoints kept",
    "sample_every": "steps between sample grids",
    "summary_every": "steps between lines in metrics.csv and TensorBoard",
    "sample_bn": "batch norm of the samples: statistics of the batch itself, or moving "
    "averages",
    "histograms": "histograms of the weights in TensorBoard",
    "device": "auto takes a GPU where there is one",
}


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments."""

    def error(self, message):
        self.exit(2, f"error: {' '.join(message.split())} (see --help)\n")


def parser(description):
    made = Parser(description=description, allow_abbrev=False)
    made.add_argument(
        "--debug", action="store_true", help="show tracebacks of errors (default off)"
    )
    return made


def add_settings(group, config_class, *names):
    """Adds options for settings of a config; one not given is absent from the args."""
    defaults = {f.name: f.default for f in dataclasses.fields(config_class)}
    choices = {**CHOICES, "device": DEVICES}
    for name in names:
        default, text = defaults[name], HELP[name]
        options = {"default": argparse.SUPPRESS}
        if isinstance(default, bool):
            options.update(action="store_true", help=f"{text} (default off)")
        elif name in choices:
            options.update(choices=choices[name], help=f"{text} (default {default})")
        elif isinstance(default, int):
            options.update(type=int, metavar="N", help=f"{text} (default {default})")
        else:
            shown = f"{text} (default {default})" if default else text
            options.update(metavar=name.rpartition("_")[2].upper(), help=shown)
        group.add_argument(config_lib.option(name), **options)


def add_run_options(group, config_class, default_dir):
    """Adds where a run lies, how one that is there is treated, and what it writes."""
    group.add_argument(
        "--run-dir",
        default=default_dir,
        metavar="DIR",
        help="everything the run writes goes here (default %(default)s)",
    )
    group.add_argument(
        "--restore",
        nargs="?",
        const=True,
        default=None,
        metavar="PATH",
        help="continue the run in --run-dir, with the settings it was made with (with "
        "none there, begin from pretrained/ if it has this system); with PATH begin a "
        "new run from that checkpoint, ours or the original script's (default: a new "
        "run)",
    )
    group.add_argument(
        "--restart",
        action="store_true",
        help="move a run that is in --run-dir aside and begin anew (default: refuse)",
    )
    group.add_argument(
        "--quiet", action="store_true", help="print errors only (default off)"
    )
    names = ("save_every", "keep", "sample_every", "summary_every", "sample_bn")
    add_settings(group, config_class, *names, "histograms")


def resolve(args, config_class):
    """Decides what a training script is to do, before anything is loaded or written.

    Returns:
      (config, keyword arguments of `train`).
    """
    if args.restore is True and args.restart:
        raise UserError("--restore continues a run and --restart begins one: choose")
    for name, value in vars(args).items():
        if isinstance(value, str) and (not value.strip() or not value.isprintable()):
            raise UserError(f"{config_lib.option(name)} {value!r} is no usable value")
    directory = RunDirectory(args.run_dir)
    names = {f.name for f in dataclasses.fields(config_class)}
    asked = {name: value for name, value in vars(args).items() if name in names}
    options = {"directory": directory, "quiet": args.quiet}
    if args.restore is True and directory.holds_run():
        saved = directory.load_config(config_class().model)
        return config_lib.continued(saved, asked), {**options, "resume": True}
    if not (args.restart and directory.holds_run()):
        directory.refuse_if_used()
    start, note = "", ""
    if isinstance(args.restore, str) and args.restore != "pretrained":
        start = str(Path(args.restore).absolute())
    elif args.restore:
        start, settings = _pretrained(config_class)
        asked = {**settings, **asked}
        if args.restore == "pretrained" and not start:
            raise UserError(f"there is no pretrained {config_class().model}")
        begin = f"beginning from {start}" if start else "starting one"
        note = f"no run in {args.run_dir} yet: {begin}"
    config = config_class(start=start, **asked)
    return config, {**options, "restart": args.restart, "note": note}


def _pretrained(config_class):
    """Returns (path, settings that its networks need) of what we ship, or ('', {})."""
    folder = PRETRAINED / config_class().model
    if not (folder / "config.json").exists():
        return "", {}
    saved = config_lib.from_json((folder / "config.json").read_text(), folder)
    return str(folder), {"width": saved.width} if hasattr(saved, "width") else {}


def check_same_data(config, sha256, resume=False):
    """Returns the config with the data's checksum, which a resumed run must share."""
    if resume and sha256 != config.data_sha256:
        raise UserError(
            "the training images are not those the run was made with; give them by "
            "the same option as then, or use --restart to begin anew"
        )
    return dataclasses.replace(config, data_sha256=sha256)


def main(run, made_parser, argv=None):
    """Parses, calls run(args) and exits with what it returns, 2 after a user's error.

    An OSError that nobody turned into a better sentence is one, too.
    """
    args = made_parser.parse_args(argv)
    try:
        sys.exit(run(args) or 0)
    except (UserError, OSError) as error:
        if isinstance(error, BrokenPipeError):  # the reader of our output has gone
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(141)
        if args.debug:
            traceback.print_exc()
        message = str(error)
        if isinstance(error, OSError):
            message = f"{error.strerror}: {error.filename}"
        print(f"error: {message}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
