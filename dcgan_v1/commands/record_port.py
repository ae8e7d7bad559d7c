"""Records a port's training program, in a copy of its folder and a process of its own."""

import shlex
import subprocess
import sys
from pathlib import Path

from dcgan_v1.errors import UserError
from dcgan_v1.migration.programs import workplace
from dcgan_v1.migration.recordings import recorder_file
from dcgan_v1.migration.specs import Recorded

RECORDER = "dcgan_port_recorder.py"  # in the folder above the copy


def record(
    program: Path,
    arguments: str,
    *,
    steps: int,
    work: Path,
    recording: Path,
    framework: str | None = None,
) -> Recorded:
    """Runs a port's program until it has done its steps.

    Args:
      program: its .py or .ipynb; a file of a package is run as `python -m package.file`.
      arguments: what it is given, in one text.
      steps: whole steps, at least 2: what comes in every step tells what a step is given.
      work: a new folder that the program runs in, on copies of its own files; the recorder is
        written beside it.
      recording: folder that is written.
      framework: 'torch' or 'tensorflow'; worked out from what it imports where it is None.

    Raises:
      UserError: it cannot be run, or does no update that can be seen.
    """
    program = program.resolve()
    if not program.is_file():
        raise UserError(f"{program} does not exist")
    top = program.parent
    while (top / "__init__.py").is_file():
        top = top.parent
    workplace.make(top, work)
    place = program.relative_to(top)
    recorder = work.resolve().with_name(RECORDER)
    recorder_file.write("port_recorder", recorder)
    words = [sys.executable, recorder, "--record", recording.resolve(), "--steps", max(steps, 2)]
    words += ["--framework", framework] if framework else []
    if top == program.parent:
        words += [place]
    else:
        words += ["-m", ".".join(place.with_suffix("").parts)]
    process = subprocess.run([*map(str, words), *shlex.split(arguments)], cwd=work, check=False)
    if process.returncode:
        raise UserError(f"{program} was not recorded, see above")
    return Recorded(str(recording))
