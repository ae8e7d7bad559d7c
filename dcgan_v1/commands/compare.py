"""Compares a TF1 program with a TF2, Keras or PyTorch port: where, how far and why they differ.

Takes any pair, or one of the project's own. Exits with 0 if they compute the same function,
with 1 if they differ, with 2 if they could not be compared."""

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from dcgan_v1 import files, systems
from dcgan_v1.commands import cli, compare_options, record_tf1, tf1_options
from dcgan_v1.config.setting import option
from dcgan_v1.errors import UserError, reason

# what means nothing for --system
OF_PROGRAMS = [*tf1_options.SOURCES, "sides", *tf1_options.OF_PROGRAM, "library"]
OF_PROGRAMS += ["inputs", "map", "trust"]
OF_PORT_PROGRAM = ["port_arguments", "port_framework", "keep_port_recording"]
OF_PORTS = ["port_program", "port_recording", *OF_PORT_PROGRAM]
OF_PROGRAMS += OF_PORTS


def main(args: argparse.Namespace) -> int:
    from dcgan_v1.commands import compare_versions  # which takes broken_off from here

    if args.system:
        return _compare_system(args)
    if args.against or args.width:
        raise UserError("--against and --width belong to --system")
    if len(args.sides) > 2:
        raise UserError("name the two sides, OLD NEW, and no more")
    _refuse_port_options(args)
    is_port_named = bool(args.port_program or args.port_recording)
    if is_port_named and len(args.sides) > 1:
        raise UserError("--port-program and --port-recording name the new side: leave out NEW")
    is_of_versions = compare_versions.is_meant(args)
    if is_of_versions:
        compare_versions.refuse_others(args)
    args.steps = compare_options.STEPS if args.steps is None else args.steps
    refuse_unwritable(args)
    if len(args.sides) == 2 and is_of_versions:
        return compare_versions.of_two(args)
    has_old = len(args.sides) > (0 if is_port_named else 1)
    if not is_of_versions:
        tf1_options.refuse_sources(args, args.sides[0] if has_old else None)
    if is_port_named:
        if not args.sides and not tf1_options.sources(args):
            raise UserError(
                "name the old side: OLD, --program FILE, --recording DIR or --meta FILE"
            )
        with tempfile.TemporaryDirectory(prefix="port_") as folder:
            port = _port(args, Path(folder))
            if is_of_versions:
                return compare_versions.of_ports(args.sides[0], port.folder)
            return _compare(args, port)
    return _compare(args, args.sides.pop() if args.sides else None)


def _refuse_port_options(args: argparse.Namespace) -> None:
    if args.port_program and args.port_recording:
        raise UserError("--port-program and --port-recording say the same; give one")
    others = [option(name) for name in OF_PORT_PROGRAM if getattr(args, name)]
    if others and not args.port_program:
        raise UserError(f"{' and '.join(others)}: only with --port-program")


def _port(args: argparse.Namespace, folder: Path) -> Any:
    """The port's recording, made now if there is none."""
    from dcgan_v1.commands import record_port
    from dcgan_v1.compare import Recorded

    if args.port_recording:
        return Recorded(str(args.port_recording))
    return record_port.record(
        args.port_program,
        args.port_arguments or "",
        steps=args.steps,
        work=folder / "work",
        recording=args.keep_port_recording or folder / "recording",
        framework=args.port_framework,
    )


def _compare(args: argparse.Namespace, new: Any) -> int:
    """Compares the old side with a new one: a target or a `Recorded`; None to replay alone."""
    sources = tf1_options.sources(args)
    settings = {
        "inputs": args.inputs,
        "map": args.map,
        "trust": args.trust,
        "batch_size": args.batch_size,
    }
    if args.port_program:
        olds = [*args.sides, *sources.values()]
        settings["title"] = str(olds[0]), str(args.port_program)
    if args.sides:
        return run(args, args.sides[0], new, **settings)
    if not sources:
        raise UserError("name the old side: OLD NEW, --meta FILE NEW, or --system NAME")
    if new is None and not args.recording:
        raise UserError("name the new side: port.py:new")
    if args.program:
        return _run_program(args, new, settings)
    return _with_recording(args, args.recording, new, settings)


