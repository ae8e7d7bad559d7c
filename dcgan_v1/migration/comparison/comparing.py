"""Opens both sides, each in a process of its own, gives them inputs and a start, finds
which variable is which, and has them compared."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison import differences, gradient_check, looking, observe, rounding
from dcgan_v1.migration.comparison.asking import Asking
from dcgan_v1.migration.comparison.observe import FORWARD
from dcgan_v1.migration.comparison.observing import Observing
from dcgan_v1.migration.comparison.preparing import Preparing
from dcgan_v1.migration.explanation.diagnosis import diagnose
from dcgan_v1.migration.matching.identify import identify
from dcgan_v1.migration.runners.process import NO_DOUBLE, Side
from dcgan_v1.runtime import cores

LOUD = 0.1  # noise of float32 that leaves nothing to be said


class Job(NamedTuple):
    """What is compared.

    Attributes:
      old, new: what `worker.open_side` takes, without dtype and threads.
      map: a `map_file.Map`.
      inputs: name -> array, as a user gave them.
      steps: training steps; checked: after which the state is looked at.
      batch_size, seed, timing_steps: numbers.
      folder: a directory for what the processes hand over.
      start: name -> array that stands for TF1's own start values, or None.
    """

    old: dict
    new: dict
    map: Any
    inputs: dict
    steps: int
    checked: list
    batch_size: int | None
    seed: int
    timing_steps: int
    folder: Path
    start: dict | None = None


class CannotBe(Exception):
    """A dtype in which this pair cannot be compared, and why."""


class Pair(Preparing, Observing, Asking):
    """Both sides in one dtype; in float32 TF1 against itself, too.

    Attributes filled in by `run`:
      ours, theirs: what the sides say of themselves.
      matching, certificate: see `identify`.
      start: TF1's state that both begin with, in its names.
      aligned: mode -> list of Aligned.
      seen_old, seen_new: Key -> array.
      looks: (Look, Look) of the first step; None where there is none.
      lone: Keys that one side alone has -> 'TF1' or 'port'.
      found: every Difference; control: in float32 those of TF1 from itself.
      findings: where the sides part and why, worked out in the first dtype.
      not_compared: lines: what the verdict is not said of.
      timing: by side.
    """

    def __init__(self, job, dtype, progress=lambda: None, like=None):
        self.job, self.dtype, self.progress, self.like = job, dtype, progress, like
        self.folder = job.folder / dtype
        self.folder.mkdir(exist_ok=True)
        more = {"dtype": dtype, "threads": cores()}
        self.old = Side("TF1", {**job.old, **more, "is_old": True}, self.folder)
        self.new_spec = {**job.new, **more, "is_old": False}
        self.new = Side("port", self.new_spec, self.folder)
        self.control_side = None
        if dtype == "float32":
            alone = {**job.old, **more, "threads": 1, "is_old": True}
            self.control_side = Side("control", alone, self.folder, onednn="0")
        self.control, self.timing, self.lone, self.timed = [], {}, {}, False
        self.found, self.findings, self.checked = [], [], []
        self.not_compared, self.few = [], "few"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for side in (self.old, self.new, self.control_side):
            if side:
                side.close()

    # ---- set-up ----

    def run(self):
        self.open()
        self.prepare_inputs()
        self.identify()
        if self.matching.new_only or self.missing():
            return
        self.observe()
        if not self.seen_old:
            raise UserError(
                "nothing of the two could be compared: the port has no step, and no "
                "model whose inputs are known; give step=, or forward={model: [inputs]}"
            )
        self.found = differences.between(self.seen_old, self.seen_new, self.group)
        if self.timed and self.trains:
            self.time()
        if self.control_side:
            self.control = rounding.measure(self)
            tolerances = differences.noise_tolerances(self.control)
            self.found = [
                d._replace(tolerance=tolerances.get(d.key.quantity, d.tolerance))
                for d in self.found
            ]
            self.not_compared += [
                f"{quantity} in float32: TF1 is {tolerance / 10:.1e} from itself"
                for quantity, tolerance in tolerances.items()
                if tolerance > 10 * LOUD
            ]
        if self.like is None:
            self.findings = diagnose(self)
        if self.dtype == "float64" and self.trains:
            try:
                self.checked = gradient_check.central_differences(self)
            except UserError as error:
                self.not_compared.append(f"the self-check of float64: {error}")
        self.inputs_seen = self.inputs_of_step()

    def group(self, key):
        """What an array shares its scale with: what one update trains."""
        owner = self.owners.get(key.name, -1) if key.kind == observe.STATE else 0
        of = key.name if key.kind == FORWARD or key.part == "updates" else ""
        return key.kind, key.part, key.step, key.update, owner, of

    def open(self):
        try:
            for side in self._sides():
                side.answer()
        except UserError as error:
            if self.dtype == "float64" and NO_DOUBLE in str(error):
                raise CannotBe(str(error)) from error
            raise
        self.ours = self.old.do("describe")
        self.theirs = self.new.do("describe")
        dtypes = {v["dtype"] for v in self.theirs["variables"].values()}
        wrong = sorted(dtypes - {self.dtype})
        if wrong:
            raise CannotBe(
                f"the port's variables are {wrong[0]}, not {self.dtype}: let its "
                "function take a dtype"
            )
        self.trains = bool(self.ours["updates"]) and self.theirs["step"] is not None

    def _sides(self):
        return [s for s in (self.old, self.new, self.control_side) if s]

    def identify(self):
        """Finds which variable is which."""
        self.more_scalars = []  # pairs (TF1's, the port's) of another step
        if self.like is not None:
            self.matching, self.certificate = self.like.matching, self.like.certificate
            self.maps = self.like.maps
            return
        rows = self.job.map.variables
        self.maps = {}
        # by shapes alone: where these do not fit, a port may not even run
        self.matching, self.certificate = identify(
            self.ours, self.theirs, rows, None, None, self.job.map.optimizers
        )
        if self.matching.new_only or self.missing():
            return
        port_run = None
        if self.trains:
            self._few_or_all()
            seen = self.look(self.new, self.few)
            port_run = {"updates": looking.updates_of(seen), "maps": seen.learned["maps"]}
        self.maps = (port_run or {}).get("maps", {})
        run_equal = self._run_equal if self.trains else None
        self.matching, self.certificate = identify(
            self.ours, self.theirs, rows, port_run, run_equal, self.job.map.optimizers
        )
        if self.trains:
            self._reopen()

    def _few_or_all(self):
        """A few rows are enough to match variables, where a graph takes fewer."""
        self.old.load(self.start)
        try:
            self.old.do("loss_at", batch=self.few)
        except UserError:  # the number of rows stands in the graph
            self.few = "0"

    def _reopen(self):
        """Starts the port anew: a schedule of its own may have counted the steps that
        were done to match variables."""
        self.new.close()
        self.new = Side("port", self.new_spec, self.folder)
        self.new.answer()
        self.new.do("use", inputs=str(self.job.folder / "inputs.npz"))
        self._bind()

    def _run_equal(self, old_values, new_values):
        """A step of either side with values that are equal for equal shapes."""
        zeros = {
            name: np.zeros_like(array)
            for name, array in self.start.items()
            if name in self.ours["slots"] or name.startswith("updates:")
        }
        self.old.load({**zeros, **old_values})
        self.new.do("state")
        slots = {
            k: np.zeros_like(a)
            for k, a in self.new.arrays().items()
            if "|" in k or k.startswith("updates:")
        }
        self.new.load({**slots, **new_values})
        found = [self.look(side, self.few) for side in (self.old, self.new)]
        self.more_scalars = [tuple(look.scalars for look in found)]
        return [{"scalars": f.scalars, "gradients": f.gradients, "state": f.state} for f in found]

    def missing(self):
        """Variables of TF1's that training or the networks need, and the port has
        not."""
        return [
            name for name in self.matching.old_only if self.ours["variables"][name]["trainable"]
        ]


def run(job, dtypes, progress=lambda: None):
    """Returns ({dtype: finished Pair}, {dtype: why it could not be}), float64 first:
    its map serves float32, too."""
    pairs, refused = {}, {}
    for dtype in sorted(dtypes, reverse=True):
        first = next(iter(pairs.values()), None)
        try:
            with Pair(job, dtype, progress, first) as pair:
                pair.timed = job.timing_steps and dtype == min(dtypes)
                pair.run()
        except CannotBe as error:
            refused[dtype] = str(error)
        else:
            pairs[dtype] = pair
            if pair.matching.new_only or pair.missing():
                break
    if not pairs:
        raise UserError(f"cannot compare in {dtype}: {refused[dtype]}")
    return pairs, refused
