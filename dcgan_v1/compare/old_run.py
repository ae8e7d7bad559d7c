"""Runs both sides, each in a process of its own, and gathers what they computed."""

import tempfile
from pathlib import Path

import numpy as np

from dcgan_v1.checkpoints import restoring
from dcgan_v1.compare import differences, inputs
from dcgan_v1.compare import old_matching as matching
from dcgan_v1.compare.old_process import Side
from dcgan_v1.errors import UserError
from dcgan_v1.nn.optimizers import is_optimizers
from dcgan_v1.ports.names import power_after, updates_done
from dcgan_v1.runtime import cores

ROUNDS = 5  # of timing, in alternation
# Runs of TF1 from start weights nudged in their last place, and how many of them train
# for more than one step.
# One activation that lands on the other side of a kink moves a gradient a thousand
# times as far as rounding does, but rarely: to meet such jumps every other nudge is of
# up to 16 units, and counts for all but the layers' outputs.
NUDGED, NUDGED_TRAINED, KINK_UNITS = 16, 4, 16


class Pair:
    """TF1 and its counterpart in one dtype, and in float32 TF1 against itself.

    Attributes filled in by `run`:
      descriptions: side -> what it says of itself.
      unmatched: Findings where the lists of variables differ; then nothing else is run.
      seen: side -> section -> name -> array, see `_observe`.
      found: every `Difference` of the counterpart from TF1.
      control: the same of TF1 from itself: on one thread and without oneDNN, and from
        start weights nudged in their last place.
      start: the state both begin with; real: the images of the first step.
      timing: by side.
      hypotheses: gradients under two well-known mistakes, where some differ.
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
        other = {**spec, "side": job.against, "break": job.planted}
        self.sides = {
            "tf1": Side("tf1", {**spec, "side": "tf1"}, folder),
            "other": Side("other", other, folder),
        }
        if dtype == "float32":
            alone = {**spec, "side": "tf1", "threads": 1}
            self.sides["control"] = Side("control", alone, folder, onednn="0")
        self.found, self.control, self.late, self.seen = [], [], [], {}
        self.timing, self.hypotheses = {}, {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for side in self.sides.values():
            side.close()

    def run(self):
        """Does everything, in the order of the report."""
        for side in self.sides.values():
            side.answer()
        self.descriptions = self._all("describe", list(self.sides))
        self.unmatched = matching.variables(self)
        if self.unmatched:
            return
        self.start = self._start()
        with np.load(self.job.inputs) as file:
            self.real = file["0/real"].astype(self.dtype)
        if self.job.timing_steps:
            self._time()
        self.seen = self._observe(list(self.sides), self.start, self.job.checked)
        ours = self.seen["tf1"]
        self.found = differences.between(ours, self.seen["other"]) + self.late
        # the diagnosis goes by float64, whose bounds are known already
        if self.dtype == "float64" and any(
            d.is_over for d in self.found if d.kind == "gradient"
        ):
            self._load(["tf1"], self.start)
            self._all("hypotheses", ["tf1"])
            self.hypotheses = self.sides["tf1"].arrays()
        if self.dtype == "float32":
            self.control = differences.between(ours, self.seen.pop("control"))
            for seed in range(NUDGED):
                units = 1 if seed % 2 else KINK_UNITS
                start = inputs.nudged(self.start, seed, units)
                checked = self.job.checked if seed < NUDGED_TRAINED else [1]
                again = self._observe(["tf1"], start, checked)
                self.control += [
                    d
                    for d in differences.between(ours, again["tf1"])
                    if units == 1 or d.kind != "forward"
                ]
            tolerances = differences.noise_tolerances(self.control)
            self.found = [
                d._replace(tolerance=tolerances[d.quantity]) for d in self.found
            ]
        for sections in self.seen.values():  # gigabytes, which the report can spare
            for step in self.job.checked[1:]:
                sections.pop(("state", step), None)

    def _all(self, do, names, **more):
        """Asks several sides at once. Returns name -> answer."""
        for name in names:
            self.sides[name].ask(do, **more)
        return {name: self.sides[name].answer() for name in names}

    def _start(self):
        """Returns the state all sides start from."""
        self._all("state", ["tf1"])
        fresh = self.sides["tf1"].arrays()
        if not self.job.checkpoint:
            return inputs.start_from_scratch(fresh, self.job.config.seed)
        saved = self.job.checkpoint
        lacking = [
            name
            for name, value in fresh.items()
            if (name not in saved and not is_optimizers(name))
            or (name in saved and saved[name].shape != value.shape)
        ]
        if lacking:
            raise UserError(
                f"{self.job.source} does not fit: {lacking[0]} is missing or of "
                f"another shape, and so are {len(lacking) - 1} more; give a whole "
                f"checkpoint of {self.job.config.model}"
            )
        start = {
            name: saved.get(name, value).astype(value.dtype)
            for name, value in fresh.items()
        }
        for name in start:  # powers as Adam would have arrived at them in this dtype
            adam, _, power = name.rpartition("/")
            if power in ("beta1_power", "beta2_power") and name in saved:
                updates = updates_done(saved[f"{adam}/beta2_power"][()])
                beta = float(f"{float(fresh[name]):.6g}")  # a fresh power is the beta
                start[name] = np.asarray(power_after(beta, updates, self.dtype))
        return start

    def _load(self, names, arrays):
        path = self.folder / "start.npz"
        np.savez(path, **arrays)
        self._all("load", names, arrays=str(path))
        path.unlink()

    def _time(self):
        """Steps in alternation; the first round is thrown away."""
        pair = ["tf1", "other"]
        self._load(pair, self.start)
        rounds = [
            {
                name: self._all("time", [name], steps=self.job.timing_steps)[name]
                for name in pair
            }
            for _ in range(ROUNDS + 1)
        ]
        self.timing = {
            name: {
                "seconds": [r[name]["seconds"] for r in rounds[1:]],
                "peak_bytes": rounds[-1][name]["peak_bytes"],
            }
            for name in pair
        }
        self.progress()

    def _observe(self, names, start, checked):
        """Runs sides from `start` and looks at all they compute.

        Args:
          checked: numbers of steps after which the state is looked at.

        Returns:
          side -> {'forward': layer outputs, 'loss': scalars of the first step,
          'gradient': what each update of the first step is given, ('state', n): all
          variables after n steps, ('losses', n): scalars of step n}; in TF1's names.
        """
        seen = {name: {} for name in names}

        def note(section, answers=None):
            for name in names:
                found = answers[name] if answers else self.sides[name].arrays()
                seen[name][section] = found

        self._load(names, start)
        self._all("forward", names)
        note("forward")
        self._load(names, start)
        scalars = self._all("first_step", names)
        note("gradient")
        note("loss", scalars)
        self.progress()
        self._load(names, start)
        done = 0
        for step in checked:
            scalars = self._all("train", names, first=done, last=step)
            note(("state", step))
            for i in range(done, step):
                note(
                    ("losses", i + 1), {name: scalars[name][i - done] for name in names}
                )
            if self.dtype == "float64" and step > 1:  # gigabytes: compared at once
                late = {name: {s: seen[name].pop(s) for s in [("state", step)]}
                        for name in names}  # fmt: skip
                self.late += differences.between(late["tf1"], late["other"])
            done = step
            self.progress()
        if done == self.job.steps:
            self._all("samples", names)
            note(("samples", done))
        return seen


class Job:
    """What is compared: a system, its counterpart, the settings and the inputs."""

    def __init__(
        self, config, settings, against, *, steps, planted, timing_steps, checkpoint
    ):
        """
        Args:
          config: the system's; settings: those of it that were given, by name.
          against: 'tf2', 'keras' or 'torch'.
          steps: training steps.
          planted: one of `breaks.BREAKS`, or ''.
          timing_steps: steps in a round of timing; 0 for no timing.
          checkpoint: path to start from, or None.
        """
        self.config, self.settings, self.against = config, settings, against
        self.steps, self.planted, self.timing_steps = steps, planted, timing_steps
        self.checked = sorted({1, 3, 10, steps} & set(range(1, steps + 1)))
        self.source, self.inputs = checkpoint, None
        self.checkpoint = checkpoint and restoring.arrays(checkpoint, config.model)

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
                pairs[dtype] = pair
        return pairs

    def stages(self, dtypes):
        """Returns how often `run` calls progress()."""
        count = 1 + (len(dtypes) if self.timing_steps else 0)
        for dtype in dtypes:
            nudged, trained = (NUDGED, NUDGED_TRAINED) if dtype == "float32" else (0, 0)
            count += 1 + 2 * nudged + (1 + trained) * len(self.checked) - trained
        return count
