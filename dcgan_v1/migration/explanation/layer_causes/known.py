"""Whether TF1 computes what a layer of the port is given, or is given it, in another range too."""

import numpy as np

from dcgan_v1.migration.comparison.pairs.alignment import apart
from dcgan_v1.migration.explanation.case import Case
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.layer_causes.layer_case import AGREE, Reason


def is_known(case: Case, mode: str, array: np.ndarray) -> bool:
    """Whether TF1 computes the values of an array, or is given them, be it in another shape.

    Args:
      case: the evidence, and what may be asked of both programs.
      mode: 'training' or 'inference'.
      array: what the port computes, or is given.
    """
    for layer in case.evidence.layers[mode]:
        if layer.output.shape == array.shape and apart(layer.output, array)[0] <= AGREE:
            return True
    orders = [array, array.transpose(0, 3, 1, 2)] if array.ndim == 4 else [array]
    return any(
        value.size == array.size and np.array_equal(value.ravel(), order.ravel())
        for value in case.evidence.batch.values()
        for order in orders
    )


def scaled_input(case: Case, x: np.ndarray) -> Reason | None:
    """Whether a network is given an input of the step in another range."""
    for name, value in case.evidence.batch.items():
        if value.shape != x.shape or value.dtype.kind != "f" or not np.ptp(value):
            continue
        a = float(np.ptp(x) / np.ptp(value))
        for scale in (a, -a):
            shift = float(np.mean(x) - scale * np.mean(value))
            if apart(x, scale * value + shift)[0] < AGREE:
                return Reason(
                    Kind.INPUT_RANGE,
                    f"the port scales its input: {scale:.4g} times TF1's {name}, plus {shift:.4g} "
                    f"({x.min():.3g} to {x.max():.3g}, TF1's {value.min():.3g} to "
                    f"{value.max():.3g})",
                )
    return None
