"""Runs both sides, each in a process of its own, and gathers what they computed."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from dcgan_v1.compare import differences, inputs
from dcgan_v1.errors import UserError, reason
from dcgan_v1.runtime import cores

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 5  # of timing, in alternation


class Side:
    """A worker process and what it is told."""

    def __init__(self, name, spec, folder, onednn="1"):
        environment = {k: v for k, v in os.environ.items() if "ONEDNN" not in k}
        environment |= {"TF_ENABLE_ONEDNN_OPTS": onednn, "TF_CPP_MIN_LOG_LEVEL": "3"}
        environment["CUDA_VISIBLE_DEVICES"] = "-1"
        self.name, self.folder, self.asked = name, folder, 0
        self.log = folder / f"{name}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dcgan_v1.compare.worker"],
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

    def close(self):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def _send(self, message):
        try:
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # `answer` says what became of it


class Pair:
    """TF1 and its counterpart in one dtype, with TF1 again as a control in float32.

    Attributes filled in by `run`, all name -> array or lists of `Difference`:
      found: every difference of the counterpart from TF1.
      control: the same of TF1 from itself, on one thread and without oneDNN.
      evidence: what the diagnosis needs, see `diagnosis`.
    """

    def __init__(self, job, dtype, folder, progress):
        self.job, self.dtype, self.folder = job, dtype, folder
        self.progress = progress
        spec = {
            "model": job.config.model,
            "settings": job.settings,
            "dtype": dtype,
            "threads": cores(),
            "inputs": str(job.inputs),
            "break": "",
        }
        self.sides = {
            "tf1": Side("tf1", {**spec, "side": "tf1"}, folder),
            "other": Side(
                job.against,
                {**spec, "side": job.against, "break": job.planted},
                folder,
            ),
        }
        if dtype == "float32":
            alone = {**spec, "side": "tf1", "threads": 1}
            self.sides["control"] = Side("control", alone, folder, onednn="0")
        self.found, self.control = [], []
        self.evidence, self.timing, self.samples = {}, {}, {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for side in self.sides.values():
            side.close()

    def run(self):
        """Does everything, in the order of the report."""
        for side in self.sides.values():
            side.answer()
        self.descriptions = self._all("describe")
        start = self._start()
        self.evidence["start"] = start
        if self.job.timing_steps:
            self._time()
        self._load(start)
        self._forward()
        self._load(start)
        self._first_step()
        self._load(start)
        self._train()
        self._samples()

    def _ask(self, name, do, **more):
        self.sides[name].ask(do, **more)
        return self.sides[name].answer()

    def _all(self, do, **more):
        """Asks all sides at once. Returns name -> answer."""
        for side in self.sides.values():
            side.ask(do, **more)
        answers = {name: side.answer() for name, side in self.sides.items()}
        self.progress()
        return answers

    def _arrays(self):
        return {name: side.arrays() for name, side in self.sides.items()}

    def _start(self):
        """Returns the state all sides start from."""
        if self.job.checkpoint:
            return self.job.checkpoint
        self._ask("tf1", "state")
        fresh = self.sides["tf1"].arrays()
        return inputs.start_from_scratch(fresh, self.job.config.seed)

    def _load(self, arrays):
        path = self.folder / f"start_{self.dtype}.npz"
        if not path.exists():
            np.savez(path, **arrays)
        self._all("load", arrays=str(path))

    def _time(self):
        """Steps in alternation; the first round is thrown away."""
        pair = ("tf1", "other")
        path = self.folder / f"start_{self.dtype}.npz"
        np.savez(path, **self.evidence["start"])
        rounds = {name: [] for name in pair}
        for name in pair:
            self._ask(name, "load", arrays=str(path))
        for _ in range(ROUNDS + 1):
            for name in pair:
                rounds[name].append(
                    self._ask(name, "time", steps=self.job.timing_steps)
                )
            self.progress()
        for name in pair:
            self.timing[name] = {
                "seconds": [r["seconds"] for r in rounds[name][1:]],
                "peak_bytes": rounds[name][-1]["peak_bytes"],
            }

    def _forward(self):
        self._all("forward")
        arrays = self._arrays()
        self.evidence["forward"] = arrays
        missing = set(arrays["tf1"]) - set(arrays["other"])
        self.evidence["unmatched layers"] = sorted(missing)
        ours = {k: v for k, v in arrays["tf1"].items() if k in arrays["other"]}
        self._compare("forward", ours, arrays)

    def _first_step(self):
        scalars = self._all("first_step")
        arrays = self._arrays()
        self.evidence["gradients"] = arrays
        shared = {k: v for k, v in scalars["tf1"].items() if k in scalars["other"]}
        self._compare("loss", shared, scalars)
        group = differences.gradient_group
        ours = {k: v for k, v in arrays["tf1"].items() if k in arrays["other"]}
        self._compare("gradient", ours, arrays, group)
        unmatched = set(arrays["tf1"]) ^ set(arrays["other"])
        self.evidence["unmatched gradients"] = sorted(unmatched)
        if unmatched or any(d.is_over for d in self.found if d.kind == "gradient"):
            self._load(self.evidence["start"])
            self._ask("tf1", "hypotheses")
            self.evidence["hypotheses"] = self.sides["tf1"].arrays()

    def _train(self):
        done, losses = 0, {name: [] for name in self.sides}
        self.evidence["states"] = {}
        for step in self.job.checked:
            scalars = self._all("train", first=done, last=step)
            for name, values in scalars.items():
                losses[name] += values
            arrays = self._arrays()
            if step == 1:
                self.evidence["states"] = arrays
            self._compare("state", arrays["tf1"], arrays, differences.state_group, step)
            done = step
        for step, ours in enumerate(losses["tf1"][1:], start=2):
            values = {name: losses[name][step - 1] for name in self.sides}
            shared = {
                k: v
                for k, v in ours.items()
                if k in values["other"] and k != "d_accuracy"  # it moves in leaps
            }
            self._compare("state", shared, values, lambda _: "losses", step)
        self.losses = losses

    def _samples(self):
        self._all("samples")
        arrays = self._arrays()
        self.samples = {name: a["images"] for name, a in arrays.items()}
        arrays = {name: {"samples": a} for name, a in self.samples.items()}
        self._compare("state", arrays["tf1"], arrays, None, self.job.steps)

    def _compare(self, kind, ours, arrays, group=None, step=None):
        """Adds the differences of the counterpart and of the control from TF1."""
        suffix = f" after step {step}" if step else ""
        for name, into in (("other", self.found), ("control", self.control)):
            if name in arrays:
                tolerance = differences.FLOAT64[kind]
                found = differences.compare(kind, ours, arrays[name], tolerance, group)
                into += [d._replace(name=d.name + suffix) for d in found]

    def finish(self):
        """Puts float32's tolerances, known once the control has run, into `found`."""
        if self.control:
            tolerances = differences.noise_tolerances(self.control)
            self.found = [d._replace(tolerance=tolerances[d.kind]) for d in self.found]


class Job:
    """What is compared: a system, its counterpart, the settings and the inputs."""

    def __init__(self, config, settings, against, steps, planted, timing_steps):
        self.config, self.settings, self.against = config, settings, against
        self.steps, self.planted, self.timing_steps = steps, planted, timing_steps
        self.checked = sorted({1, 3, 10, steps} & set(range(1, steps + 1)))
        self.inputs = self.checkpoint = None

    def run(self, dtypes, progress):
        """Returns a finished Pair for each dtype."""
        pairs = {}
        with tempfile.TemporaryDirectory(prefix="compare_") as folder:
            self.inputs = Path(folder) / "inputs.npz"
            inputs.write(self.inputs, self.config, self.steps)
            progress()
            for dtype in dtypes:
                with Pair(self, dtype, Path(folder), progress) as pair:
                    pair.run()
                pair.finish()
                pairs[dtype] = pair
        return pairs

    def stages(self, dtypes):
        """Returns how often `run` calls progress()."""
        each = 7 + len(self.checked) + (ROUNDS + 1 if self.timing_steps else 0)
        return 1 + len(dtypes) * each
