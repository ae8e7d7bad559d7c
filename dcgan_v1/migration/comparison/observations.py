"""Checks on what a step gave: NaN or infinity, and gradients that are only rounding."""

from collections.abc import Iterable, Mapping

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison.pairs.losses import Scalars
from dcgan_v1.migration.records import GradientKey, LayerOutput

NO_GRADIENT = {"float64": 1e-12, "float32": 1e-6}  # of an update's largest: rounding
SAME_VALUE = {"float64": 1e-9, "float32": 1e-4}  # relative difference of layers that are the same
Gradients = Mapping[GradientKey, np.ndarray]


def refuse_nan(
    side: str,
    *,
    scalars: Scalars | None = None,
    layers: Iterable[LayerOutput] = (),
    gradients: Gradients | None = None,
) -> None:
    """Raises UserError where a side computes NaN or infinity.

    Args:
      side: for the message.
      scalars, layers, gradients: what is looked at.
    """
    arrays = [
        *((f"layer {s.name}", s.output) for s in layers),
        *((f"loss {name}", np.asarray(v)) for name, v in (scalars or {}).items()),
        *((f"gradient of {key.variable}", a) for key, a in (gradients or {}).items()),
    ]
    for name, array in arrays:
        if not np.isfinite(array).all():
            raise UserError(f"the {side} computes NaN, first in {name}")


def without_gradient(ours: Gradients, theirs: Gradients, limit: float) -> list[str]:
    """Variables whose gradients are rounding on both sides: a bias that a batch norm takes away
    again.

    Args:
      ours, theirs: GradientKey -> array.
      limit: of an update's largest gradient, what rounding may be.
    """
    largest: dict[int, float] = {}
    for key, array in ours.items():
        size = float(np.max(np.abs(array), initial=0.0))
        largest[key.update] = max(largest.get(key.update, 0.0), size)
    tiny: set[str] = set()
    real: set[str] = set()
    for key, array in ours.items():
        sizes = [float(np.max(np.abs(a), initial=0.0)) for a in (array, theirs.get(key, array))]
        is_rounding = 0 < max(sizes) <= limit * largest[key.update] and array.ndim == 1
        (tiny if is_rounding else real).add(key.variable)
    return sorted(tiny - real)
