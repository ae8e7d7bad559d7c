"""Runs a TF1 program or notebook as it is on today's TensorFlow; records it if asked to.

Running a program runs whatever it says, at your own risk."""

from __future__ import annotations

import argparse
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from dcgan_v1 import distributed
from dcgan_v1.commands import cli
from dcgan_v1.errors import UserError

if TYPE_CHECKING:
    from dcgan_v1.migration.programs.program import Program
    from dcgan_v1.migration.recordings.tf1_recorder.recorder import Recorder


def main(args: argparse.Namespace) -> None:
    from dcgan_v1.migration.programs import running

    try:
        _run(args)
        code = 0
    except UserError as error:
        if not running.others_alive():
            raise
        if args.debug:
            traceback.print_exc()
        print(f"error: {error}", file=sys.stderr)
        code = 2
    if running.others_alive():  # threads of the program's, which nobody stops any more
        distributed.leave(code)


def _run(args: argparse.Namespace) -> None:
    from dcgan_v1.migration.programs import running, workplace

    settings = dict(_setting(text) for text in args.set)
    if args.steps and args.whole_steps:
        raise UserError("--steps and --whole-steps say the same; give one")
    if args.record and not (args.steps or args.whole_steps):
        raise UserError("--record needs --steps: how many training runs to record")
    python = int(args.python) if args.python else None
    folder = args.run_dir or workplace.default(args.program.resolve())
    for option, place in (("--run-dir", folder), ("--record", args.record)):
        if place and place.exists() and not place.is_dir():
            raise UserError(f"{option} {place} is a file, not a directory")
    program, recorder = running.run(
        args.program,
        args.arguments,
        folder=folder,
        data_dirs=args.data_dir,
        steps=args.steps,
        record=args.record,
        settings=settings,
        python=python,
        whole_steps=args.whole_steps,
    )
    if args.record and not recorder.finish():
        raise UserError(f"{args.program} ended before any training run: no recording")
    _report(args, program, recorder, folder)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise UserError(f"--set {text!r}: write it as NAME=VALUE")
    return name, value


def _report(args: argparse.Namespace, program: Program, recorder: Recorder, folder: Path) -> None:
    from dcgan_v1.migration.programs.facade import USED
    from dcgan_v1.migration.runners.tf1.reading import races

    losses = ", ".join(f"{x:.6g}" for x in recorder.losses)
    last = f"; the last one fetched {losses}" if losses else ""
    print(f"\n{args.program}: {recorder.trained} training runs{last}")
    print(f"what it wrote is in {folder}")
    if program.is_python2:
        print("read as Python 2 (--python 3 to read it as Python 3)")
    if args.record:
        print(f"recorded in {args.record}")
        for line in races.of_program([(call.ops, call.modes) for call in recorder.calls]):
            print(line)
        if args.steps and recorder.trained < args.steps:
            print(f"{args.steps} were asked for: the program ended before")
    same = sorted(name for name, how in USED.items() if not how)
    if same:
        print(f"supplied: {', '.join(same)}")
    for name, how in sorted(USED.items()):
        if how:
            print(f"supplied, and not quite what it was: {name}: {how}")


def make_parser() -> cli.Parser:
    parser = cli.parser(__doc__)
    parser.add_argument("program", type=cli.path, help="its main .py, or an .ipynb")
    parser.add_argument(
        "arguments", nargs=argparse.REMAINDER, help="what the program itself is given"
    )
    parser.add_argument(
        "--steps",
        type=_count,
        metavar="N",
        help="stop after N training runs (default: when the program ends)",
    )
    parser.add_argument(
        "--whole-steps",
        type=_count,
        metavar="N",
        help="stop after N whole steps: all runs until the first kind comes again behind another "
        "that trains",
    )
    parser.add_argument(
        "--data-dir",
        type=cli.path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="MNIST's files, or a folder of faces; may be given more than once. They "
        "are shown where programs look for them (MNIST_data/, data/celebA/, ...)",
    )
    parser.add_argument(
        "--run-dir",
        type=cli.path,
        metavar="FOLDER",
        help="where the program runs and writes (default runs/legacy/<program>-…)",
    )
    parser.add_argument(
        "--record",
        type=cli.path,
        metavar="FOLDER",
        help="write graph, weights, feeds, draws, losses, gradients of --steps "
        "training runs: what scripts/compare.py takes as Tf1(recording=FOLDER)",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="give a top-level assignment of the program another value, a Python expression; where "
        "a text stood, bare words are one, too",
    )
    parser.add_argument(
        "--python", choices=("2", "3"), help="the language of the sources (default: found out)"
    )
    return parser


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
