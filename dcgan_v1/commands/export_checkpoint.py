"""Writes a checkpoint for others: the networks alone (of G the averaged weights where a
run kept them), or all of it in the names of the original TF1 script (--legacy), so that
the old script can restore it."""

from pathlib import Path

from dcgan_v1 import runtime, systems
from dcgan_v1.commands import cli
from dcgan_v1.errors import UserError


def main(args):
    count, model = export(args.checkpoint, Path(args.out), args.legacy)
    print(f"wrote {count} variables of {model} to {args.out}")


def export(checkpoint, out, legacy_names=False):
    """Writes a checkpoint of ours anew. Returns (number of variables, system).

    Args:
      checkpoint: see `finding.resolve`.
      out: Path, the new checkpoint's prefix.
      legacy_names: all of it, in the original script's names.
    """
    runtime.prepare()
    from dcgan_v1.checkpoints import finding, original_names, reading
    from dcgan_v1.nn import averaging, optimizers

    tensors = reading.tensors(finding.resolve(checkpoint, print))
    owners = [
        model for model in systems.SYSTEMS if any(name.startswith(f"{model}/") for name in tensors)
    ]
    if len(owners) != 1:
        raise UserError(
            f"{checkpoint} holds the variables of none of our systems "
            f"({', '.join(systems.SYSTEMS)}); give a checkpoint that this project wrote"
        )
    (model,) = owners
    if Path(f"{out}.index").exists():
        raise UserError(f"--out {out} is there already; choose another path")
    if legacy_names:
        tensors = {n: t for n, t in tensors.items() if not averaging.is_average(n)}
        names = original_names.names(model, tensors)
        missing = original_names.missing(model, names.values())
        if missing:
            raise UserError(
                f"{checkpoint} lacks {len(missing)} variables that the original "
                f"script restores ({missing[0]}, ...); give a checkpoint of a training "
                "run"
            )
    else:
        tensors = averaging.in_place(tensors)
        names = {n: n for n in tensors if not optimizers.is_optimizer_variable(n)}
    reading.write(out, {names[name]: tensors[name] for name in names})
    return len(names), model


def make_parser():
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
