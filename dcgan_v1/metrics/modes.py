"""Which modes of the data a generator reaches, by what a classifier says."""

import numpy as np

STACKED_MODES = 1000


def histogram(labels: np.ndarray, classes: int = 10) -> np.ndarray:
    """Returns how many of the labels [N] fall on each class: int64 [classes]."""
    return np.bincount(labels, minlength=classes)


def covered(counts: np.ndarray) -> int:
    """Returns how many modes were hit at least once."""
    return int((np.asarray(counts) > 0).sum())


def kl_from_uniform(counts: np.ndarray) -> float:
    """Returns KL(histogram || uniform) in nats: 0 where all come equally often."""
    p = np.asarray(counts, np.float64) / np.sum(counts)
    p = p[p > 0]
    return float((p * np.log(p * len(counts))).sum())


def stacked_counts(labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """Counts the stacked-MNIST modes (Metz et al. 2017, section 3.3.1).

    Each mode is the number that three digits spell, put into three channels. A
    generator of single digits spells them with independent draws of its own, so each
    label is used three times, once for each place. The count follows from the classes'
    histogram up to chance, then: it is computed to be set beside published ones.

    Args:
      labels: [N] digits; 25 600 are usual, fewer leave modes out even for real data.

    Returns:
      int64 [1000].
    """
    rng = np.random.default_rng(seed)
    hundreds, tens, ones = (rng.permutation(labels) for _ in range(3))
    return histogram(100 * hundreds + 10 * tens + ones, STACKED_MODES)
