"""The process of one side. It is told what to do by lines of JSON and answers in kind.

Arrays pass as .npz files whose names are TF1's. A side can describe itself, load and
return its variables, run both networks layer by layer, do one step with its gradients
written down, train, draw samples and time itself. The TF1 side also knows what the
gradients would be under two well-known mistakes.
"""

import json
import os
import sys
import time
import traceback
from pathlib import Path

import numpy as np


def open_side(spec):
    """Builds the side that `spec` (a dict, see `run.Pair`) describes."""
    from dcgan_v1.systems import SYSTEMS

    config = SYSTEMS[spec["model"]].config(**spec["settings"])
    dtype, threads, kind = spec["dtype"], spec["threads"], spec["side"]
    if kind == "tf1":
        from dcgan_v1 import runtime

        runtime.prepare()
        from dcgan_v1.compare.tf1_side import Tf1Side

        return Tf1Side(config, dtype, threads)
    if kind == "torch":
        from dcgan_v1.compare.torch_side import TorchSide as Side
    else:
        from dcgan_v1.compare.keras_side import KerasSide as Side
    side = Side(config, dtype, threads, kind)
    if spec["break"]:
        from dcgan_v1.compare import breaks

        breaks.plant(spec["break"], side.gan, config.model, kind)
    return side


class Worker:
    """Answers one request at a time."""

    def __init__(self, spec):
        self.side, self.dtype = open_side(spec), spec["dtype"]
        self.inputs = np.load(spec["inputs"])

    def batch(self, step):
        """What step `step` is fed, in the dtype of the comparison."""
        prefix = f"{step}/"
        return {
            name.removeprefix(prefix): self.cast(self.inputs[name])
            for name in self.inputs.files
            if name.startswith(prefix)
        }

    def cast(self, array):
        return array.astype(self.dtype) if array.dtype.kind == "f" else array

    def describe(self, out):
        del out
        return self.side.describe()

    def state(self, out):
        np.savez(out, **self.side.state())

    def load(self, out, arrays):
        del out
        with np.load(arrays) as file:
            self.side.load({name: self.cast(file[name]) for name in file.files})

    def forward(self, out):
        np.savez(out, **self.side.forward(self.batch(0)))

    def first_step(self, out):
        scalars, gradients = self.side.first_step(self.batch(0))
        np.savez(out, **gradients)
        return _floats(scalars)

    def hypotheses(self, out):
        np.savez(out, **self.side.hypotheses(self.batch(0)))

    def train(self, out, first, last):
        """Does steps first..last-1 and saves the state they lead to."""
        scalars = [
            _floats(self.side.train_step(self.batch(step)))
            for step in range(first, last)
        ]
        np.savez(out, **self.side.state())
        return scalars

    def samples(self, out):
        np.savez(out, images=self.side.samples(self.cast(self.inputs["samples_z"])))

    def time(self, out, steps):
        """Returns seconds per step and the process's peak memory in bytes."""
        del out
        batch = self.batch(0)
        started = time.perf_counter()
        for _ in range(steps):
            self.side.train_step(batch)
        seconds = (time.perf_counter() - started) / max(steps, 1)
        return {"seconds": seconds, "peak_bytes": _peak_bytes()}


def _peak_bytes():
    """ru_maxrss would hold the peak of the process that started this one."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def _floats(scalars):
    return {name: float(value) for name, value in scalars.items()}


def main():
    """Reads the spec, then requests, from standard input until it ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a framework prints must not mix with the answers
    worker = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if worker is None:
                worker, answer = Worker(request), None
            else:
                do = getattr(worker, request.pop("do"))
                answer = do(**request)
            answer = {"answer": answer}
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
