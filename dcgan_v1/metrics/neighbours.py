"""Nearest training images of samples: whether a model draws or remembers."""

import numpy as np

from dcgan_v1.metrics.precision_recall import squared_distances

ROWS = 500  # of the distance matrix at a time
VALUES = 2**26  # of training images at a time, in float32


def nearest(samples: np.ndarray, training: np.ndarray, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Finds the training images nearest to each sample, by pixels.

    Args:
      samples, training: uint8 [N, H, W, C] and [M, H, W, C].
      k: how many for each.

    Returns:
      (indices [N, k], distances [N, k]), nearest first; a distance is the root mean
      square difference of a pixel, 0 to 255.
    """
    parts = [
        _nearest(samples[row : row + ROWS], training, k) for row in range(0, len(samples), ROWS)
    ]
    indices, squared = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return indices, np.sqrt(squared / np.prod(samples.shape[1:]))


def _nearest(samples: np.ndarray, training: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Keeps the k nearest so far while the training images pass by in parts."""
    a = _flat(samples)
    indices = np.zeros((len(a), 0), int)  # of the nearest of each part
    squared = np.zeros((len(a), 0), np.float32)
    columns = max(1, VALUES // a.shape[1])
    for start in range(0, len(training), columns):
        part = squared_distances(a, _flat(training[start : start + columns]))
        near = np.argpartition(part, min(k, part.shape[1]) - 1, axis=1)[:, :k]
        squared = np.concatenate([squared, np.take_along_axis(part, near, axis=1)], axis=1)
        indices = np.concatenate([indices, start + near], axis=1)
    order = np.argsort(squared, axis=1)[:, :k]
    return np.take_along_axis(indices, order, axis=1), np.take_along_axis(squared, order, axis=1)


def own_distance(training: np.ndarray, count: int, mirrored: bool = False, seed: int = 0) -> float:
    """Returns the median distance of `count` training images to their nearest other.

    Args:
      training: uint8 [N, H, W, C].
      mirrored: the others' mirror images count as well.
    """
    some = np.random.default_rng(seed).permutation(len(training))[:count]
    distances = []
    for view in _views(training[some], mirrored):
        indices, nearest_two = nearest(view, training, k=2)
        is_itself = indices[:, 0] == some
        distances.append(np.where(is_itself, nearest_two[:, 1], nearest_two[:, 0]))
    return float(np.median(np.min(distances, axis=0)))


def distance_ratio(
    samples: np.ndarray, training: np.ndarray, own: float, mirrored: bool = False
) -> float:
    """Returns how near samples lie to training images, by the distance among those.

    The median distance of a sample to its nearest training image, over that of a
    training image to its nearest other. About 1: samples are as new as another real
    image; near 0: they are copies. Blurred images lie near to everything, so look at
    the picture too.

    Args:
      samples, training: uint8 [N, H, W, C] and [M, H, W, C].
      own: see `own_distance`.
      mirrored: a sample may be near to a mirror image, too, as a model may that was
        trained with `--flip`.
    """
    distances = [nearest(v, training)[1][:, 0] for v in _views(samples, mirrored)]
    return float(np.median(np.min(distances, axis=0)) / own)


def _views(images: np.ndarray, mirrored: bool) -> list[np.ndarray]:
    return [images, images[:, :, ::-1]] if mirrored else [images]


def _flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32)
