"""Whether the port uses one noise for a whole step where TF1 draws one per session call."""

from dcgan_v1.migration.comparison.differences import between, group_of
from dcgan_v1.migration.comparison.evidence import GRADIENT, LOSS
from dcgan_v1.migration.explanation.case import SECOND_NOISE, Case, Cause
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.sources import InputChange


def find(case: Case) -> list[Cause]:
    """Returns the cause of gradients and losses that agree once TF1's later runs are given the
    first one's inputs: the port uses one noise where TF1 draws two."""
    over = [d for kind in (GRADIENT, LOSS) for d in case.over(kind) if not d.key.step]
    names = case.experiments.unused_inputs() if over else []
    if not names:
        return []
    evidence = case.experiments.without_inputs(names)
    left = {d.key for d in between(evidence.ours, evidence.theirs, group_of(evidence)) if d.is_over}
    keys = frozenset(d.key for d in over if d.key not in left)
    if not keys:
        return []
    first = names[0].partition("@")[0]
    text = f"TF1 is given another {first} in a later run of its step, the port the first again"
    changes = tuple(InputChange(name) for name in names)
    return [Cause(Kind.SECOND_NOISE, f"input {names[0]}", text, keys, changes, name=SECOND_NOISE)]
