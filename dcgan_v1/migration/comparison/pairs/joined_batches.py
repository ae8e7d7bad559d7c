"""Batches that TF1 joins of several, of which each call of the port's has one. Pure numpy."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from dcgan_v1.migration.comparison.evidence import Aligned
from dcgan_v1.migration.comparison.pairs.sketches import apart
from dcgan_v1.migration.records import LayerOutput


class Part(NamedTuple):
    """Rows of a batch that TF1 joins of several: of how many, and which."""

    whole: int
    rows: slice


def find(
    old: Sequence[LayerOutput], layer: LayerOutput, tolerance: float, known: Part | None
) -> tuple[Aligned | None, Part | None]:
    """Returns the op of a batch that TF1 joins of several, of which the port's layer has one; and
    which one that is, by this op, by what the layer is given, or as known of a layer before."""
    for op, part in _parts(old, layer.output):
        rows = op.output[part.rows]
        distance = apart(rows, layer.output)
        if distance[0] <= tolerance:
            return Aligned(layer, dataclasses.replace(op, output=rows), "value", *distance), part
    if known is None and layer.input is not None:
        given = layer.input
        fitting = (p for op, p in _parts(old, given) if apart(op.output[p.rows], given)[0] == 0)
        known = next(fitting, None)
    return None, known


def _parts(old: Sequence[LayerOutput], y: np.ndarray) -> Iterator[tuple[LayerOutput, Part]]:
    """Yields ops of batches that are some times as long as an array, with each part of them."""
    for op in old:
        x = op.output
        is_longer = x.ndim and y.ndim and x.shape[1:] == y.shape[1:] and len(x) > len(y) > 0
        if is_longer and not len(x) % len(y):
            for start in range(0, len(x), len(y)):
                yield op, Part(len(x), slice(start, start + len(y)))


def cut(old: Sequence[LayerOutput], part: Part | None) -> Sequence[LayerOutput]:
    """TF1's ops, of a joined batch the rows that a call of the port's has."""
    if part is None:
        return old
    return [
        dataclasses.replace(op, output=op.output[part.rows])
        if op.output.ndim and len(op.output) == part.whole
        else op
        for op in old
    ]
