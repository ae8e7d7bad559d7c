"""Gradient penalties that make another number of the same gradient's norms."""

import itertools
from collections.abc import Callable, Iterator

import numpy as np

from dcgan_v1.migration.explanation.case import Case

EXACT = 1e-9  # relative, of a weight from a number of two digits
FORMS: dict[str, Callable[[np.ndarray], float]] = {  # of the norms [N] of a gradient's rows
    "squares of how far norms are from 1": lambda n: float(np.mean((n - 1) ** 2)),
    "squares of how far norms are above 1": lambda n: float(np.mean(np.maximum(n - 1, 0) ** 2)),
    "squares of norms": lambda n: float(np.mean(n**2)),
    "how far norms are from 1": lambda n: float(np.mean(np.abs(n - 1))),
    "the square of how far the norm of all rows together is from 1": lambda n: float(
        (np.sqrt(np.sum(n**2)) - 1) ** 2
    ),
}


def told(case: Case, ours: float, theirs: float) -> str:
    """Says by which forms of a penalty a loss of both sides differs, or ''.

    Args:
      case: whose TF1 ops are looked through for the gradient.
      ours, theirs: TF1's loss and the port's.
    """
    for name, norms in _norms(case):
        values = {form: of_norms(norms) for form, of_norms in FORMS.items()}
        for old, new in itertools.permutations(FORMS, 2):
            apart = values[new] - values[old] if values[new] else 0.0  # of 0 it may be none at all
            weight = (theirs - ours) / apart if apart else 0.0
            written = float(f"{weight:.2g}")
            if written > 0 and abs(weight - written) <= EXACT * written:
                return (
                    f"has {written:g} times the mean of {new} as its penalty, TF1's that of {old} "
                    f"(of the gradient {name})"
                )
    return ""


def note(case: Case) -> str:
    """What is said of a penalty that the port seems to leave out, where it may have another."""
    if any(np.max(norms) <= 1 for _, norms in _norms(case)):
        return " (or counts norms of a gradient that are above 1 alone: none is here)"
    return ""


def _norms(case: Case) -> Iterator[tuple[str, np.ndarray]]:
    """Yields TF1's gradients of a gradient penalty, each by its name and the norms of its rows."""
    for layer in case.evidence.layers.get("training", []):
        if "gradients" in layer.name and layer.output.ndim:  # the scope of tf.gradients
            rows = layer.output.reshape(len(layer.output), -1)
            yield layer.name, np.linalg.norm(rows, axis=1)
