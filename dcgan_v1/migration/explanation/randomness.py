"""Why two steps of the port's from one start differ: random numbers, or gradients that are kept."""

from dcgan_v1.migration.comparison.evidence import STATE
from dcgan_v1.migration.explanation.case import Case, Cause
from dcgan_v1.migration.explanation.kinds import Kind


def find(case: Case) -> list[Cause]:
    """Returns the cause of what the port computes otherwise each time it is asked."""
    if case.evidence.first is None:
        return []
    where, keys = case.experiments.unrepeated()
    if not where:
        return []
    moved = {key.name for key in keys}
    states = {
        d.key
        for d in case.over(STATE)
        if d.key.step > 1 or case.evidence.variable_of(d.key.name) in moved
    }
    open_keys = {d.key for d in case.differences if d.is_over and d.key in keys} | states
    if not open_keys - case.accounted:
        return []
    if proof := case.experiments.adds_gradients():
        text = (
            "a step adds its gradients to those of the step before: they are not set to zero "
            f"(zero_grad) between steps, and {proof}"
        )
        return [Cause(Kind.KEPT_GRADIENTS, where, text, frozenset(open_keys))]
    text = (
        "the port draws random numbers of its own, and TF1 is given what it draws: two steps from "
        "the same start with the same inputs differ. Make them arguments of the step"
    )
    return [Cause(Kind.OWN_DRAWS, where, text, frozenset(open_keys))]
