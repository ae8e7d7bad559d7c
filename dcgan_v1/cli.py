"""What the scripts share: options, error lines, exit codes. Loads no TensorFlow."""

import argparse
import dataclasses
import os
import sys
import traceback

from dcgan_v1.config import Config
from dcgan_v1.errors import UserError
from dcgan_v1.runtime import DEVICES

SETTINGS = {  # setting of Config -> (its type or choices, help)
    "steps": (int, "steps of D and G, after pre-training"),
    "pretrain_steps": (int, "steps of D alone at the beginning"),
    "batch_size": (int, "images per step"),
    "seed": (int, "of everything random: initial values, data order, noise"),
    "validation": (int, "images at the data's start that are not trained on"),
    "save_every": (int, "steps between checkpoints"),
    "keep": (int, "newest checkpoints kept"),
    "sample_every": (int, "steps between sample grids"),
    "summary_every": (int, "steps between lines in metrics.csv and TensorBoard"),
    "sample_bn": (("batch", "ema"), "batch norm of the samples: statistics of the "
                  "batch itself, or moving averages"),
    "histograms": (bool, "histograms of the weights in TensorBoard"),
    "device": (DEVICES, "auto takes a GPU where there is one"),
}  # fmt: skip


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments."""

    def error(self, message):
        self.exit(2, f"error: {message} (see --help)\n")


def parser(description):
    made = Parser(description=description, allow_abbrev=False)
    made.add_argument("--debug", action="store_true", help="show tracebacks of errors")
    return made


def add_settings(group, names, **defaults):
    """Adds options for settings of Config; one not given is absent from the result.

    Args:
      defaults: those that differ from Config's own, for the help text.
    """
    own = {f.name: f.default for f in dataclasses.fields(Config)}
    for name in names:
        kind, text = SETTINGS[name]
        default = defaults.get(name, own[name])
        options = {"default": argparse.SUPPRESS, "help": f"{text} (default {default})"}
        if kind is bool:
            options.update(action="store_true", help=f"{text} (default off)")
        elif kind is int:
            options.update(type=int, metavar="N")
        else:
            options.update(choices=kind)
        group.add_argument("--" + name.replace("_", "-"), **options)


def add_run_options(group, default_dir):
    """Adds where a run lies and how one that is there is treated."""
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
        help="continue the run in --run-dir, with the settings it was made with; with "
        "PATH begin a new run from that checkpoint (ours, or the original script's)",
    )
    group.add_argument(
        "--restart",
        action="store_true",
        help="move a run that is in --run-dir aside and begin anew",
    )
    group.add_argument("--quiet", action="store_true", help="print errors only")


def given(args):
    """Returns the settings of Config that were given on the command line."""
    return {name: value for name, value in vars(args).items() if name in SETTINGS}


def main(run, made_parser, argv=None):
    """Parses, calls run(args) and exits with what it returns, 2 after a UserError."""
    args = made_parser.parse_args(argv)
    try:
        sys.exit(run(args) or 0)
    except UserError as error:
        if args.debug:
            traceback.print_exc()
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output has gone: not an error of ours
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
