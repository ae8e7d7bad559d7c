"""`--workers N`: N processes of one training on this machine, started again when one is
lost."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import dcgan_v1
from dcgan_v1 import cluster, runtime
from dcgan_v1.errors import UserError

LAUNCHED = "DCGAN_V1_WORKERS"  # tells a worker that we started it: 'new' or 'again'
TRIES = 3  # in a row without a new checkpoint
GRACE = 5  # seconds in which the others may say what they have seen
SAVING = 120  # and for a checkpoint and pictures, when all are asked to stop
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


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
        with _Workers(command, words, args.workers, launched) as workers:
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


class _Workers:
    """The processes. None of them outlives the context, nor this process."""

    def __init__(self, command, words, count, launched):
        self._errors = tempfile.TemporaryDirectory()
        self._processes, self._ended_by_us = [], set()
        self._signal, self._is_urgent, self._asked_at = None, False, None
        ports = cluster.free_ports(count)
        gpus = _gpus()
        for rank in range(count):
            task = {"type": "worker", "index": rank}
            addresses = [f"127.0.0.1:{port}" for port in ports]
            together = {"cluster": {"worker": addresses}, "task": task}
            environment = {
                **os.environ,
                cluster.VARIABLE: json.dumps(together),
                LAUNCHED: launched,
                "PYTHONPATH": _path(),
            }
            threads = str(max(1, runtime.cores() // count))
            environment.setdefault("TF_NUM_INTRAOP_THREADS", threads)
            if len(gpus) >= count:
                environment["CUDA_VISIBLE_DEVICES"] = gpus[rank]
            self._processes.append(self._start([command, *words], rank, environment))

    def _start(self, words, rank, environment):
        command, *words = words
        program = [sys.executable, "-m", "dcgan_v1", command.replace("_", "-")]
        quiet = {}
        if rank:  # the chief speaks for all
            quiet = {"stdout": subprocess.DEVNULL, "stderr": self._log(rank).open("wb")}
        return subprocess.Popen(
            [*program, *words],
            env=environment,
            stdin=subprocess.PIPE,  # which ends when we do, however that is
            start_new_session=True,  # a terminal's Ctrl-C comes to us: we pass it on
            **quiet,
        )

    def _log(self, rank):
        return Path(self._errors.name) / str(rank)

    def __enter__(self):
        self._before = {
            s: signal.signal(s, self._note)
            for s in SIGNALS
            if s != signal.SIGHUP or signal.getsignal(s) != signal.SIG_IGN  # nohup
        }
        return self

    def __exit__(self, *_):
        self._kill()
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._errors.cleanup()

    def _note(self, number, _):
        """Remembers the first signal, and a second SIGINT; `wait` does what it asks."""
        self._is_urgent = self._signal is not None and number == signal.SIGINT
        self._signal = self._signal or number

    def _pass_on(self):
        self._asked_at = time.monotonic()
        for process in self._processes:
            process.send_signal(self._signal)  # nothing, where it has ended

    def _kill(self):
        for rank, process in enumerate(self._processes):
            if process.poll() is None:
                self._ended_by_us.add(rank)
                process.kill()
        for process in self._processes:
            process.wait()

    def wait(self, timeout):
        """Waits for all. Returns (exit code, why they must be started again or '')."""
        failed_at = None
        while any([p.poll() is None for p in self._processes]):  # noqa: C419, asks all
            time.sleep(0.1)
            now = time.monotonic()
            if self._signal and self._asked_at is None:
                self._pass_on()
            if failed_at is None and any(p.returncode for p in self._processes):
                failed_at = now
            is_late = self._asked_at and now - self._asked_at > timeout + SAVING
            is_alone = failed_at and not self._signal and now - failed_at > GRACE
            if self._is_urgent or is_late or is_alone:
                self._kill()
        return self._outcome()

    def _outcome(self):
        codes = [p.returncode for p in self._processes]
        if self._signal:
            asked = 128 + self._signal
            saved = self._is_urgent or codes[0] in (0, asked, -self._signal)
            return (asked if saved else max(codes[0], 1)), ""
        if not any(codes):
            return 0, ""
        if 2 in codes:  # an error of the user's: the same would come again
            if codes[0] != 2:
                print(self._words(codes.index(2)), file=sys.stderr)
            return 2, ""
        own = [rank for rank in range(len(codes)) if rank not in self._ended_by_us]
        failed = [rank for rank in own if codes[rank]]
        rank = next((r for r in failed if codes[r] < 0), failed[0])
        if codes[rank] < 0:
            name = signal.Signals(-codes[rank]).name
            return 1, f"worker {rank} was ended by {name}"
        said = self._words(rank) if rank else "it has said so above"
        return 1, f"worker {rank} stopped: {said.removeprefix('error: ')}"

    def _words(self, rank):
        lines = self._log(rank).read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self._processes[rank].returncode}"


def check(args):
    """Raises UserError where the options on workers contradict each other."""
    if args.workers is not None and args.workers < 1:
        raise UserError(f"--workers must be at least 1, not {args.workers}")
    if not 1 <= args.worker_timeout <= 86400:  # a NaN is not, either
        raise UserError(
            f"--worker-timeout must be 1 to 86400 seconds, not {args.worker_timeout:g}"
        )
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


def _path():
    """PYTHONPATH with which a child finds this package."""
    here = str(Path(dcgan_v1.__file__).resolve().parents[1])
    return os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))


def _gpus():
    """Returns the numbers of this machine's GPUs that may be used, as str."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name for name in visible.split(",") if name not in ("", "-1")]
    if shutil.which("nvidia-smi") is None:
        return []
    listed = subprocess.run(
        ["nvidia-smi", "--list-gpus"], capture_output=True, text=True
    ).stdout.splitlines()
    return [str(number) for number, _ in enumerate(listed)]
