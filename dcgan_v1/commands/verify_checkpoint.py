"""Shows what is in a checkpoint and whether it is damaged.

Checks every file against the manifest and reads every array. Exits with 1 if it is damaged, with 0
if not."""

import argparse
from collections.abc import Mapping
from typing import Any

import numpy as np

from dcgan_v1 import runtime
from dcgan_v1.commands import cli
from dcgan_v1.errors import UserError


def main(args: argparse.Namespace) -> int:
    runtime.prepare(keras=False)
    from dcgan_v1.checkpoints import finding, manifest, reading

    prefix = finding.resolve(args.checkpoint, (lambda text: None) if args.quiet else print)
    wrong = manifest.damage(prefix)
    tensors: dict[str, np.ndarray] = {}
    try:
        tensors = reading.tensors(prefix)  # TensorFlow compares its own checksums
        about = manifest.manifest_of(prefix)
    except UserError as error:
        wrong, about = wrong or str(error), None
    if not args.quiet:
        show(prefix, tensors, about)
    not_finite = reading.not_finite(tensors)
    if not_finite and not wrong:
        wrong = f"{not_finite[0]} holds a NaN or an infinity ({len(not_finite)} do)"
    print(f"damaged: {wrong}" if wrong else "sound")
    return 1 if wrong else 0


def show(prefix: str, tensors: Mapping[str, np.ndarray], about: dict[str, Any] | None) -> None:
    """Prints what is in a checkpoint.

    Args:
      prefix: its path.
      tensors: its arrays by name.
      about: its manifest.
    """
    size = sum(array.nbytes for array in tensors.values())
    print(f"{prefix}: {len(tensors)} arrays, {size / 1e6:.1f} MB")
    if about is None:
        print("no manifest: the files were not written by a run of this project")
    else:
        print(f"{about.get('model')!s:.40}, step {about['step']}")
        for name, sha256 in about["files"].items():
            print(f"  {name}  SHA-256 {sha256}")
    for name, array in sorted(tensors.items()):
        print(f"  {name}  {array.dtype} {list(array.shape)}")


def make_parser() -> cli.Parser:
    parser = cli.parser(__doc__)
    parser.add_argument(
        "checkpoint",
        metavar="PATH",
        help="a checkpoint, one of its files, or a run directory (its newest is taken)",
    )
    parser.add_argument("--quiet", action="store_true", help="the verdict alone (default off)")
    return parser
