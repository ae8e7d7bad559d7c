"""What the scripts share: options, error lines, exit codes. Loads no TensorFlow."""

import argparse
import dataclasses
import os
import sys
import traceback
from importlib.util import find_spec
from pathlib import Path

from dcgan_v1 import config as config_lib
from dcgan_v1 import runtime
from dcgan_v1.config import CHOICES, CONFIGS
from dcgan_v1.errors import UserError, reason
from dcgan_v1.rundir import RunDirectory
from dcgan_v1.runtime import DEVICES

IMAGE_SIDES = {"celeba64": 64, "images96": 96}
PRETRAINED = Path(__file__).resolve().parents[1] / "pretrained"

HELP = {  # of the settings of a config
    "steps": "steps of D and G, after pre-training",
    "epochs": "how often each image is seen",
    "samples": "images of a sample grid",
    "sample_epochs": "epochs between sample grids",
    "save_epochs": "epochs between checkpoints",
    "pretrain_steps": "steps of D alone at the beginning",
    "batch_size": "images per step",
    "seed": "of everything random: initial values, data order, noise",
    "d_learning_rate": "of D's Adams",
    "g_learning_rate": "of G's Adam",
    "beta1": "of all Adams",
    "label_smoothing": "train D to say 1 minus this of real images",
    "ema_decay": "keep a moving average of G's weights, from which samples are drawn; "
    "this much is kept each step, 0: no average",
    "augment": "change what D sees, of reals and fakes alike: their colours, their "
    "place, a part cut out, or all of it",
    "validation": "images at the data's start that are not trained on",
    "data_dir": "folder with the four IDX files, gzipped or not (default: the MNIST "
    "that comes with the project)",
    "data": "folder with images, searched recursively; or a zip, read in place; or "
    "'synthetic': faces drawn by the project (no default, but train_celeba.py looks in "
    "data/ first)",
    "width": "channels of D's first and G's last hidden layer, a multiple of 8",
    "init": "initial values: the paper's, or the source's",
    "crop": "cut from the centre: a number or WxH, in pixels of CelebA's 178x218; "
    "square, the largest there is; or none",
    "resize": "how the cut is brought to the network's size",
    "order": "shuffled anew each epoch, or as the files come",
    "flip": "mirror every other image, at random",
    "limit": "use only the first so many images, 0 for all",
    "skip_bad": "leave out images that cannot be used, instead of stopping",
    "save_every": "steps between checkpoints",
    "save_minutes": "a checkpoint at least so often; 0: by steps alone",
    "keep": "newest checkpoints kept",
    "sample_every": "steps between sample grids",
    "summary_every": "steps between lines in metrics.csv and TensorBoard",
    "sample_bn": "batch norm of the samples: statistics of the batch itself, or moving "
    "averages",
    "histograms": "histograms of the weights in TensorBoard",
    "deterministic": "the same bits whatever the number of cores, and on a GPU",
    "device": "auto takes a GPU where there is one",
}


METAVARS = {int: "N", float: "X"}
RECIPE = (  # settings beyond the sources, for better samples (docs/quality.md)
    "d_learning_rate",
    "g_learning_rate",
    "beta1",
    "label_smoothing",
    "ema_decay",
)


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


def add_settings(group, configs, *names):
    """Adds options for settings of configs; one not given is absent from the args.

    Args:
      configs: config classes; a setting must be one of at least one of them.
    """
    choices = {**CHOICES, "device": DEVICES}
    for name in names:
        defaults = {c().model: getattr(c(), name) for c in configs if hasattr(c, name)}
        default, *others = dict.fromkeys(defaults.values())
        for model in defaults:
            if name in CONFIGS[model].MAY_BE_ZERO:
                defaults[model] = "by epochs"
        options = {"default": argparse.SUPPRESS}
        if isinstance(default, bool):
            shown = "off"
            options.update(action="store_true")
        elif name in choices:
            shown = default
            options.update(choices=choices[name])
        else:
            shown = defaults[configs[0]().model] if len(configs) == 1 else default
            metavar = METAVARS.get(type(default)) or name.rpartition("_")[2]
            options.update(type=type(default), metavar=metavar.upper())
        if others or len(defaults) < len(configs):
            shown = ", ".join(f"{model}: {value}" for model, value in defaults.items())
        known = f" (default {shown})" if shown != "" else ""
        group.add_argument(config_lib.option(name), help=HELP[name] + known, **options)


