"""What recorded rows are: labels, pictures, noise of one kind, the same at every step."""

from typing import Any

import numpy as np

LABELS = ("y", "y_", "label", "labels", "c", "cond", "condition", "classes")
SMALLEST = 8  # side of a picture that is fed as a row
BACKGROUND = 0.05  # part of its pixels, at least
ALIKE = 0.2  # correlation of neighbours, at least
LONGEST = 256  # numbers of rows that are written down as they are
CHANCE = 8  # rows that are the same again, or in order, at least: fewer are by chance
BOUNDED = 2.0  # no normal noise of MANY numbers stays within so many deviations (1e-4 at most)
MANY = 200


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


def kept_rows(recorded: np.ndarray, batch: int, is_new: bool) -> tuple[Any, int] | None:
    """Returns rows that are the same at every step, for `np.repeat`, each of them as often, and how
    many batches they are of (0: they go by no batch); None where rows change, or may.

    Args:
      recorded: [steps, N, ...].
      batch: rows of a batch.
      is_new: whether each step was given other data, so that what is the same is no part of these.
    """
    rows = recorded[0]
    count = len(rows)
    if not count or not (recorded == rows).all():
        return None
    block = next(n for n in range(count, 0, -1) if count % n == 0 and _are_blocks(rows, n))
    blocks, batches = rows[::block], 0 if count % batch else count // batch
    is_seen = is_new and (len(recorded) - 1) * rows.size >= CHANCE
    is_ruled = block > 1 and count >= CHANCE and len(blocks) <= max(2, 2 * batches)
    is_class = len(blocks) == 1 and blocks.size > 2 and are_labels("", recorded)
    if is_class or blocks.size > LONGEST or not (is_seen or is_ruled):
        return None
    return (blocks if batches else rows).tolist(), batches


def _are_blocks(rows: np.ndarray, size: int) -> bool:
    blocks = rows.reshape(len(rows) // size, size, *rows.shape[1:])
    return bool((blocks == blocks[:, :1]).all())


def why_no_noise(recorded: np.ndarray) -> str:
    """Returns why rows are not noise whose numbers are drawn alike, each for itself; '' where they
    can be that.

    Args:
      recorded: [steps, N, ...].
    """
    rows = recorded.reshape(recorded.shape[0] * recorded.shape[1], -1).astype(np.float64)
    if two := int(np.isin(rows, (0, 1)).all(0).sum()):
        return f"{two} of its {rows.shape[1]} columns are 0 and 1 alone"
    if len(np.unique(rows)) < 0.9 * rows.size:
        return "its values come again"
    if recorded.shape[1] >= CHANCE and (np.diff(recorded, axis=1) > 0).all():
        return "its rows are in order"
    if len(rows) == 1:
        return ""
    deviation, error = rows.std(), len(rows) ** -0.5
    is_far = np.abs(rows.mean(0) - rows.mean()) > 6 * deviation * error
    spread = rows.std(0) / deviation
    if (is_far | (spread > 1 + 6 * error) | (spread < 1 - 4 * error)).any():
        return "its columns are of several spreads or means"
    lengths = np.linalg.norm(rows, axis=1)
    if rows.shape[1] > 1 and lengths.std() < 1e-3 * lengths.mean():
        return "its rows are all of one length"
    return ""


def is_bounded(recorded: np.ndarray) -> bool:
    """Whether no number is as far out as some of normal noise are."""
    far = np.abs(recorded - recorded.mean()).max()
    return recorded.size >= MANY and bool(far < BOUNDED * recorded.std())
