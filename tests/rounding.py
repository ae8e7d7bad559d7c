"""How far rounding alone can take two float32 results apart, from how they are computed."""

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

UNIT = float(np.finfo(np.float32).eps) / 2  # what one operation is off by at most, relatively
LIKELY = 4  # of the standard deviation of a sum's rounding, at most, for one in 10^4


def two_orders(terms: int) -> float:
    """Returns the largest relative difference that two orders of summation leave likely.

    A sum of n float32 terms is off by about sqrt(n) u of the sum of their magnitudes
    (u = 2^-24 is half a unit of the last place): errors add up as a random walk, see
    Higham & Mary, "A New Approach to Probabilistic Rounding Error Analysis" (2019).
    Processors sum in orders of their own (by 4, 8 or 16 at a time), and either result
    is off by so much.

    Args:
      terms: how many products the longest sum has, those of the layers before it added.
    """
    return float(2 * LIKELY * np.sqrt(terms) * UNIT)


def products(shapes: Mapping[str, Sequence[int]]) -> int:
    """Returns how many products lie behind an output of networks: those of each layer's sums,
    added.

    Args:
      shapes: names of variables and their shapes; what is no kernel does not count.
    """
    total = 0
    for name, shape in shapes.items():
        if len(shape) > 1:
            *taps, below, above = shape
            total += prod(taps) * (above if "deconv" in name else below)
    return total


def assert_close(result, expected, terms: int, size: float | None = None) -> None:
    """Fails where two results differ by more than two orders of summation can make them.

    Args:
      terms: see `two_orders`.
      size: what the difference is relative to; by default the largest of `expected`.
    """
    if size is None:
        size = np.abs(expected).max()
    np.testing.assert_allclose(result, expected, rtol=0, atol=two_orders(terms) * size)


def adam_apart(rate: float, steps: int, gradients: np.ndarray, terms: int) -> np.ndarray:
    """Returns how far two trainings by Adam may be apart in each weight, by rounding alone.

    A gradient is off by a share of the largest one of its array (see `two_orders`). Adam divides
    by the gradients' own size: a step of `rate` is off by that share of the largest over this
    one. Where a gradient is rounding and nothing else, so is its sign, and steps differ by twice
    the rate.

    Args:
      rate: of the optimiser; steps: how many.
      gradients: the size of each weight's gradients, such as the root of Adam's second moment.
      terms: how many products lie behind a gradient.
    """
    share = two_orders(terms) * gradients.max() / np.maximum(gradients, 1e-30)
    return rate * steps * np.minimum(2 * share, 2)
