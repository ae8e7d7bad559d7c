"""`--workers N`: starts N processes of one training on this machine, all again when one is lost."""

import argparse
import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Protocol

from dcgan_v1.config import Config
from dcgan_v1.distributed import VARIABLE
from dcgan_v1.distributed.cluster import Cluster, check_trusted, of_environment
from dcgan_v1.distributed.processes import LAUNCHED, Processes
from dcgan_v1.errors import UserError

TRIES = 3  # in a row without a new checkpoint


class Directory(Protocol):
    """What the launcher asks a `rundir.RunDirectory`."""

    path: Path
    config: Path

    def latest_step(self) -> int: ...


def launch(args: argparse.Namespace, config: Config, directory: Directory) -> int:
    """Trains with `args.workers` processes on this machine. Returns the exit code.

    Args:
      args: the command's own, which all workers get.
      config, directory: what was decided from them, see `run_plan`.
    """
    # what each worker must know before the chief can tell it
    words = [*sys.argv[1:], "--model", config.model, f"--run-dir={directory.path}"]
    words += ["--device", config.device]
    words += ["--deterministic"] if config.deterministic else []
    before, tries = _stamp(directory), 0
    resume = args.restore is True
    while True:
        step = directory.latest_step()
        launched = "again" if resume else "new"
        with Processes(words, args.workers, launched) as workers:
            code, why = workers.wait(args.worker_timeout)
        if not why:
            return code
        # before the run was there, the same command begins it again
        resume = resume or _stamp(directory) != before
        tries = 1 if directory.latest_step() > step else tries + 1
        if tries > TRIES:
            print(
                f"error: {why}; given up after {TRIES} restarts without a new "
                f"checkpoint; {directory.path} can be continued with --restore",
                file=sys.stderr,
            )
            return 1
        at = f"step {directory.latest_step()}" if resume else "the beginning"
        if not args.quiet:
            print(f"warning: {why}; all workers start again from {at}", flush=True)


def check(args: argparse.Namespace) -> None:
    """Raises UserError where the options on workers contradict each other."""
    if args.workers is not None and args.workers < 1:
        raise UserError(f"--workers must be at least 1, not {args.workers}")
    if not 1 <= args.worker_timeout <= 86400:  # a NaN is not, either
        raise UserError(f"--worker-timeout must be 1 to 86400 seconds, not {args.worker_timeout:g}")
    if (args.workers or 1) > 1 and of_environment() and not is_launched():
        raise UserError(
            f"--workers starts workers on this machine, and {VARIABLE} makes "
            "this process one of others: choose"
        )


def count_to_start(args: argparse.Namespace) -> int:
    """Returns how many workers this process is to start; 0 where it is one itself."""
    return args.workers if (args.workers or 1) > 1 and not is_launched() else 0


def cluster_of(args: argparse.Namespace) -> Cluster | None:
    """Returns the cluster this process is a worker of, None where it trains alone."""
    cluster = of_environment()
    if cluster is None or cluster.count == 1:
        return None
    check_trusted(cluster, args.trust_network)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until training waits for signals
    if is_launched():
        end_with_launcher(args.worker_timeout)
    return cluster


def is_launched() -> bool:
    return LAUNCHED in os.environ


def is_again() -> bool:
    """Whether this process takes up what workers before it had begun."""
    return os.environ.get(LAUNCHED) == "again"


def end_with_launcher(seconds: float) -> None:
    """Stops this process, as a signal would, when the one that started it has gone.

    Args:
      seconds: how long it may take to finish its step and to save.
    """

    def wait() -> None:
        while os.read(0, 1):  # not by sys.stdin: its lock would outlive the thread
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(seconds)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _stamp(directory: Directory) -> tuple[int, int] | None:
    """What changes when a new run takes the place of an old one."""
    with contextlib.suppress(OSError):
        status = directory.config.stat()
        return status.st_ino, status.st_mtime_ns
    return None
