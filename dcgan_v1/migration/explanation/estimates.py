"""Pure functions that work out a number from arrays: a slope, an epsilon, a factor."""

import numpy as np

from dcgan_v1.migration.comparison.pairs.alignment import apart
from dcgan_v1.migration.comparison.pairs.functions import ACTIVATIONS
from dcgan_v1.migration.records import Arrays

SAME = 1e-9  # relative, of what a number makes of another array
LEFT = 1e-3  # of a difference, what a hypothesis that explains it may leave
ROUNDING = 1e-13  # of the largest value, what no hypothesis need explain
ALL_ALIKE = 1e-12  # of the largest variance, how far apart epsilons of channels may be by rounding


def is_near(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays are the same but for rounding of what they are the difference of."""
    return float(np.max(np.abs(a - b), initial=0.0)) <= SAME * float(np.max(np.abs(b), initial=0.0))


def leaves(hypothesis: np.ndarray, other: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether a hypothesis of what is wanted leaves next to nothing of its difference from
    another array.

    Args:
      hypothesis: what the port's array would be by the cause that is tried.
      other: TF1's array.
      wanted: the port's.
    """
    difference = float(np.max(np.abs(other - wanted), initial=0.0))
    size = float(np.max(np.abs(wanted), initial=0.0))
    left = float(np.max(np.abs(hypothesis - wanted), initial=0.0))
    return left <= max(LEFT * difference, ROUNDING * size)


def slope(x: np.ndarray, y: np.ndarray) -> float:
    """Returns a leaky ReLU's slope from its input and output."""
    negative = x < -1e-3 * np.abs(x).max()
    return float(np.median(y[negative] / x[negative]))


def adam_epsilon(change: np.ndarray, m: np.ndarray, v: np.ndarray, rate: float) -> float:
    """Returns the epsilon of change = -rate * m / (sqrt(v) + epsilon).

    Read off where the second moment is smallest, for there epsilon weighs most.

    Args:
      change: of a weight in one step.
      m, v: its moments after it, of the same shape.
      rate: the learning rate with the bias correction in it.
    """
    change, m, v = (np.float64(array).ravel() for array in (change, m, v))
    usable = np.flatnonzero((change != 0) & (m != 0))
    smallest = usable[np.argsort(v[usable])][: max(10, len(usable) // 100)]
    epsilon = -rate * m[smallest] / change[smallest] - np.sqrt(v[smallest])
    return float(np.median(epsilon))


def ratio(a: np.ndarray, b: np.ndarray) -> float:
    """Returns the median of b / a where a is not tiny."""
    usable = np.abs(a) > 1e-3 * np.abs(a).max()
    return float(np.median(b[usable] / a[usable]))


def factor(a: np.ndarray, b: np.ndarray) -> float | None:
    """Returns the number that makes b of a, or None."""
    if a.shape != b.shape or not np.any(a) or not np.any(b):
        return None
    found = ratio(a, b)
    return found if apart(b, found * a)[0] < SAME else None


def activation(x: np.ndarray, y: np.ndarray) -> str | None:
    """Returns the name of the function that makes y of x, or None."""
    if x.shape != y.shape:
        return None
    scale = np.abs(y).max()
    for name, function in ACTIVATIONS.items():
        if np.abs(function(x) - y).max() <= 1e-6 * scale:
            return name
    return None


def softmax_axis(x: np.ndarray, y: np.ndarray) -> int | None:
    """Returns the axis over which y is the softmax of x, or None."""
    for axis in range(1, x.ndim):
        powers = np.exp(x - x.max(axis, keepdims=True))
        if x.shape == y.shape and apart(y, powers / powers.sum(axis, keepdims=True))[0] < SAME:
            return axis
    return None


def leaky_slope(x: np.ndarray, y: np.ndarray) -> float | None:
    """Returns the slope of the leaky ReLU that makes y of x, or None."""
    if x.shape != y.shape or x.min() >= 0:
        return None
    found = slope(x, y)
    return found if apart(y, np.where(x > 0, x, found * x))[0] < 1e-6 else None


def named_activation(x: np.ndarray, y: np.ndarray) -> str | None:
    """Returns the name of the function that makes y of x, with a leaky ReLU's slope, or None."""
    name = activation(x, y)
    leaky = None if name else leaky_slope(x, y)
    return name if leaky is None else f"leaky ReLU of slope {leaky:.6g}"


def added_activation(x: np.ndarray, y: np.ndarray) -> str | None:
    """Returns the name of the activation that makes y of x and leaves next to nothing of their
    difference, with a leaky ReLU's slope; None where it is none."""
    made = {name: f(x) for name, f in ACTIVATIONS.items() if name != "no activation"}
    found = leaky_slope(x, y)
    if found is not None:
        made[f"leaky ReLU of slope {found:.6g}"] = np.where(x > 0, x, found * x)
    fitting = (n for n, hypothesis in made.items() if leaves(hypothesis, x, y))
    return None if np.array_equal(x, y) else next(fitting, None)


def norm_epsilon(
    x: np.ndarray,
    y: np.ndarray,
    weights: Arrays,
    mean: np.ndarray | None = None,
    variance: np.ndarray | None = None,
) -> tuple[float, str, float] | None:
    """Returns (epsilon, 'inside' or 'outside' the root, spread over the channels).

    Args:
      x, y: a batch norm's input and output, channels last.
      weights: 'gamma' and 'beta' -> [C], where it has them.
      mean, variance: [C] that it normalises by; the batch's where they are None.

    Returns:
      None where x and y have different shapes.
    """
    if x.shape != y.shape:
        return None
    axes = tuple(range(x.ndim - 1))
    mean = x.mean(axes) if mean is None else mean
    variance = x.var(axes) if variance is None else variance
    centred = (x - mean) * weights.get("gamma", 1)
    y = y - weights.get("beta", 0)
    usable = np.sum(centred**2, axes) > 0
    factor = (np.sum(y * centred, axes) / np.maximum(np.sum(centred**2, axes), 1e-300))[usable]
    variance = np.broadcast_to(variance, usable.shape)[usable]
    found = []
    if not usable.any():
        return None
    for place, epsilon in (
        ("inside", 1 / factor**2 - variance),
        ("outside", 1 / factor - np.sqrt(variance)),
    ):
        middle = float(np.median(epsilon))
        spread = float(np.max(np.abs(epsilon - middle)) / max(np.max(variance), 1e-30))
        found.append((spread, middle, place))
    # of variances that are all alike, as averages are at first, either place tells an epsilon
    spread, middle, place = found[0] if found[0][0] <= ALL_ALIKE else min(found)
    return middle, place, spread


def row_norm(x: np.ndarray, y: np.ndarray, weights: Arrays) -> tuple[str, float] | None:
    """Returns what is normalised by itself to make y of x, and the epsilon: 'each row of the
    batch', 'each map' or 'each group of n channels'; None where it is none of these.

    Args:
      x, y: [N, ..., C]; weights: 'gamma' and 'beta' -> [C], where there are any.
    """
    if x.shape != y.shape or x.ndim < 2:
        return None
    channels, gamma = x.shape[-1], np.asarray(weights.get("gamma", 1.0))
    if not np.all(gamma):
        return None
    made = (y - weights.get("beta", 0)) / gamma
    sizes = [n for n in range(1, channels + 1) if channels % n == 0]
    for size in sizes:
        shape = (len(x), -1, channels // size, size)  # of groups of channels side by side
        given, wanted = x.reshape(shape), made.reshape(shape)
        centred, variance = given - given.mean((1, 3), keepdims=True), given.var((1, 3))
        square = np.sum(centred**2, (1, 3))
        if not np.all(square):
            continue
        epsilons = (square / np.sum(wanted * centred, (1, 3))) ** 2 - variance
        epsilon = float(np.median(epsilons))
        root = np.sqrt(np.maximum(variance + epsilon, 0))[:, None, :, None]
        if apart(wanted, centred / root)[0] < SAME:
            named = {1: "each map", channels: "each row of the batch"}
            return named.get(size, f"each group of {size} channels"), epsilon
    return None


def is_times(number: float, a: np.ndarray, b: np.ndarray) -> bool:
    """Whether an array is another one times a number: of the smaller of both, next to nothing is
    left.

    Args:
      number: the factor that is tried.
      a: the array.
      b: what is multiplied by it.
    """
    size = float(min(np.max(np.abs(b), initial=0.0), np.max(np.abs(number * a), initial=0.0)))
    left = float(np.max(np.abs(number * a - b), initial=0.0))
    return left <= LEFT * size and leaves(number * a, a, b)


def variance_count(
    before: np.ndarray, ours: np.ndarray, theirs: np.ndarray, decay: float
) -> int | None:
    """Returns n where two moving variances differ by the factor n / (n - 1) alone.

    After p passes an average is decay^p * before + what the batches add. The factor is
    that of the added parts, and p is the number that makes it one for all channels.

    Args:
      before: [C] that both sides began with.
      ours, theirs: [C] of TF1 and of the port after a step.
      decay: what one pass keeps, in [0, 1].

    Returns:
      n, negative where theirs is the smaller one; None where no factor fits, or of one number
      alone, which any would fit.
    """
    if np.size(before) < 2:
        return None
    best: np.ndarray | None = None
    for passes in (1, 2, 3):
        kept = decay**passes * np.asarray(before, np.float64)
        factors = (np.asarray(theirs, np.float64) - kept) / (np.asarray(ours, np.float64) - kept)
        if best is None or np.std(factors) < np.std(best):
            best = factors
    assert best is not None
    factor = float(np.median(best))
    excess = abs(factor - 1)
    if excess == 0 or np.std(best) > 0.05 * excess:
        return None
    larger = max(factor, 1 / factor)
    n = round(larger / (larger - 1))
    if n < 2:
        return None
    return n if factor > 1 else -n
