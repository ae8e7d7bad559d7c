"""Which weights an average of weights takes in: those of before an update, or of after it."""

import numpy as np

from dcgan_v1.migration.comparison.evidence import STATE, WEIGHT, Key
from dcgan_v1.migration.comparison.pairs.alignment import SHADOW, apart
from dcgan_v1.migration.explanation.case import Case
from dcgan_v1.migration.explanation.layer_causes.layer_case import AGREE

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
    return (
        f"the average takes in the weights of {times[1]} the update, TF1's those of {times[0]} it"
    )
