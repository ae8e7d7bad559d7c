"""The process of a side, seen from the one that compares; `worker` is its other end."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from dcgan_v1.errors import UserError, reason

NO_DOUBLE = "cannot be made float64"  # what the old side says then
ROOT = Path(__file__).resolve().parents[3]


class Side:
    """A worker process and what it is told.

    Args:
      name: for messages: 'TF1' or 'port'.
      spec: see `worker.open_side`.
      folder: for the files that arrays pass in.
      onednn: '0' switches it off.
    """

    def __init__(self, name, spec, folder, onednn="1"):
        environment = {k: v for k, v in os.environ.items() if "ONEDNN" not in k}
        environment |= {"TF_ENABLE_ONEDNN_OPTS": onednn, "TF_CPP_MIN_LOG_LEVEL": "3"}
        environment["CUDA_VISIBLE_DEVICES"] = "-1"
        self.name, self.folder, self.asked = name, folder, 0
        self.log = folder / f"{name}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dcgan_v1.migration.runners.worker"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._send(spec)

    def ask(self, do, **more):
        """Sends a request. The answer is fetched by `answer`."""
        self.asked += 1
        self.out = self.folder / f"{self.name}_{self.asked}.npz"
        self._send({"do": do, "out": str(self.out), **more})

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            lines = self.log.read_text().strip().splitlines() or ["no message"]
            raise UserError(f"the {self.name} side died: {reason(lines[-1], 300)}")
        answer = json.loads(line)
        if "error" in answer:
            text = answer["error"].removeprefix("UserError: ")
            prefix = "" if text != answer["error"] else f"the {self.name} side: "
            raise UserError(f"{prefix}{reason(text, 400)}")
        return answer["answer"]

    def arrays(self):
        """Reads and deletes what the last request wrote."""
        with np.load(self.out) as file:
            found = {name: file[name] for name in file.files}
        self.out.unlink()
        return found

    def do(self, what, **more):
        """Asks and waits for the answer."""
        self.ask(what, **more)
        return self.answer()

    def load(self, arrays):
        """Sets variables."""
        path = self.folder / f"{self.name}_load.npz"
        np.savez(path, **arrays)
        self.do("load", arrays=str(path))
        path.unlink()

    def close(self):
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):  # unsent requests of a side that died
                pipe.close()

    def _send(self, message):
        try:
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # `answer` says what became of it
