"""Why losses differ where the layers agree: labels, a mean for a sum, another kind of loss. The
losses of this field are worked out by hand from what the networks gave."""

import itertools
from collections.abc import Callable, Iterator

import numpy as np

from dcgan_v1.migration.comparison.evidence import LOSS, Aligned
from dcgan_v1.migration.explanation.case import Case, Cause
from dcgan_v1.migration.records import LayerOutput

LABELS = (1.0, 0.0, 0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.95, 0.05, 1.2, 0.5, -1.0)
EQUAL = 1e-9
MOST = 6  # outputs of networks that a loss may be made of


def find(case: Case, later: bool) -> list[Cause]:
    """Returns causes of losses that differ.

    Args:
      later: whether losses of steps after the first one count.
    """
    causes = []
    for d in case.over(LOSS):
        if bool(d.key.step) != later:
            continue
        ours, theirs = (float(s[d.key]) for s in (case.evidence.ours, case.evidence.theirs))
        text = _cause(case, ours, theirs) if not d.key.step else None
        when = f" in step {d.key.step}" if d.key.step else ""
        text = text or (
            f"is {theirs:.6g}, TF1's {ours:.6g}{when}"
            + (", while layers and gradients agree" if case.agrees("gradient") else "")
        )
        keys = frozenset(e.key for e in case.over(LOSS) if e.key.name == d.key.name or later)
        causes.append(Cause(f"loss {d.key.name}", text, keys))
        if later:
            break
    return causes


def _cause(case: Case, ours: float, theirs: float) -> str | None:
    if ours and np.isfinite(theirs / ours):
        ratio = theirs / ours
        sizes = {len(a) for a in case.evidence.batch.values() if a.ndim}
        for factor in (*sizes, 2, *(1 / n for n in sizes), 0.5, -1):
            if abs(ratio - factor) < EQUAL * abs(factor):
                return f"is {ratio:.6g} times TF1's: a sum for a mean, a weight, or a sign"
    known = list(_values(case))
    first = next(((k, labels) for k, labels, value in known if _is(value, ours)), None)
    fitting = [(k, labels) for k, labels, value in known if _is(value, theirs)]
    alike = [pair for pair in fitting if first is not None and pair[0] == first[0]]
    second = next(iter(alike or fitting), None)
    if first is None or second is None or first == second:
        return None
    return f"is {second[0]} with labels {_list(second[1])}, TF1's {first[0]} with {_list(first[1])}"


def _is(value: float, wanted: float) -> bool:
    return abs(value - wanted) <= EQUAL * max(abs(wanted), 1e-12)


def _list(labels: tuple[float, ...]) -> str:
    return " and ".join(f"{label:g}" for label in labels)


def _cross_entropy(logits: np.ndarray, label: float) -> float:
    return float(np.mean(np.logaddexp(0, logits) - label * logits))


def _squares(logits: np.ndarray, label: float) -> float:
    return float(np.mean((logits - label) ** 2))


KINDS: dict[str, Callable[[np.ndarray, float], float]] = {
    "the cross entropy": _cross_entropy,
    "least squares": _squares,
}


def _values(case: Case) -> Iterator[tuple[str, tuple[float, ...], float]]:
    """Yields (kind of loss, labels, value) of losses of one network's outputs, or of two."""
    outputs = [a.output for a in _ends(case.evidence.aligned.get("training", []))][:MOST]
    for kind, function in KINDS.items():
        terms = [[(label, function(y, label)) for label in LABELS] for y in outputs]
        for of_output in terms:
            for label, value in of_output:
                yield kind, (label,), value
        for one, other in itertools.combinations(terms, 2):
            for (a, x), (b, y) in itertools.product(one, other):
                yield kind, (a, b), x + y
                yield f"half of {kind}", (a, b), (x + y) / 2


def _ends(rows: list[Aligned]) -> list[LayerOutput]:
    """TF1's ops that networks end in, one number for each row."""
    ends = []
    for row in rows:
        op = row.old
        if op is not None and op.is_last and op.output.size == len(op.output) and row.by == "value":
            ends.append(op)
    return ends
