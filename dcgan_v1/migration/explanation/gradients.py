"""Why gradients differ where the layers agree."""

from collections.abc import Callable, Iterable
from functools import cache, partial

import numpy as np

from dcgan_v1.migration.comparison.evidence import FORWARD, GRADIENT, LOSS, STATE, Key, Keyed
from dcgan_v1.migration.explanation import clipping, estimates, losses
from dcgan_v1.migration.explanation.case import Case, Cause
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.recordings.port_recorder.leaky_relus import derivative_at_zero

Still = Callable[[], tuple[Keyed, Keyed]]  # see `Experiments.still_gradients`
ALIKE = 1e-10  # relative, what rounding may leave between two gradients
WRITTEN = 1e-6  # relative, of a factor, or one over it, from a number of three digits
QUOTIENT = 1e-4  # relative, what a central difference may be off, see `gradient_check`


# ---- the order of updates ----


def order(case: Case) -> list[Cause]:
    """Returns causes of gradients that one side takes before an update, the other after it: where
    no update moves a weight, one side's gradient is another one and the other's is not."""
    mark = Key(GRADIENT, "", "order")
    over = {d.key for d in (*case.over(GRADIENT), *case.over(STATE))}
    pairs = case.experiments.still_pairs() if over and mark not in case.accounted else None
    if pairs is None:
        return []
    causes = []
    for number in range(len(case.evidence.old.updates)):
        keys = [k for k in case.evidence.ours if k.kind == GRADIENT and k.update == number]
        keys = [k for k in keys if k in pairs[0] and k in pairs[1]]
        moves = [
            any(not _alike(still[k], now[k]) for k in keys)
            for still, now in zip(pairs, (case.evidence.ours, case.evidence.theirs), strict=True)
        ]
        if moves[0] == moves[1]:
            continue
        when = ("before", "after") if moves[0] else ("after", "before")
        other = "the update ahead of it" if moves[0] else "another update"
        text = (
            f"the gradient of the step's update {number + 1} is taken {when[0]} {other}, TF1's "
            f"{when[1]} it: the update order differs"
        )
        accounted = frozenset([mark, *_still_alike(case, pairs, keys)])
        causes.append(Cause(Kind.UPDATE_ORDER, keys[0].name, text, accounted))
    return causes


def _still_alike(case: Case, pairs: tuple[Keyed, Keyed], keys: list[Key]) -> list[Key]:
    """What agrees where no update moves a weight: some of an update's gradients, and losses."""
    others = [d.key for d in case.over(LOSS) if not d.key.step and d.key in pairs[0]]
    return [k for k in (*keys, *others) if _alike(pairs[0][k], pairs[1][k])]


def _alike(a: np.ndarray, b: np.ndarray) -> bool:
    size = float(np.max(np.abs(a), initial=0.0))
    return a.shape == b.shape and float(np.max(np.abs(a - b), initial=0.0)) <= ALIKE * size


# ---- gradients ----


def find(case: Case, update: int) -> list[Cause]:
    """Compares the gradients of an update that differ with what well-known mistakes would give."""
    over = [d for d in case.over(GRADIENT) if d.key.update == update]
    if not over:
        return []
    keys = [d.key for d in over]
    ours = {k: a for k, a in case.evidence.ours.items() if k.kind == GRADIENT}
    theirs = {k: a for k, a in case.evidence.theirs.items() if k.kind == GRADIENT}
    accounted = frozenset(keys)
    still = cache(case.experiments.still_gradients)  # two runs of TF1's
    hypotheses: list[tuple[Kind, Callable[[Case, Keyed, Keyed, list[Key]], str | None]]] = [
        (Kind.DETACH, partial(_leak, still)),
        (Kind.UPDATE_ORDER, partial(_early, still)),
        (Kind.L2, _penalty),
        (Kind.GRADIENT_CLIPPING, clipping.find),
        (Kind.LOSS, _left_out),
        (Kind.LOSS, _factor),
        (Kind.AT_ZERO, _at_zero),
        (Kind.CUT_OFF, _cut_off),
    ]
    for kind, hypothesis in hypotheses:
        text = hypothesis(case, ours, theirs, keys)
        if text:
            explained = _losses_of(case, ours, theirs, keys)
            return [Cause(kind, keys[0].name, text, accounted | explained)]
    over_losses = [str(d.key) for d in case.over(LOSS) if not d.key.step]
    is_seen = bool(case.evidence.aligned.get("training"))
    equal = "with layers that differ, too" if case.over(FORWARD) else "with equal layers"
    layers = equal if is_seen else "and no layer of the port could be looked into"
    also = f"; so does {', '.join(over_losses)}, {layers}" if over_losses else ""
    text = f"its gradient differs by {over[0].relative:.1e}{also}"
    return [Cause(Kind.GRADIENT, keys[0].name, text, accounted)]


