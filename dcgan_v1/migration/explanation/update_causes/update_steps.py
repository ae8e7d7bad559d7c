"""What an optimiser did to one variable in a step, beside what a rule makes of its gradients."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dcgan_v1.migration.comparison.evidence import STATE, WEIGHT, Key, Keyed
from dcgan_v1.migration.explanation.case import Case
from dcgan_v1.migration.explanation.update_causes.update_rules import Rule
from dcgan_v1.migration.records import Arrays, Update

EXACT = 1e-9  # relative, what a rule worked out by hand may leave of a step
ULPS = 4  # of a weight, that rounding may take off it in one update: much, where steps are tiny


@dataclass(frozen=True)
class Step:
    """What an optimiser did to one variable on one side, in all of its updates of a step.

    Attributes:
      before, after: the weight. slots, slots_after: by TF1's names of slots.
      gradients: that its updates were given. updates: how often it was applied before.
    """

    before: np.ndarray
    after: np.ndarray
    gradients: list[np.ndarray]
    slots: Arrays
    slots_after: Arrays
    updates: int

    def follows(self, rule: Rule, clip: float | None = None) -> bool:
        """Whether a rule makes this step, up to rounding; `clip`: bound of the new weights."""
        return self.remainder(rule, clip) <= EXACT

    def remainder(self, rule: Rule, clip: float | None = None) -> float:
        """Returns what a rule leaves of this step, relative to the step; inf where it is not
        known."""
        made = self.by(rule, clip)
        if made is None:
            return np.inf
        weight, slots = made
        rounding = ULPS * len(self.gradients) * np.spacing(np.max(np.abs(self.before), initial=0.0))
        left = np.maximum(np.abs(weight - self.after) - rounding, 0.0)
        off = [_share(left, self.after - self.before)]
        off += [
            _share(slots[name] - array, array)
            for name, array in self.slots_after.items()
            if name in slots
        ]
        return max(off)

    def by(self, rule: Rule, clip: float | None = None) -> tuple[np.ndarray, Arrays] | None:
        """Returns (weight, slots) that a rule makes of the gradients; None where it is not known.

        Args:
          clip: bound of the weight after each update.
        """
        weight, slots = self.before, dict(self.slots)
        for number, gradient in enumerate(self.gradients):
            made = rule.apply(weight, gradient, slots, self.updates + number)
            if made is None:
                return None
            weight, slots = made[0], {**slots, **made[1]}
            if clip is not None:
                weight = np.clip(weight, -clip, clip)
        return weight, slots


def _share(off: np.ndarray, whole: np.ndarray) -> float:
    size = float(np.max(np.abs(whole), initial=0.0))
    distance = float(np.max(np.abs(off), initial=0.0))
    return distance / size if size else float(distance > 1e-300)


def steps_of(case: Case, update: Update, name: str) -> tuple[Step, Step] | None:
    """Returns what an optimiser did to a variable on both sides; None where an array is missing.

    Args:
      case: the evidence, and what may be asked of both programs.
      update: TF1's.
      name: of the variable, as TF1 calls it.
    """
    evidence = case.evidence
    before = np.asarray(evidence.start.variables[name], np.float64)
    slots = {
        key.slot: np.asarray(array, np.float64)
        for key, array in evidence.start.slots.items()
        if key.variable == name and key.optimizer == update.optimizer
    }
    count = evidence.start.updates.get(update.optimizer, 0)
    steps = []
    for side, arrays in (("TF1", evidence.ours), ("port", evidence.theirs)):
        gradients = case.gradients(side, name, update.optimizer)
        after = arrays.get(Key(STATE, name, WEIGHT, 1))
        if not gradients or after is None:
            return None
        slots_after = dict(_slots_after(case, arrays, update, name))
        steps.append(Step(before, after, gradients, slots, slots_after, count))
    return steps[0], steps[1]


def _slots_after(
    case: Case, arrays: Keyed, update: Update, name: str
) -> Iterator[tuple[str, np.ndarray]]:
    for slot, key in case.evidence.old.slots.items():
        if key.variable == name and key.optimizer == update.optimizer:
            array = arrays.get(Key(STATE, slot, key.slot, 1))
            if array is not None:
                yield key.slot, array
