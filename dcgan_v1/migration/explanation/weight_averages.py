"""Which weights an average of weights takes in: those of before an update, or of after it."""

import numpy as np

from dcgan_v1.migration.comparison.evidence import STATE, WEIGHT, Key
from dcgan_v1.migration.comparison.pairs.alignment import SHADOW, apart
from dcgan_v1.migration.explanation.case import Case
from dcgan_v1.migration.explanation.layer_causes.layer_case import AGREE

TEXT = "the average takes in the weights of {} the update, TF1's those of {} it"
Kept = dict[str, float]  # average -> the part of it that a step keeps


def told(case: Case, key: Key, kept: tuple[Kept, Kept]) -> str:
    """Says so where the sides take in other ones; else ''.

    Args:
      key: of an average after the first step.
      kept: of TF1 and of the port.
    """
    weight = key.name.removesuffix(SHADOW)
    of_weight = Key(STATE, weight, WEIGHT, 1)
    evidence = case.evidence
    if weight == key.name or of_weight not in evidence.ours or of_weight not in evidence.theirs:
        return ""
    before = np.asarray(evidence.start.variables[key.name], np.float64)
    if _waits(case, key, before):
        return TEXT.format("before", "after")
    times = []
    for side, parts in zip((evidence.ours, evidence.theirs), kept, strict=True):
        if key.name not in parts:
            return ""
        part = parts[key.name]
        weights = {"before": evidence.start.variables[weight], "after": side[of_weight]}
        made = {when: part * before + (1 - part) * w for when, w in weights.items()}
        fitting = [when for when, value in made.items() if apart(side[key], value)[0] <= AGREE]
        if len(fitting) != 1:
            return ""
        times.append(fitting[0])
    if times[0] == times[1]:
        return ""
    return TEXT.format(times[1], times[0])


def _waits(case: Case, key: Key, before: np.ndarray) -> bool:
    """Whether the port's average is where its weight was, stays there in the first step and moves
    later, while TF1's moves at once: it takes in what it is itself."""
    evidence = case.evidence
    later = [a for k, a in evidence.theirs.items() if k.name == key.name and k.step > 1]
    return (
        np.array_equal(before, evidence.start.variables[key.name.removesuffix(SHADOW)])
        and np.array_equal(evidence.theirs[key], before)
        and not np.array_equal(evidence.ours[key], before)
        and any(not np.array_equal(a, before) for a in later)
    )
