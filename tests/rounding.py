"""How far rounding alone can take two float32 results apart, from how they are summed."""

import numpy as np

LIKELY = 4  # of the standard deviation of a sum's rounding, at most, for one in 10^4


def two_orders(terms):
    """Returns the largest relative difference that two orders of summation leave likely.

    A sum of n float32 terms is off by about sqrt(n) u of the sum of their magnitudes
    (u = 2^-24 is half a unit of the last place): errors add up as a random walk, see
    Higham & Mary, "A New Approach to Probabilistic Rounding Error Analysis" (2019).
    Processors sum in orders of their own (by 4, 8 or 16 at a time), and either result
    is off by so much.

    Args:
      terms: how many products the longest sum has, those of the layers before it added.
    """
    unit = np.finfo(np.float32).eps / 2
    return 2 * LIKELY * np.sqrt(terms) * unit
