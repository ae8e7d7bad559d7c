"""Runs both programs again with something changed, see `experiments`."""

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison import gradient_check
from dcgan_v1.migration.comparison.evidence import (
    AVERAGE,
    FORWARD,
    GRADIENT,
    LOSS,
    STATE,
    Evidence,
    Key,
    Keyed,
)
from dcgan_v1.migration.comparison.inputs.preparation import Prepared
from dcgan_v1.migration.comparison.pairs import alignment
from dcgan_v1.migration.comparison.programs import Programs
from dcgan_v1.migration.comparison.runs.shifted_averages import SHIFT, of_shift
from dcgan_v1.migration.comparison.runs.update_weights import weights_before_updates
from dcgan_v1.migration.matching.matching import Row
from dcgan_v1.migration.records import Arrays, GradientKey, Observation, Settings, SlotKey, State
from dcgan_v1.migration.runners.process import both
from dcgan_v1.migration.sources import Change, InputChange, ShareChange

GROWN = 1e-9  # relative, of gradients that grow by the same each time


class LiveExperiments:
    """Experiments on programs that are open.

    Args:
      programs: both, open.
      prepared: what they are given.
      evidence: what they gave.
      collect_again: collects with TF1's program as it is by then; see `collection.collect` for its
        `along`.
    """

    def __init__(
        self,
        programs: Programs,
        prepared: Prepared,
        evidence: Evidence,
        collect_again: Callable[..., Evidence],
    ) -> None:
        self._programs, self._prepared, self._evidence = programs, prepared, evidence
        self._collect_again, self._changes = collect_again, list[Change]()
        self._before = prepared, evidence, list[Change]()
        self._unrepeated: tuple[str, frozenset[Key]] | None = None
        self._port_counts = False  # whether a schedule of its own goes on, whatever is loaded

    def output_with(
        self, rows: list[Row], layer: str, mode: str, start: State | None = None
    ) -> np.ndarray:
        evidence, new = self._evidence, self._programs.new
        matching = evidence.matching.with_rows(rows)
        new.load(matching.to_port(self._prepared.start if start is None else start))
        if mode == "training":
            batch = self._prepared.port_batch(0, evidence.dtype)
            layers = new.step(batch, is_observed=True).layers
        else:
            forward = {model: choices[0] for model, choices in evidence.forward.items() if choices}
            batch = self._prepared.port_inference(evidence.dtype)
            layers = new.inference(batch, forward).layers
        output = next(s for s in layers if s.name == layer)
        return alignment.in_tf1_order(output, evidence.pixels)

    def still_gradients(self) -> tuple[Keyed, Keyed]:
        old, batch = self._programs.old, self._prepared.tf1_batch(0, self._evidence.dtype)
        old.load(self._prepared.start)
        still = old.still_step(batch, is_observed=True).gradients
        leaks = old.leaks(batch)
        late, leak = (
            {Key(GRADIENT, k.variable, "", 0, k.update): a for k, a in side.items()}
            for side in (still, leaks)
        )
        return late, leak

    def still_pairs(self) -> tuple[Keyed, Keyed] | None:
        evidence, prepared = self._evidence, self._prepared
        if len(evidence.old.updates) < 2:
            return None
        self._programs.old.load(prepared.start)
        self._programs.new.load(evidence.matching.to_port(prepared.start))
        batches = prepared.tf1_batch(0, evidence.dtype), prepared.port_batch(0, evidence.dtype)
        try:
            ours, theirs = both(
                lambda: self._programs.old.still_step(batches[0], is_observed=True),
                lambda: self._programs.new.still_step(batches[1]),
            )
        except UserError:
            return None
        in_tf1, _ = evidence.matching.gradients(theirs.gradients, evidence.old)
        first, second = (
            {Key(GRADIENT, k.variable, "", 0, k.update): a for k, a in side.items()}
            for side in (ours.gradients, in_tf1)
        )
        for name, other in evidence.losses.items():
            if other in ours.scalars and name in theirs.scalars:
                first[Key(LOSS, name)] = np.asarray(ours.scalars[other])
                second[Key(LOSS, name)] = np.asarray(theirs.scalars[name])
        return first, second

    def kept_of_averages(self) -> tuple[dict[str, float], dict[str, float]]:
        evidence, prepared = self._evidence, self._prepared
        averages = [n for n in evidence.old.variables if n not in evidence.trained]
        shifted = prepared.start.replaced(
            {n: prepared.start.variables[n] + SHIFT for n in averages}
        )
        self._programs.old.load(shifted)
        self._programs.new.load(evidence.matching.to_port(shifted))
        self._step()
        ours = self._programs.old.state()
        theirs = evidence.matching.to_tf1(self._programs.new.state(), evidence.old)
        kept = []
        for state, before in ((ours, evidence.ours), (theirs, evidence.theirs)):
            parts: dict[str, float] = {}
            for name in averages:
                key = Key(STATE, name, AVERAGE, 1)
                if name in state.variables and key in before:
                    part = of_shift(state.variables[name], before[key], evidence.dtype)
                    parts |= {} if part is None else {name: part}
            kept.append(parts)
        return kept[0], kept[1]

    def unrepeated(self) -> tuple[str, frozenset[Key]]:
        if self._unrepeated is None:
            self._unrepeated = self._ask_twice()
        return self._unrepeated

    def _ask_twice(self) -> tuple[str, frozenset[Key]]:
        evidence, new = self._evidence, self._programs.new
        batch = self._prepared.port_batch(0, evidence.dtype)
        steps: list[tuple[Keyed, Keyed]] = []
        for _ in range(2):
            new.load(evidence.matching.to_port(self._prepared.start))
            seen = new.step(batch, is_observed=True)
            gradients, _alone = evidence.matching.gradients(seen.gradients, evidence.old)
            keyed = {Key(FORWARD, s.name, "training"): s.output for s in seen.layers}
            rest = {Key(LOSS, name): np.asarray(value) for name, value in seen.scalars.items()}
            rest |= {Key(GRADIENT, k.variable, "", 0, k.update): a for k, a in gradients.items()}
            steps.append((keyed, rest))
        layers, others = (
            [k for k, a in first.items() if not np.array_equal(a, second.get(k))]
            for first, second in zip(*steps, strict=True)
        )
        where = str(next(iter([*layers, *others]), ""))
        return where, frozenset([*layers, *others])

    def adds_gradients(self) -> str:
        """They grow by the same each time that the step is done from one start, where the layers
        before any update give the same."""
        new, batch = self._programs.new, self._prepared.port_batch(0, self._evidence.dtype)
        seen = []
        for _ in range(3):
            new.load(self._evidence.matching.to_port(self._prepared.start))
            seen.append(new.step(batch, is_observed=True))
        layers = [[s.output for s in one.layers if not s.applied] for one in seen]
        if not all(map(np.array_equal, layers[0], layers[1])):
            return ""
        grown = []
        for key, first in seen[0].gradients.items():
            second, third = (one.gradients.get(key, first) for one in seen[1:])
            if key.update == 0 and not np.array_equal(first, second):
                size = np.max(np.abs(second - first))
                grown.append(np.max(np.abs(third - 2 * second + first)) <= GROWN * size)
        is_sum = bool(grown) and all(grown)
        return "two steps from the same start differ by as much" if is_sum else ""

    def gradients_off_zero(self) -> tuple[Keyed, Keyed] | None:
        evidence, start = self._evidence, self._prepared.start
        rng = np.random.default_rng(1)
        moved = {
            n: a + rng.uniform(0.01, 0.02, a.shape).astype(a.dtype)
            for n, a in start.variables.items()
            if n in evidence.trained and a.ndim == 1
        }
        if not moved:
            return None
        shifted = start.replaced(moved)
        self._programs.old.load(shifted)
        self._programs.new.load(evidence.matching.to_port(shifted))
        ours, theirs = self._step()
        in_tf1, _ = evidence.matching.gradients(theirs.gradients, evidence.old)
        first, second = (
            {Key(GRADIENT, k.variable, "", 0, k.update): a for k, a in side.items()}
            for side in (ours.gradients, in_tf1)
        )
        return first, second

    def outputs_at_own_start(self) -> dict[str, np.ndarray]:
        return {}

    def own_slots(self) -> tuple[dict[GradientKey, np.ndarray], dict[SlotKey, np.ndarray]]:
        programs, evidence = self._programs, self._evidence
        programs.reopen_port()
        programs.new.load(evidence.matching.to_port(State(self._prepared.start.variables)))
        batch = self._prepared.port_batch(0, evidence.dtype)
        observation = programs.new.step(batch, is_observed=True)
        return observation.gradients, programs.new.state().slots

    def first_slots(self) -> dict[SlotKey, np.ndarray]:
        return self._evidence.start.slots

    def second_settings(self) -> tuple[dict[str, Settings], dict[str, Settings]]:
        programs, prepared = self._programs, self._prepared
        programs.reopen_port()  # a schedule of its own may have counted
        programs.old.load(prepared.start)
        self._load_port()
        self._step()
        seen = self._step(1)
        return seen[0].settings, seen[1].settings

    def _load_port(self) -> None:
        self._programs.new.load(self._evidence.matching.to_port(self._prepared.start))

    def quotient(self, key: Key, place: tuple[int, ...]) -> float | None:
        evidence, start = self._evidence, self._prepared.start
        update = evidence.old.updates[key.update]
        values = []
        for sign in (1, -1):
            moved = np.array(start.variables[key.name], np.float64)
            moved[place] += sign * gradient_check.STEP
            self._programs.old.load(start.replaced({key.name: moved}))
            batch = self._prepared.tf1_batch(0, evidence.dtype)
            scalars = self._programs.old.still_step(batch).scalars
            if not update.losses or any(name not in scalars for name in update.losses):
                return None
            again = f"#{update.run + 1}"
            values.append(sum(scalars.get(f"{n}{again}", scalars[n]) for n in update.losses))
        return float(values[0] - values[1]) / (2 * gradient_check.STEP)

    def pulled_back(self, above: Arrays, to: list[str], update: int) -> Arrays:
        evidence, old, prepared = self._evidence, self._programs.old, self._prepared
        old.load(prepared.start.replaced(self._before_updates().get(update, {})))
        run, batch = evidence.old.updates[update].run, prepared.tf1_batch(0, evidence.dtype)
        return old.pulled_back(batch, run, above, to)

    def along_port(self) -> Evidence:
        return self._collect_again(prepared=self._prepared, along=self._before_updates())

    def _before_updates(self) -> dict[int, Arrays]:
        evidence, batch = self._evidence, self._prepared.port_batch(0, self._evidence.dtype)
        self._load_port()
        return weights_before_updates(self._programs, evidence.matching, evidence.old, batch)

    def unused_inputs(self) -> list[str]:
        bindings = self._prepared.bindings
        used = {*bindings.arguments.values(), *bindings.dropouts}
        return [n for n in self._prepared.batches[0] if "@" in n and n not in used]

    def without_inputs(self, names: list[str]) -> Evidence:
        return self._collect_again(prepared=self._without(names), along={})

    def _without(self, names: Collection[str]) -> Prepared:
        batches = [
            {n: a for n, a in batch.items() if n not in names} for batch in self._prepared.batches
        ]
        return replace(self._prepared, batches=batches)

    def _step(self, number: int = 0) -> tuple[Observation, Observation]:
        dtype, prepared = self._evidence.dtype, self._prepared
        ours, theirs = prepared.tf1_batch(number, dtype), prepared.port_batch(number, dtype)
        # observed: a port that is a tf.function runs as it did in the first step
        return both(
            lambda: self._programs.old.step(ours, is_observed=True),
            lambda: self._programs.new.step(theirs, is_observed=True),
        )

    def put_right(self, changes: list[Change]) -> Evidence:
        self._before = self._prepared, self._evidence, list(self._changes)
        self._prepared = self._without([c.name for c in changes if isinstance(c, InputChange)])
        shares = {c.name for c in changes if isinstance(c, ShareChange)}
        self._prepared = replace(self._prepared, reversed=self._prepared.reversed | shares)
        self._changes += [c for c in changes if not isinstance(c, InputChange | ShareChange)]
        self._programs.change_tf1(self._changes)
        if not self._port_counts:
            again = self._collect_again(prepared=self._prepared)
            self._port_counts = not _is_alike(again.theirs, self._evidence.theirs)
        if self._port_counts:
            self._programs.reopen_port()
            again = self._collect_again(prepared=self._prepared)
        self._evidence = again
        return again

    def take_back(self) -> None:
        self._prepared, self._evidence, self._changes = self._before
        self._programs.change_tf1(self._changes)
        if self._port_counts:
            self._programs.reopen_port()


def _is_alike(now: Keyed, before: Keyed) -> bool:
    """Whether a port gave the same bits once more."""
    return all(np.array_equal(now[key], before[key]) for key in now.keys() & before.keys())
