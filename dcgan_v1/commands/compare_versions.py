"""Two recordings of one program, made on two versions of its framework, as `compare` takes them."""

import argparse
from pathlib import Path

from dcgan_v1.commands.compare import SOURCES, broken_off
from dcgan_v1.config.setting import option
from dcgan_v1.errors import UserError


def is_recording(side: str) -> bool:
    """Whether a side is a folder that holds a recording."""
    return Path(side, "recording.json").is_file()


def of_two(args: argparse.Namespace) -> int:
    """Compares both sides, recordings of a port's or of TF1. Returns the exit code."""
    from dcgan_v1.migration.recordings.tf1_versions import compare_recordings, is_of_port

    kinds = [is_of_port(Path(side)) for side in args.sides]
    if len(set(kinds)) > 1:
        raise UserError(
            "one recording is of TF1 and one of a port: --recording DIR --port-recording DIR"
        )
    if all(kinds):
        return of_ports(args, args.sides.pop())
    _refuse_others(args)
    with broken_off():
        versions = compare_recordings(*args.sides, trust=args.trust)
    print(*versions.lines(), sep="\n")
    return 0 if versions else 1


def of_ports(args: argparse.Namespace, new: str) -> int:
    """Compares two recordings of the same port. Returns the exit code."""
    from dcgan_v1.migration.recordings.versions import compare_versions

    _refuse_others(args)
    if len(args.sides) > 1:
        raise UserError("two recordings of a port need no third side")
    versions = compare_versions(args.sides[0], new)
    print(*versions.lines(), sep="\n")
    if not versions.is_judged:
        raise UserError("no verdict: record both in float64, or by the recorder's own choice")
    return 0 if versions else 1


def _refuse_others(args: argparse.Namespace) -> None:
    names = (*SOURCES, "map", "inputs", "report")
    left_out = [option(name) for name in names if getattr(args, name)]
    if left_out:
        raise UserError(f"two recordings of one program need no {' and '.join(left_out)}")
