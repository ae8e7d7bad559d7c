"""How far two sets of arrays are apart, and how far they may be. Pure numpy."""

from typing import NamedTuple

import numpy as np

from dcgan_v1.migration.comparison.observe import FORWARD, GRADIENT, LOSS, STATE, Key

FLOAT64 = {  # kind -> largest relative difference that float64 rounding may make
    FORWARD: 1e-12,
    LOSS: 1e-12,
    GRADIENT: 1e-10,
    STATE: 1e-8,
}
FIRST_AVERAGES = 1e-10  # after one step: n / (n - 1) must show for large n
TIMES_NOISE = 10  # float32 may differ by so much more than TF1 does from itself
SHARE = 1e-3  # of the largest value of the group, the least that counts as a scale
SQUARES = ("v", "ms", "accum_update")  # slots that hold squares of gradients


class Difference(NamedTuple):
    """One compared array.

    Attributes:
      key: `observe.Key`.
      absolute: largest difference of two elements.
      relative: that over the scale, see `between`.
      tolerance: what `relative` may be.
      largest: the largest magnitude on TF1's side.
    """

    key: Key
    absolute: float
    relative: float
    tolerance: float
    largest: float

    @property
    def is_over(self):
        return not self.relative <= self.tolerance  # a NaN is over, too


def between(ours, theirs, group=lambda key: key):
    """Returns the Difference of every array that both sides have, in TF1's order.

    A difference is taken relative to the array's own largest magnitude, or, where that
    is smaller, to a thousandth of the largest in its group.

    Args:
      ours, theirs: Key -> array.
      group: function from a Key to what its scale is shared with.
    """
    largest = {}
    for key, array in ours.items():
        of = group(key)
        largest[of] = max(largest.get(of, 0.0), _largest(array))
    found = []
    for key, a in ours.items():
        if key in theirs:
            found.append(_difference(key, a, theirs[key], largest[group(key)]))
    return found


def _difference(key, a, b, largest):
    tolerance = FLOAT64[key.kind]
    if key.part == "average" and key.step == 1:
        tolerance = FIRST_AVERAGES
    if np.shape(a) != np.shape(b):
        return Difference(key, np.inf, np.inf, tolerance, np.inf)
    off = np.abs(np.subtract(a, b, dtype=np.float64))
    absolute = float(np.max(off, initial=0.0))
    own = _largest(a)
    share = SHARE**2 if key.part in SQUARES else SHARE
    scale = max(own, share * largest)
    relative = absolute / scale if scale else float(absolute > 0)
    return Difference(key, absolute, relative, tolerance, own)


def worst(differences):
    """Returns the Difference that comes nearest to its tolerance, or passes it most."""
    return max(differences, key=lambda d: (d.is_over, d.relative / d.tolerance))


def noise_tolerances(control):
    """Returns quantity -> float32 tolerance, from TF1's differences with itself."""
    floors = {d.key.quantity: float(np.finfo(np.float32).eps) for d in control}
    for d in control:
        floors[d.key.quantity] = max(floors[d.key.quantity], d.relative)
    return {quantity: TIMES_NOISE * floor for quantity, floor in floors.items()}


def _largest(array):
    return float(np.max(np.abs(array), initial=0.0))
