"""Every metric of a model's samples, beside those of real images and of an untrained model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

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
from dcgan_v1.metrics.features import Extractor

Figures = dict[str, Any]  # name of a figure -> float, int, or a histogram's list of int
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


def compute(
    sets: Sets, extractors: Mapping[str, Extractor], stage: Callable[[str], None]
) -> dict[str, Figures]:
    """Computes every figure of samples, real and untrained.

    Args:
      sets: samples, real, untrained and reference are equally many.
      extractors: by name.
      stage: called with a description before each part of the work.

    Returns:
      Figures of 'samples', 'real' and 'untrained'.
    """
    stage("real images: features")
    references = {name: extract(sets.reference)[0] for name, extract in extractors.items()}
    stage("real images: neighbours")
    own = neighbours.own_distance(sets.training, NEIGHBOUR_IMAGES, sets.mirrored)
    result = {}
    for kind in ("samples", "real", "untrained"):
        images: np.ndarray = getattr(sets, kind)
        figures: Figures = {}
        for name, extract in extractors.items():
            stage(f"{kind}: {name}")
            features, *probabilities = extract(images)
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
        result[kind] = figures
    return result


def stages(extractors: int) -> int:
    """Returns how often `compute` calls `stage`, for a number of extractors."""
    return 2 + 3 * (extractors + 2)


def _of_features(name: str, reference: np.ndarray, features: np.ndarray) -> Figures:
    precision, recall = precision_recall.precision_recall(reference, features)
    return {
        f"Frechet distance ({name})": frechet.distance(features, reference),
        f"precision ({name})": precision,
        f"recall ({name})": recall,
    }


def _of_classes(probabilities: np.ndarray) -> Figures:
    labels = probabilities.argmax(1)
    counts = modes.histogram(labels, probabilities.shape[1])
    return {
        "inception score": inception_score.score(probabilities)[0],
        "modes of 10": modes.covered(counts),
        "KL of classes from uniform": modes.kl_from_uniform(counts),
        "stacked modes of 1000": modes.covered(modes.stacked_counts(labels)),
        "class histogram": counts.tolist(),
    }


def wasserstein(images: np.ndarray, reference: np.ndarray) -> dict[str, float]:
    """Returns 'SWD, 64 pixels' and so on, and 'SWD, mean', of up to SWD_IMAGES."""
    levels = sliced_wasserstein.distances(images[:SWD_IMAGES], reference[:SWD_IMAGES])
    figures = {f"SWD, {side} pixels": value for side, value in levels.items()}
    return {**figures, "SWD, mean": float(np.mean(list(levels.values())))}


def shown(value: Any) -> str:
    """Returns a figure as text: four digits, counts whole, a histogram as a row."""
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value) if isinstance(value, int) else f"{value:.4g}"
