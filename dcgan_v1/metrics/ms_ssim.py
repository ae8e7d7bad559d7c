"""Multi-scale structural similarity of pairs: how alike samples are (Wang et al. 2003).

The mean over random pairs measures diversity (Odena et al. 2017, section 4.2; Karras et
al. 2018): the samples' should be near the real images'; higher means less variety.
"""

import numpy as np

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of the scales, finest first
FILTER = 11  # pixels, smaller where the image is
SIGMA = 1.5  # of the filter, in proportion
K1, K2, RANGE = 0.01, 0.03, 255.0
PAIRS = 250  # at a time


def of_random_pairs(images: np.ndarray, pairs: int, seed: int = 0) -> tuple[float, int]:
    """Returns the mean similarity of pairs of different images, and how many.

    Args:
      images: uint8 [N, H, W, C], at least two.
      pairs: how many to draw; an image comes in at most one.
      seed: of the draw.
    """
    order = np.random.default_rng(seed).permutation(len(images))
    pairs = min(pairs, len(images) // 2)
    first, second = order[:pairs], order[pairs : 2 * pairs]
    similarities = [
        ms_ssim(images[first[i : i + PAIRS]], images[second[i : i + PAIRS]])
        for i in range(0, pairs, PAIRS)
    ]
    return float(np.concatenate(similarities).mean()), pairs


def ms_ssim(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Returns the similarity of each pair [N]: 1 for equal images.

    Five scales, each half of the one before. Where an image is smaller than the
    filter, the filter shrinks to it, as in progressive GAN's measurements.

    Args:
      a, b: [N, H, W, C] in [0, 255].
    """
    a, b = (np.asarray(x, np.float64) for x in (a, b))
    result = np.ones(len(a))
    for scale, weight in enumerate(WEIGHTS):
        similarity, contrast = ssim(a, b)
        last = scale == len(WEIGHTS) - 1
        factor = similarity if last else contrast
        result *= np.maximum(factor, 0) ** weight  # a negative base has no such power
        if not last:
            a, b = _halved(a), _halved(b)
    return result


def ssim(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns (similarity [N], contrast and structure alone [N])."""
    window = gaussian(min(FILTER, a.shape[1]))
    mean_a, mean_b = _filtered(a, window), _filtered(b, window)
    variance_a = _filtered(a * a, window) - mean_a**2
    variance_b = _filtered(b * b, window) - mean_b**2
    covariance = _filtered(a * b, window) - mean_a * mean_b
    c1, c2 = (K1 * RANGE) ** 2, (K2 * RANGE) ** 2
    contrast = (2 * covariance + c2) / (variance_a + variance_b + c2)
    luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    return (luminance * contrast).mean((1, 2, 3)), contrast.mean((1, 2, 3))


def gaussian(size: int) -> np.ndarray:
    """Returns the filter's weights [size], which sum to 1."""
    x = np.arange(size) - (size - 1) / 2
    weights = np.exp(-(x**2) / (2 * (SIGMA * size / FILTER) ** 2))
    return weights / weights.sum()


def _filtered(images: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Convolves rows and columns, without padding."""
    for axis in (1, 2):
        size = images.shape[axis] - len(window) + 1
        images = sum(
            weight * np.take(images, range(i, i + size), axis) for i, weight in enumerate(window)
        )
    return images


def _halved(images: np.ndarray) -> np.ndarray:
    """Means of 2x2 pixels; an odd last row or column is doubled first."""
    odd = [(0, 0), (0, images.shape[1] % 2), (0, images.shape[2] % 2), (0, 0)]
    images = np.pad(images, odd, mode="edge")
    return (
        images[:, ::2, ::2] + images[:, 1::2, ::2] + images[:, ::2, 1::2] + images[:, 1::2, 1::2]
    ) / 4
