"""Compares one published pair and writes its row:

python benchmarks/pairs/run.py NAME --old CLONE --new CLONE

Both programs are run as they are committed, but for the edits that `pairs.toml` names, in copies of
their folders: TF1's is recorded by run_legacy, the port's by the recorder of ports. Running them
executes whatever they contain.
"""

import argparse
import json
import os
import resource
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.pairs import clones, rows, table
from benchmarks.pairs.table import HERE, Pair
from dcgan_v1.commands import record_port
from dcgan_v1.errors import UserError

SCRIPTS = ROOT / "scripts"


def main(arguments: list[str] | None = None) -> int:
    """Runs a pair. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("name", help="a pair of pairs.toml")
    parser.add_argument("--old", required=True, type=Path, metavar="CLONE", help="TF1's")
    parser.add_argument("--new", required=True, type=Path, metavar="CLONE", help="the port's")
    parser.add_argument(
        "--work",
        type=Path,
        metavar="DIR",
        help="keep copies, recordings and report in this new folder",
    )
    args = parser.parse_args(arguments)
    try:
        pair = table.pair(args.name)
        clones.check(args.old, pair.old, "--old")
        clones.check(args.new, pair.new, "--new")
        if args.work and args.work.exists() and not args.work.is_dir():
            raise UserError(f"--work {args.work}: is a file: name a new folder")
        if args.work and args.work.exists() and any(args.work.iterdir()):
            raise UserError(f"--work {args.work}: holds files: name a new folder")
        with tempfile.TemporaryDirectory(prefix="pair_") as folder:
            row = run(pair, args.old, args.new, args.work or Path(folder))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    path = table.ROWS / f"{pair.name}.json"
    path.write_text(json.dumps(row, indent=1) + "\n", "utf-8")
    print(f"wrote {path.relative_to(ROOT)}")
    return 0


def run(pair: Pair, old: Path, new: Path, work: Path) -> rows.Row:
    """Records both programs and compares them in float64.

    Args:
      pair: which.
      old, new: clones, of the right commits.
      work: an empty folder for copies, recordings and the report.

    Raises:
      UserError: one of them cannot be run, or they cannot be compared.
    """
    work = work.resolve()
    began = _processor_seconds()
    recording, report = work / "old_recording", work / "report"
    program = clones.copy(old, pair.old, work / "old")
    words = ["run_legacy.py", "--record", recording, "--whole-steps", pair.steps]
    words += ["--run-dir", work / "old_run"]
    for setting in pair.old.settings:
        words += ["--set", setting]
    _run([SCRIPTS / words[0], *words[1:], program, *shlex.split(pair.old.arguments)])
    port = _record_port(pair, clones.copy(new, pair.new, work / "new"), work)
    words = ["--recording", recording, "--trust", "--dtype", "float64", "--timing-steps", 0]
    words += ["--steps", pair.steps, "--report", report, "--quiet", *port]
    if pair.map:
        (work / "map.toml").write_text(pair.map, "utf-8")
        words += ["--map", work / "map.toml"]
    _run([SCRIPTS / "compare.py", *words], (0, 1))
    told = json.loads((report / "report.json").read_text("utf-8"))
    row = rows.of_report(told, pair, (_processor_seconds() - began) / 60)
    return row | {"commit": _commit()}


def _commit() -> str:
    """The last commit of the package that compared, '' where it is not as committed."""
    folder = ("--", "dcgan_v1")
    log, changes = (
        subprocess.run(["git", "-C", ROOT, *words, *folder], capture_output=True, check=False)
        for words in (("log", "-1", "--format=%h"), ("status", "--porcelain"))
    )
    return "" if log.returncode or changes.stdout else log.stdout.decode().strip()


def _record_port(pair: Pair, program: Path, work: Path) -> list[str | Path]:
    """Runs the port's program until it has done its steps, on stand-ins for packages that are not
    installed. Returns the options that name the recording."""
    recording = work / "new_recording"
    path = os.pathsep.join([str(HERE / "stand_ins" / pair.new.stand_ins), str(ROOT)])
    with mock.patch.dict(os.environ, {"PYTHONPATH": path, "MPLBACKEND": "Agg"}):
        record_port.record(
            program,
            pair.new.arguments,
            steps=pair.steps,
            work=work / "new_run",
            recording=recording,
        )
    return ["--port-recording", recording]


def _run(words: list, fine: tuple[int, ...] = (0,)) -> None:
    """Runs a Python program of ours, which runs one of theirs."""
    command = [sys.executable, *map(str, words)]
    code = subprocess.run(command, check=False).returncode
    if code not in fine:
        raise UserError(f"{Path(command[1]).name} ended with {code}, see above")


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