def _losses_of(case: Case, ours: Keyed, theirs: Keyed, keys: list[Key]) -> frozenset[Key]:
    """Losses that differ as a factor of every gradient, or a penalty in it, makes them differ."""
    first = max(keys, key=lambda k: float(np.max(np.abs(ours[k]), initial=0.0)))
    factor = estimates.ratio(ours[first], theirs[first]) if np.any(ours[first]) else 1.0
    weights = case.evidence.start.variables
    penalty = sum(float(np.sum((ours[k] - theirs[k]) * weights[k.name])) / 2 for k in keys)
    explained = set()
    for d in case.over(LOSS):
        a, b = (float(side[d.key]) for side in (case.evidence.ours, case.evidence.theirs))
        if not d.key.step and min(abs(b - factor * a), abs(a - b - penalty)) <= ALIKE * abs(b):
            explained.add(d.key)
    return frozenset(explained)


def _leak(still: Still, case: Case, ours: Keyed, theirs: Keyed, keys: list[Key]) -> str | None:
    """The gradient of another update's loss that comes in, too."""
    late, leak = still()
    leaked = {k: late[k] + leak[k] for k in leak if k in late}
    now = {k: ours[k] + leak[k] for k in leak if k in ours}
    for hypothesis in (leaked, now):
        if _explains(hypothesis, ours, theirs, keys):
            return (
                "its gradient also holds that of another update's loss: a "
                "stop_gradient (detach) is missing"
            )
    return None


def _early(still: Still, case: Case, ours: Keyed, theirs: Keyed, keys: list[Key]) -> str | None:
    """Taken before another update on one side, after it on the other."""
    late, _ = still()
    if _explains(late, ours, theirs, keys):
        update = keys[0].update + 1
        return (
            f"the gradient of the step's update {update} is taken before the update "
            "ahead of it, TF1's after it: the update order differs"
        )
    return None


def _explains(hypothesis: Keyed, ours: Keyed, theirs: Keyed, keys: Iterable[Key]) -> bool:
    """Whether a hypothesis gives one side's gradients where the other side's do not: it leaves next
    to nothing of the difference of each."""
    return all(
        key in hypothesis and estimates.leaves(hypothesis[key], ours[key], theirs[key])
        for key in keys
    )


def _penalty(case: Case, ours: Keyed, theirs: Keyed, keys: list[Key]) -> str | None:
    """A multiple of the weights that one side alone adds: L2."""
    factors = []
    for key in keys:
        w = case.evidence.start.variables[key.name].astype(np.float64)
        off = ours[key] - theirs[key]
        scale = np.sum(w * w)
        c = float(np.sum(off * w) / scale) if scale else 0.0
        if not c or np.max(np.abs(off - c * w)) > estimates.LEFT * np.max(np.abs(off)):
            return None
        factors.append(c)
    c = float(np.median(factors))
    if np.max(np.abs(np.subtract(factors, c))) > 1e-3 * abs(c):
        return None
    who, other = ("TF1", "the port") if c > 0 else ("the port", "TF1")
    return (
        f"{who}'s loss has an L2 penalty of {abs(c):.3g} times the weights in its "
        f"gradient (of {len(factors)} variables), {other}'s has none"
    )


