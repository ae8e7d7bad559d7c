"""Which values are black and white in images that have more than 8 bits.

Such a file does not say: 12-bit values in 16-bit files never come near that type's
largest. The whole data set decides, so that images keep their brightness to each other.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np


class ValueRange(NamedTuple):
    """The values that are taken for black and for white."""

    black: float
    white: float

    def __str__(self) -> str:
        return f"{self.black:g} is taken for black and {self.white:g} for white"


Wanted = ValueRange | Literal["data", "type"]  # see ImageSettings.value_range
OF_TYPE = ValueRange(0, 65535)
# what numbers of an image usually run from and to
USUAL = [ValueRange(0, 1), ValueRange(-1, 1)]
USUAL += [ValueRange(0, 2**bits - 1) for bits in (8, 10, 12, 14, 16)]


def of_data(low: float, high: float) -> ValueRange:
    """Returns the range of a data set: the narrowest of USUAL that holds its values or, where
    they use less than half of it, from the lowest to the highest.

    Args:
      low, high: the lowest and the highest value of all images.
    """
    for usual in USUAL:
        if usual.black <= low and high <= usual.white:
            if high == low or high - low >= (usual.white - usual.black) / 2:
                return usual
            break
    return ValueRange(low, high)


def to_uint8(values: np.ndarray, values_range: ValueRange) -> np.ndarray:
    """Returns numbers as uint8 of the same shape: black is 0, white 255, what lies beyond is
    cut off. Where black is white all are 0."""
    black, white = values_range
    scale = 255 / (white - black) if white > black else 0.0
    pixels = (values.astype(np.float64) - black) * scale + 0.5
    return np.clip(pixels, 0, 255).astype(np.uint8)
