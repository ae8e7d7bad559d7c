"""Converts a TF1 checkpoint to TF2, Keras or PyTorch, or such a one back, bit for bit.

Weights, averages, optimiser slots and step go over. Of the project's own systems by
themselves; of any other pair with the port, and a map that pairs them."""

from argparse import Namespace
from pathlib import Path

from dcgan_v1 import files, runtime
from dcgan_v1.commands import cli
from dcgan_v1.errors import UserError

OWN = ("tf1", "tf2", "keras", "torch")


def main(args: Namespace) -> int:
    out = Path(args.out)
    for path in (out, Path(f"{out}.index")):
        if path.exists():
            raise UserError(f"{path} is there already; choose another --out")
    if args.map or args.port or args.meta:
        return _of_any_pair(args, out)
    if args.to not in OWN:
        raise UserError(f"--to {args.to} is for a pair of yours: give --map and --port")
    if args.to == "torch" or args.checkpoint.endswith(".safetensors"):
        cli.require_torch()
    runtime.load()  # eager: TF2 and Keras need it
    from dcgan_v1.ports import convert

    if args.to == "tf1":
        model, count = convert.to_tf1(args.checkpoint, out)
    else:
        model, count = convert.from_tf1(args.checkpoint, args.to, out)
    print(f"wrote {count} variables of {model} to {out}")
    return 0


def _of_any_pair(args: Namespace, out: Path) -> int:
    if not (args.map and args.port):
        raise UserError("a pair of yours needs both --map and --port")
    if args.to in ("torch", "safetensors"):
        cli.require_torch()
    files.refuse_unwritable(out)
    from dcgan_v1.compare import Tf1, source_of
    from dcgan_v1.migration import conversion

    back = args.to == "tf1"
    meta = args.meta or f"{args.checkpoint}.meta"
    checkpoint = None if back else args.checkpoint
    if back and not args.meta:
        raise UserError("the way back needs --meta: the TF1 graph")
    old = source_of(Tf1(meta=meta, checkpoint=checkpoint, trust=args.trust))
    new = source_of(args.port)
    count = conversion.convert(old, new, args.map, args.to, out, args.checkpoint)
    print(f"wrote {count} arrays to {out}")
    return 0


def make_parser() -> cli.Parser:
    parser = cli.parser(__doc__)
    add = parser.add_argument
    add(
        "checkpoint",
        metavar="CHECKPOINT",
        help="a TF1 checkpoint or a run directory; or, to go back, what this script "
        "wrote: a .weights.h5, .keras or .safetensors file, the prefix of a "
        "tf.train.Checkpoint, or with --map its folder",
    )
    add(
        "--to",
        choices=(*OWN, "safetensors"),
        required=True,
        help="tf2: a tf.train.Checkpoint of the networks and the optimisers; keras: "
        "the combined model of mnist_keras as .keras or .weights.h5 by --out's name, "
        "with --map a .weights.h5 of each model and an .h5 of each optimiser; torch: "
        "state dicts, as .safetensors, with --map as .pt; safetensors: the same with "
        "--map; tf1: back",
    )
    add(
        "--out",
        required=True,
        metavar="PATH",
        help="path of the new checkpoint; with --map of a folder, or for tf1 a prefix",
    )
    add("--map", metavar="FILE", help="pairs the variables (scripts/compare.py writes it)")
    add("--port", metavar="NEW", help="port.py:new, with --map: the port")
    add("--meta", metavar="FILE", help="with --map: the TF1 graph (default: CHECKPOINT.meta)")
    add(
        "--trust",
        action="store_true",
        help="load a graph with ops that touch files or run Python (default off)",
    )
    return parser