def _factor(case: Case, ours: Keyed, theirs: Keyed, keys: list[Key]) -> str | None:
    ratios = [estimates.ratio(ours[k], theirs[k]) for k in keys]
    middle = float(np.median(ratios))
    if not all(estimates.is_times(middle, ours[k], theirs[k]) for k in keys):
        return None
    text = f"every gradient is {middle:.4g} times TF1's: "
    if any(abs(n - float(f"{n:.3g}")) <= WRITTEN * n for n in (abs(middle), 1 / abs(middle))):
        return f"{text}a sum for a mean, or a weight"
    return f"{text}no factor that people write, but another function of the same outputs"


def _left_out(case: Case, ours: Keyed, theirs: Keyed, keys: list[Key]) -> str | None:
    """A term of TF1's loss that the port's has not, nor what it says of its loss."""
    del ours, theirs
    return losses.left_out(case, keys[0].update)


def _at_zero(case: Case, ours: Keyed, theirs: Keyed, keys: list[Key]) -> str | None:
    """Whether the gradients agree where no activation is given exactly 0."""
    zeros, apart = _exact_zeros(case)
    if not zeros:
        return None
    pairs = case.experiments.gradients_off_zero()
    if pairs is None or any(k not in pairs[0] or k not in pairs[1] for k in keys):
        return None
    if not all(
        estimates.leaves(pairs[0][k], pairs[0][k] + theirs[k] - ours[k], pairs[1][k]) for k in keys
    ):
        return None
    return (
        f"the derivative of an activation at exactly 0 is another one{apart} ({zeros} values "
        "before it are 0: black pixels under biases of 0, say); off zero the gradients agree"
    )


def _cut_off(case: Case, ours: Keyed, theirs: Keyed, keys: list[Key]) -> str | None:
    """Whether one side's gradient is the derivative of the loss, which both have alike, and the
    other's is not."""
    firsts = [d for d in case.differences if d.key.kind == LOSS and not d.key.step]
    its = [d for d in firsts if keys[0].update in losses.updates_of(case, d.key)]
    if not its or any(d.is_over for d in its):  # nobody knows that they have it alike
        return None
    still = case.experiments.still_pairs() or (ours, theirs)
    apart = {k: np.abs(still[0][k] - still[1][k]) for k in keys if k in still[0] and k in still[1]}
    if not apart:
        return None
    key = max(apart, key=lambda k: float(np.max(apart[k], initial=0.0)))
    place = tuple(map(int, np.unravel_index(np.argmax(apart[key]), apart[key].shape)))
    quotient = case.experiments.quotient(key, place)
    if quotient is None:
        return None
    own, other = (float(side[key][place]) for side in still)
    near, far = (abs(value - quotient) <= QUOTIENT * abs(quotient) for value in (own, other))
    if near == far:
        return None
    who, right = ("TF1's", other) if far else ("the port's", own)
    told = f"{own if far else other:.6g} where a central difference is {quotient:.6g}"
    why = (
        "something is cut off in it, as tf.nn.moments cuts off its mean, which a gradient of a "
        "gradient feels"
        if far
        else "something is cut off in it (detach, no_grad, stop_gradient)"
    )
    whose = "the port's" if far else "TF1's"
    return (
        f"{who} gradient is not the derivative of its loss ({told}), {whose} is ({right:.6g}): "
        f"{why}"
    )


def _exact_zeros(case: Case) -> tuple[int, str]:
    """How many values that an activation of the port's is given are exactly 0; and the first one
    whose derivative there is known to be another than TF1's."""
    rows = case.evidence.aligned.get("training", [])
    count, apart = 0, ""
    for before, row in zip([None, *rows], rows, strict=False):
        if row.new.kind != "activation":
            continue
        x = row.new.input if row.new.input is not None else before and before.new.output
        zeros = int(np.sum(np.asarray(x) == 0)) if x is not None else 0
        count += zeros
        if zeros and row.old is not None and not apart:
            theirs, ours = (derivative_at_zero(side.settings) for side in (row.new, row.old))
            if None not in (ours, theirs) and ours != theirs:
                apart = f": of {row.new.name} {theirs:.4g}, of TF1's {row.old.name} {ours:.4g}"
    return count, apart
