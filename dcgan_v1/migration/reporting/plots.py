"""The pictures of a report, as data: URLs that a page can hold."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from dcgan_v1 import image_files, plotting
from dcgan_v1.migration.comparison import pictures
from dcgan_v1.migration.comparison.evidence import FORWARD
from dcgan_v1.migration.comparison.pipeline import Comparison

SHOWN = 16  # images of an output


def make(comparisons: Mapping[str, Comparison]) -> dict[str, Any]:
    """Returns name -> data: URL, and 'samples': a list of them by output."""
    return {
        "samples": list(_samples(next(iter(comparisons.values())))),
        "layers": image_files.data_url(_layers(comparisons)),
        "growth": image_files.data_url(_growth(comparisons)),
    }


def _samples(comparison: Comparison) -> Iterator[dict[str, Any]]:
    """Yields both sides' images of the same inputs, and their difference, for every
    output of a model in inference that looks like images."""
    for name, ours, theirs in comparison.images or pictures.of_start(comparison.evidence):
        ours, theirs = ours[:SHOWN], theirs[:SHOWN]
        image_range = (-1.0 if ours.min() < 0 else 0.0, 1.0)
        difference = np.abs(np.float64(ours) - np.float64(theirs))
        largest = difference.max()
        scaled = np.rint(255 * difference / max(largest, 1e-300)).astype(np.uint8)
        images = {
            "tf1": image_files.to_uint8(np.clip(ours, *image_range), image_range),
            "other": image_files.to_uint8(np.clip(theirs, *image_range), image_range),
            "difference": scaled,
        }
        urls = {
            name: image_files.data_url(image_files.png_bytes(image_files.grid(array, columns=4)))
            for name, array in images.items()
        }
        yield {"name": name, **urls, "largest_difference": float(largest)}


def _layers(comparisons: Mapping[str, Comparison]) -> bytes:
    """Relative difference of every layer's output in training, by dtype."""
    figure = plotting.figure(12, 6)  # names of layers are long
    axis = figure.subplots()
    for dtype, comparison in comparisons.items():
        of_kind = [d for d in comparison.differences if d.key.kind == FORWARD]
        mode = "training" if comparison.evidence.trains else "inference"
        layers = [d for d in of_kind if d.key.part == mode]
        labels = [d.key.name for d in layers]
        values = [max(d.relative, 1e-17) for d in layers]
        (line,) = axis.plot(labels, values, "o-", label=dtype, markersize=4)
        tolerances = [d.tolerance for d in layers]
        axis.plot(labels, tolerances, ":", color=line.get_color(), label="allowed")
    axis.set_yscale("log")
    axis.set_ylabel("relative difference")
    axis.tick_params(axis="x", rotation=90)
    return _png(figure, axis)


def _growth(comparisons: Mapping[str, Comparison]) -> bytes:
    """The weights' largest relative difference over the steps."""
    figure = plotting.figure(6, 3.6)
    axis = figure.subplots()
    for dtype, comparison in comparisons.items():
        sides = (("", comparison.differences), (" (TF1 and itself)", comparison.control))
        for label, of_side in sides:
            worst: dict[int, float] = {}
            for d in of_side:
                if d.key.part == "weight":
                    step = d.key.step
                    worst[step] = max(worst.get(step, 1e-17), d.relative)
            if worst:
                style = "o-" if not label else "x:"
                axis.plot(list(worst), list(worst.values()), style, label=f"{dtype}{label}")
    axis.set_yscale("log")
    axis.set_xlabel("steps")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_ylabel("weights: relative difference")
    return _png(figure, axis)


def _png(figure: Any, axis: Any) -> bytes:
    axis.grid(alpha=0.3)
    axis.legend(loc="best", fontsize=8)
    return plotting.png(figure)
