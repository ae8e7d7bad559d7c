"""Ports' programs that are given as text, recorded by the one file beside them."""

import subprocess
import sys

from script_runs import ENVIRONMENT, SECONDS

from dcgan_v1.migration.recordings import recorder_file


def run_recorder(program, folder, *words):
    """The one file, beside a program that is given as text."""
    path, recorder = folder / "train.py", folder / "port_recorder.py"
    path.write_text(program)
    recorder_file.write("port_recorder", recorder)
    return subprocess.run(
        [sys.executable, str(recorder), "--record", str(folder / "rec"), *words, str(path)],
        capture_output=True,
        text=True,
        cwd=folder,
        env=ENVIRONMENT,
        timeout=SECONDS,
    )
