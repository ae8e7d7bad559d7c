"""What is taken off each weight beside an optimiser's step: AdamW's decay, or the same by hand.

It is worked out from the steps themselves, on either side: TF1 has it as ops of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dcgan_v1.migration.explanation.update_causes.update_rules import Rule
from dcgan_v1.migration.explanation.update_causes.update_steps import Step
from dcgan_v1.migration.records import DECAY_APART

EQUAL = 1e-6  # relative, how far the shares of two variables are apart at most


@dataclass(frozen=True)
class Decay:
    """What a side takes off its weights in an update.

    Attributes:
      share: of a weight; 0 where it takes nothing off.
      names: the variables that it does so to.
      steps: variable -> its step as it would be without.
    """

    share: float
    names: frozenset[str]
    steps: dict[str, Step]

    def is_like(self, other: "Decay") -> bool:
        """Whether another side takes the same off the same weights, but for such as are 0."""
        is_equal = abs(self.share - other.share) <= EQUAL * max(self.share, other.share)
        return is_equal and all(
            not np.any(self.steps[name].before) for name in self.names ^ other.names
        )


def find(steps: dict[str, Step], rules: Sequence[Rule]) -> Decay | None:
    """Returns what a side takes off its weights beside what one of some rules makes; None where
    none of them makes all steps, whatever is taken off.

    Args:
      steps: variable -> what was done to it.
      rules: of the side's optimiser; what they say of a decay is not counted.
    """
    for rule in rules:
        settings = {name: v for name, v in rule.settings.items() if name != DECAY_APART}
        plain = replace(rule, settings=settings)
        shares = {name: _share(step, plain) for name, step in steps.items()}
        known = [share for share in shares.values() if share]
        if any(share is None for share in shares.values()):
            continue
        share = float(np.median(known)) if known else 0.0
        if any(abs(one - share) > EQUAL * abs(share) for one in known):
            continue
        names = frozenset(name for name, one in shares.items() if one)
        without = {
            name: replace(step, after=step.after + (shares[name] or 0.0) * step.before)
            for name, step in steps.items()
        }
        return Decay(share, names, without)
    return None


def _share(step: Step, rule: Rule) -> float | None:
    """The share of the weight that is taken off beside a rule's step; None where that does not
    make the step, or where there are several updates."""
    if step.follows(rule):
        return 0.0
    made = step.by(rule)
    size = float(np.sum(step.before**2))
    if made is None or len(step.gradients) > 1 or not size:
        return None
    share = float(np.sum((made[0] - step.after) * step.before)) / size
    return share if replace(step, after=step.after + share * step.before).follows(rule) else None
