"""Writes a checkpoint for others: the networks alone, or all of it for the original TF1 script.

Of G the averaged weights are written where a run kept them. --legacy writes everything in the
names of the original script, which can then restore it."""

import argparse
from pathlib import Path

from dcgan_v1 import runtime, systems
from dcgan_v1.commands import cli
from dcgan_v1.errors import UserError


def main(args: argparse.Namespace) -> None:
    count, model = export(args.checkpoint, Path(args.out), args.legacy)
    print(f"wrote {count} variables of {model} to {args.out}")


def export(source: str | Path, out: Path, in_original_names: bool = False) -> tuple[int, str]:
    """Writes a checkpoint of ours as another one. Returns (number of variables, system).

    Args:
      source: its path, see `open_checkpoint`.
      out: the new checkpoint's prefix.
      in_original_names: all of it, in the original script's names.

    Raises:
      UserError: it is not one of ours, or lacks what the original script restores.
    """
    runtime.prepare(keras=False)
    from dcgan_v1.checkpoints import original_names, reading
    from dcgan_v1.checkpoints.checkpoint import open_checkpoint
    from dcgan_v1.nn import averaging, optimizers

    checkpoint = open_checkpoint(source, print)
    model = checkpoint.model
    if not model or checkpoint.is_original:
        raise UserError(
            f"{source} holds the variables of none of our systems "
            f"({', '.join(systems.SYSTEMS)}); give a checkpoint that this project wrote"
        )
    if Path(f"{out}.index").exists():
        raise UserError(f"--out {out} is there already; choose another path")
    tensors = reading.tensors(checkpoint.prefix)
    if in_original_names:
        tensors = {n: t for n, t in tensors.items() if not averaging.is_average(n)}
        names = original_names.names(model, tensors)
        if missing := original_names.missing(model, names.values()):
            raise UserError(
                f"{source} lacks {len(missing)} variables that the original "
                f"script restores ({missing[0]}, ...); give a checkpoint of a training "
                "run"
            )
    else:
        tensors = averaging.in_place(tensors)
        names = {n: n for n in tensors if not optimizers.is_optimizer_variable(n)}
    reading.write(out, {names[name]: tensors[name] for name in names})
    return len(names), model


def make_parser() -> cli.Parser:
    parser = cli.parser(__doc__)
    parser.add_argument(
        "checkpoint",
        metavar="CHECKPOINT",
        help="a checkpoint's path, or a run directory (its newest is taken)",
    )
    parser.add_argument("--out", required=True, metavar="PATH", help="path of the new checkpoint")
    parser.add_argument(
        "--legacy",
        action="store_true",
        help="all variables and slots, in the original script's names "
        "(default: the networks alone, in ours)",
    )
    return parser
