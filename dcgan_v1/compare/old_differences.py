"""How far two sets of arrays are apart, and how far they may be."""

from typing import NamedTuple

import numpy as np

FLOAT64 = {  # kind -> largest relative difference that float64 rounding may make
    "forward": 1e-12,
    "loss": 1e-12,
    "gradient": 1e-10,
    "first averages": 1e-10,  # after one step: n / (n - 1) must show for large n
    "state": 1e-8,
}
TIMES_NOISE = 10  # float32 may differ by so much more than TF1 does from itself
SHARE = 1e-3  # of the largest value of the group, the least that counts as a scale


class Difference(NamedTuple):
    """One compared array.

    Attributes:
      kind: 'forward', 'loss', 'gradient' or 'state'.
      quantity: what float32's noise is taken over: the kind, or for the state 'weight
        after 3' and the like.
      name: which array.
      absolute: largest difference of two elements.
      relative: that over the scale, see `compare`.
      tolerance: what `relative` may be.
      largest: the largest magnitude on TF1's side.
    """

    kind: str
    quantity: str
    name: str
    absolute: float
    relative: float
    tolerance: float
    largest: float

    @property
    def is_over(self):
        return not self.relative <= self.tolerance  # a NaN is over, too


def compare(kind, ours, theirs, tolerance, group=None):
    """Compares name -> array with name -> array, in the order of ours.

    A difference is taken relative to the array's own largest magnitude, or, where that
    is smaller, to a thousandth of the largest in its group: a bias in front of a batch
    norm has a gradient of pure rounding noise, which nothing can match.

    Args:
      group: function from a name to its group; the default puts each by itself.

    Returns:
      list of Difference.
    """
    group = group or (lambda name: name)
    largest = {}
    for name, array in ours.items():
        key = group(name)
        largest[key] = max(largest.get(key, 0.0), _largest(array))
    found = []
    for name, a in ours.items():
        b = theirs[name]
        if np.shape(a) != np.shape(b):
            worst_case = (np.inf, np.inf, tolerance, np.inf)
            found.append(Difference(kind, kind, name, *worst_case))
            continue
        a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
        absolute = float(np.max(np.abs(a - b), initial=0.0))
        own = _largest(a)
        share = SHARE**2 if name.endswith("_adam_1") else SHARE  # v is of squares
        scale = max(own, share * largest[group(name)])
        relative = absolute / scale if scale else float(absolute > 0)
        found.append(Difference(kind, kind, name, absolute, relative, tolerance, own))
    return found


def between(ours, theirs):
    """Returns every Difference of what two sides were seen to compute.

    Args:
      ours, theirs: section -> name -> array, see `run.Pair`. What only one of them has
        is left out here.
    """
    found = []
    for section in theirs:
        kind, step = section if isinstance(section, tuple) else (section, None)
        shared = {k: v for k, v in ours[section].items() if k in theirs[section]}
        if kind in ("loss", "losses"):  # accuracy moves in leaps, its logits are there
            shared.pop("d_accuracy", None)
        tolerance = FLOAT64.get(kind, FLOAT64["state"])
        group = {"gradient": _gradient_group, "state": _state_group}.get(kind)
        plain_kind = kind if kind in ("forward", "loss", "gradient") else "state"
        for d in compare(plain_kind, shared, theirs[section], tolerance, group):
            if step:
                part = _part(d.name) if kind == "state" else kind
                quantity = (
                    "later losses" if part == "losses" else f"{part} after {step}"
                )
                if step == 1 and part.startswith("moving_"):
                    d = d._replace(tolerance=FLOAT64["first averages"])
                d = d._replace(quantity=quantity, name=f"{d.name} after step {step}")
            found.append(d)
    return found


def _part(name):
    """Returns 'weight', 'm', 'v', 'moving_mean', 'moving_variance' or 'power'."""
    last = name.rpartition("/")[2]
    if last.startswith("moving_"):
        return last
    for ending, part in (("_adam", "m"), ("_adam_1", "v"), ("_power", "power")):
        if last.endswith(ending):
            return part
    return "weight"


def _state_group(name):
    """Weights, first moments, second moments and averages of a network are groups."""
    if _part(name) == "power":
        return name
    return "/".join([*name.split("/")[:2], _part(name)])


def _gradient_group(name):
    """The gradients of one update of one network are a group."""
    return "/".join(name.split("/")[:4])


def worst(differences):
    """Returns the Difference that comes nearest to its tolerance, or passes it most."""
    return max(differences, key=lambda d: (d.is_over, d.relative / d.tolerance))


def noise_tolerances(control):
    """Returns quantity -> float32 tolerance, from TF1's differences with itself."""
    floors = {d.quantity: float(np.finfo(np.float32).eps) for d in control}
    for d in control:
        floors[d.quantity] = max(floors[d.quantity], d.relative)
    return {quantity: TIMES_NOISE * floor for quantity, floor in floors.items()}


def _largest(array):
    return float(np.max(np.abs(array), initial=0.0))
