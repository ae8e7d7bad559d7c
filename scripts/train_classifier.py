"""Trains the judge of MNIST samples that evaluate.py reads its features from."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1 import cli, options, outputs, runtime
from dcgan_v1.data import mnist
from dcgan_v1.errors import UserError


def main(args):
    if args.epochs < 1 or args.seed < 0:
        raise UserError("--epochs must be at least 1 and --seed at least 0")
    outputs.refuse_unwritable(Path(f"{args.out}.index"))
    data_dir = args.data_dir or ""
    train, test = mnist.load(data_dir), mnist.load(data_dir, "t10k")
    runtime.prepare()
    from dcgan_v1.metrics.train_classifier import train_classifier

    accuracy = train_classifier(
        train,
        test,
        Path(args.out),
        epochs=args.epochs,
        seed=args.seed,
        device=args.device,
    )
    print(f"wrote {args.out}: {accuracy:.2%} of {len(test.labels)} test digits right")


def make_parser():
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
    add("--data-dir", metavar="DIR", help=options.HELP["data_dir"])
    add(
        "--device", choices=runtime.DEVICES, default="auto", help=options.HELP["device"]
    )
    add(
        "--out",
        default="runs/mnist_classifier/model",
        metavar="PATH",
        help="path of the checkpoint (default %(default)s)",
    )
    return parser


if __name__ == "__main__":
    cli.main(main, make_parser())
