"""Writes a port of a TF1 program, and proves that it computes the same function.

Writes networks and training step as code that is meant to be kept, the checkpoint's weights, a
program that trains, and both sides for compare.py. Exits with 0 if the two compute the same
function, with 1 if the port is written but differs or is not proven, with 2 if none is written."""

from __future__ import annotations

import argparse
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from dcgan_v1.commands import cli, record_tf1, tf1_options
from dcgan_v1.commands.compare import broken_off
from dcgan_v1.errors import UserError, how_to_install, reason

if TYPE_CHECKING:
    from dcgan_v1.porting.description import Program
    from dcgan_v1.porting.text.writing import Port

STEPS = 3
TARGETS = ("keras", "torch", "tf2")


def main(args: argparse.Namespace) -> int:
    from dcgan_v1.porting.patterns import layers as patterns
    from dcgan_v1.porting.text import writing

    writing.refuse_used(args.out)
    if unknown := sorted(set(args.without) - patterns.PATTERNS.keys()):
        raise UserError(f"--without {unknown[0]}: there are {', '.join(patterns.PATTERNS)}")
    if args.steps < 1:
        raise UserError(f"--steps must be at least 1, not {args.steps}")
    if args.to == "torch" and not find_spec("torch"):
        raise UserError(f"--to torch needs PyTorch: {how_to_install('torch')}")
    if not (args.old or tf1_options.sources(args)):
        raise UserError("name the original: OLD, --program FILE, --recording DIR or --meta FILE")
    tf1_options.refuse_sources(args, args.old)
    with tempfile.TemporaryDirectory(prefix="write_port_") as folder:
        port = _port(args, Path(folder))
        port.write(args.out)
    for line in port.program.left_out:
        print(f"note: {line}")
    if not port.program.stages:
        print("note: the graph has no training step: the networks alone are written")
    print(f"wrote {args.out}")
    return _prove(port, args)


def _port(args: argparse.Namespace, folder: Path) -> Port:
    """Reads the original and makes its port, of which nothing is written yet.

    Args:
      args: of the command.
      folder: for what is made on the way.

    Raises:
      UserError: the original cannot be read, or holds what no port is written for.
    """
    from dcgan_v1 import runtime

    if args.program:
        record_tf1.record(args, folder / "recording", folder / "run")
        args.trust = True  # it has run just now
    runtime.prepare()
    from dcgan_v1.migration.matching import map_file
    from dcgan_v1.porting import originals
    from dcgan_v1.porting.text import writing

    map_ = map_file.read(args.map) if args.map else map_file.Map()
    recording = folder / "recording" if args.program else args.recording
    old = None if args.old else tf1_options.named_old(args, recording)
    tf1 = old or originals.of_function(args.old)
    name = str(args.program or args.old or "")
    runner, original = originals.open_original(tf1, map_, name)
    if args.program:
        original = originals.with_recording(original, folder / "recording")
    try:
        return writing.port_of(
            runner, original, to=args.to, without=frozenset(args.without), map_=(map_, args.map)
        )
    except UserError:
        raise
    except Exception as error:  # what the reader has no rule for yet
        if args.debug:
            raise
        raise UserError(
            f"nothing is written: write-port failed on {original.name}, a fault of its own "
            f"({type(error).__name__}: {reason(error, 120)}); please report it"
        ) from error


def _prove(port: Port, args: argparse.Namespace) -> int:
    """Compares the two, and completes the port with what comes of it; returns the exit code."""
    from dcgan_v1.compare import compare
    from dcgan_v1.porting.folder import weights

    old, new = port.original.side(args.out), f"{args.out}/port.py:new"
    result, verdict = None, ""
    try:
        with broken_off():
            result = compare(
                old,
                new,
                map=args.out / "map.toml",
                steps=args.steps,
                trust=args.trust,
                title=(port.original.name, str(args.out)),
            )
    except UserError as error:
        verdict = f"not proven: {error}"
        print(f"written, but {verdict}", file=sys.stderr)
    if result is not None:
        verdict = result.verdict
        result.save(args.out)
        (args.out / "map.toml").write_text(result.map, encoding="utf-8")
        if port.has_values:
            weights.convert(old, new, args.out, args.to)
    left = [] if port.program.stages else _not_called(port.program)
    if result is not None and left:
        verdict += f"\nnot compared: {', '.join(left)}: called with what another network makes"
    port.complete(args.out, verdict)
    if result is not None:
        print(verdict)
    return 0 if result and not left else 1


def _not_called(program: Program) -> list[str]:
    """Returns the networks that are called with more than inputs of the program."""
    from dcgan_v1.porting.folder import sides

    names = sides.forward_of(program)
    return [n.name for n in program.networks if n.name not in names]


def make_parser() -> cli.Parser:
    parser = cli.parser(__doc__)
    add = parser.add_argument
    add(
        "old",
        nargs="?",
        metavar="OLD",
        help="the TF1 program: file.py:function, which builds it or returns a Tf1(…); or one of "
        "--meta, --saved-model, --frozen, --recording and --program in its place",
    )
    tf1_options.add_old(parser)
    add("--checkpoint", metavar="PATH", help="values to start from: model.ckpt")
    add("--to", choices=TARGETS, default="keras", help="the framework (default %(default)s)")
    add("--out", type=cli.path, required=True, metavar="DIR", help="the new folder")
    add(
        "--map",
        metavar="FILE",
        help="a map file: modes and runs of the step, names of inputs, optimisers, networks and "
        "layers, where what is read off the graph is to be put right",
    )
    add("--steps", type=int, default=STEPS, metavar="K", help="of the proof (default %(default)s)")
    add(
        "--without",
        action="append",
        default=[],
        metavar="PATTERN",
        help="leave a pattern out: what it knows is spelled op by op (may be given again)",
    )
    return parser
