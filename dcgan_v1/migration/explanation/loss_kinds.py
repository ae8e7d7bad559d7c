"""The losses of this field, worked out by hand from what networks end in."""

import itertools
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

LABELS = (1.0, 0.0, 0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.95, 0.05, 1.2, 0.5, -1.0)
REAL_OR_FAKE = (1.0, 0.0)
WEIGHTS = (0.5, 2.0, 0.1, 10.0)  # of one half of a loss
Known = tuple[str, tuple[float, ...], float]  # kind of loss, labels, value
MOST = 6  # outputs of networks that a loss may be made of
MARGINS = (0.1, 0.5, 2.0, 5.0, 10.0)  # of a hinge loss, beside 1
ADDED = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)  # in logarithms, against one of 0


def _cross_entropy(logits: np.ndarray, label: float) -> float:
    return float(np.mean(np.logaddexp(0, logits) - label * logits))


def _shifted(logits: np.ndarray, label: float, added: float) -> float:
    real, fake = (np.log(1 / (1 + np.exp(-sign * logits)) + added) for sign in (1, -1))
    return float(-np.mean(label * real + (1 - label) * fake))


def _squares(logits: np.ndarray, label: float) -> float:
    return float(np.mean((logits - label) ** 2))


def _root(logits: np.ndarray, label: float) -> float:
    return float(np.linalg.norm(logits - label) / len(logits))


def _hinge_of(logits: np.ndarray, label: float, margin: float) -> float:
    return float(np.mean(np.maximum(margin - (2 * label - 1) * logits, 0)))


def _critic(logits: np.ndarray, label: float) -> float:
    return float(np.mean((1 - 2 * label) * logits))


# ---- f-GAN: what real images take part with, and its conjugate for fakes ----


def _total_variation(logits: np.ndarray, label: float) -> float:
    return float(np.mean((0.5 - label) * np.tanh(logits)))


def _forward_kl(logits: np.ndarray, label: float) -> float:
    return float(np.mean(-logits if label else np.exp(logits - 1)))


def _reverse_kl(logits: np.ndarray, label: float) -> float:
    return float(np.mean(np.exp(logits) if label else -1 - logits))


def _pearson(logits: np.ndarray, label: float) -> float:
    return float(np.mean(-logits if label else 0.25 * logits**2 + logits))


def _hellinger(logits: np.ndarray, label: float) -> float:
    return float(np.mean(np.expm1(logits) if label else np.expm1(-logits)))


KINDS: dict[str, tuple[Callable[[np.ndarray, float], float], tuple[float, ...]]] = {
    "the cross entropy": (_cross_entropy, LABELS),
    "least squares": (_squares, LABELS),
    "the root of the sum of squares over the batch's size": (_root, LABELS),
    "the hinge loss": (partial(_hinge_of, margin=1.0), REAL_OR_FAKE),
    "a critic's loss": (_critic, REAL_OR_FAKE),  # the mean output, or minus it
    "f-GAN's total variation": (_total_variation, REAL_OR_FAKE),
    "f-GAN's KL divergence": (_forward_kl, REAL_OR_FAKE),
    "f-GAN's reverse KL divergence": (_reverse_kl, REAL_OR_FAKE),
    "f-GAN's Pearson divergence": (_pearson, REAL_OR_FAKE),
    "f-GAN's squared Hellinger distance": (_hellinger, REAL_OR_FAKE),
    **{
        f"the hinge loss of margin {margin:g}": (partial(_hinge_of, margin=margin), REAL_OR_FAKE)
        for margin in MARGINS
    },
    **{
        f"the cross entropy, {added:g} added in its logarithms,": (
            partial(_shifted, added=added),
            REAL_OR_FAKE,
        )
        for added in ADDED
    },
}


def values(outputs: list[np.ndarray]) -> Iterator[Known]:
    """Yields (kind of loss, labels, value) of losses of one network's outputs, or of two.

    Args:
      outputs: logits, one number for each row.
    """
    for kind, (function, labels) in KINDS.items():
        terms = [[(label, function(y, label)) for label in labels] for y in outputs[:MOST]]
        for of_output in terms:
            for label, value in of_output:
                yield kind, (label,), value
                yield f"minus {kind}", (label,), -value
        for one, other in itertools.combinations(terms, 2):
            for (a, x), (b, y) in itertools.product(one, other):
                yield kind, (a, b), x + y
                yield f"half of {kind}", (a, b), (x + y) / 2
                for weight in WEIGHTS:
                    yield f"{kind}, the second half {weight:g} times,", (a, b), x + weight * y
                    yield f"{kind}, the first half {weight:g} times,", (a, b), weight * x + y


def is_plain(known: Known) -> bool:
    """Whether a loss may have a penalty beside it that is worked out: of labels 0 and 1, both
    halves alike. There are so many others that chance would find a weight of a penalty to one."""
    kind, labels, _ = known
    return " half " not in kind and {0.0, 1.0} >= {*labels}
