"""The pictures of a report, as data: URLs that a page can hold."""

import base64
import re

import numpy as np

from dcgan_v1 import pictures, plotting, systems


def make(pairs):
    """Returns name -> data: URL. The samples are of the first dtype that was run."""
    pair = next(iter(pairs.values()))
    return {
        **_samples(pair),
        "layers": _url(_layers(pairs)),
        "growth": _url(_growth(pairs)),
    }


def _samples(pair):
    """Both sides' images of the same noise, and their difference."""
    image_range = systems.get(pair.job.config.model).image_range
    ours, theirs = (
        pair.seen[side]["samples", pair.job.steps]["images"]
        for side in ("tf1", "other")
    )
    difference = np.zeros_like(ours)
    if ours.shape == theirs.shape:
        difference = np.abs(np.float64(ours) - np.float64(theirs))
    largest = difference.max()
    scaled = np.rint(255 * difference / max(largest, 1e-300)).astype(np.uint8)
    shown = {
        "tf1": pictures.to_uint8(ours, image_range),
        "other": pictures.to_uint8(theirs, image_range),
        "difference": scaled,
    }
    urls = {
        name: _url(pictures.png_bytes(pictures.grid(array, columns=4)))
        for name, array in shown.items()
    }
    return {**urls, "largest_difference": float(largest)}


def _layers(pairs):
    """Relative difference of every layer's output in training, by dtype."""
    figure = plotting.figure(10, 3.6)
    axis = figure.subplots()
    for dtype, pair in pairs.items():
        layers = [d for d in pair.found if d.name.startswith("training/")]
        labels = [d.name.removeprefix("training/") for d in layers]
        values = [max(d.relative, 1e-17) for d in layers]
        (line,) = axis.plot(labels, values, "o-", label=dtype, markersize=4)
        allowed = [d.tolerance for d in layers]
        axis.plot(labels, allowed, ":", color=line.get_color(), label="allowed")
    axis.set_yscale("log")
    axis.set_ylabel("relative difference")
    axis.tick_params(axis="x", rotation=90)
    return _png(figure, axis)


def _growth(pairs):
    """The weights' largest relative difference over the steps."""
    figure = plotting.figure(6, 3.6)
    axis = figure.subplots()
    for dtype, pair in pairs.items():
        for label, found in (("", pair.found), (" (TF1 and itself)", pair.control)):
            worst = {}
            for d in found:
                if match := re.fullmatch(r"weight after (\d+)", d.quantity):
                    step = int(match[1])
                    worst[step] = max(worst.get(step, 1e-17), d.relative)
            if worst:
                style = "o-" if not label else "x:"
                axis.plot(worst.keys(), worst.values(), style, label=f"{dtype}{label}")
    axis.set_yscale("log")
    axis.set_xlabel("steps")
    axis.set_ylabel("weights: relative difference")
    return _png(figure, axis)


def _png(figure, axis):
    axis.grid(alpha=0.3)
    axis.legend(loc="best", fontsize=8)
    return plotting.png(figure)


def _url(png):
    return "data:image/png;base64," + base64.b64encode(png).decode()
