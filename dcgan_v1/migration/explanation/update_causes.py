"""Why slots, weights or averages differ where all gradients agree."""

import numpy as np

from dcgan_v1.migration.comparison.observe import GRADIENT, STATE, Key
from dcgan_v1.migration.explanation import probes


def states(pair, over):
    """Slots, weights and averages after the first step, all gradients being equal."""
    first = [d for d in over if d.key.step == 1]
    if not first:
        key = over[0].key
        cause = f"agrees after step 1 and differs by {over[0].relative:.1e} later"
        decimals = _decimals(pair, key.name)
        return [(str(key), f"{cause}{decimals}")]
    found = []
    average = [d for d in first if d.key.part == "average"]
    if average:
        found.append(_average(pair, average))
    slots = [d for d in first if d.key.part not in ("average", "weight", "updates")]
    weights = [d for d in first if d.key.part == "weight"]
    if slots:
        found.append(_slot(pair, slots[0].key))
    elif weights:
        found.append(_weight(pair, weights))
    elif not found:
        d = first[0]
        found.append((str(d.key), f"differs by {d.relative:.1e}"))
    return found


def _slot(pair, key):
    optimizer, slot, _ = pair.ours["slots"][key.name]
    cause = f"its slot {slot} moves otherwise: {_kind(pair, optimizer)}'s settings differ"
    return key.name, _with_settings(pair, optimizer, cause)


def _kind(pair, optimizer):
    return next(u["kind"] for u in pair.ours["updates"] if u["optimizer"] == optimizer)


def _weight(pair, over):
    """Equal gradients and slots, other weights."""
    key = over[0].key
    before = pair.start[key.name].astype(np.float64)
    ours, theirs = pair.seen_old[key], pair.seen_new[key]
    update = next((u for u in pair.ours["updates"] if key.name in u["variables"]), None)
    moved = [np.max(np.abs(w - before)) for w in (ours, theirs)]
    gradient = np.max(np.abs(_gradient(pair, key.name)), initial=0.0)
    if gradient and not moved[0] and moved[1]:
        return key.name, (
            f"TF1's train op {update['name'] if update else ''} trains nothing: the "
            "gradient is there, the weight does not move"
        )
    if gradient and moved[0] and not moved[1]:
        return key.name, "does not move in the port, though it has a gradient"
    clip = _clipped(pair, over)
    if clip:
        return key.name, clip
    optimizer = update["optimizer"] if update else ""
    name = pair.matching.optimizers.get(optimizer, optimizer)
    kinds = [pair.looks[0].hyper.get(optimizer, {}), pair.looks[1].hyper.get(name, {})]
    if kinds[0].get("kind") != kinds[1].get("kind"):
        cause = f"{name} is {kinds[1].get('kind')}, TF1's is {kinds[0].get('kind')}"
        return f"{name} (first seen in {key.name})", cause
    if kinds[0].get("kind") == "Adam" and "epsilon" in kinds[0]:
        cause = _adam_epsilon(pair, key, optimizer, kinds[0])
    else:
        steps = probes.ratio(ours - before, theirs - before)
        cause = f"steps of {name} are {steps:.3g} times as long as TF1's"
    where = f"{name} (first seen in {key.name})"
    return where, _with_settings(pair, optimizer, cause)


def _gradient(pair, name):
    return next(
        (a for k, a in pair.seen_old.items() if k.kind == GRADIENT and k.name == name), np.zeros(0)
    )


def _clipped(pair, over):
    """One side's new weights are the other's, held within bounds."""
    keys = [d.key for d in over]
    for who, held, free in (
        ("TF1", pair.seen_old, pair.seen_new),
        ("the port", pair.seen_new, pair.seen_old),
    ):
        bound = max(float(np.max(np.abs(held[k]))) for k in keys)
        past = max(float(np.max(np.abs(free[k]))) for k in keys)
        same = all(
            np.max(np.abs(np.clip(free[k], -bound, bound) - held[k])) <= 1e-8 * bound for k in keys
        )
        if same and past > bound:
            other = "the port" if who == "TF1" else "TF1"
            said = f"clips weights to ±{bound:.3g} after the update"
            return f"{who} {said}, {other} does not"
    return None


