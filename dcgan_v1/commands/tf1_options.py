"""The options that name a TF1 side, of `compare` and `write_port`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcgan_v1.commands import cli
from dcgan_v1.config.setting import option
from dcgan_v1.errors import UserError

if TYPE_CHECKING:
    from dcgan_v1.migration.specs import Tf1

SOURCES = ("meta", "saved_model", "frozen", "recording", "program")
OF_PROGRAM = ("arguments", "data_dir", "set", "keep_recording")


def named_old(args: argparse.Namespace, recording: Path | None) -> Tf1:
    """Returns the TF1 side that the options of `add_old` name.

    Args:
      args: of a parser that has them.
      recording: the folder that is meant by --recording, or that --program was recorded into.
    """
    from dcgan_v1.migration.specs import Tf1

    return Tf1(
        meta=args.meta,
        saved_model=args.saved_model,
        frozen=args.frozen,
        recording=str(recording) if recording else None,
        checkpoint=args.checkpoint,
        libraries=tuple(args.library),
        trust=args.trust,
    )


def sources(args: argparse.Namespace) -> dict[str, Any]:
    """Returns option -> value of those that say where the TF1 side is."""
    return {option(n): getattr(args, n) for n in SOURCES if getattr(args, n)}


def refuse_sources(args: argparse.Namespace, old: str | None) -> None:
    """Refuses what names the TF1 side more than once, or says more of it than there is.

    Args:
      args: of a parser that has the options of `add_old`.
      old: the function that stands in their place, if there is one.

    Raises:
      UserError: something is too many.
    """
    options = [*sources(args), *(["OLD"] if old else [])]
    if len(options) > 1:
        raise UserError(f"{' and '.join(options)} each name the TF1 side: give one of them")
    if old and args.checkpoint:
        raise UserError("OLD says where the TF1 side is: leave --checkpoint to its Tf1(…)")
    others = [option(n) for n in OF_PROGRAM if getattr(args, n, None)]
    if others and not args.program:
        raise UserError(f"{' and '.join(others)}: only with --program")


def add_old(parser: argparse.ArgumentParser) -> None:
    """Adds where the TF1 side is, and how it is opened."""
    add = parser.add_argument
    add("--meta", metavar="FILE", help="the TF1 graph: model.ckpt.meta")
    add("--saved-model", metavar="DIR", help="the TF1 graph: a SavedModel of TF1's")
    add("--frozen", metavar="FILE", help="the TF1 graph: frozen, forward pass only")
    add(
        "--recording",
        type=cli.path,
        metavar="DIR",
        help="the TF1 program as run_legacy.py or the recorder wrote it down; without "
        "NEW it is only replayed: how far the TensorFlow it was made on is from this",
    )
    add(
        "--program",
        type=cli.path,
        metavar="FILE",
        help="the TF1 program itself: it is run, and recorded for --steps whole steps",
    )
    add(
        "--arguments",
        metavar="TEXT",
        help='what the program is given, in one text: "--dataset mnist --train"',
    )
    add(
        "--data-dir",
        type=cli.path,
        action="append",
        default=[],
        metavar="DIR",
        help="see run_legacy.py; and --set",
    )
    add(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="give a top-level assignment of the program another value",
    )
    add(
        "--library",
        action="append",
        default=[],
        metavar="FILE",
        help="registers ops that the graph needs (may be given again)",
    )
    add(
        "--trust",
        action="store_true",
        help="run a graph that holds ops which touch files or run Python (default off)",
    )
