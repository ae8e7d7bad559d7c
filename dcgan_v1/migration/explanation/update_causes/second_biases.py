"""A recurrent layer of the port's that adds two biases where TF1's has one."""

import numpy as np

from dcgan_v1.migration.comparison.evidence import STATE, WEIGHT, Key
from dcgan_v1.migration.explanation import estimates
from dcgan_v1.migration.explanation.case import Case, Cause
from dcgan_v1.migration.explanation.kinds import Kind

DOUBLE = 1e-6  # how far from 2 times as long a step of the sum may be, by rounding


def names_of(case: Case) -> set[str]:
    """Returns TF1's biases that are sums of two of the port's."""
    matching = case.evidence.matching
    return {r.old for r in matching.rows if r.new in matching.seconds.values()}


def find(case: Case) -> list[Cause]:
    """Returns a cause for each bias whose sum moves twice as far in the first step as TF1's."""
    evidence, causes = case.evidence, []
    second_of = {first: second for second, first in evidence.matching.seconds.items()}
    rows = {r.old: r.new for r in evidence.matching.rows}
    for name in sorted(names_of(case)):
        key = Key(STATE, name, WEIGHT, 1)
        if all(d.key != key for d in case.over(STATE)):
            continue
        before = np.asarray(evidence.start.variables[name], np.float64)
        times = estimates.factor(evidence.ours[key] - before, evidence.theirs[key] - before)
        if times is None or abs(times - 2) > DOUBLE:
            continue
        text = (
            f"{rows[name]} and {second_of[rows[name]]} are added where TF1 has one bias, and both "
            "are trained: their sum moves 2 times as far in a step"
        )
        causes.append(Cause(Kind.SECOND_BIAS, name, text, frozenset({key})))
    return causes
