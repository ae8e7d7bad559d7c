"""Constants of equal elements: elementwise ops that they do not widen take them as a number."""

from dataclasses import replace

import numpy as np

from dcgan_v1.porting import description as d
from dcgan_v1.porting.graphs.shapes import ELEMENTWISE, Shape, broadcast


def as_numbers(node: d.Node) -> d.Node:
    """Returns an elementwise op with numbers in the place of constants that widen nothing."""
    if node.kind != "op":
        return node
    if node.settings["type"] == "Select" and _are_alike([x.shape for x in node.inputs]):
        node = replace(node, settings={**node.settings, "type": "SelectV2"})  # nothing to broadcast
    if node.settings["type"] not in ELEMENTWISE:
        return node
    inputs = list(node.inputs)
    for i, x in enumerate(inputs):
        if isinstance(x, d.Constant) and x.array.dtype.kind == "f" and x.number is not None:
            others = [other.shape for j, other in enumerate(inputs) if j != i]
            if node.value.shape is not None and broadcast(others) == node.value.shape:
                inputs[i] = d.Constant(np.asarray(x.array.reshape(-1)[0]))
    return replace(node, inputs=tuple(inputs))


def _are_alike(shapes: list[Shape]) -> bool:
    """Whether shapes have the same number of axes, whose sizes are equal where they are known."""
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(shapes) or len({len(shape) for shape in known}) != 1:
        return False
    return all(len({*sizes} - {None}) <= 1 for sizes in zip(*known, strict=True))
