"""The options of the commands that measure samples."""

import argparse

from dcgan_v1.errors import UserError


def add(parser: argparse.ArgumentParser, n: int) -> None:
    """Adds how many samples are measured (default n), with what and against what."""
    parser.add_argument(
        "--n",
        type=int,
        default=n,
        metavar="N",
        help="samples, at most MNIST's 10000 test images or half of a folder's images "
        "(default %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="of the noise and of which real images (default %(default)s)",
    )
    parser.add_argument(
        "--data", metavar="PATH", help="the training images (default: those the run names)"
    )
    parser.add_argument(
        "--split", metavar="NAME", help="which of EMNIST's data sets, where --data holds several"
    )


def add_classifier(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--classifier",
        metavar="PATH",
        help="the classifier of MNIST samples (default pretrained/mnist_classifier)",
    )


def check(args: argparse.Namespace) -> None:
    """Raises UserError for values that the options cannot take."""
    from dcgan_v1.metrics.real_images import MIN_IMAGES  # takes longer than --help may

    if args.n < MIN_IMAGES:
        raise UserError(f"--n must be at least {MIN_IMAGES}: fewer samples say nothing")
    if args.seed < 0:
        raise UserError("--seed must be at least 0")
