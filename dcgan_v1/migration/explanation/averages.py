"""Why averages differ after a step: never moved, another decay, another variance."""

import numpy as np

from dcgan_v1.migration.comparison.evidence import AVERAGE, STATE, Key
from dcgan_v1.migration.explanation import probes
from dcgan_v1.migration.explanation.case import Case, Cause
from dcgan_v1.migration.records import Variable

ORDER = 0.1  # how much farther an average may move by the order of what comes in
SMALLEST = 4  # rows of a batch that batch norm is of use for
PASSES = (1, 2, 3)  # of a step through a layer, for which a decay is worked out


def find(case: Case) -> list[Cause]:
    """Returns the causes of averages that differ after the first step: one for each of the first
    average's kind, and others where a second kind of average has a cause of its own."""
    keys = [d.key for d in case.over(STATE) if d.key.step == 1 and d.key.part == AVERAGE]
    if not keys:
        return []
    kept = case.experiments.kept_of_averages()
    causes: dict[str, list[Key]] = {}
    first: dict[str, str] = {}
    for key in keys:
        text = _cause(case, key, kept)
        causes.setdefault(text, []).append(key)
        first.setdefault(text, key.name)
    return [
        Cause(first[text], text, frozenset(of))
        if text
        # as far as the same rule goes: what the average is made of differs, with a cause of its own
        else Cause("", "", frozenset(of))
        if case.accounted
        else Cause(first[text], "the average differs, for no cause that was found", frozenset(of))
        for text, of in causes.items()
    ]


def _cause(case: Case, key: Key, kept: tuple[dict[str, float], dict[str, float]]) -> str:
    """Returns what is found of one average, or ''."""
    evidence, name = case.evidence, key.name
    before = np.asarray(evidence.start.variables[name], np.float64)
    ours, theirs = evidence.ours[key] - before, evidence.theirs[key] - before
    if not np.any(ours):
        note = ": its UPDATE_OPS are not run by the train op" if evidence.old.not_run else ""
        return f"TF1 never moves the averages{note}; the port does"
    if not np.any(theirs):
        return "the port never moves the averages, TF1 does"
    is_mean = _part(case, name) == "mean"
    old_kept, new_kept = (k.get(name) for k in kept)
    if old_kept is not None and new_kept is not None and abs(old_kept - new_kept) > 1e-9:
        passes = _passes(case, name)
        own = f"{new_kept:.4g}"
        if passes > 1 and (of_one := _root(new_kept, passes)):
            own += f" ({of_one:g} in each of {passes} passes)"
        ours_kept = f"{old_kept:.4g}{_as_power(old_kept, passes)}"
        text = f"batch norm's decay differs: a step keeps {own} of the average, in TF1 {ours_kept}"
        if any(abs(new_kept - (1 - old_kept ** (1 / p)) ** p) < 1e-6 for p in PASSES):
            text += "; a decay was written as a momentum (1 - x), or the reverse"
        if passes > 1 or is_mean:  # what came in is told of one pass alone
            return text
        return text + _also_variance(
            evidence.ours[key], evidence.theirs[key], before, old_kept, new_kept
        )
    count = None
    if old_kept is not None and not is_mean:
        count = probes.variance_count(before, evidence.ours[key], evidence.theirs[key], old_kept)
    if count:
        return _of_variance(count)
    far = probes.ratio(ours, theirs)
    is_raced = any("MovingAvg" in race for race in evidence.old.races)
    if is_raced and abs(far - 1) < ORDER:
        return (
            "the average takes in what a step gives it in another order; TF1's program leaves the "
            "order open (see its race)"
        )
    if not case.accounted:
        return f"the average moves {far:.3g} times as far"
    return ""


def _kept_by(case: Case, name: str) -> Variable | None:
    """The port's variable that an average of TF1's name is."""
    evidence = case.evidence
    new = next((row.new for row in evidence.matching.rows if row.old == name), "")
    return evidence.new.variables.get(new)


def _part(case: Case, name: str) -> str:
    """'mean' or 'variance', as far as the port's layer tells."""
    variable = _kept_by(case, name)
    return variable.part if variable else ""


def _passes(case: Case, name: str) -> int:
    """How often a step of the port calls the layer that keeps an average of TF1's name."""
    variable = _kept_by(case, name)
    layer = variable.layer if variable else ""
    calls = {a.new.name for a in case.evidence.aligned.get("training", [])}
    return sum(call.partition("#")[0] == layer for call in calls) or 1


def _root(kept: float, passes: int) -> float | None:
    """The decay of one pass, where that is a number such as people write; else None."""
    of_one = kept ** (1 / passes) if kept > 0 else 0.0
    plain = round(of_one, 3)
    return plain if 0 < plain < 1 and abs(of_one - plain) < 1e-7 else None


def _as_power(kept: float, passes: int) -> str:
    """Returns ' (0.99^4)' where TF1's number is a power of a plainer one; as many passes as the
    port has come first."""
    exponents = ([passes] if passes > 1 else []) + ([2, 3, 4] if _root(kept, 1) is None else [])
    roots = ((_root(kept, exponent), exponent) for exponent in exponents)
    return next((f" ({root:g}^{exponent})" for root, exponent in roots if root), "")


def _also_variance(
    ours: np.ndarray, theirs: np.ndarray, before: np.ndarray, old_kept: float, new_kept: float
) -> str:
    """Whether what is averaged differs by n / (n - 1), too, where the decays differ: of one pass
    through the layer, what came in is what is left when the part that was kept is taken off."""
    added = [
        (after - kept * before) / (1 - kept)
        for after, kept in ((ours, old_kept), (theirs, new_kept))
        if kept < 1
    ]
    if len(added) < 2:
        return ""
    count = probes.variance_count(np.zeros_like(before), added[0], added[1], 0.0)
    # what several passes add up to can look like a batch of two
    return f"; and {_of_variance(count)}" if count and abs(count) >= SMALLEST else ""


def _of_variance(count: int) -> str:
    kinds = ("unbiased", "biased") if count > 0 else ("biased", "unbiased")
    return (
        f"the average follows the {kinds[0]} variance, TF1's the {kinds[1]} one "
        f"(they differ by n / (n - 1) with n = {abs(count)})"
    )
