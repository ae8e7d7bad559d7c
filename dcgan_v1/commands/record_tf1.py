"""Records the first steps of a TF1 program in a process of its own."""

import argparse
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from dcgan_v1.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
RUN_LEGACY = (
    f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
    "from dcgan_v1.commands import run; run('run_legacy')"
)


def record(args: argparse.Namespace, recording: Path, run_folder: Path) -> None:
    """Records a program's first steps.

    Args:
      args: program, arguments, data_dir, set and steps of the command.
      recording: new folder.
      run_folder: where the program runs.

    Raises:
      UserError: it fails, and has said why.
    """
    words: list[Any] = [sys.executable, "-c", RUN_LEGACY, "--record", recording]
    words += ["--whole-steps", args.steps, "--run-dir", run_folder]
    for place in args.data_dir:
        words += ["--data-dir", place]
    for setting in args.set:
        words += ["--set", setting]
    words += [args.program, *shlex.split(args.arguments or "")]
    if subprocess.run(list(map(str, words)), check=False).returncode:
        raise UserError(f"{args.program} was not recorded, see above")
