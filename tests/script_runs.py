"""Runs the scripts as a user does."""

import contextlib
import hashlib
import io
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
from functools import cache
from multiprocessing import forkserver
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[1]
# what `make numerical` may set
INSTRUCTIONS, THREADS = "ONEDNN_MAX_CPU_ISA", "TF_NUM_INTRAOP_THREADS"
# as a user's shell has it: conftest's own set-up must not reach the scripts
ENVIRONMENT = {
    k: v
    for k, v in os.environ.items()
    if k == THREADS
    or (k, v) == ("TF_ENABLE_ONEDNN_OPTS", "0")
    or not k.startswith(("TF_", "KERAS_"))
}
SECONDS = 600  # that anything is waited for: only what hangs takes so long


def command(script, *args):
    return [sys.executable, str(ROOT / "scripts" / script), *map(str, args)]


def call(script, *args, cwd=ROOT, env=None):
    """Runs a script, in a process that began with TensorFlow loaded (see `preloaded`)."""
    return call_path(*command(script, *args)[1:], cwd=cwd, env=env)


def tool(script, *args):
    """Runs a maintainers' tool as `call` runs a script."""
    return call_path(ROOT / "tools" / script, *args)


def call_path(*argv, cwd=ROOT, env=None):
    """Runs any file of Python's as `call` runs a script."""
    argv = list(map(str, argv))
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder) / name for name in ("out", "err")]
        order = (argv, cwd, ENVIRONMENT if env is None else env, streams)
        process = _fork_server().Process(target=_become, args=order)
        process.start()
        process.join(SECONDS)
        in_time = process.exitcode is not None
        if not in_time:
            os.killpg(process.pid, signal.SIGKILL)
            process.join()
        printed = [path.read_text(errors="surrogateescape") for path in streams]
    assert in_time, f"{argv} took more than {SECONDS} seconds: {printed}"
    return subprocess.CompletedProcess(argv, process.exitcode, *printed)


def fresh(script, *args, cwd=ROOT, env=None):
    """Runs a script in an interpreter of its own, from the beginning."""
    return fresh_path(*command(script, *args)[1:], cwd=cwd, env=env)


def fresh_path(*argv, cwd=ROOT, env=None, seconds=SECONDS):
    """Runs any file of Python's as `fresh` runs a script. What hangs is ended with all processes
    that it has started."""
    argv = [sys.executable, *map(str, argv)]
    env = ENVIRONMENT if env is None else env
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(argv, cwd=cwd, env=env, start_new_session=True, **pipes) as process:
        try:
            printed = process.communicate(timeout=seconds)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(argv, process.returncode, *printed)


@cache
def _fork_server():
    """Starts the server, with the environment of a user's shell."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["preloaded"])
    path = os.pathsep.join(map(str, (Path(__file__).parent, ROOT)))
    with mock.patch.dict(os.environ, ENVIRONMENT | {"PYTHONPATH": path}, clear=True):
        forkserver.ensure_running()
    return context


def _become(argv, cwd, env, streams):
    """The forked process: becomes the script, which sees a fresh interpreter in all but what
    is loaded: its own arguments, folder, environment and files."""
    assert "preloaded" in sys.modules, "the fork server could not import it"
    os.setsid()
    for stream, path in enumerate(streams, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    ours = (str(ROOT), str(Path(__file__).parent))
    sys.path[:] = [str(Path(argv[0]).parent), *(p for p in sys.path if p not in ours)]
    sys.argv = argv
    with sys.modules["preloaded"].sides(argv[0]):
        runpy.run_path(argv[0], run_name="__main__")


def started(argv, first=lambda: None, **options):
    """Starts a process as a user's shell does, on signals, too: a job in the background
    ignores some of them, and its children do.

    Args:
      argv: its command line, see `command`.
      first: what is called in the process before.
      options: of `subprocess.Popen`.
    """

    def begin():
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        first()

    options = {"cwd": ROOT, "env": ENVIRONMENT, "text": True, **options}
    return subprocess.Popen(argv, preexec_fn=begin, **options)


def until(condition, process=None):
    """Waits until a condition holds; a process that ends before fails."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert process is None or process.poll() is None, "it ended before"
        assert time.monotonic() < deadline
        time.sleep(0.01)


def has_lines(path, count):
    return path.exists() and len(path.read_text().splitlines()) >= count


def inside(script, *args):
    """Runs a script's command in this process, which is enough where it soon ends."""
    import tensorflow.compat.v1 as tf

    from dcgan_v1 import commands, runtime

    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, ENVIRONMENT, clear=True),
        mock.patch.object(sys, "argv", [script]),
        mock.patch.object(runtime, "verbose", False),
        contextlib.chdir(ROOT),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        tf.Graph().as_default(),
    ):
        try:
            commands.run(script.removesuffix(".py"), list(map(str, args)))
        except SystemExit as ended:
            code = ended.code
    return subprocess.CompletedProcess([script, *args], code, out.getvalue(), err.getvalue())


def refusal(script, *args, run=inside):
    """Runs a script that must refuse; returns its one line."""
    done = run(script, *args)
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
