"""Writes a port of a TF1 graph to Keras, and proves it: networks and training step as code, both
sides for compare.py. Exits with 0 if the two compute the same function, with 1 if the port is
written but differs or is not proven, with 2 if it is not written."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dcgan_v1.commands import cli
from dcgan_v1.commands.compare import broken_off
from dcgan_v1.errors import UserError, reason

if TYPE_CHECKING:
    from dcgan_v1.migration.runners.tf1.runner import GraphRunner
    from dcgan_v1.migration.specs import Tf1

STEPS = 3


def main(args: argparse.Namespace) -> int:
    from dcgan_v1 import runtime
    from dcgan_v1.compare import compare, source_of
    from dcgan_v1.porting import patterns, writing

    writing.refuse_used(args.out)
    if unknown := sorted(set(args.without) - patterns.PATTERNS.keys()):
        raise UserError(f"--without {unknown[0]}: there are {', '.join(patterns.PATTERNS)}")
    if args.steps < 1:
        raise UserError(f"--steps must be at least 1, not {args.steps}")
    runtime.prepare()
    from dcgan_v1.migration.runners import worker
    from dcgan_v1.migration.runners.tf1.runner import GraphRunner
    from dcgan_v1.migration.specs import Tf1

    checkpoint = str(Path(args.checkpoint).resolve()) if args.checkpoint else None
    side = Tf1(meta=str(Path(args.meta).resolve()), checkpoint=checkpoint)
    runner = worker.open_runner(worker.Opening("tf1", source_of(side), "float32", 1))
    assert isinstance(runner, GraphRunner)
    texts = _texts(runner, side, args)
    writing.write(texts, args.out)
    print(f"wrote {args.out}")
    try:
        with broken_off():
            result = compare(
                side, f"{args.out / 'port.py'}:new", map=args.out / "map.toml", steps=args.steps
            )
    except UserError as error:
        print(f"written, but not proven: {error}", file=sys.stderr)
        return 1
    result.save(args.out)
    print(result.verdict)
    return 0 if result else 1


def _texts(runner: "GraphRunner", side: "Tf1", args: argparse.Namespace) -> dict[str, str]:
    """Returns name -> text of the port's files.

    Raises:
      UserError: the program holds what no port is written for.
    """
    from dcgan_v1.porting import writing
    from dcgan_v1.porting.reader import read

    more = f", checkpoint={json.dumps(side.checkpoint)}" if side.checkpoint else ""
    try:
        program = read(runner, frozenset(args.without))
        texts = writing.files(program, f"Tf1(meta={json.dumps(side.meta)}{more})")
    except UserError:
        raise
    except Exception as error:  # what the reader has no rule for yet
        raise UserError(
            f"nothing is written: write-port failed on {args.meta}, a fault of its own "
            f"({type(error).__name__}: {reason(error, 120)}); please report it"
        ) from error
    for line in program.left_out:
        print(f"note: {line}")
    return texts


def make_parser() -> cli.Parser:
    parser = cli.parser(__doc__)
    add = parser.add_argument
    add("--meta", metavar="FILE", required=True, help="the TF1 graph: model.ckpt.meta")
    add("--checkpoint", metavar="PATH", help="values to start from: model.ckpt")
    add("--to", choices=("keras",), default="keras", help="the framework (default %(default)s)")
    add("--out", type=cli.path, required=True, metavar="DIR", help="the new folder")
    add("--steps", type=int, default=STEPS, metavar="K", help="of the proof (default %(default)s)")
    add(
        "--without",
        action="append",
        default=[],
        metavar="PATTERN",
        help="leave a pattern out: what it knows is spelled op by op (may be given again)",
    )
    return parser
