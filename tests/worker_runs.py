"""Trains with several workers, as a user does."""

import subprocess
from pathlib import Path

from script_runs import ENVIRONMENT, SECONDS

from benchmarks import kill_resume
from dcgan_v1.checkpoints import reading


def train(run_dir, *options, model="mnist_tutorial", workers=2, steps=12):
    """Trains on small batches; returns the process."""
    words = kill_resume.command(model, steps, run_dir, workers)
    return subprocess.Popen(
        [*words, "--worker-timeout", "10", *map(str, options)],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process):
    """Returns (exit code, stdout, stderr)."""
    try:
        out, err = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    return process.returncode, out, err


def variables(run_dir, step):
    return reading.tensors(str(run_dir / "checkpoints" / f"model-{step}"))


def is_running(pid):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
