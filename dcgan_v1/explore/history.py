"""A training as it went, for the page: the grids of its fixed noise and its curves, by step."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dcgan_v1 import image_files
from dcgan_v1.training.metrics_file import read_metrics
from dcgan_v1.training.rundir import RunDirectory
from dcgan_v1.training.scalars import SCALARS

FRAMES = 40  # grids that a page holds, at most
POINTS = 400  # of a curve, at most
GIF, STEPS = "training.gif", "training.json"  # of a pretrained model
NO_LOSSES = "The losses of this training were not kept, so there are no curves of them here. "
QUALITY = "The curve below is the quality of its checkpoints, which was measured."


class Curve(NamedTuple):
    """A number by step.

    Attributes:
      name: its column; group: what is drawn in one plot; text: what it is, in sentences.
      points: [(step, value)], all finite, in order.
      reference: what to hold the values to, and its name; None where there is nothing.
    """

    name: str
    group: str
    text: str
    points: list[tuple[int, float]]
    reference: tuple[str, float] | None = None


class History(NamedTuple):
    """What is left of a training.

    Attributes:
      frames: [(step, PNG)] of the same noise, in order.
      curves: what was measured on the way.
      note: what a reader should know of them, a sentence.
    """

    frames: list[tuple[int, bytes]]
    curves: list[Curve]
    note: str


def read(path: Path, side: int) -> History | None:
    """Returns what a folder holds of a training; None where it holds no pictures of it.

    Args:
      path: a run directory, or a folder of pretrained/.
      side: of an image, in pixels.
    """
    directory = RunDirectory(path)
    if grids := directory.samples_by_step():
        frames = list(_grids(grids, side))
        every, curves = _metrics(directory.metrics)
        note = f"The curves show every {_ordinal(every)} line of metrics.csv." if every > 1 else ""
    elif (path / GIF).is_file() and (path / STEPS).is_file():
        frames = list(_frames(path))
        curves = list(_quality(path / "curve.csv"))
        note = NO_LOSSES + (QUALITY if curves else "")
    else:
        return None
    return History(frames, curves, note) if frames else None


def as_json(history: History) -> dict[str, Any]:
    """Returns a History as the page takes it, pictures as data: URLs."""
    return {
        "frames": [
            {"step": step, "url": image_files.data_url(png)} for step, png in history.frames
        ],
        "curves": [curve._asdict() for curve in history.curves],
        "note": history.note,
    }


def _grids(grids: dict[int, Path], side: int) -> Iterator[tuple[int, bytes]]:
    """Yields (step, PNG) of a run's sample grids, their corners; damaged ones are left out."""
    steps = list(grids)
    for i in _spread(len(steps), FRAMES):
        try:
            picture = image_files.read(grids[steps[i]])
        except (OSError, SyntaxError):  # what Pillow raises of a damaged file
            continue
        yield steps[i], image_files.png_bytes(image_files.corner(picture, side))


def _frames(folder: Path) -> Iterator[tuple[int, bytes]]:
    steps = json.loads((folder / STEPS).read_text())["steps"]
    from PIL import Image  # takes longer than a command's --help may

    with Image.open(folder / GIF) as gif:
        for number, step in enumerate(steps):
            gif.seek(number)
            pixels = np.asarray(gif.convert("RGB"))
            grey = (pixels == pixels[..., :1]).all()
            yield step, image_files.png_bytes(pixels[..., :1] if grey else pixels)


def _metrics(path: Path) -> tuple[int, list[Curve]]:
    """Returns (n, curves of every n-th line) of a metrics.csv."""
    rows = read_metrics(path)
    every = -(-len(rows) // POINTS) or 1
    selection = rows[::every]
    if rows and selection[-1] is not rows[-1]:
        selection.append(rows[-1])
    curves = []
    for name, scalar in SCALARS.items():
        points = [(int(row["step"]), float(row[name])) for row in selection if row.get(name)]
        points = [(step, value) for step, value in points if math.isfinite(value)]
        if points:
            curves.append(Curve(name, scalar.group, scalar.text, points))
    return every, curves


def _quality(path: Path) -> Iterator[Curve]:
    """Yields the curve of `tools/quality_curve.py`: a distance of each checkpoint."""
    if not path.is_file():
        return
    header, *rows = csv.reader(io.StringIO(path.read_text()))
    points = [(int(step), float(value)) for step, value in rows if step.isdecimal()]
    other = [(name, float(value)) for name, value in rows if not name.isdecimal()]
    text = (
        f"The {header[1]} from the training images, measured at every checkpoint: lower is "
        "better. The dashed line is what other real images get."
    )
    yield Curve("distance", header[1], text, points, other[0] if other else None)


def _spread(count: int, most: int) -> list[int]:
    """Returns at most `most` of range(count), evenly, both ends included."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int)).tolist()


def _ordinal(n: int) -> str:
    last = {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{'th' if n % 100 in (11, 12, 13) else last}"
