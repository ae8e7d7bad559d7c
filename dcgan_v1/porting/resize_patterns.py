"""How a convolution of a resized map looks where the large map is never made; see `patterns`."""

from typing import Any

import numpy as np

from dcgan_v1.porting.graph import Tensor, variable_of
from dcgan_v1.porting.matching import ADD, ANY, DIVIDE, Match, match


def _inner(w: Any) -> Any:
    """The two taps that all rows but the last have."""
    part = ("Split", ANY, w)
    half = (DIVIDE, part, 2)
    return ("ConcatV2", (ADD, part, half), (ADD, half, part), ANY)


def _edge(w: Any) -> Any:
    """The tap that only the last row has beside them."""
    return (DIVIDE, ("Split", ANY, w), 2)


BOTTOM = RIGHT = ("StridedSlice", "x")
ROW = (
    ADD,
    ("Conv2D", BOTTOM, _inner(_edge("w"))),
    ("Pad", ("Conv2D", ("StridedSlice", BOTTOM), _edge(_edge("w"))), ANY),
)
COLUMN = ("Conv2D", RIGHT, _edge(_inner("w")))
FORM = (ADD, ("Conv2D", "x", _inner(_inner("w"))), (ADD, ("Pad", ROW, ANY), ("Pad", COLUMN, ANY)))


def resized_conv(y: Tensor) -> Match | None:
    """TF1's bilinear resize to twice the size and a 3x3 convolution of stride 2, as four
    convolutions of the small map: `nn.resizing` has it so."""
    bound = match(y, FORM)
    kernel = variable_of(bound["w"]) if bound else None
    shape = bound["x"].shape if bound else None
    if not bound or kernel is None or shape is None or y.shape is None or y.shape[:3] != shape[:3]:
        return None
    large = (shape[0], *(2 * (n or 0) for n in shape[1:3]), shape[3])
    settings = {
        "filters": y.shape[3],
        "size": (3, 3),
        "strides": (2, 2),
        "padding": "same",
        "dilations": (1, 1),
    }
    resize = {"type": "ResizeBilinear", "align_corners": False, "half_pixel_centers": False}
    size = np.asarray(large[1:3], np.int32)
    return Match("conv", [bound["x"]], settings, {"kernel": kernel}, before=(resize, size, large))
