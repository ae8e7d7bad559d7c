"""Two recordings of one program, made on two versions of its framework, as `compare` takes them."""

import argparse
from pathlib import Path

from dcgan_v1.commands.compare import OF_PORT_PROGRAM, broken_off, make_parser
from dcgan_v1.config.setting import option
from dcgan_v1.errors import UserError


def is_recording(side: str) -> bool:
    """Whether a side is a folder that holds a recording."""
    return Path(side, "recording.json").is_file()


def is_meant(args: argparse.Namespace) -> bool:
    """Whether the sides are two recordings of one program, or one and a port that is recorded."""
    count = 1 if args.port_program or args.port_recording else 2
    return len(args.sides) >= count and all(map(is_recording, args.sides[:count]))


def refuse_others(args: argparse.Namespace) -> None:
    """Refuses options that these comparisons have no use for.

    Args:
      args: as they were given, before any is set to what it usually is.

    Raises:
      UserError: there are some; all are named.
    """
    options = {"sides", "debug", "quiet"}
    if args.port_program:
        options |= {"port_program", "steps", *OF_PORT_PROGRAM}
    elif args.port_recording:
        options.add("port_recording")
    else:
        options.add("trust")
    parser = make_parser()
    left_out = [
        option(name)
        for name, value in vars(args).items()
        if name not in options and value != parser.get_default(name)
    ]
    if left_out:
        raise UserError(f"two recordings of one program need no {' and '.join(left_out)}")


def of_two(args: argparse.Namespace) -> int:
    """Compares both sides, recordings of a port's or of TF1. Returns the exit code."""
    from dcgan_v1.migration.recordings.tf1_versions import compare_recordings, is_of_port

    kinds = [is_of_port(Path(side)) for side in args.sides]
    if len(set(kinds)) > 1:
        raise UserError(
            "one recording is of TF1 and one of a port: --recording DIR --port-recording DIR"
        )
    if all(kinds):
        if args.trust:
            raise UserError("two recordings of a port need no --trust: nothing of either is run")
        return of_ports(*args.sides)
    with broken_off():
        versions = compare_recordings(*args.sides, trust=args.trust)
    print(*versions.lines(), sep="\n")
    return 0 if versions else 1


def of_ports(first: str, second: str) -> int:
    """Compares two recordings of the same port. Returns the exit code."""
    from dcgan_v1.migration.recordings.port_versions import compare_versions

    versions = compare_versions(first, second)
    print(*versions.lines(), sep="\n")
    if not versions.is_judged:
        raise UserError("no verdict: record both in float64, or by the recorder's own choice")
    return 0 if versions else 1
