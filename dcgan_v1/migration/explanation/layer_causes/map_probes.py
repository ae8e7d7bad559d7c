"""Small experiments on feature maps: which padding, resize or pool would give them."""

import numpy as np

STRIDES = range(1, 5)  # that are tried
POINTS = 6  # pixels that are looked at


def padding(x: np.ndarray, w: np.ndarray, y: np.ndarray, transposed: bool) -> int | None:
    """Returns how many rows and columns of zeros a convolution adds before its input.

    Args:
      x: [N, H, W, C]; y: its output [N, h, w, filters].
      w: [k, k, C, filters]; if transposed [k, k, filters, C].

    Returns:
      The padding, or None where no padding from 0 to k - 1 gives y.
    """
    stride = y.shape[1] // x.shape[1] if transposed else -(-x.shape[1] // y.shape[1])
    rng = np.random.default_rng(0)
    sides = y.shape[1:3]
    places = [
        tuple(int(rng.integers(side > 2, max(side - 1, 1))) for side in sides)
        for _ in range(POINTS)
    ]
    return _before(x, w, y, transposed, stride, places)


def steps(x: np.ndarray, w: np.ndarray, y: np.ndarray, transposed: bool) -> tuple[int, int] | None:
    """Returns (stride, rows and columns of zeros before its input) of a convolution, told by the
    corners and the middle of what it gives; None where no stride of STRIDES gives it.

    Args:
      x, w, y: as for `padding`.
    """
    rows, columns = y.shape[1:3]
    middle, last = (rows // 2, columns // 2), (rows - 1, columns - 1)
    places: list[tuple[int, ...]] = [(0, 0), (0, last[1]), middle, (last[0], 0), last]
    for stride in STRIDES:
        before = _before(x, w, y, transposed, stride, places)
        if before is not None:
            return stride, before
    return None


def _before(
    x: np.ndarray,
    w: np.ndarray,
    y: np.ndarray,
    transposed: bool,
    stride: int,
    places: list[tuple[int, ...]],
) -> int | None:
    """The zeros before an image with which a convolution gives the pixels of some places."""
    made = _scattered if transposed else _gathered
    for before in range(w.shape[0]):
        off = [np.abs(made(x[0], w, i, j, stride, before) - y[0, i, j]).max() for i, j in places]
        if max(off) <= 1e-4 * np.abs(y).max():
            return before
    return None


def resize_kind(x: np.ndarray, y: np.ndarray) -> str | None:
    """Returns how [N, H, W, C] was resized to y, or None."""
    if x.ndim != 4 or y.ndim != 4 or x.shape[::3] != y.shape[::3] or x.shape == y.shape:
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
    is_smaller = x.ndim == y.ndim == 4 and x.shape != y.shape
    if not is_smaller or any(x.shape[i] % y.shape[i] for i in (1, 2)):
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
