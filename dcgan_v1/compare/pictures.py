"""The pictures of a report, as data: URLs that a page can hold."""

import base64
import io
import re

import numpy as np

from dcgan_v1 import images, models


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
    image_range = models.get(pair.job.config.model).IMAGE_RANGE
    ours, theirs = (
        pair.seen[side]["samples", pair.job.steps]["images"]
        for side in ("tf1", "other")
    )
    difference = np.zeros_like(ours)
    if ours.shape == theirs.shape:
        difference = np.abs(np.float64(ours) - np.float64(theirs))
    largest = difference.max()
    scaled = np.rint(255 * difference / max(largest, 1e-300)).astype(np.uint8)
    pictures = {
        "tf1": images.to_uint8(ours, image_range),
        "other": images.to_uint8(theirs, image_range),
        "difference": scaled,
    }
    urls = {
        name: _url(images.png_bytes(images.grid(array, columns=4)))
        for name, array in pictures.items()
    }
    return {**urls, "largest_difference": float(largest)}


def _layers(pairs):
    """Relative difference of every layer's output in training, by dtype."""
    figure, axis = _figure(10, 3.6)
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
    figure, axis = _figure(6, 3.6)
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


def _figure(width, height):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot.subplots(figsize=(width, height), dpi=100)


def _png(figure, axis):
    from matplotlib import pyplot

    axis.grid(alpha=0.3)
    axis.legend(loc="best", fontsize=8)
    figure.tight_layout()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    pyplot.close(figure)
    return buffer.getvalue()


def _url(png):
    return "data:image/png;base64," + base64.b64encode(png).decode()
