"""Small experiments on numbers: which slope, padding or epsilon would give them."""

import numpy as np


def slope(x, y):
    """Returns a leaky ReLU's slope from its input and output."""
    negative = x < -1e-3 * np.abs(x).max()
    return float(np.median(y[negative] / x[negative]))


def padding(x, w, y, transposed, points=6):
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
            i, j = (int(rng.integers(1, side - 1)) for side in y.shape[1:3])
            expected = (_scattered if transposed else _gathered)(
                x[0], w, i, j, stride, before
            )
            worst = max(worst, np.abs(expected - y[0, i, j]).max())
        if worst <= 1e-4 * np.abs(y).max():
            return before
    return None


def adam_epsilon(change, m, v, rate):
    """Returns the epsilon of change = -rate * m / (sqrt(v) + epsilon).

    Read off where the second moment is smallest, for there epsilon weighs most.
    """
    change, m, v = (np.float64(array).ravel() for array in (change, m, v))
    usable = np.flatnonzero((change != 0) & (m != 0))
    smallest = usable[np.argsort(v[usable])][: max(10, len(usable) // 100)]
    epsilon = -rate * m[smallest] / change[smallest] - np.sqrt(v[smallest])
    return float(np.median(epsilon))


def ratio(a, b):
    """Returns the median of b / a where a is not tiny."""
    usable = np.abs(a) > 1e-3 * np.abs(a).max()
    return float(np.median(b[usable] / a[usable]))


def variance_count(before, ours, theirs, decay):
    """Returns n where two moving variances differ by the factor n / (n - 1) alone.

    After p passes an average is decay^p * before + what the batches add. The factor is
    that of the added parts, and p is the number that makes it one for all channels.

    Returns:
      n, negative where theirs is the smaller one; None where no factor fits.
    """
    best = None
    for passes in (1, 2, 3):
        kept = decay**passes * np.float64(before)
        factors = (np.float64(theirs) - kept) / (np.float64(ours) - kept)
        if best is None or np.std(factors) < np.std(best):
            best = factors
    factor = float(np.median(best))
    excess = abs(factor - 1)
    if excess == 0 or np.std(best) > 0.05 * excess:
        return None
    larger = max(factor, 1 / factor)
    n = round(larger / (larger - 1))
    return n if factor > 1 else -n


def _gathered(x, w, i, j, stride, before):
    """One output pixel of a convolution: [filters]."""
    total = np.zeros(w.shape[3])
    for a in range(w.shape[0]):
        for b in range(w.shape[1]):
            row, column = i * stride - before + a, j * stride - before + b
            if 0 <= row < x.shape[0] and 0 <= column < x.shape[1]:
                total += x[row, column] @ w[a, b]
    return total


def _scattered(x, w, i, j, stride, before):
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
