"""All figures of a model, each beside what real images and an untrained model get."""

from typing import NamedTuple

import numpy as np

from dcgan_v1.metrics import (
    frechet,
    inception_score,
    modes,
    ms_ssim,
    neighbours,
    precision_recall,
    sliced_wasserstein,
)

SWD_IMAGES = 2048  # of which patches are taken; the paper took 16 384
NEIGHBOUR_IMAGES = 1000  # of which the nearest training images are looked for
PAIRS = 5000  # for multi-scale similarity, half the paper's


class Sets(NamedTuple):
    """Images, uint8 [N, H, W, C]; the first three are measured against `reference`.

    Attributes:
      samples: the model's.
      real: real images, none of `reference`: the floor.
      untrained: of the same networks as they start: the ceiling.
      reference: real images.
      training: all that the model was trained on.
      real_is_new: the model was not trained on `real`.
      mirrored: the model was trained on mirror images, too.
    """

    samples: np.ndarray
    real: np.ndarray
    untrained: np.ndarray
    reference: np.ndarray
    training: np.ndarray
    real_is_new: bool
    mirrored: bool


def compute(sets, extractors, stage):
    """Computes every figure of samples, real and untrained.

    Args:
      sets: Sets; samples, real, untrained and reference are equally many.
      extractors: name -> function from images to (features,) or, of a classifier,
        (features, probabilities).
      stage: called with a description before each part of the work.

    Returns:
      'samples', 'real', 'untrained' -> name of the figure -> number.
    """
    stage("real images: features")
    references = {name: look(sets.reference)[0] for name, look in extractors.items()}
    stage("real images: neighbours")
    own = neighbours.own_distance(sets.training, NEIGHBOUR_IMAGES, sets.mirrored)
    found = {}
    for kind in ("samples", "real", "untrained"):
        images, figures = getattr(sets, kind), {}
        for name, look in extractors.items():
            stage(f"{kind}: {name}")
            features, *probabilities = look(images)
            figures.update(_of_features(name, references[name], features))
            if probabilities:
                figures.update(_of_classes(probabilities[0]))
        stage(f"{kind}: sliced Wasserstein distance")
        figures.update(wasserstein(images, sets.reference))
        stage(f"{kind}: similarity and neighbours")
        figures["MS-SSIM of pairs"], _ = ms_ssim.of_random_pairs(images, PAIRS)
        if kind == "real" and not sets.real_is_new:
            ratio = 1.0  # what `own` is of
        else:
            some = images[:NEIGHBOUR_IMAGES]
            ratio = neighbours.distance_ratio(some, sets.training, own, sets.mirrored)
        figures["nearest-neighbour ratio"] = ratio
        found[kind] = figures
    return found


def stages(extractors):
    """Returns how often `compute` calls `stage`, for a number of extractors."""
    return 2 + 3 * (extractors + 2)


def _of_features(name, reference, features):
    precision, recall = precision_recall.precision_recall(reference, features)
    return {
        f"Frechet distance ({name})": frechet.distance(features, reference),
        f"precision ({name})": precision,
        f"recall ({name})": recall,
    }


def _of_classes(probabilities):
    labels = probabilities.argmax(1)
    counts = modes.histogram(labels, probabilities.shape[1])
    return {
        "inception score": inception_score.score(probabilities)[0],
        "modes of 10": modes.covered(counts),
        "KL of classes from uniform": modes.kl_from_uniform(counts),
        "stacked modes of 1000": modes.covered(modes.stacked_counts(labels)),
        "class histogram": counts.tolist(),
    }


def wasserstein(images, reference):
    """Returns 'SWD, 64 pixels' and so on, and 'SWD, mean', of up to SWD_IMAGES."""
    levels = sliced_wasserstein.distances(images[:SWD_IMAGES], reference[:SWD_IMAGES])
    figures = {f"SWD, {side} pixels": value for side, value in levels.items()}
    return {**figures, "SWD, mean": float(np.mean(list(levels.values())))}


def shown(value):
    """Returns a figure as text: four digits, counts whole, a histogram as a row."""
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value) if isinstance(value, int) else f"{value:.4g}"
