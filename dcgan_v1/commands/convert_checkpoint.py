"""Turns a TF1 checkpoint into one of TF2, Keras or PyTorch, or such a one back into a
TF1 checkpoint: weights, averages, optimiser slots and step, bit for bit."""

from pathlib import Path

from dcgan_v1 import runtime
from dcgan_v1.commands import cli
from dcgan_v1.errors import UserError


def main(args):
    out = Path(args.out)
    for path in (out, Path(f"{out}.index")):
        if path.exists():
            raise UserError(f"{path} is there already; choose another --out")
    if args.to == "torch" or args.checkpoint.endswith(".safetensors"):
        cli.require_torch()
    runtime.load()  # eager: TF2 and Keras need it
    from dcgan_v1.ports import convert

    if args.to == "tf1":
        model, count = convert.to_tf1(args.checkpoint, out)
    else:
        model, count = convert.from_tf1(args.checkpoint, args.to, out)
    print(f"wrote {count} variables of {model} to {out}")


def make_parser():
    parser = cli.parser(__doc__)
    parser.add_argument(
        "checkpoint",
        metavar="CHECKPOINT",
        help="a TF1 checkpoint or a run directory; or, to go back, a .weights.h5, "
        ".keras or .safetensors file or the prefix of a tf.train.Checkpoint that this "
        "script wrote",
    )
    parser.add_argument(
        "--to",
        choices=("tf1", "tf2", "keras", "torch"),
        required=True,
        help="tf2: a tf.train.Checkpoint of both networks and the optimisers; keras: "
        "the combined model of mnist_keras, as .keras or .weights.h5 by --out's name; "
        "torch: state dicts as .safetensors; tf1: back",
    )
    parser.add_argument(
        "--out", required=True, metavar="PATH", help="path of the new checkpoint"
    )
    return parser
