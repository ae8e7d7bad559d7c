"""Writes a port of a TF1 program to Keras, and proves it: networks and training step as code, both
sides for compare.py. Exits with 0 if the two compute the same function, with 1 if the port is
written but differs, with 2 if it is not written."""

import argparse
from pathlib import Path

from dcgan_v1.commands import cli
from dcgan_v1.commands.compare import broken_off
from dcgan_v1.errors import UserError

STEPS = 3


def main(args: argparse.Namespace) -> int:
    from dcgan_v1 import runtime
    from dcgan_v1.compare import compare
    from dcgan_v1.porting import writing

    writing.refuse_used(args.out)
    if sum(bool(x) for x in (args.meta, args.old)) != 1:
        raise UserError("name the program: OLD (file.py:function) or --meta FILE")
    runtime.prepare()
    from dcgan_v1.migration.runners import worker
    from dcgan_v1.migration.runners.tf1.runner import GraphRunner
    from dcgan_v1.migration.specs import Tf1
    from dcgan_v1.porting.reader import read

    if args.meta:
        fields = {"meta": str(Path(args.meta).resolve())}
        if args.checkpoint:
            fields["checkpoint"] = str(Path(args.checkpoint).resolve())
        side: Tf1 | str = Tf1(**fields)  # type: ignore[arg-type]  # its own fields, by name
        text = f"Tf1({', '.join(f'{k}={v!r}' for k, v in fields.items())})"
    else:
        side, text = args.old, ""
    from dcgan_v1.compare import source_of

    opening = worker.Opening("tf1", source_of(side), "float32", 1)
    runner = worker.open_runner(opening)
    assert isinstance(runner, GraphRunner)
    program = read(runner, frozenset(args.without))
    writing.write(writing.files(program, text or "None"), args.out)
    print(f"wrote {args.out}")
    with broken_off():
        result = compare(
            side, f"{args.out / 'port.py'}:new", map=args.out / "map.toml", steps=args.steps
        )
    result.save(args.out)
    print(result.verdict)
    return 0 if result else 1


def make_parser() -> cli.Parser:
    parser = cli.parser(__doc__)
    add = parser.add_argument
    add("old", nargs="?", metavar="OLD", help="port.py:old, a function that returns a Tf1(…)")
    add("--meta", metavar="FILE", help="the TF1 graph: model.ckpt.meta")
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
