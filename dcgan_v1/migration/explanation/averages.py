"""Why averages differ after a step: never moved, another decay, variance, order or passes."""

import numpy as np

from dcgan_v1.migration.comparison.evidence import AVERAGE, STATE, WEIGHT, Key
from dcgan_v1.migration.explanation import decays, estimates, passes, weight_averages
from dcgan_v1.migration.explanation.case import Case, Cause
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.layer_causes.layer_case import AGREE
from dcgan_v1.migration.explanation.passes import Decay
from dcgan_v1.migration.records import Variable

ORDER = 0.1  # how much farther an average may move by the order of what comes in
SMALLEST = 4  # rows of a batch that batch norm is of use for
LARGEST = 10**8  # values of a channel in a batch: of more, n / (n - 1) is rounding
PASSES = (1, 2, 3, 4)  # of a step through a layer, for which a decay is worked out
MORE_PASSES = (*PASSES, 5, 6)  # the same where the decay of one pass is known: fewer numbers fit
UNKNOWN = "the average differs, for no cause that was found"
OF_WEIGHTS = ("kernel", "bias", "gamma", "beta")  # parts that are no statistics
EQUAL = 1e-9  # difference of decays that are the same
SAME_DECAY = 1e-6  # the same, of decays that are told from averages of several passes


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
        # as far as the same rule goes: what the average is made of differs, with a cause of its own
        rest = "" if case.accounted and _may_follow(case, key.name) else UNKNOWN
        text = _cause(case, key, kept) or rest
        causes.setdefault(text, []).append(key)
        first.setdefault(text, key.name)
    return [
        Cause(
            _kind(case, text, first[text]),
            first[text] if text else "",
            text,
            frozenset(of),
            stage=STATE,
        )
        for text, of in causes.items()
    ]


def _kind(case: Case, text: str, name: str) -> Kind:
    if text == UNKNOWN:
        return Kind.UNEXPLAINED
    if _is_raced(case) and text == _order(case):
        return Kind.AVERAGE_ORDER
    return Kind.WEIGHT_AVERAGES if _is_of_weights(case, name) else Kind.AVERAGES


def _may_follow(case: Case, name: str) -> bool:
    """Whether what an average is made of differs, as far as its layer is seen."""
    layer = _layer(case, name)
    rows = case.evidence.aligned.get("training", [])
    calls = [r for r in rows if r.new.name.partition("#")[0] == layer]
    return not calls or any(not r.relative <= AGREE for r in calls)


def _cause(case: Case, key: Key, kept: tuple[dict[str, float], dict[str, float]]) -> str:
    """Returns what is found of one average, or ''."""
    evidence, name = case.evidence, key.name
    before = np.asarray(evidence.start.variables[name], np.float64)
    ours, theirs = evidence.ours[key] - before, evidence.theirs[key] - before
    if told := weight_averages.told(case, key, kept):
        return told
    if not np.any(ours):
        note = ": its UPDATE_OPS are not run by the train op" if evidence.old.not_run else ""
        return f"TF1 never moves the averages{note}; the port does"
    if not np.any(theirs):
        return "the port never moves the averages, TF1 does"
    own = _by_hand(case, key)
    old_kept, new_kept = (k.get(name) for k in kept)
    new_kept = own.of_step if own else new_kept
    if old_kept is not None and new_kept is not None and not _are_equal(old_kept, new_kept, own):
        if own and _is_raced(case) and _loses_passes(old_kept, own.of_one):
            return _order(case)
        text = _of_decay(case, name, (old_kept, new_kept), own)
        return text + _also_variance(case, key, (old_kept, new_kept), own)
    if own and (text := _of_same_decay(case, key, own)):
        return text
    return "" if own else _by_arithmetic(case, key, old_kept)


def _are_equal(old_kept: float, new_kept: float, own: Decay | None) -> bool:
    return abs(old_kept - new_kept) <= (SAME_DECAY if own else EQUAL)


