"""Sliced Wasserstein distance per level of a Laplacian pyramid (Karras et al. 2018, 5).

Patches of 7x7 pixels are compared, not images: the fine levels tell of texture and
sharpness, the coarse ones of shapes.
"""

from collections.abc import Iterator

import numpy as np

SMALLEST = 14  # side of the coarsest level; the paper stops at 16
PATCH = 7  # side of a patch
PATCHES = 128  # of an image
DIRECTIONS = 512
AT_ONCE = 32  # directions projected on at a time
KERNEL = np.array([1, 4, 6, 4, 1], np.float32) / 16


def distances(images_a: np.ndarray, images_b: np.ndarray, seed: int = 0) -> dict[int, float]:
    """Returns side of the level -> sliced Wasserstein distance times 1000.

    Args:
      images_a, images_b: uint8 [N, H, W, C], as many of each.
      seed: of the patches' places and the directions.
    """
    levels = zip(pyramid(images_a), pyramid(images_b), strict=True)
    result = {}
    for (side, a), (_, b) in levels:
        rng = np.random.default_rng([seed, side])
        a, b = (standardized(patches(level, rng)) for level in (a, b))
        result[side] = 1e3 * sliced(a, b, rng)
    return result


def pyramid(images: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yields (side, level [N, side, side, C] float32), the finest first.

    Each level but the last is what the next smaller one, enlarged, lacks.
    """
    level = np.asarray(images, np.float32)
    while (side := level.shape[1]) % 2 == 0 and side // 2 >= SMALLEST:
        smaller = _blurred(level)[:, ::2, ::2]
        yield side, level - _enlarged(smaller)
        level = smaller
    yield level.shape[1], level


def patches(level: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cuts PATCHES patches at random places of each image: [N * PATCHES, 7, 7, C]."""
    count, height, width, _ = level.shape
    images = np.repeat(np.arange(count), PATCHES)[:, None, None]
    tops = rng.integers(0, height - PATCH + 1, len(images))[:, None, None]
    lefts = rng.integers(0, width - PATCH + 1, len(images))[:, None, None]
    inside = np.arange(PATCH)
    return level[images, tops + inside[:, None], lefts + inside]


def standardized(patches: np.ndarray) -> np.ndarray:
    """Brings each channel of patches [N, 7, 7, C] to mean 0 and deviation 1: [N, 49 C]."""
    # float32 sums of millions of pixels lose the pixels: the mean would be wrong
    mean = patches.mean((0, 1, 2), np.float64, keepdims=True)
    deviation = patches.std((0, 1, 2), np.float64, keepdims=True)
    patches = (patches - mean.astype(np.float32)) / np.float32(np.maximum(deviation, 1e-8))
    return patches.reshape(len(patches), -1)


def sliced(
    a: np.ndarray, b: np.ndarray, rng: np.random.Generator, directions: int = DIRECTIONS
) -> float:
    """Returns the Wasserstein-1 distance of projections, mean over random directions.

    Args:
      a, b: [N, d], as many of each.
      rng: draws the directions; how many they are.
    """
    axes = rng.normal(size=(a.shape[1], directions)).astype(np.float32)
    axes /= np.linalg.norm(axes, axis=0)
    total = 0.0
    for start in range(0, directions, AT_ONCE):
        some = axes[:, start : start + AT_ONCE]
        sorted_a, sorted_b = (np.sort((x @ some).T, axis=1) for x in (a, b))
        total += np.abs(sorted_a - sorted_b).mean(1).sum()
    return float(total / directions)


def _blurred(images: np.ndarray, gain: float = 1.0) -> np.ndarray:
    """Convolves rows and columns with KERNEL, the edge pixels mirrored."""
    for axis in (1, 2):
        size = images.shape[axis]
        width = [(0, 0)] * 4
        width[axis] = (2, 2)
        padded = np.pad(images, width, mode="reflect")
        images = sum(
            gain * weight * np.take(padded, range(i, i + size), axis)
            for i, weight in enumerate(KERNEL)
        )
    return images


def _enlarged(images: np.ndarray) -> np.ndarray:
    count, height, width, channels = images.shape
    larger = np.zeros((count, 2 * height, 2 * width, channels), np.float32)
    larger[:, ::2, ::2] = images
    return _blurred(larger, gain=2.0)  # three of four pixels are 0