def add_run_options(group, configs, default_dir):
    """Adds where a run lies, how one that is there is treated, and what it writes."""
    group.add_argument(
        "--run-dir",
        default=default_dir,
        metavar="DIR",
        help="everything the run writes goes here (default "
        f"{default_dir or 'runs/ and the name of the system'})",
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
    names = (
        "save_every",
        "save_minutes",
        "keep",
        "sample_every",
        "summary_every",
        "sample_bn",
    )
    add_settings(group, configs, *names, "samples", "histograms")


def resolve(args, config_class):
    """Decides what a training script is to do, before anything is loaded or written.

    Returns:
      (config, keyword arguments of `train`).
    """
    if args.restore is True and args.restart:
        raise UserError("--restore continues a run and --restart begins one: choose")
    directory = RunDirectory(args.run_dir)
    names = {f.name for f in dataclasses.fields(config_class)}
    settings = {f.name for c in CONFIGS.values() for f in dataclasses.fields(c)}
    asked = {n: v for n, v in vars(args).items() if n in settings and n != "model"}
    for name in sorted(set(asked) - names):
        raise UserError(
            f"{config_class().model} has no setting {config_lib.option(name)}; "
            "leave it out"
        )
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


def model_of_run(args):
    """Returns the system of the run that --restore continues, None if it does not."""
    path = RunDirectory(args.run_dir).config
    if args.restore is not True or not path.exists():
        return None
    return config_lib.from_json(path.read_bytes(), path).model


def add_model_options(parser):
    """Adds which trained model is meant, and how it is run."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--run-dir", metavar="DIR", help="a run: its newest checkpoint")
    which.add_argument(
        "--checkpoint",
        metavar="PATH",
        help="any checkpoint, ours or an original script's",
    )
    which.add_argument("--pretrained", metavar="NAME", help="a model from pretrained/")
    which.add_argument("--model", choices=CONFIGS, help="the run in runs/ of this name")
    parser.add_argument(
        "--bn",
        choices=("ema", "batch"),
        help="batch norm by its averages or by the batch (default: the system's)",
    )
    parser.add_argument(
        "--latest",
        action="store_true",
        help="G's weights as they are, also where the run kept averages of them "
        "(default off)",
    )
    parser.add_argument(
        "--device",
        choices=DEVICES,
        default="auto",
        help=f"{HELP['device']} (default %(default)s)",
    )


def model_path(args):
    """Returns where the model lies that the options of `add_model_options` name."""
    if args.model:
        return Path("runs") / args.model
    if not args.pretrained:
        return args.run_dir or args.checkpoint
    names = sorted(path.parent.name for path in PRETRAINED.glob("*/config.json"))
    if args.pretrained not in names:
        raise UserError(
            f"no pretrained model {args.pretrained!r}; there "
            f"{'are ' + ', '.join(names) if names else 'is none yet'}"
        )
    return PRETRAINED / args.pretrained


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


def train_on_images(config, options, data):
    """Opens a folder or zip of images and trains on it. Returns the exit code.

    Args:
      config, options: what `resolve` returned.
      data: where the images are, or 'synthetic'.
    """
    from dcgan_v1.data import images

    if data != "synthetic":
        data = str(Path(data).absolute())
    config = dataclasses.replace(config, data=data)
    read, count, checksum = images.load(
        config,
        options["directory"].path.parent / "cache",
        size=IMAGE_SIDES[config.model],
        say=(lambda text: None) if options["quiet"] else print,
        quiet=options["quiet"],
    )
    config = check_same_data(config, checksum, options.get("resume"))

    runtime.prepare()
    from dcgan_v1.data.pipeline import Streamed
    from dcgan_v1.train import train

    return train(config, Streamed(read, count), **options)


def require_torch():
    """Raises UserError where PyTorch or its file format is not installed."""
    if not (find_spec("torch") and find_spec("safetensors")):
        raise UserError("this needs PyTorch: pip install -r requirements-torch.txt")


def main(run, made_parser, argv=None):
    """Parses, calls run(args) and exits with what it returns, 2 after a user's error.

    An OSError that nobody turned into a better sentence is one, too.
    """
    args = made_parser.parse_args(argv)
    try:
        for name, value in vars(args).items():
            if isinstance(value, str | Path):
                _refuse_unprintable(config_lib.option(name), str(value))
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
    except MemoryError as error:
        if args.debug:
            traceback.print_exc()
        print(
            f"error: not enough memory ({reason(error)}); ask for less", file=sys.stderr
        )
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _refuse_unprintable(name, value):
    if not value.strip() or not value.isprintable():
        raise UserError(f"{name} {value!r} is no usable value; give another one")
