"""Inception score (Salimans et al. 2016, section 4)."""

import numpy as np


def score(probabilities: np.ndarray, splits: int = 10) -> tuple[float, float]:
    """Returns (mean, standard deviation) over splits of exp(E KL(p(y|x) || p(y))).

    From 1, where every image gets the same answer, to the number of classes, where
    each is recognised for certain and all come equally often.

    Args:
      probabilities: [N, classes], rows that sum to 1; N at least `splits`.
      splits: parts that are scored apart, in the order given.
    """
    scores = []
    for part in np.array_split(np.asarray(probabilities, np.float64), splits):
        marginal = part.mean(0)
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = part * (np.log(part) - np.log(marginal))
        divergence = np.where(part > 0, terms, 0.0).sum(1)  # 0 log 0 is 0
        scores.append(np.exp(divergence.mean()))
    return float(np.mean(scores)), float(np.std(scores))
