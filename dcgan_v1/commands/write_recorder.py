"""Writes a recorder as one file, to be taken to where an old program or a port runs.

`--of tf1` runs beside TensorFlow 1.4 to 1.15 and 2, `--of port` beside PyTorch, Keras or TF2.
Neither needs this project there."""

import argparse
from pathlib import Path

from dcgan_v1 import files
from dcgan_v1.commands import cli

STARTS = {
    "tf1": "--record rec --steps 10 main.py its own arguments",
    "port": "--record rec --steps 3 train.py its own arguments",
}


def main(args: argparse.Namespace) -> int:
    from dcgan_v1.migration.recordings import recorder_file

    files.write({args.file: recorder_file.text(f"{args.of}_recorder").encode()})
    print(f"written: {args.file}; where the program is: python {args.file.name} {STARTS[args.of]}")
    return 0


def make_parser() -> cli.Parser:
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--of",
        required=True,
        choices=tuple(STARTS),
        help="what it records: a TF1 program, or a port",
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="the file that is written")
    return parser