def _compare_system(args: argparse.Namespace) -> int:
    from dcgan_v1.commands import compare_systems

    others = [name for name in OF_PROGRAMS if getattr(args, name)]
    if others:
        names = ["OLD, NEW" if name == "sides" else option(name) for name in others]
        raise UserError(f"--system names both programs: leave out {' and '.join(names)}")
    if not args.against:
        raise UserError(f"--system needs --against: one of {', '.join(systems.FRAMEWORKS)}")
    args.steps = compare_options.SYSTEM_STEPS if args.steps is None else args.steps
    return compare_systems.main(args)


def _with_recording(
    args: argparse.Namespace, recording: Path | None, new: Any, settings: dict[str, Any]
) -> int:
    from dcgan_v1.compare import source_of
    from dcgan_v1.migration.recordings import replay_report

    old = tf1_options.named_old(args, recording)
    if new is not None:
        return run(args, old, new, **settings)
    with broken_off():
        replayed = replay_report.replay(source_of(old), str(recording))
    print(*replay_report.lines(replayed), sep="\n")
    return 0


def _run_program(args: argparse.Namespace, new: Any, settings: dict[str, Any]) -> int:
    """Records a program's first steps in a process of its own, and compares."""
    with tempfile.TemporaryDirectory(prefix="recording_") as folder:
        recording = args.keep_recording or Path(folder, "recording")
        record_tf1.record(args, recording, Path(folder, "run"))
        settings["title"] = str(args.program), str(args.port_program or args.port_recording or new)
        args.trust = settings["trust"] = True  # it has run just now
        return _with_recording(args, recording, new, settings)


def run(args: argparse.Namespace, old: Any, new: Any, **settings: Any) -> int:
    """Compares, prints and writes. Returns the exit code.

    Args:
      args: of a parser that has the options of `add_common`.
      old, new, settings: see `dcgan_v1.compare.compare`.
    """
    from dcgan_v1.compare import Unmatched, compare

    told: list[str] = []

    def tell(lines: list[str]) -> None:
        """What was read off the programs is printed before anything can fail."""
        told.extend(lines)
        for line in lines:
            tqdm.write(line)
        sys.stdout.flush()

    quiet = args.quiet or None  # None: no bar where there is no terminal
    try:
        with broken_off(), tqdm(desc="comparing", unit="stage", disable=quiet) as bar:
            result = compare(
                old,
                new,
                steps=args.steps,
                dtype=args.dtype,
                seed=args.seed or 0,
                timing_steps=args.timing_steps,
                device=args.device,
                accept=args.accept,
                progress=bar.update,
                tell=tell,
                **settings,
            )
    except Unmatched as error:
        print(*error.table, sep="\n")
        _write_map(args, error.map)
        raise
    result.show(width=None if sys.stdout.isatty() else 160, told=told)
    _write_map(args, result.map)
    if args.report:
        result.save(args.report)
        print(f"wrote {args.report / 'report.html'} and report.json")
    return 0 if result else 1


@contextlib.contextmanager
def broken_off() -> Iterator[None]:
    """Exit code 1 would mean that the sides differ."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"the comparison broke off ({type(error).__name__}: {reason(error, 300)}); "
            "--debug shows where"
        ) from error


def refuse_unwritable(args: argparse.Namespace) -> None:
    if args.steps < 1:
        raise UserError(f"--steps must be at least 1, not {args.steps}")
    if args.timing_steps < 0:
        raise UserError(f"--timing-steps must be at least 0, not {args.timing_steps}")
    if args.report:
        for name in ("report.json", "report.html"):
            if (args.report / name).exists():
                raise UserError(f"{args.report / name} is there: choose another --report")
    files.refuse_unwritable(getattr(args, "write_map", None))


def _write_map(args: argparse.Namespace, text: str) -> None:
    path = getattr(args, "write_map", None)
    if path:
        files.write({path: text.encode()})
        print(f"wrote {path}")


def make_parser() -> cli.Parser:
    parser = cli.parser(__doc__)
    compare_options.add_programs(parser)
    compare_options.add_start(parser)
    compare_options.add_system(parser, "--system")
    compare_options.add_common(parser, steps=None)
    return parser