def _by_hand(case: Case, key: Key) -> Decay | None:
    """How the port's average comes of what its own layer is given; None where no decay does."""
    evidence, layer, part = case.evidence, _layer(case, key.name), _part(case, key.name)
    if not layer or not part:
        return None
    info = evidence.new.variables
    own = {info[r.new].part: r.old for r in evidence.matching.rows if info[r.new].layer == layer}
    at_start = {part: evidence.start.variables[name] for part, name in own.items()}
    ends = {part: Key(STATE, name, WEIGHT, 1) for part, name in own.items()}
    updated = {part: evidence.theirs[k] for part, k in ends.items() if k in evidence.theirs}
    weights = [
        {part: np.asarray(array, np.float64) for part, array in of_time.items()}
        for of_time in (at_start, at_start | updated)
    ]
    before = np.asarray(evidence.start.variables[key.name], np.float64)
    seen = passes.of_layer(evidence.aligned.get("training", []), layer, weights)
    return passes.decay(before, evidence.theirs[key], seen, part)


def _loses_passes(old_kept: float, of_one: float) -> bool:
    """Whether as many passes of that decay, of which some read the average ahead of another's
    move, keep so much."""
    return any(
        1 - number * (1 - of_one) - SAME_DECAY <= old_kept < of_one**number - SAME_DECAY
        for number in PASSES[1:]
    )


def _of_decay(case: Case, name: str, kept: tuple[float, float], own: Decay | None) -> str:
    """Another decay, or another number of passes of the same one."""
    old_kept, new_kept = kept
    number = len(own.passes) if own else _passes(case, name)
    of_one = own.of_one if own else decays.root(new_kept, number)
    if own and (of_tf1 := _passes_of(old_kept, own.of_one)):
        each = f"each keeps {decays.plain(own.of_one)}"
        return (
            f"the layer takes in {_times(number)} in a step, in TF1 {_times(of_tf1)} ({each}): a "
            f"step keeps {new_kept:.4g} of the average, in TF1 {old_kept:.4g}"
        )
    if abs(new_kept) <= EQUAL and _agrees_later(case, name):
        return (
            "the average begins with what the first step gives it, TF1's with what is there "
            "before; later steps agree"
        )
    told = f"{new_kept:.4g}" if abs(new_kept) > EQUAL else "nothing"
    if number > 1 and of_one:
        told += f" ({decays.plain(of_one)} in each of {number} passes)"
    in_tf1 = f"{old_kept:.4g}{decays.as_power(old_kept, number)}"
    whose = "the average's" if _is_of_weights(case, name) else "batch norm's"
    text = f"{whose} decay differs: a step keeps {told} of the average, in TF1 {in_tf1}"
    others = [(1 - old_kept ** (1 / p)) ** p for p in PASSES]
    if any(abs(new_kept - k) < min(SAME_DECAY, k / 1000) for k in others):
        text += "; a decay was written as a momentum (1 - x), or the reverse"
    return text


def _agrees_later(case: Case, name: str) -> bool:
    """Whether an average agrees after a later step, which begins with the port's own."""
    own = [d for d in case.differences if d.key.name == name and d.key.part == AVERAGE]
    later = [d for d in own if d.key.kind == STATE and d.key.step > 1]
    return bool(later) and not any(d.is_over for d in later)


def _passes_of(kept: float, of_one: float) -> int:
    """How many passes of a decay keep so much; 0 where no number does."""
    return next((p for p in MORE_PASSES if abs(of_one**p - kept) <= SAME_DECAY), 0)


def _times(number: int) -> str:
    return f"{number} batch{'es' if number > 1 else ''}"