def _adam_epsilon(pair, key, optimizer, settings):
    """Equal moments, other weights: what is left are rate and epsilon."""
    slots = {
        s: n for n, (o, s, v) in pair.ours["slots"].items() if o == optimizer and v == key.name
    }
    m, v = (pair.seen_old[Key(STATE, slots[s], s, 1)] for s in ("m", "v"))
    count = int(pair.start.get(f"updates:{optimizer}", 0)) + 1
    name = pair.matching.optimizers.get(optimizer, optimizer)
    repeats = sum(u["optimizer"] == optimizer for u in pair.ours["updates"])
    if repeats > 1:
        return f"{name} moves the weights otherwise with equal moments"
    powers = [settings[b] ** count for b in ("beta1", "beta2")]
    rate = settings["learning rate"] * np.sqrt(1 - powers[1]) / (1 - powers[0])
    before = pair.start[key.name].astype(np.float64)
    steps = [seen[key] - before for seen in (pair.seen_old, pair.seen_new)]
    longer = probes.ratio(*steps)
    if np.max(np.abs(steps[1] - longer * steps[0])) < 1e-9 * np.max(np.abs(steps[1])):
        return f"steps of {name} are {longer:.4g} times as long as TF1's"
    ours, theirs = (probes.adam_epsilon(step, m, v, rate) for step in steps)
    if min(ours, theirs) < 0:
        return f"{name} moves the weights otherwise with equal moments"
    return (
        f"{name}'s epsilon acts as {theirs:.2g} in "
        f"the first step, TF1's as {ours:.2g}, with equal moments"
    )


def _average(pair, over):
    """Tells averages that never move, another decay and another variance apart."""
    key = over[0].key
    name = key.name
    before = pair.start[name].astype(np.float64)
    ours, theirs = pair.seen_old[key] - before, pair.seen_new[key] - before
    if not np.any(ours):
        note = ": its UPDATE_OPS are not run by the train op" if pair.ours["not run"] else ""
        return name, f"TF1 never moves the averages{note}; the port does"
    if not np.any(theirs):
        return name, "the port never moves the averages, TF1 does"
    kept = pair.kept_of_averages()
    old_kept, new_kept = (k.get(name) for k in kept)
    if None not in (old_kept, new_kept) and abs(old_kept - new_kept) > 1e-9:
        cause = (
            f"batch norm's decay differs: a step keeps {new_kept:.4g} of the "
            f"average, in TF1 {old_kept:.4g}"
        )
        passes = (1, 2, 3)  # of a step through the layer
        if any(abs(new_kept - (1 - old_kept ** (1 / p)) ** p) < 1e-6 for p in passes):
            cause += "; a decay was written as a momentum (1 - x), or the reverse"
        return name, cause
    n = old_kept is not None and probes.variance_count(
        before, pair.seen_old[key], pair.seen_new[key], old_kept
    )
    if n:
        kinds = ("unbiased", "biased") if n > 0 else ("biased", "unbiased")
        return name, (
            f"the average follows the {kinds[0]} variance, TF1's the {kinds[1]} one "
            f"(they differ by n / (n - 1) with n = {abs(n)})"
        )
    return name, f"the average moves {probes.ratio(ours, theirs):.3g} times as far"


# ---- settings ----


def _with_settings(pair, optimizer, cause):
    """Adds what both sides say of an optimiser, where that differs."""
    said = settings_that_differ(pair, optimizer)
    return f"{cause}; by their own account: {', '.join(said)}" if said else cause


def settings_that_differ(pair, optimizer):
    other = pair.matching.optimizers.get(optimizer)
    ours = pair.looks[0].hyper.get(optimizer, {})
    theirs = pair.looks[1].hyper.get(other, {})
    said = []
    for name, value in ours.items():
        new = theirs.get(name)
        if isinstance(value, bool | str) or isinstance(new, bool | str) or new is None:
            continue
        if value != new and abs(value - new) > 1e-12 * abs(value):
            text = f"{name} {new:.6g} against {value:.6g}"
            if np.float32(value) == np.float32(new):
                text = f"{name} {new!r} against {value!r}: the decimal as a float32"
            said.append(text)
    return said


def _decimals(pair, name):
    optimizer = pair.ours["slots"].get(name, [None])[0]
    names = [optimizer] if optimizer else [u["optimizer"] for u in pair.ours["updates"]]
    said = [text for o in names for text in settings_that_differ(pair, o)]
    return f"; by their own account: {', '.join(said)}" if said else ""
