"""Runs any TF1 program and a TF2, Keras or PyTorch port of it side by side and says
where, by how much and why they differ. Exits with 0 if they compute the same function,
with 1 if they differ, with 2 if they could not be compared."""

import contextlib
import shlex
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from dcgan_v1 import files
from dcgan_v1.commands import cli
from dcgan_v1.errors import UserError, reason
from dcgan_v1.migration.api import Side

ROOT = Path(__file__).resolve().parents[2]
RUN_LEGACY = (
    f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
    "from dcgan_v1.commands import run; run('run_legacy')"
)
SOURCES = ("meta", "saved_model", "frozen", "recording", "program")


def main(args: Namespace) -> int:
    refuse_unwritable(args)
    if len(args.sides) > 2:
        raise UserError("name the two sides, OLD NEW, and no more")
    new = args.sides[-1] if args.sides else None
    if not args.program and (args.arguments or args.data_dir or args.set or args.keep_recording):
        raise UserError("--arguments, --data-dir, --set and --keep-recording belong to --program")
    given = [f"--{n.replace('_', '-')}" for n in SOURCES if getattr(args, n)]
    if len(args.sides) + len(given) > 2 or (len(args.sides) == 2 and args.checkpoint):
        raise UserError(
            "OLD or one option says where the TF1 side is: leave "
            f"{' and '.join([*given, '--checkpoint'])} to its Tf1(…)"
        )
    options = {
        "inputs": args.inputs,
        "map": args.map,
        "trust": args.trust,
        "batch_size": args.batch_size,
    }
    if len(args.sides) == 2:
        return run(args, args.sides[0], args.sides[1], **options)
    if not given:
        raise UserError("name the old side: OLD NEW, or --meta FILE NEW")
    if new is None and not args.recording:
        raise UserError("name the new side: port.py:new")
    if args.program:
        return _run_program(args, new, options)
    return _with_recording(args, args.recording, new, options)


def _with_recording(
    args: Namespace, recording: Path | None, new: str | None, options: dict[str, Any]
) -> int:
    from dcgan_v1.compare import Tf1, source_of
    from dcgan_v1.migration.recordings import replay

    old = Tf1(
        meta=args.meta,
        saved_model=args.saved_model,
        frozen=args.frozen,
        recording=str(recording) if recording else None,
        checkpoint=args.checkpoint,
        libraries=tuple(args.library),
        trust=args.trust,
    )
    if new is not None:
        return run(args, old, new, **options)
    assert recording is not None
    with broken_off():
        replayed = replay.replay(source_of(old), recording)
    print(*replay.lines(replayed), sep="\n")
    return 0


def _run_program(args: Namespace, new: str | None, options: dict[str, Any]) -> int:
    """Records a program's first steps in a process of its own, and compares."""
    with tempfile.TemporaryDirectory(prefix="recording_") as folder:
        recording = args.keep_recording or Path(folder, "recording")
        words = [sys.executable, "-c", RUN_LEGACY, "--record", recording]
        words += ["--whole-steps", args.steps, "--run-dir", Path(folder, "run")]
        for place in args.data_dir:
            words += ["--data-dir", place]
        for setting in args.set:
            words += ["--set", setting]
        words += [args.program, *shlex.split(args.arguments or "")]
        done = subprocess.run(list(map(str, words)), check=False)
        if done.returncode:
            raise UserError(f"{args.program} was not recorded, see above")
        options["title"] = str(args.program), new
        args.trust = options["trust"] = True  # it has run just now
        return _with_recording(args, recording, new, options)


def run(args: Namespace, old: Side, new: Side, **options: Any) -> int:
    """Compares, prints and writes. Returns the exit code."""
    from dcgan_v1.compare import Unmatched, compare

    told: list[str] = []

    def tell(lines: list[str]) -> None:
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
                accept=args.accept,
                progress=bar.update,
                tell=tell,
                **options,
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


def refuse_unwritable(args: Namespace) -> None:
    if args.steps < 1 or args.timing_steps < 0:
        raise UserError("--steps must be at least 1, --timing-steps at least 0")
    if args.report:
        for name in ("report.json", "report.html"):
            if (args.report / name).exists():
                raise UserError(f"{args.report / name} is there: choose another --report")
    files.refuse_unwritable(getattr(args, "write_map", None))


def _write_map(args: Namespace, text: str) -> None:
    path = getattr(args, "write_map", None)
    if path:
        files.write({path: text.encode()})
        print(f"wrote {path}")


def make_parser() -> cli.Parser:
    parser = cli.parser(__doc__)
    add = parser.add_argument
    add(
        "sides",
        nargs="*",
        metavar="[OLD] NEW",
        help="port.py:old, a function that returns a Tf1(…), or one of --meta, "
        "--saved-model, --frozen, --recording and --program in its place; port.py:new, "
        "a function that returns a Keras(…) or a Torch(…)",
    )
    add("--meta", metavar="FILE", help="the TF1 graph: model.ckpt.meta")
    add("--checkpoint", metavar="PREFIX", help="values to start from: model.ckpt")
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
        "--keep-recording",
        type=cli.path,
        metavar="DIR",
        help="where to leave the program's recording (default: nowhere)",
    )
    add(
        "--library",
        action="append",
        default=[],
        metavar="FILE",
        help="registers ops that the graph needs (may be given again)",
    )
    add(
        "--inputs",
        metavar="FILE",
        help="an .npz of arrays named as the placeholders, [N, …] or [steps, N, …] "
        "(default: drawn from the placeholders' shapes)",
    )
    add("--map", metavar="FILE", help="a map file: what the programs do not tell")
    add(
        "--write-map", type=cli.path, metavar="FILE", help="write what was worked out as a map file"
    )
    add(
        "--trust",
        action="store_true",
        help="run a graph that holds ops which touch files or run Python (default off)",
    )
    add("--batch-size", type=int, metavar="N", help="of what is drawn (default 16)")
    add_common(parser, steps=3)
    return parser


def add_common(parser: cli.Parser, steps: int) -> None:
    """The options that all comparisons have."""
    add = parser.add_argument
    add(
        "--steps",
        type=int,
        default=steps,
        metavar="K",
        help="training steps; looked at after 1, 3, 10 and K (default %(default)s)",
    )
    add(
        "--dtype",
        choices=("float32", "float64"),
        default="float32",
        help="float32 runs both, with TF1's own noise as the measure in float32; "
        "float64 runs that alone and is the quickest (default %(default)s)",
    )
    add(
        "--report",
        type=cli.path,
        metavar="DIR",
        help="folder for report.json and report.html (default: the terminal only)",
    )
    add("--seed", type=int, metavar="N", help="of all that is drawn (default 0)")
    add(
        "--timing-steps",
        type=int,
        default=3,
        metavar="N",
        help="steps in each of 6 rounds of timing, 0 for none (default %(default)s)",
    )
    add(
        "--accept",
        action="append",
        default=[],
        metavar="CAUSE",
        help="a named cause that is no difference: adam-epsilon-place, port-only-averages "
        "(may be given again; default: none)",
    )
    add("--quiet", action="store_true", help="no progress bar (default off)")
