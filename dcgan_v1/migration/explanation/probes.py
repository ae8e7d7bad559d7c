"""Small experiments on numbers: which slope, padding or epsilon would give them."""

import numpy as np

from dcgan_v1.migration.comparison.alignment import apart
from dcgan_v1.migration.comparison.functions import ACTIVATIONS
from dcgan_v1.migration.records import Arrays


def slope(x: np.ndarray, y: np.ndarray) -> float:
    """Returns a leaky ReLU's slope from its input and output."""
    negative = x < -1e-3 * np.abs(x).max()
    return float(np.median(y[negative] / x[negative]))


def padding(
    x: np.ndarray, w: np.ndarray, y: np.ndarray, transposed: bool, points: int = 6
) -> int | None:
    """Returns how many rows and columns of zeros a convolution adds before its input.

    Args:
      x: [N, H, W, C]; y: its output [N, h, w, filters].
      w: [k, k, C, filters]; if transposed [k, k, filters, C].

    Returns:
      The padding, or None where no padding from 0 to k - 1 gives y.
    """
    size = w.shape[0]
    stride = y.shape[1] // x.shape[1] if transposed else -(-x.shape[1] // y.shape[1])
    rng = np.random.default_rng(0)
    for before in range(size):
        worst = 0.0
        for _ in range(points):
            i, j = (int(rng.integers(side > 2, max(side - 1, 1))) for side in y.shape[1:3])
            expected = (_scattered if transposed else _gathered)(x[0], w, i, j, stride, before)
            worst = max(worst, np.abs(expected - y[0, i, j]).max())
        if worst <= 1e-4 * np.abs(y).max():
            return before
    return None


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


def activation(x: np.ndarray, y: np.ndarray) -> str | None:
    """Returns the name of the function that makes y of x, or None."""
    if x.shape != y.shape:
        return None
    scale = np.abs(y).max()
    for name, function in ACTIVATIONS.items():
        if np.abs(function(x) - y).max() <= 1e-6 * scale:
            return name
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
    spread, middle, place = min(found)
    return middle, place, spread


def resize_kind(x: np.ndarray, y: np.ndarray) -> str | None:
    """Returns how [N, H, W, C] was resized to y, or None."""
    if x.ndim != 4 or y.ndim != 4 or x.shape[::3] != y.shape[::3]:
        return None
    kinds = {
        "bilinear without half-pixel centres": (False, False),
        "bilinear with half-pixel centres": (True, False),
        "bilinear with aligned corners": (False, True),
    }
    for name, options in kinds.items():
        rows, columns = (_bilinear(x.shape[i], y.shape[i], *options) for i in (1, 2))
        made = np.einsum("ai,bj,nijc->nabc", rows, columns, x)
        if np.abs(made - y).max() <= 1e-6 * np.abs(y).max():
            return name
    for name, centre in (("nearest", 0.0), ("nearest with half-pixel centres", 0.5)):
        picks = []
        for i in (1, 2):
            places = (np.arange(y.shape[i]) + centre) * x.shape[i] / y.shape[i]
            picks.append(np.minimum(places.astype(int), x.shape[i] - 1))
        if np.array_equal(x[:, picks[0]][:, :, picks[1]], y):
            return name
    return None


def pool_kind(x: np.ndarray, y: np.ndarray) -> str | None:
    """Returns what [N, h, w, C] takes of each block of [N, H, W, C], side by side, or None."""
    if x.ndim != 4 or y.ndim != 4 or any(x.shape[i] % y.shape[i] for i in (1, 2)):
        return None
    n, h, w, c = y.shape
    blocks = x.reshape(n, h, x.shape[1] // h, w, x.shape[2] // w, -1)
    if blocks.shape[-1] != c:
        return None
    for name, of_block in (("the mean", np.mean), ("the largest", np.max)):
        if np.abs(of_block(blocks, (2, 4)) - y).max() <= 1e-6 * np.abs(y).max():
            return name
    return None


def _bilinear(before: int, after: int, half: bool, corners: bool) -> np.ndarray:
    """The weights [after, before] of one axis."""
    scale = before / after
    if corners and after > 1:
        scale = (before - 1) / (after - 1)
    places = np.arange(after) * scale
    if half:
        places = (np.arange(after) + 0.5) * scale - 0.5
    low = np.clip(np.floor(places), 0, before - 1).astype(int)
    high = np.clip(np.ceil(places), 0, before - 1).astype(int)
    part = places - np.floor(places)
    weights = np.zeros((after, before))
    np.add.at(weights, (np.arange(after), low), 1 - part)
    np.add.at(weights, (np.arange(after), high), part)
    return weights


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
      n, negative where theirs is the smaller one; None where no factor fits.
    """
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


def _gathered(x: np.ndarray, w: np.ndarray, i: int, j: int, stride: int, before: int) -> np.ndarray:
    """One output pixel of a convolution: [filters]."""
    total = np.zeros(w.shape[3])
    for a in range(w.shape[0]):
        for b in range(w.shape[1]):
            row, column = i * stride - before + a, j * stride - before + b
            if 0 <= row < x.shape[0] and 0 <= column < x.shape[1]:
                total += x[row, column] @ w[a, b]
    return total


def _scattered(
    x: np.ndarray, w: np.ndarray, i: int, j: int, stride: int, before: int
) -> np.ndarray:
    """One output pixel of a transposed convolution: [filters]."""
    total = np.zeros(w.shape[2])
    for a in range(w.shape[0]):
        for b in range(w.shape[1]):
            row, column = i + before - a, j + before - b
            if row % stride or column % stride:
                continue
            row, column = row // stride, column // stride
            if 0 <= row < x.shape[0] and 0 <= column < x.shape[1]:
                total += w[a, b] @ x[row, column]
    return total
