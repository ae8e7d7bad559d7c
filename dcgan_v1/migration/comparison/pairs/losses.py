"""Which loss of the port is which scalar of TF1's. Pure Python."""

from collections.abc import Sequence

from dcgan_v1.migration.records import Update
from dcgan_v1.migration.runners.recorded_names import TERMS

EQUAL = 1e-6  # relative difference below which losses are taken for the same
Scalars = dict[str, float]


def agree(steps: Sequence[tuple[Scalars, Scalars]], pairs: dict[str, str]) -> bool:
    """Whether every loss of the port has a pair, and its value in the first of some steps."""
    ours, theirs = steps[0]
    return all(
        name in pairs and abs(ours[pairs[name]] - value) <= EQUAL * abs(value)
        for name, value in theirs.items()
    )


def pair_losses(
    steps: Sequence[tuple[Scalars, Scalars]], updates: Sequence[Update]
) -> dict[str, str]:
    """Pairs losses by value, by name, or by order where both have as many. Others are left out.

    By value: a mean and its parts may be equal by chance in one step, so more than one step from
    equal starts tells, if there is more than one.

    Args:
      steps: (TF1's scalars, the port's) of steps from equal starts, the first of which counts.
      updates: TF1's.

    Returns:
      loss of the port -> TF1's scalar.
    """
    ours, theirs = steps[0]
    by_last_word = {name.rpartition("/")[2]: name for name in ours}
    losses = list(dict.fromkeys(n for u in updates for n in u.losses if n in ours))

    def off(name: str, other: str) -> float:
        return max(
            abs(a[other] - b[name]) / max(abs(b[name]), 1e-30)
            for a, b in steps
            if other in a and name in b
        )

    pairs: dict[str, str] = {}
    for name in theirs:
        # of equals an update's own loss comes first, then a mean before its parts
        ranked = sorted(ours, key=lambda other: other not in losses)
        near = min(ranked, key=lambda other: off(name, other), default=None)
        if near is not None and off(name, near) <= EQUAL:
            pairs[name] = near
        elif name in by_last_word:
            pairs[name] = by_last_word[name]
    left = [name for name in losses if name not in pairs.values()]
    lone = [name for name in theirs if name not in pairs]
    # a sum of which a part is all that an update minimises is none
    taken = {name for name, other in pairs.items() if other in losses}
    lone = [n for n in lone if TERMS not in n or taken.isdisjoint(n.split(TERMS))]
    terms = {term for name in lone if TERMS in name for term in name.split(TERMS)}
    of_sums = [name for name in lone if name not in terms]  # of one update
    of_terms = [name for name in lone if TERMS not in name]  # taken before the first of several
    for names in (lone, of_sums, of_terms):
        if len(left) == len(names):
            return pairs | dict(zip(names, left, strict=True))
    return pairs
