"""Nearest training images of samples: whether a model draws or remembers."""

import numpy as np

from dcgan_v1.metrics.precision_recall import squared_distances

ROWS = 500  # of the distance matrix at a time


def nearest(samples, training, k=1):
    """Finds the training images nearest to each sample, by pixels.

    Args:
      samples, training: uint8 [N, H, W, C] and [M, H, W, C].

    Returns:
      (indices [N, k], distances [N, k]), nearest first; a distance is the root mean
      square difference of a pixel, 0 to 255.
    """
    pixels = int(np.prod(samples.shape[1:]))
    a, b = (x.reshape(len(x), -1).astype(np.float32) for x in (samples, training))
    indices, distances = [], []
    for start in range(0, len(a), ROWS):
        squared = squared_distances(a[start : start + ROWS], b)
        near = np.argpartition(squared, k - 1, axis=1)[:, :k]
        found = np.take_along_axis(squared, near, 1)
        order = np.argsort(found, axis=1)
        indices.append(np.take_along_axis(near, order, 1))
        distances.append(np.sqrt(np.take_along_axis(found, order, 1) / pixels))
    return np.concatenate(indices), np.concatenate(distances)


def own_distance(training, count, seed=0):
    """Returns the median distance of `count` training images to their nearest other."""
    some = np.random.default_rng(seed).permutation(len(training))[:count]
    return float(np.median(nearest(training[some], training, k=2)[1][:, 1]))


def distance_ratio(samples, training, own):
    """Returns how near samples lie to training images, by the distance among those.

    The median distance of a sample to its nearest training image, over that of a
    training image to its nearest other. About 1: samples are as new as another real
    image; near 0: they are copies. Blurred images lie near to everything, so look at
    the picture too.

    Args:
      samples, training: uint8 [N, H, W, C] and [M, H, W, C].
      own: see `own_distance`.
    """
    return float(np.median(nearest(samples, training)[1]) / own)
