"""How far two arrays are apart; the op that gave what is nearest to one, by samples of both."""

from collections.abc import Sequence

import numpy as np

SAMPLES = 256  # elements that are looked at first


def apart(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Returns (relative, absolute): the largest difference of two elements."""
    absolute = float(np.max(np.abs(np.subtract(a, b, dtype=np.float64)), initial=0.0))
    scale = float(np.max(np.abs(a), initial=0.0))
    return (absolute / scale if scale else float(absolute > 0)), absolute


def sketch_of(array: np.ndarray) -> np.ndarray:
    """Returns a sample of an array's elements, the same places for all of one size."""
    flat = array.reshape(-1)
    if flat.size <= SAMPLES:
        return np.asarray(flat, np.float64)
    rng = np.random.default_rng(flat.size)
    return np.asarray(flat[rng.integers(0, flat.size, SAMPLES)], np.float64)


def nearest(
    places: Sequence[int],
    sketches: Sequence[np.ndarray],
    output: np.ndarray,
    last: int,
    used: set[int],
) -> int | None:
    """Returns the place of the op whose sample is nearest; of equals, one that was not used, after
    `last`.

    Args:
      places: that may be; sketches: of all ops by place; output: of a layer.
      last: place of the last op that was found; used: places that were.
    """
    sketch = sketch_of(output)
    scored = [
        (
            round(float(np.max(np.abs(sketches[p] - sketch), initial=0.0)), 14),
            p in used,
            p < last,
            p,
        )
        for p in places
    ]
    return min(scored)[3] if scored else None
