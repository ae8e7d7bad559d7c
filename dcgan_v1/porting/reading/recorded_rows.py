"""What recorded rows are: labels, flat pictures, pictures of a scale of their own."""

import numpy as np

LABELS = ("y", "y_", "label", "labels", "c", "cond", "condition", "classes")
SMALLEST = 8  # side of a picture that is fed as a row
BACKGROUND = 0.05  # part of its pixels, at least
ALIKE = 0.2  # correlation of neighbours, at least


def are_flat_pictures(row: tuple[int, ...], recorded: np.ndarray | None) -> bool:
    """Whether rows are squares with a background, as digits have one, and noise has none. Words
    that are there or not have one, too, but as neighbours they have nothing in common."""
    if recorded is None or len(row) != 1 or row[0] < SMALLEST**2:
        return False
    side = round(row[0] ** 0.5)
    low, high = recorded.min(), recorded.max()
    if side**2 != row[0] or not np.mean(recorded == low) > BACKGROUND:
        return False
    has_two_values = bool(((recorded == low) | (recorded == high)).all())
    return not has_two_values or _are_neighbours_alike(recorded.reshape(-1, side, side))


def _are_neighbours_alike(squares: np.ndarray) -> bool:
    """Whether what a pixel has beyond its own mean goes with what those beside and below have."""
    rest = squares - squares.mean(0, dtype=np.float64)
    size = np.mean(rest**2)
    beside = np.mean(rest[:, :, 1:] * rest[:, :, :-1])
    below = np.mean(rest[:, 1:] * rest[:, :-1])
    return bool(min(beside, below) > ALIKE * size)


def is_scaled_otherwise(recorded: np.ndarray | None) -> bool:
    """Whether pictures were fed in none of the ranges [-1, 1], [0, 1] and [0, 255]: by their mean
    and spread, say, which nobody can do to others without these numbers."""
    if recorded is None:
        return False
    low, high = float(recorded.min()), float(recorded.max())
    return low < -1.05 or high > 255.5 or (low < -1e-3 and high > 1.05)


def are_labels(name: str, recorded: np.ndarray | None) -> bool:
    """Whether rows are one of many each; without a recording their name says so."""
    if recorded is None:
        return name in LABELS
    return bool(np.isin(recorded, (0, 1)).all() and (recorded.sum(-1) == 1).all())
