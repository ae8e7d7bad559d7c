"""The options that scripts share, from the settings of the configs."""

import argparse

from dcgan_v1 import config as config_lib
from dcgan_v1.config import CHOICES, CONFIGS
from dcgan_v1.errors import UserError
from dcgan_v1.runtime import DEVICES

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
    "deterministic": "the same bits whatever the number of cores",
    "device": "auto takes a GPU where there is one",
}


LEAST_JUDGED = 200  # images, under which the figures of quality say nothing
METAVARS = {int: "N", float: "X"}
RECIPE = (  # settings beyond the sources, for better samples (docs/quality.md)
    "d_learning_rate",
    "g_learning_rate",
    "beta1",
    "label_smoothing",
    "ema_decay",
)


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


def add_drawing_options(parser):
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


def add_judging_options(parser, n):
    """Adds how many samples are measured (default n), with what and against what."""
    add = parser.add_argument
    add(
        "--n",
        type=int,
        default=n,
        metavar="N",
        help="samples, at most MNIST's 10000 test images or half of a folder's images "
        "(default %(default)s)",
    )
    add(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="of the noise and of which real images (default %(default)s)",
    )
    add(
        "--data",
        metavar="PATH",
        help="the training images (default: those the run names)",
    )


def add_classifier_option(parser):
    parser.add_argument(
        "--classifier",
        metavar="PATH",
        help="the judge of MNIST samples (default pretrained/mnist_classifier)",
    )


def check_judging(args):
    """Raises UserError for values that `add_judging_options` cannot mean."""
    if args.n < LEAST_JUDGED:
        raise UserError(
            f"--n must be at least {LEAST_JUDGED}: fewer samples say nothing"
        )
    if args.seed < 0:
        raise UserError("--seed must be at least 0")
