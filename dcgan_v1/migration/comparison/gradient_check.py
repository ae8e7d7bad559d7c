"""Whether float64 of a foreign graph is what it says: its gradients against central
differences of its own losses."""

import numpy as np

STEP = 1e-6  # of a weight
ENTRIES = 3
SMALL = 1e-6  # of the largest gradient, below which a quotient is of rounding


def central_differences(pair):
    """Returns [(variable, gradient, difference quotient)] of a few entries, by TF1
    alone and on a small batch; empty where a loss was not found."""
    old, losses = pair.old, [u["losses"] for u in pair.ours["updates"]]
    old.load(pair.start)
    old.do("gradients_of", batch=pair.few)
    gradients = {
        k.removeprefix("late "): a for k, a in old.arrays().items() if k.startswith("late ")
    }
    sizes = {key: float(np.max(np.abs(a), initial=0.0)) for key, a in gradients.items()}
    largest = max(sizes.values(), default=0.0)
    rng = np.random.default_rng(pair.job.seed)
    found = []
    for key in rng.permutation(sorted(gradients)):
        update, _, name = key.partition("|")
        names = losses[int(update)]
        gradient = gradients[key]
        if not names or sizes[key] <= SMALL * largest or len(found) == ENTRIES:
            continue
        place = np.unravel_index(np.argmax(np.abs(gradient)), gradient.shape)
        values = []
        for sign in (1, -1):
            moved = np.array(pair.start[name], np.float64)
            moved[place] += sign * STEP
            old.load({name: moved})
            scalars = old.do("loss_at", batch=pair.few)
            if any(n not in scalars for n in names):
                return []
            values.append(sum(scalars[n] for n in names))
            old.load(pair.start)
        quotient = (values[0] - values[1]) / (2 * STEP)
        found.append((name, float(gradient[place]), float(quotient)))
    return found


def worst(checked):
    """Returns the largest relative difference of a gradient from its quotient."""
    return max((abs(g - q) / abs(g) for _, g, q in checked), default=None)
