"""Improved precision and recall (Kynkäänniemi et al. 2019, algorithm 1)."""

from collections.abc import Iterator

import numpy as np

NEIGHBOURS = 3  # k, the paper's choice
ROWS = 1000  # of the distance matrix at a time


def precision_recall(
    real: np.ndarray, fake: np.ndarray, k: int = NEIGHBOURS
) -> tuple[float, float]:
    """Returns (precision, recall), both in [0, 1].

    A set's manifold is the union of the balls around its points that reach to their
    k-th nearest neighbour. Precision is the part of the fakes on the manifold of the
    reals (quality), recall the part of the reals on that of the fakes (variety).

    Args:
      real, fake: features [N, d] and [M, d], more than k of each.
    """
    centre = np.mean(real, axis=0, dtype=np.float64)  # small numbers, small roundings
    real, fake = ((np.asarray(x) - centre).astype(np.float32) for x in (real, fake))
    return _part_on_manifold(fake, real, k), _part_on_manifold(real, fake, k)


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Returns [N, M] squared Euclidean distances; of equal rows nearly 0."""
    squares = (a * a).sum(1)[:, None] + (b * b).sum(1)[None]
    return np.maximum(squares - 2 * a @ b.T, 0)


def _part_on_manifold(points: np.ndarray, support: np.ndarray, k: int) -> float:
    radii = np.concatenate(
        [  # the nearest neighbour of a point is itself
            np.partition(squared_distances(rows, support), k, axis=1)[:, k]
            for rows in _chunks(support)
        ]
    )
    inside = [(squared_distances(rows, support) <= radii).any(1) for rows in _chunks(points)]
    return float(np.concatenate(inside).mean())


def _chunks(rows: np.ndarray) -> Iterator[np.ndarray]:
    return (rows[start : start + ROWS] for start in range(0, len(rows), ROWS))
