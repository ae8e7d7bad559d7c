"""Runs the scripts as a user does."""

import atexit
import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# as a user's shell has it: conftest's own set-up must not reach the scripts
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "KERAS_"))}
SECONDS = 180  # a script may take
_zygotes = []


def command(script, *args):
    return [sys.executable, str(ROOT / "scripts" / script), *map(str, args)]


def call(script, *args, cwd=ROOT, env=None):
    """Runs a script, in a process that began with TensorFlow loaded (see `zygote`)."""
    return call_path(*command(script, *args)[1:], cwd=cwd, env=env)


def call_path(*argv, cwd=ROOT, env=None):
    """Runs any file of Python's as `call` runs a script."""
    argv = list(map(str, argv))
    with tempfile.TemporaryDirectory() as folder:
        out, err = (Path(folder) / name for name in ("out", "err"))
        order = {
            "argv": argv,
            "cwd": str(cwd),
            "env": ENVIRONMENT if env is None else env,
            "stdout": str(out),
            "stderr": str(err),
        }
        code = _answer(order)
        printed = (p.read_text(errors="surrogateescape") for p in (out, err))
        return subprocess.CompletedProcess(argv, code, *printed)


def fresh(script, *args, cwd=ROOT, env=None):
    """Runs a script in an interpreter of its own, from the beginning."""
    return subprocess.run(
        command(script, *args),
        cwd=cwd,
        env=ENVIRONMENT if env is None else env,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


def _answer(order):
    if not _zygotes:
        _zygotes.append(_start())
    zygote = _zygotes[0]
    timer = threading.Timer(SECONDS, _end, [zygote])
    timer.start()
    try:
        zygote.stdin.write(json.dumps(order) + "\n")
        zygote.stdin.flush()
        answer = zygote.stdout.readline()
    finally:
        timer.cancel()
    if not answer:
        _zygotes.clear()
        raise AssertionError(f"{order['argv']} took more than {SECONDS} seconds")
    return int(answer)


def _start():
    zygote = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("zygote.py")), str(ROOT)],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    atexit.register(_end, zygote)
    return zygote


def _end(zygote):
    """Ends a zygote and the script that it is running."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(zygote.pid, signal.SIGKILL)


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
