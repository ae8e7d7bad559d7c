"""Gradient penalties that make another number of the same gradient's norms."""

import itertools
from collections.abc import Callable, Iterator

import numpy as np

from dcgan_v1.migration.explanation import loss_kinds, network_ends
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
OF_FIRST_AXIS = "squares of how far norms over an image's rows alone are from 1"


def told(case: Case, ours: float, theirs: float) -> str:
    """Says by which forms of a penalty a loss of both sides differs, or ''.

    Args:
      case: whose TF1 ops are looked through for the gradient.
      ours, theirs: TF1's loss and the port's.
    """
    for name, values in case.once(_every_penalty):
        text = _of_one_weight(values, theirs - ours) or _of_two(
            values, case.once(_rests), ours, theirs
        )
        if text:
            return f"has {text} (of the gradient {name})"
    return ""


def _every_penalty(case: Case) -> list[tuple[str, dict[str, float]]]:
    return [(name, _penalties(gradient)) for name, gradient in _gradients(case)]


def _rests(case: Case) -> np.ndarray:
    """What a loss may be without its penalty [R]: one of TF1's scalars, or a loss of this field."""
    scalars = list(case.evidence.first[0].scalars.values()) if case.evidence.first else []
    plain = filter(loss_kinds.is_plain, case.once(network_ends.losses)[0])
    return np.array([*scalars, *(value for _, _, value in plain)], np.float64)


def _of_one_weight(values: dict[str, float], wanted: float) -> str:
    """Two forms of one weight whose difference is that of the losses. A constant is a weight times
    two forms that are a number such as people write apart, too: that proves nothing."""
    for old, new in itertools.permutations(values, 2):
        apart = values[new] - values[old] if values[new] else 0.0  # of 0 it may be none at all
        if not apart or written(abs(apart)):
            continue
        if times := written(wanted / apart):
            return f"{times} times the mean of {new} as its penalty, TF1's that of {old}"
    return ""


def _of_two(values: dict[str, float], rests: np.ndarray, ours: float, theirs: float) -> str:
    """Two forms of two weights beside the same loss without a penalty; that both weights are such
    as people write proves it. Where one form fits both sides it is a term with another weight."""
    forms = [form for form, value in values.items() if value and not written(value)]
    sizes = np.array([values[form] for form in forms])
    found = [_are_written((whole - rests[:, None]) / sizes) for whole in (ours, theirs)]
    text = ""
    for place in np.flatnonzero(found[0].any(1) & found[1].any(1)):
        both = [
            {
                forms[n]: times
                for n in np.flatnonzero(of[place])
                if (times := written((whole - rests[place]) / sizes[n]))
            }
            for whole, of in zip((ours, theirs), found, strict=True)
        ]
        if both[0].keys() & both[1].keys():
            return ""
        for (old, of_old), (new, of_new) in itertools.product(*(side.items() for side in both)):
            text = text or (
                f"{of_new} times the mean of {new} as its penalty, TF1's {of_old} times "
                f"that of {old}"
            )
    return text


def _are_written(weights: np.ndarray) -> np.ndarray:
    """Whether each weight may be one that people write, see `written`."""
    digits = 10.0 ** (1 - np.floor(np.log10(np.where(weights > 0, weights, 1.0))))
    near = np.abs(np.round(weights * digits) / digits - weights)
    return (weights > 1e-5) & (weights < 1e5) & (near <= 2 * EXACT * weights)


def written(weight: float) -> str:
    """Returns a weight as people write it, in two digits at most; '' of another number."""
    rounded = float(f"{weight:.2g}")
    return f"{rounded:g}" if rounded > 0 and abs(weight - rounded) <= EXACT * rounded else ""


def note(case: Case, term: float) -> str:
    """What is said of a term of TF1's loss that the port seems to leave out, where it may have
    another form of it: a penalty of norms that are all below 1."""
    for _, gradient in _gradients(case):
        norms = _norms(gradient)
        of_both_sides = float(np.mean((norms - 1) ** 2))
        if np.max(norms) > 1 or not of_both_sides or written(of_both_sides):
            continue  # a constant proves nothing
        if written(term / of_both_sides):
            return " (or counts norms of a gradient that are above 1 alone: none is here)"
    return ""


def _penalties(gradient: np.ndarray) -> dict[str, float]:
    """What is the mean of -> its value, of a gradient [N, ...]. Forms of one value are one: of a
    batch of one, or where all norms are above 1."""
    norms = _norms(gradient)
    values = {form: of_norms(norms) for form, of_norms in FORMS.items()}
    if gradient.ndim > 2:
        values[OF_FIRST_AXIS] = float(np.mean((np.linalg.norm(gradient, axis=1) - 1) ** 2))
    alike: dict[float, list[str]] = {}
    for form, value in values.items():
        known = (k for k in alike if abs(k - value) <= EXACT * max(abs(k), abs(value)))
        alike.setdefault(next(known, value), []).append(form)
    return {" or of ".join(forms): value for value, forms in alike.items()}


def _norms(gradient: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.norm(gradient.reshape(len(gradient), -1), axis=1))


def _gradients(case: Case) -> Iterator[tuple[str, np.ndarray]]:
    """Yields TF1's gradients of a gradient penalty, each by its name, [N, ...]."""
    for layer in case.evidence.layers.get("training", []):
        if "gradients" in layer.name and layer.output.ndim:  # the scope of tf.gradients
            yield layer.name, layer.output
