"""Writes a checkpoint for others: the networks alone (of G the averaged weights where a
run kept them), or all of it in the names of the original TF1 script (--legacy), so that
the old script can restore it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1 import cli, runtime
from dcgan_v1.errors import UserError
from dcgan_v1.models import MODELS


def main(args):
    runtime.prepare()
    from dcgan_v1 import averaging, checkpoints, legacy, optimizers

    tensors = checkpoints.tensors(checkpoints.resolve(args.checkpoint))
    owners = [m for m in MODELS if any(name.startswith(f"{m}/") for name in tensors)]
    if len(owners) != 1:
        raise UserError(
            f"{args.checkpoint} holds the variables of none of our systems "
            f"({', '.join(MODELS)}); give a checkpoint that this project wrote"
        )
    out = Path(args.out)
    if not args.out.strip():
        raise UserError("--out is empty; give the path of the new checkpoint")
    if Path(f"{out}.index").exists():
        raise UserError(f"--out {out} is there already; choose another path")
    if args.legacy:
        tensors = {n: t for n, t in tensors.items() if not averaging.is_average(n)}
        names = legacy.names(owners[0], tensors)
        missing = legacy.missing(owners[0], names.values())
        if missing:
            raise UserError(
                f"{args.checkpoint} lacks {len(missing)} variables that the original "
                f"script restores ({missing[0]}, ...); give a checkpoint of a training "
                "run"
            )
    else:
        tensors = averaging.in_place(tensors)
        names = {n: n for n in tensors if not optimizers.is_optimizers(n)}
    checkpoints.write(out, {names[name]: tensors[name] for name in names})
    print(f"wrote {len(names)} variables of {owners[0]} to {out}")


def make_parser():
    parser = cli.parser(__doc__)
    parser.add_argument(
        "checkpoint",
        metavar="CHECKPOINT",
        help="a checkpoint's path, or a run directory (its newest is taken)",
    )
    parser.add_argument(
        "--out", required=True, metavar="PATH", help="path of the new checkpoint"
    )
    parser.add_argument(
        "--legacy",
        action="store_true",
        help="all variables and slots, in the original script's names "
        "(default: the networks alone, in ours)",
    )
    return parser


if __name__ == "__main__":
    cli.main(main, make_parser())
