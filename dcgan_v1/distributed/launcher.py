"""`--workers N`: N processes of one training on this machine, started again when one is
lost."""

import contextlib
import os
import signal
import sys
import threading
import time

from dcgan_v1.distributed import cluster
from dcgan_v1.distributed.processes import LAUNCHED, Processes
from dcgan_v1.errors import UserError

TRIES = 3  # in a row without a new checkpoint


def launch(command, args, config, directory):
    """Trains with `args.workers` processes of this command. Returns the exit code.

    Args:
      command: its name.
      args: as it was given them.
      config, directory: what `start.resolve` made of them.
    """
    # what each worker must know before the chief can tell it
    words = [*sys.argv[1:], "--device", config.device]
    words += ["--deterministic"] if config.deterministic else []
    say = (lambda text: None) if args.quiet else (lambda text: print(text, flush=True))
    before, tries = _stamp(directory), 0
    resume = args.restore is True
    while True:
        step = directory.latest_step()
        launched = "again" if resume else "new"
        with Processes(command, words, args.workers, launched) as workers:
            code, why = workers.wait(args.worker_timeout)
        if not why:
            return code
        # before the run was there, the same command begins it once more
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
        say(f"warning: {why}; all workers start again from {at}")


def check(args):
    """Raises UserError where the options on workers contradict each other."""
    if args.workers is not None and args.workers < 1:
        raise UserError(f"--workers must be at least 1, not {args.workers}")
    if not 1 <= args.worker_timeout <= 86400:  # a NaN is not, either
        raise UserError(f"--worker-timeout must be 1 to 86400 seconds, not {args.worker_timeout:g}")
    if (args.workers or 1) > 1 and cluster.of_environment() and not is_launched():
        raise UserError(
            f"--workers starts workers on this machine, and {cluster.VARIABLE} makes "
            "this process one of others: choose"
        )


def is_wanted(args):
    """Whether this process is to start workers, and is none itself."""
    return (args.workers or 1) > 1 and not is_launched()


def is_launched():
    return LAUNCHED in os.environ


def is_again():
    """Whether this process takes up what workers before it had begun."""
    return os.environ.get(LAUNCHED) == "again"


def end_with_launcher(seconds):
    """Stops this process, as a signal would, when the one that started it has gone."""

    def wait():
        while os.read(0, 1):  # not by sys.stdin: its lock would outlive the thread
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(seconds)  # for the step, and to save
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _stamp(directory):
    """What changes when a run is made anew."""
    with contextlib.suppress(OSError):
        found = directory.config.stat()
        return found.st_ino, found.st_mtime_ns
    return None
