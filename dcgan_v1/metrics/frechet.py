"""Fréchet distance between two clouds of features (Heusel et al. 2017, equation 6)."""

import numpy as np


def distance(features_a: np.ndarray, features_b: np.ndarray) -> float:
    """Returns the squared Fréchet distance of the Gaussians fitted to two samples.

    `|mean_a - mean_b|^2 + trace(C_a + C_b - 2 (C_a C_b)^(1/2))`, with the unbiased
    covariances. 0 for equal moments; it has the unit of the features, squared, so that
    numbers of different feature networks cannot be compared. It is biased upwards for
    few samples: compare at equal N.

    Args:
      features_a, features_b: [N, d] and [M, d], N and M at least 2.
    """
    a, b = (np.asarray(x, np.float64) for x in (features_a, features_b))
    mean = a.mean(0) - b.mean(0)
    covariance_a, covariance_b = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (a, b))
    # the product is not symmetric, but has the eigenvalues of a matrix that is
    root = _symmetric_root(covariance_a)
    eigenvalues = np.linalg.eigvalsh(root @ covariance_b @ root)
    cross = np.sqrt(np.clip(eigenvalues, 0, None)).sum()
    trace = np.trace(covariance_a) + np.trace(covariance_b)
    return float(mean @ mean + trace - 2 * cross)


def _symmetric_root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
