"""What part of a shift an average keeps over a step."""

import numpy as np

SHIFT = 0.125  # of averages, exact in binary
EVEN = {"float32": 1e-3, "float64": 1e-8}  # how far channels may keep different parts of it


def of_shift(shifted: np.ndarray, plain: np.ndarray, dtype: str) -> float | None:
    """Returns the part of a shift that an average keeps; None where its channels keep different
    ones: what else it is made of was not the same in both runs.

    Args:
      shifted, plain: the average after a step, with and without the shift at its start.
      dtype: of the programs.
    """
    moved = (np.float64(shifted) - plain) / SHIFT
    return float(np.median(moved)) if np.ptp(moved) < EVEN[dtype] else None
