"""The processes of several workers on this machine: started, watched, ended."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Self

import dcgan_v1
from dcgan_v1 import runtime
from dcgan_v1.distributed import VARIABLE, cluster

LAUNCHED = "DCGAN_V1_WORKERS"  # tells a worker that we started it: 'new' or 'again'
GRACE = 5  # seconds in which the others may say what they have seen
SAVING = 120  # and for a checkpoint and pictures, when all are asked to stop
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Processes:
    """Workers of one training. None outlives the context, nor this process."""

    def __init__(self, words: Sequence[str], count: int, launched: str) -> None:
        """
        Args:
          words: arguments of the command `train`.
          count: how many processes.
          launched: 'again' where they continue what others had begun, otherwise 'new'.
        """
        self._errors = tempfile.TemporaryDirectory()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ended_by_us: set[int] = set()
        self._frozen: dict[int, float] = {}  # rank -> since when a signal has stopped it
        self._signal: int | None = None
        self._is_urgent = False
        self._asked_at: float | None = None
        addresses = [f"127.0.0.1:{port}" for port in cluster.free_ports(count)]
        gpus = _gpus()
        program = [sys.executable, "-m", "dcgan_v1", "train", *words]
        for rank in range(count):
            task = {"type": "worker", "index": rank}
            together = {"cluster": {"worker": addresses}, "task": task}
            environment = {
                **os.environ,
                VARIABLE: json.dumps(together),
                LAUNCHED: launched,
                "PYTHONPATH": _path(),
            }
            threads = str(max(1, runtime.cores() // count))
            environment.setdefault("TF_NUM_INTRAOP_THREADS", threads)
            if len(gpus) >= count:
                environment["CUDA_VISIBLE_DEVICES"] = gpus[rank]
            self._processes.append(self._start(program, rank, environment))

    def _start(
        self, program: Sequence[str], rank: int, environment: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            program,
            env=environment,
            stdin=subprocess.PIPE,  # which ends when we do, however that is
            start_new_session=True,  # a terminal's Ctrl-C comes to us: we pass it on
            stdout=subprocess.DEVNULL if rank else None,  # the chief speaks for all
            stderr=self._log(rank).open("wb") if rank else None,
        )

    def _log(self, rank: int) -> Path:
        return Path(self._errors.name) / str(rank)

    def __enter__(self) -> Self:
        self._before = {
            s: signal.signal(s, self._note)
            for s in SIGNALS
            if s != signal.SIGHUP or signal.getsignal(s) != signal.SIG_IGN  # nohup
        }
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._errors.cleanup()

    def _note(self, number: int, _: FrameType | None) -> None:
        """Remembers the first signal, and a second SIGINT; `wait` does what it asks."""
        self._is_urgent = self._signal is not None and number == signal.SIGINT
        self._signal = self._signal or number

    def _pass_on(self, number: int) -> None:
        self._asked_at = time.monotonic()
        for process in self._processes:
            process.send_signal(number)  # nothing, where it has ended

    def _kill(self) -> None:
        for rank, process in enumerate(self._processes):
            if process.poll() is None:
                self._ended_by_us.add(rank)
                process.kill()
        for process in self._processes:
            process.wait()

    def wait(self, timeout: float) -> tuple[int, str]:
        """Waits for all. Returns (exit code, why they must be started again or '')."""
        failed_at: float | None = None
        while any([p.poll() is None for p in self._processes]):  # noqa: C419, asks all
            time.sleep(0.1)
            now = time.monotonic()
            if self._signal and self._asked_at is None:
                self._pass_on(self._signal)
            if failed_at is None and any(p.returncode for p in self._processes):
                failed_at = now
            is_late = self._asked_at and now - self._asked_at > timeout + SAVING
            is_alone = failed_at and not self._signal and now - failed_at > GRACE
            if self._is_urgent or is_late or is_alone or self._is_frozen(timeout, now):
                self._kill()
        return self._outcome()

    def _is_frozen(self, timeout: float, now: float) -> bool:
        """Whether one has been stopped for so long that the others, if they wait for it
        in a step, have reported it; before the first step they would wait much longer."""
        for rank, process in enumerate(self._processes):
            if process.returncode is None and _is_stopped(process.pid):
                self._frozen.setdefault(rank, now)
            else:
                self._frozen.pop(rank, None)
        return any(now - since > timeout + GRACE for since in self._frozen.values())

    def _outcome(self) -> tuple[int, str]:
        codes = [p.returncode for p in self._processes]
        if self._signal:
            signal_code = 128 + self._signal
            saved = self._is_urgent or codes[0] in (0, signal_code, -self._signal)
            return (signal_code if saved else max(codes[0], 1)), ""
        if not any(codes):
            return 0, ""
        if 2 in codes:  # an error of the user's: the same would come again
            if codes[0] != 2:
                print(self._last_line(codes.index(2)), file=sys.stderr)
            return 2, ""
        if self._frozen and not any(c > 0 for c in codes):  # nobody else has named it
            return 1, f"worker {min(self._frozen)} was stopped by a signal"
        own = [rank for rank in range(len(codes)) if rank not in self._ended_by_us]
        failed = [rank for rank in own if codes[rank]]
        rank = next((r for r in failed if codes[r] < 0), failed[0])
        if codes[rank] < 0:
            name = signal.Signals(-codes[rank]).name
            return 1, f"worker {rank} was ended by {name}"
        reason = self._last_line(rank) if rank else "its error is above"
        return 1, f"worker {rank} stopped: {reason.removeprefix('error: ')}"

    def _last_line(self, rank: int) -> str:
        lines = self._log(rank).read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self._processes[rank].returncode}"


def _is_stopped(pid: int) -> bool:
    """Whether a child is stopped, as SIGSTOP and a debugger do."""
    how = os.WSTOPPED | os.WNOHANG | os.WNOWAIT
    with contextlib.suppress(ChildProcessError):
        return os.waitid(os.P_PID, pid, how) is not None
    return False


def _path() -> str:
    """PYTHONPATH with which a child finds this package."""
    here = str(Path(dcgan_v1.__file__).resolve().parents[1])
    return os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))


def _gpus() -> list[str]:
    """Returns the numbers of this machine's GPUs that may be used, as str."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name for name in visible.split(",") if name not in ("", "-1")]
    if shutil.which("nvidia-smi") is None:
        return []
    lines = subprocess.run(
        ["nvidia-smi", "--list-gpus"], capture_output=True, text=True
    ).stdout.splitlines()
    return [str(number) for number, _ in enumerate(lines)]