def _of_same_decay(case: Case, key: Key, own: Decay) -> str:
    """The other variance, or another order, of what the port's layer takes in."""
    before = np.asarray(case.evidence.start.variables[key.name], np.float64)
    after, part = case.evidence.ours[key], _part(case, key.name)
    same, other = (
        [p.statistic(part, is_unbiased) for p in own.passes]
        for is_unbiased in (own.is_unbiased, not own.is_unbiased)
    )
    if passes.is_reordered(before, after, same, own.of_one):
        return _order(case)
    if order := passes.repeated(before, after, same, own.of_one):
        return _of_repeated(order)
    of_variance = _of_variance(own.passes[0].count * (1 if own.is_unbiased else -1))
    if part == "variance" and passes.is_reordered(before, after, other, own.of_one):
        return of_variance
    if part == "variance" and (order := passes.repeated(before, after, other, own.of_one)):
        return f"{_of_repeated(order)}; and {of_variance}"
    return ""


def _of_repeated(order: tuple[int, ...]) -> str:
    """TF1's average takes in a batch once more in place of another.

    Args:
      order: numbers of the port's batches, as TF1 takes them in.
    """
    most = max(order, key=order.count)
    left = [str(number + 1) for number in range(len(order)) if number not in order]
    return (
        f"TF1's takes in batch {most + 1} of the {len(order)} that the port's step gives the layer "
        f"{order.count(most)} times, and not batch {' and '.join(left)}"
    )


def _order(case: Case) -> str:
    text = "the average takes in what a step gives it in another order"
    if _is_raced(case):
        return f"{text}; TF1's program leaves the order open (see its race)"
    return text


def _is_raced(case: Case) -> bool:
    return any("MovingAvg" in race for race in case.evidence.old.races)


def _by_arithmetic(case: Case, key: Key, kept: float | None) -> str:
    """What averages alone tell, where the port's layer is not seen."""
    evidence = case.evidence
    before = np.asarray(evidence.start.variables[key.name], np.float64)
    ours, theirs = evidence.ours[key], evidence.theirs[key]
    if kept is not None and _part(case, key.name) != "mean" and not _is_of_weights(case, key.name):
        count = estimates.variance_count(before, ours, theirs, kept)
        if count:
            return _of_variance(count)
    far = estimates.ratio(ours - before, theirs - before)
    if _is_raced(case) and abs(far - 1) < ORDER:
        return _order(case)
    left = float(np.max(np.abs(theirs - before - far * (ours - before))))
    if not case.accounted and left <= AGREE * float(np.max(np.abs(theirs - before))):
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


def _is_of_weights(case: Case, name: str) -> bool:
    """Whether an average follows weights, and no statistic of a batch."""
    return _part(case, name) in OF_WEIGHTS


def _layer(case: Case, name: str) -> str:
    variable = _kept_by(case, name)
    return variable.layer if variable else ""


def _passes(case: Case, name: str) -> int:
    """How often a step of the port calls the layer that keeps an average of TF1's name."""
    layer = _layer(case, name)
    calls = {a.new.name for a in case.evidence.aligned.get("training", [])}
    return sum(call.partition("#")[0] == layer for call in calls) or 1


def _also_variance(case: Case, key: Key, kept: tuple[float, float], own: Decay | None) -> str:
    """Whether what is averaged differs by n / (n - 1), too, where the decays differ: of one pass
    through the layer, what came in is what is left when the part that was kept is taken off."""
    evidence, name = case.evidence, key.name
    number = len(own.passes) if own else _passes(case, name)
    if number > 1 or _part(case, name) == "mean" or max(kept) >= 1 or _is_of_weights(case, name):
        return ""
    before = np.asarray(evidence.start.variables[name], np.float64)
    sides = (evidence.ours[key], evidence.theirs[key])
    added = [(after - k * before) / (1 - k) for after, k in zip(sides, kept, strict=True)]
    count = estimates.variance_count(np.zeros_like(before), added[0], added[1], 0.0)
    # what several passes add up to can look like a batch of two
    is_batch = count is not None and SMALLEST <= abs(count) <= LARGEST
    return f"; and {_of_variance(count)}" if count and is_batch else ""


def _of_variance(count: int) -> str:
    kinds = ("unbiased", "biased") if count > 0 else ("biased", "unbiased")
    return (
        f"the average follows the {kinds[0]} variance, TF1's the {kinds[1]} one "
        f"(they differ by n / (n - 1) with n = {abs(count)})"
    )
