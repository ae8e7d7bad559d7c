"""How far TF1 is from itself in float32: on one thread without oneDNN, and from start
weights that are off in their last place."""

import numpy as np

from dcgan_v1.migration.comparison import differences, observe
from dcgan_v1.migration.comparison.observe import FORWARD, LOSS, Key

# Runs from nudged start weights, and how many of them train for more than one step.
# One activation that lands on the other side of a kink moves a gradient a thousand
# times as far as rounding does, but rarely: to meet such jumps every other nudge is of
# up to 16 units, and counts for all but the layers' outputs.
NUDGED, NUDGED_TRAINED, KINK_UNITS = 16, 4, 16


def measure(pair):
    """Returns the Differences of TF1 from itself."""
    ours = pair.seen_old
    found = differences.between(ours, _seen(pair, pair.control_side, pair.start), pair.group)
    pair.progress()
    for seed in range(NUDGED):
        units = 1 if seed % 2 else KINK_UNITS
        last = pair.job.steps if seed < NUDGED_TRAINED else 1
        start = nudged(pair.start, seed, units)
        again = differences.between(ours, _seen(pair, pair.old, start, last), pair.group)
        found += [d for d in again if units == 1 or d.key.kind != FORWARD]
        pair.progress()
    return found


def nudged(start, seed, units):
    """Returns a state whose weights are off by up to `units` of their last place."""
    rng = np.random.default_rng(seed)
    moved = {}
    for name, value in start.items():
        if value.dtype.kind == "f" and value.ndim:
            off = rng.uniform(-units, units, value.shape) * np.finfo(np.float32).eps
            value = (value.astype(np.float32) * (1 + off)).astype(np.float32)
        moved[name] = value
    return moved


def _seen(pair, side, start, last=None):
    """Key -> array of a TF1 side by itself, of the keys that the pair has."""
    last = pair.job.steps if last is None else last
    found = {}
    if pair.trains:
        side.load(start)
        look = pair.look(side, "0")
        found |= observe.gradient_keys(look.gradients)
        found |= _losses(pair, look.scalars, 0)
        found |= observe.state_keys(look.state, pair.ours["slots"], pair.trained, 1)
        found |= _layers(pair, look.layers, "training")
        done = 1
        for step in [s for s in pair.job.checked if 1 < s <= last]:
            side.ask("steps", first=done, last=step)
            scalars, state = side.answer(), side.arrays()
            for i, each in enumerate(scalars):
                found |= _losses(pair, each, done + i + 1)
            found |= observe.state_keys(state, pair.ours["slots"], pair.trained, step)
            done = step
    side.load(start)
    side.ask("inference", batch="0")
    found |= _layers(pair, pair.read_look(side).layers, "inference")
    return found


def _losses(pair, scalars, step):
    return {
        Key(LOSS, name, "", step): np.asarray(scalars[other])
        for name, other in pair.loss_names.items()
        if other in scalars
    }


def _layers(pair, layers, mode):
    by_name = {seen.name: seen.output for seen in layers}
    return {
        Key(FORWARD, a.new.name, mode): by_name[a.old.name]
        for a in pair.aligned.get(mode, [])
        if a.old is not None and a.old.name in by_name
    }
