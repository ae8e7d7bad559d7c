"""What an explanation asks once more where the port was recorded."""

import numpy as np

from dcgan_v1.migration.comparison.evidence import (
    AVERAGE,
    GRADIENT,
    LOSS,
    STATE,
    Evidence,
    Key,
    Keyed,
)
from dcgan_v1.migration.comparison.runs.live_experiments import LiveExperiments
from dcgan_v1.migration.comparison.runs.recorded_run import state_of
from dcgan_v1.migration.comparison.runs.shifted_averages import SHIFT, of_shift
from dcgan_v1.migration.comparison.runs.update_weights import weights_before_updates
from dcgan_v1.migration.matching.fingerprints import distance
from dcgan_v1.migration.matching.matching import Row
from dcgan_v1.migration.records import Batch, GradientKey, SlotKey, State
from dcgan_v1.migration.runners.recorded_port import RecordedPort
from dcgan_v1.migration.sources import Change

OFF_ZERO = 1e-9  # that biases are moved by
UNKNOWNS = 2  # of an average: what is kept of it, and how much is added; as many channels tell
FITS = 1e-9  # of what a step adds to an average, what both may leave of it
ALIKE = 1e-10  # how far two gradients are apart by rounding, see `fingerprints.distance`


class RecordedExperiments(LiveExperiments):
    """What can be asked once more where the port was recorded: TF1 runs again, the port's part is
    worked out from its recording or not at all."""

    def output_with(
        self, rows: list[Row], layer: str, mode: str, start: State | None = None
    ) -> np.ndarray:
        del rows, layer, mode, start
        return np.empty(0)  # of no layer's shape

    def own_slots(self) -> tuple[dict[GradientKey, np.ndarray], dict[SlotKey, np.ndarray]]:
        """As they were recorded."""
        port = self._programs.new
        assert isinstance(port, RecordedPort)
        port.position = 0
        seen = port.step(Batch(), is_observed=True)
        return seen.gradients, port.state().slots

    def outputs_at_own_start(self) -> dict[str, np.ndarray]:
        old = self._programs.old
        old.load(old.initial())
        batch = self._prepared.tf1_batch(0, self._evidence.dtype)
        return {layer.name: layer.output for layer in old.step(batch, is_observed=True).layers}

    def first_slots(self) -> dict[SlotKey, np.ndarray]:
        """As TF1 has them before it is given the port's."""
        return self._programs.old.initial().slots

    def _load_port(self) -> None:
        port = self._programs.new
        assert isinstance(port, RecordedPort)
        port.position = 0

    def gradients_off_zero(self) -> tuple[Keyed, Keyed] | None:
        """TF1's gradients with its biases moved next to nothing, to either side, whichever are
        nearer the port's; and the port's as they were recorded."""
        evidence, start = self._evidence, self._prepared.start
        biases = [n for n in evidence.trained if start.variables[n].ndim == 1]
        theirs = {k: a for k, a in evidence.theirs.items() if k.kind == GRADIENT}
        sides: list[tuple[float, int, Keyed]] = []
        for shift in (-OFF_ZERO, OFF_ZERO) if biases else ():
            self._programs.old.load(start.replaced({n: start.variables[n] + shift for n in biases}))
            seen = self._programs.old.step(
                self._prepared.tf1_batch(0, evidence.dtype), is_observed=True
            )
            ours = _keyed(seen.gradients)
            far = sum(
                distance(a.ravel(), theirs[k].ravel()) for k, a in ours.items() if k in theirs
            )
            sides.append((far, len(sides), ours))
        return (min(sides)[2], theirs) if sides else None

    def still_pairs(self) -> tuple[Keyed, Keyed] | None:
        """TF1's gradients and losses if no update moved a weight; the same for the port, as far as
        what it was recorded with is either those or TF1's from the weights that the port had by
        then."""
        evidence = self._evidence
        if len(evidence.old.updates) < 2:
            return None
        start, batch = self._prepared.start, self._prepared.tf1_batch(0, evidence.dtype)
        self._programs.new.load(evidence.matching.to_port(start))
        before = weights_before_updates(self._programs, evidence.matching, evidence.old, batch)
        still = self._still(start, batch)
        known: dict[Key, list[np.ndarray]] = {key: [array] for key, array in still.items()}
        for number, weights in before.items():
            for key, array in self._still(start.replaced(weights), batch).items():
                if key in known and (key.kind == LOSS or key.update == number):
                    known[key].append(array)
        told = {}
        for key, arrays in known.items():
            now = evidence.theirs.get(key)
            if now is not None and any(_is_alike(now, a) for a in arrays):
                told[key] = still[key]
        return told, told

    def put_right(self, changes: list[Change]) -> Evidence:
        self._unrepeated = None  # it goes by TF1's gradients, and these are others now
        return super().put_right(changes)

    def take_back(self) -> None:
        self._unrepeated = None
        super().take_back()

    def _ask_twice(self) -> tuple[str, frozenset[Key]]:
        """Gradients of the second step that are TF1's from the port's weights and batch of then,
        added to the first's: nobody has set those to zero. All of an update's are, and one of them
        at least is so large in the first that the sum is not its own."""
        evidence, programs = self._evidence, self._programs
        port, matching = programs.new, evidence.matching
        assert isinstance(port, RecordedPort)
        if len(self._prepared.batches) < 2:
            return "", frozenset()
        port.position = 0
        of_steps = [port.step(Batch(), is_observed=True).gradients for _ in range(2)]
        first, second = (_keyed(matching.gradients(g, evidence.old)[0]) for g in of_steps)
        port.position = 1
        start = state_of(port, matching, evidence.old, self._prepared.start)
        batch = self._prepared.tf1_batch(1, evidence.dtype)
        before = weights_before_updates(programs, matching, evidence.old, batch)
        kept: list[Key] = []
        for number, weights in before.items():
            still = self._still(start.replaced(weights), batch)
            keys = [k for k in first if k.update == number and np.any(first[k])]
            own = [k for k in keys if k in second and k in still]
            are_sums = own == keys and all(_is_sum(second[k], first[k], still[k]) for k in keys)
            if are_sums and any(not _is_alike(second[k], still[k]) for k in keys):
                kept += keys
        return str(next(iter(kept), "")), frozenset(kept)

    def adds_gradients(self) -> str:
        _, keys = self.unrepeated()
        return "those of the second step are its own and the first's together" if keys else ""

    def _still(self, start: State, batch: Batch) -> Keyed:
        """TF1's gradients and losses of a step from a start, with rates of 0."""
        self._programs.old.load(start)
        seen = self._programs.old.still_step(batch, is_observed=True)
        losses = self._evidence.losses.items()
        return _keyed(seen.gradients) | {
            Key(LOSS, name): np.asarray(seen.scalars[other])
            for name, other in losses
            if other in seen.scalars
        }

    def kept_of_averages(self) -> tuple[dict[str, float], dict[str, float]]:
        """TF1's part by running it; the port's from what TF1's statistics of the same batch make
        of its average: new = a old + b statistic. Of averages for which no a and b fit all
        channels, nothing is said. Too few channels tell no a and b: of them it is what a step
        keeps of a larger average, where that is all that their step shows."""
        old, evidence, start = self._programs.old, self._evidence, self._prepared.start
        averages = [n for n in evidence.old.variables if n not in evidence.trained]
        shifted = start.replaced({n: start.variables[n] + SHIFT for n in averages})
        old.load(shifted)
        old.step(self._prepared.tf1_batch(0, evidence.dtype), is_observed=True)
        after = old.state().variables
        ours: dict[str, float] = {}
        theirs: dict[str, float] = {}
        few: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        for name in averages:
            key = Key(STATE, name, AVERAGE, 1)
            if name not in after or key not in evidence.ours:
                continue
            before = np.asarray(start.variables[name], np.float64)
            kept = of_shift(after[name], evidence.ours[key], evidence.dtype)
            if kept is None:
                continue
            ours[name] = kept
            if key not in evidence.theirs or kept >= 1:
                continue
            statistic = (evidence.ours[key] - kept * before) / (1 - kept)
            step = before, statistic, evidence.theirs[key]
            if before.size <= UNKNOWNS:
                few[name] = step
            elif (share := _kept(*step)) is not None:
                theirs[name] = share
        known = set(theirs.values())
        for name, step in few.items():
            fitting = [share for share in known if _is_kept(share, *step)]
            if fitting:
                theirs[name] = fitting[0]
        return ours, theirs


