"""Trains the classifier of digits whose features evaluate.py compares samples by."""

import argparse
from pathlib import Path

from dcgan_v1 import files, runtime
from dcgan_v1.commands import cli, options
from dcgan_v1.data import mnist
from dcgan_v1.errors import UserError
from dcgan_v1.systems import MnistTutorialConfig


def main(args: argparse.Namespace) -> None:
    if args.epochs < 1 or args.seed < 0:
        raise UserError("--epochs must be at least 1 and --seed at least 0")
    files.refuse_unwritable(Path(f"{args.out}.index"))
    where = (args.data_dir or "", args.split or "")
    digits = mnist.load(*where, say=print)
    test = mnist.load(*where, part="t10k")
    runtime.prepare(keras=False)
    from dcgan_v1.metrics import classifier

    if max(digits.labels.max(), test.labels.max()) >= classifier.CLASSES:
        raise UserError(
            f"the labels go up to {digits.labels.max()}; the classifier knows "
            f"{classifier.CLASSES} classes, from 0 on: choose another --split or data"
        )

    accuracy = classifier.train(
        digits, test, Path(args.out), epochs=args.epochs, seed=args.seed, device=args.device
    )
    print(f"wrote {args.out}: {accuracy:.2%} of {len(test.labels)} test digits right")


def make_parser() -> cli.Parser:
    parser = cli.parser(__doc__)
    add = parser.add_argument
    add(
        "--epochs",
        type=int,
        default=12,
        metavar="N",
        help="how often each digit is seen (default %(default)s)",
    )
    add(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="of initial values, dropout and order (default %(default)s)",
    )
    options.add_settings(parser, [MnistTutorialConfig], "data_dir", "split")
    parser.set_defaults(data_dir="", split="")
    options.add_device_option(parser)
    add(
        "--out",
        default="runs/mnist_classifier/model",
        metavar="PATH",
        help="path of the checkpoint (default %(default)s)",
    )
    return parser
