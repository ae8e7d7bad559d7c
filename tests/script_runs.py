"""Runs the scripts as a user does."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# as a user's shell has it: conftest's own set-up must not reach the scripts
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("TF_")}


def command(script, *args):
    return [sys.executable, str(ROOT / "scripts" / script), *map(str, args)]


def call(script, *args, cwd=ROOT):
    return subprocess.run(
        command(script, *args),
        cwd=cwd,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=180,
    )


def refusal(script, *args):
    """Runs a script that must refuse; returns its one line."""
    done = call(script, *args)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("error: ")
    return done.stderr


def contents(folder):
    """path -> hash of everything under a folder, to see that nothing was touched. The
    lock and its owner's name, in hidden files, do not count."""
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