def _keyed(gradients: dict[GradientKey, np.ndarray]) -> Keyed:
    return {Key(GRADIENT, k.variable, "", 0, k.update): a for k, a in gradients.items()}


def _is_sum(whole: np.ndarray, first: np.ndarray, own: np.ndarray) -> bool:
    """Whether a gradient is one of its own and an earlier one added up."""
    return _is_alike(whole, first + own)


def _is_alike(a: np.ndarray, b: np.ndarray) -> bool:
    return distance(a.ravel(), b.ravel()) < ALIKE


def _kept(before: np.ndarray, statistic: np.ndarray, after: np.ndarray) -> float | None:
    """The share of an average that a step keeps, of `after = kept before + share statistic`; None
    where that does not hold for all channels: what the port averages is another statistic."""
    if not np.any(before):  # nothing of it shows: what is added tells
        share = float(np.median(after / statistic))
        kept, made = 1 - share, share * statistic
    else:
        columns = np.stack([before.ravel(), statistic.ravel()], axis=1)
        solution, *_ = np.linalg.lstsq(columns, after.ravel(), rcond=None)
        kept, made = float(solution[0]), (columns @ solution).reshape(after.shape)
    return kept if _fits(made, before, after) else None


def _is_kept(share: float, before: np.ndarray, statistic: np.ndarray, after: np.ndarray) -> bool:
    """Whether a step keeps so much of an average, and takes in the rest of a statistic."""
    return _fits(share * before + (1 - share) * statistic, before, after)


def _fits(made: np.ndarray, before: np.ndarray, after: np.ndarray) -> bool:
    left = float(np.max(np.abs(made - after)))
    return left <= FITS * float(np.max(np.abs(after - before)))
