"""Why gradients or losses differ where the layers agree."""

import numpy as np

from dcgan_v1.migration.comparison.observe import FORWARD, GRADIENT, LOSS
from dcgan_v1.migration.explanation import probes

EXPLAINED = 1e-6  # of the largest value, what a hypothesis may leave


# ---- what only one side has ----


def structure(pair, lone):
    """Yields (where, cause) of gradients that one side alone takes."""
    gradients = [key for key in lone if key.kind == GRADIENT]
    ours = [key for key in gradients if lone[key] == "TF1"]
    theirs = [key for key in gradients if lone[key] == "port"]
    moved = [k for k in theirs if any(o.name == k.name for o in ours)]
    for key in moved[:1]:
        other = next(o for o in ours if o.name == key.name)
        names = [_optimizer(pair, k.update) for k in (other, key)]
        return [
            (
                key.name,
                f"is trained by {names[1]}, in TF1 by {names[0]}: the wrong "
                "optimiser, or the wrong list of variables",
            )
        ]
    if theirs:
        first = theirs[0]
        name = _optimizer(pair, first.update)
        cause = (
            f"{name}'s update also trains {len(theirs)} variables that TF1's leaves "
            "alone: a network is not frozen, or a stop_gradient is missing"
        )
        return [(first.name, cause)]
    if ours:
        first = ours[0]
        more = f", nor {len(ours) - 1} more" if len(ours) > 1 else ""
        name = _optimizer(pair, first.update)
        return [(first.name, f"is trained by {name} in TF1 and not in the port{more}")]
    return []


def alone(pair, lone):
    """Yields (where, cause) of outputs and losses that nothing in TF1 is like, and of
    random numbers that nothing in the port takes."""
    for key in lone:
        if key.kind == FORWARD and key.part == "drawn":
            cause = "TF1 drops out here by these random numbers, the port has no dropout for them"
            return [(key.name, cause)]
        if key.kind == FORWARD and key.name.endswith(": output"):
            return [(key.name, "TF1 computes nothing of that shape")]
        if key.kind == LOSS:
            return [(key.name, "no loss of the port's has the value of one of TF1's")]
    return []


def _optimizer(pair, update):
    own = pair.ours["updates"]
    name = own[update]["optimizer"] if 0 <= update < len(own) else ""
    return pair.matching.optimizers.get(name, name) or f"update {update + 1}"


# ---- gradients ----


def gradients(pair, over):
    """Compares what differs with what well-known mistakes would give."""
    ours = {k: a for k, a in pair.seen_old.items() if k.kind == GRADIENT}
    theirs = {k: a for k, a in pair.seen_new.items() if k.kind == GRADIENT}
    differing = [d.key for d in over]
    first = over[0]
    for find in (_leak_or_order, _penalty, _clipping, _factor):
        cause = find(pair, ours, theirs, differing)
        if cause:
            return [(first.key.name, cause)]
    losses = [str(d.key) for d in pair.found if d.is_over and d.key.kind == LOSS and not d.key.step]
    said = f"; so does {', '.join(losses)}, with equal layers" if losses else ""
    return [(first.key.name, f"its gradient differs by {first.relative:.1e}{said}")]


def _leak_or_order(pair, ours, theirs, differing):
    late, leak = pair.asked_gradients()
    leaked = {k: late[k] + leak[k] for k in leak if k in late}
    now = {k: ours[k] + leak[k] for k in leak if k in ours}
    for hypothesis in (leaked, now):
        if _explains(hypothesis, theirs, differing):
            return (
                "its gradient also holds that of another update's loss: a "
                "stop_gradient (detach) is missing"
            )
    if _explains(late, theirs, differing):
        update = differing[0].update + 1
        return (
            f"the gradient of the step's update {update} is taken before the update "
            "ahead of it, TF1's after it: the update order differs"
        )
    return None


def _explains(hypothesis, theirs, keys):
    """Whether a hypothesis gives every differing gradient, up to rounding."""
    return all(
        key in hypothesis
        and (
            np.max(np.abs(hypothesis[key] - theirs[key]))
            <= EXPLAINED * np.max(np.abs(hypothesis[key]))
            or np.max(np.abs(theirs[key])) < 1e-12
        )
        for key in keys
    )


def _penalty(pair, ours, theirs, differing):
    """A multiple of the weights that one side alone adds: L2."""
    found = []
    for key in differing:
        w = pair.start[key.name].astype(np.float64)
        off = ours[key] - theirs[key]
        scale = np.sum(w * w)
        c = float(np.sum(off * w) / scale) if scale else 0.0
        if not c or np.max(np.abs(off - c * w)) > EXPLAINED * np.max(np.abs(off)):
            return None
        found.append(c)
    c = float(np.median(found))
    if np.max(np.abs(np.subtract(found, c))) > 1e-3 * abs(c):
        return None
    who, other = ("TF1", "the port") if c > 0 else ("the port", "TF1")
    return (
        f"{who}'s loss has an L2 penalty of {abs(c):.3g} times the weights in its "
        f"gradient (of {len(found)} variables), {other}'s has none"
    )


def _clipping(pair, ours, theirs, differing):
    """One side's gradients are the other's, clipped."""
    for who, clipped, plain in (("TF1", ours, theirs), ("the port", theirs, ours)):
        bound = max(float(np.max(np.abs(clipped[k]))) for k in differing)
        if all(
            np.max(np.abs(np.clip(plain[k], -bound, bound) - clipped[k])) <= EXPLAINED * bound
            for k in differing
        ):
            other = "the port" if who == "TF1" else "TF1"
            return f"{who} clips gradients to ±{bound:.3g}, {other} does not"
        ratios = [probes.ratio(plain[k], clipped[k]) for k in differing]
        updates = {k.update for k in differing}
        if len(updates) == 1 and 0 < ratios[0] < 1 and np.ptp(ratios) < EXPLAINED:
            norm = np.sqrt(
                sum(float(np.sum(np.square(a))) for k, a in clipped.items() if k.update in updates)
            )
            rounded = float(f"{norm:.3g}")
            if abs(norm - rounded) < 1e-9 * norm:
                other = "the port" if who == "TF1" else "TF1"
                return (
                    f"{who} clips its gradients to a norm of {rounded:g} together, {other} does not"
                )
    return None


def _factor(pair, ours, theirs, differing):
    ratios = [probes.ratio(ours[k], theirs[k]) for k in differing]
    middle = float(np.median(ratios))
    exact = all(
        np.max(np.abs(theirs[k] - middle * ours[k])) <= EXPLAINED * np.max(np.abs(theirs[k]))
        for k in differing
    )
    if exact:
        return f"every gradient is {middle:.4g} times TF1's: a sum for a mean, or a weight"
    return None


# ---- losses ----


def losses(pair, over):
    first = over[0]
    ours, theirs = (float(s[first.key]) for s in (pair.seen_old, pair.seen_new))
    when = f" in step {first.key.step}" if first.key.step else ""
    return [
        (
            f"loss {first.key.name}",
            f"is {theirs:.6g}, TF1's {ours:.6g}{when}, while layers and gradients agree",
        )
    ]
