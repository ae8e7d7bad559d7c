"""Runners in processes of their own: frameworks, threads and default graphs do not meet.

`worker` is the other end: it answers a line of JSON with a line of JSON, and what a call
takes and gives passes as records in files (`serialization`)."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np

from dcgan_v1.errors import UserError, reason
from dcgan_v1.migration import serialization
from dcgan_v1.migration.measures import ReplayRow, Speed
from dcgan_v1.migration.records import (
    Arrays,
    Batch,
    GradientKey,
    Observation,
    PortInfo,
    State,
    Tf1Info,
)
from dcgan_v1.migration.runners import worker
from dcgan_v1.migration.runners.protocol import NoDouble
from dcgan_v1.migration.sources import OptimizerChange, Source

ROOT = Path(__file__).resolve().parents[3]
A = TypeVar("A")
B = TypeVar("B")


class RemoteRunner:
    """What both kinds of program do, see `protocol.Runner`.

    Args:
      name: for messages: 'TF1' or 'port'.
      source: where the program is.
      folder: for the files that records pass in.
      dtype: 'float64' or 'float32'; threads: of each op.
      onednn: whether TensorFlow uses oneDNN.
      device: 'cpu', or 'gpu' for TensorFlow to have one.
    """

    kind = ""

    def __init__(
        self,
        name: str,
        source: Source,
        folder: Path,
        *,
        dtype: str,
        threads: int,
        onednn: bool = True,
        device: str = "cpu",
    ) -> None:
        self.environment = {k: v for k, v in os.environ.items() if "ONEDNN" not in k} | {
            "TF_ENABLE_ONEDNN_OPTS": str(int(onednn)),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        if device == "cpu":
            self.environment["CUDA_VISIBLE_DEVICES"] = "-1"
        self.name, self.folder, self.calls = name, folder, 0
        self.log = folder / f"{name}.log"
        self.opening = worker.Opening(self.kind, source, dtype, threads, device)
        self._start()

    def _start(self) -> None:
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", worker.__name__],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._send("open", {"opening": self.opening})

    def reopen(self, source: Source) -> None:
        """Opens a program as if nothing had been done to it.

        Raises:
          UserError: it cannot be opened.
        """
        self.open_again(source, self.opening.dtype)
        self.wait_until_open()

    def open_again(self, source: Source, dtype: str) -> None:
        """Begins to open a program in a process forked from the one that has its frameworks loaded;
        in a new one where that died."""
        self.opening = replace(self.opening, source=source, dtype=dtype)
        try:
            self._call(worker.LEAVE)
            self._send("open", {"opening": self.opening})
        except UserError:
            self.close()
            self._start()

    def wait_until_open(self) -> None:
        """Returns when the program is open.

        Raises:
          NoDouble, UserError: it cannot be.
        """
        self._answer()

    def close(self) -> None:
        """Ends the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):  # requests to a process that died
                if pipe is not None:
                    pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def state(self) -> State:
        return self._call("state")

    def load(self, state: State) -> None:
        self._call("load", state=state)

    def step(self, batch: Batch, *, is_observed: bool = False) -> Observation:
        return self._call("step", batch=batch, is_observed=is_observed)

    def inference(self, batch: Batch, forward: dict[str, list[str]]) -> Observation:
        return self._call("inference", batch=batch, forward=forward)

    def time(self, batch: Batch, steps: int) -> Speed:
        """Returns what steps took in the process, without what passing records takes."""
        return self._call("time", batch=batch, steps=steps)

    # ---- the wire ----

    def _call(self, method: str, **arguments: object) -> Any:
        self._send(method, arguments)
        return self._answer()

    def _send(self, method: str, arguments: dict[str, object]) -> None:
        self.calls += 1
        path = self._request = self.folder / f"{self.name}_{self.calls}"
        serialization.pass_on(path, arguments)
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # `_answer` says what became of it
            self.process.stdin.write(json.dumps({"do": method, "with": str(path)}) + "\n")
            self.process.stdin.flush()

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self._request.unlink(missing_ok=True)  # by now it was read
        if not line:
            lines = self.log.read_text(errors="replace").strip().splitlines() or ["no message"]
            raise UserError(f"the {self.name} process died: {lines[-1][:300]}")
        answer = json.loads(line)
        if "error" in answer:
            text = reason(Exception(answer["error"]), 400)
            if answer["type"] == NoDouble.__name__:
                raise NoDouble(text)
            is_users = answer["type"] == UserError.__name__
            raise UserError(text if is_users else f"the {self.name} side: {answer['type']}: {text}")
        path = Path(answer["with"])
        value = serialization.mapped(path)
        path.unlink()
        return value


class RemoteTf1(RemoteRunner):
    """A TF1 graph, see `protocol.Tf1Runner`."""

    kind = "tf1"

    def describe(self) -> Tf1Info:
        return self._call("describe")

    def initial(self) -> State:
        return self._call("initial")

    def draw(self, batch: Batch) -> Arrays:
        return self._call("draw", batch=batch)

    def still_step(self, batch: Batch, *, is_observed: bool = False) -> Observation:
        return self._call("still_step", batch=batch, is_observed=is_observed)

    def step_along(self, batch: Batch, weights: dict[int, Arrays]) -> Observation:
        return self._call("step_along", batch=batch, weights=weights)

    def leaks(self, batch: Batch) -> dict[GradientKey, np.ndarray]:
        return self._call("leaks", batch=batch)

    def pulled_back(self, batch: Batch, run: int, above: Arrays, to: list[str]) -> Arrays:
        return self._call("pulled_back", batch=batch, run=run, above=above, to=to)

    def change(self, changes: list[OptimizerChange]) -> None:
        self._call("change", changes=changes)

    def replay(self, folder: str, against: str) -> list[ReplayRow]:
        return self._call("replay", folder=folder, against=against)

    def save(self, path: str) -> None:
        self._call("save", path=path)


class RemotePort(RemoteRunner):
    """A port, see `protocol.PortRunner`."""

    kind = "port"

    def describe(self) -> PortInfo:
        return self._call("describe")

    def weights_before_updates(self, batch: Batch) -> dict[int, Arrays]:
        return self._call("weights_before_updates", batch=batch)

    def still_step(self, batch: Batch) -> Observation:
        return self._call("still_step", batch=batch)

    def save(self, path: str, to: str) -> None:
        self._call("save", path=path, to=to)

    def restore(self, path: str, to: str) -> None:
        self._call("restore", path=path, to=to)


def both(one: Callable[[], A], other: Callable[[], B]) -> tuple[A, B]:
    """Calls two functions at the same time: each waits for a process of its own."""
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(one), pool.submit(other)
        return first.result(), second.result()
