"""Mean, spread and range of the training pixels, and whether there is anything in them to learn."""

from __future__ import annotations

import threading
import zlib
from collections import Counter
from typing import NamedTuple

import numpy as np

from dcgan_v1.errors import UserError

FLAT = 4  # of 255: an image whose darkest and brightest pixels are no further apart
ALIKE = 1.0  # of 255: how far an image is from the mean of all, at least
NEARLY_ALL = 0.95  # of the images
MOST = 0.998  # of the values
NARROW = 32  # of 255: where most values lie so close, the others leave them little of the range
CHUNK = 4096  # images added at once


class Statistics(NamedTuple):
    """Of uint8 images.

    Attributes:
      images: how many.
      low, high, mean, deviation: of all their values.
      apart: how far an image is from the mean image, root mean square.
      flat: how many images are of one colour, or nearly.
      equal: how many images are equal to the one that comes most often, itself included.
      usual: the lowest and the highest value without the outermost ones, MOST of all.
    """

    images: int
    low: int
    high: int
    mean: float
    deviation: float
    apart: float
    flat: int
    equal: int
    usual: tuple[int, int] = (0, 255)  # of caches that were made before it was counted

    @property
    def is_narrow(self) -> bool:
        """Whether a few values far from all others leave these little of the range."""
        return self.usual[1] - self.usual[0] < min(NARROW, (self.high - self.low) / 2)

    def __str__(self) -> str:
        return (
            f"pixel values of {self.images} images: {self.low} to {self.high}, "
            + (f"{MOST:.1%} of them {self.usual[0]} to {self.usual[1]}, " if self.is_narrow else "")
            + f"mean {self.mean:.1f}, standard deviation {self.deviation:.1f}"
        )

    def refuse_uniform(self, where: str) -> None:
        """Raises UserError where (nearly) all images are equal, or each of one colour.

        Args:
          where: the option and its value, or other words that name the data.
        """
        most = NEARLY_ALL * self.images
        if self.flat >= most:
            what = f"{self.flat} of {self.images} images are of one colour, or nearly"
        elif self.images == 1:
            what = "there is one image alone"
        elif self.equal >= most:
            what = f"{self.equal} of {self.images} images are equal"
        elif self.apart < ALIKE:
            what = f"all {self.images} images are nearly equal"
        else:
            return
        raise UserError(
            f"{where}: {what} (pixel values {self.low} to {self.high}, standard deviation "
            f"{self.deviation:.1f} of 255); look at the images, or add --allow-uniform"
        )


class Tally:
    """Adds up images as they come, from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = self._flat = 0
        self._low, self._high = 255, 0
        self._sum: np.ndarray | None = None  # of each value of an image
        self._squares: np.ndarray | None = None
        self._equal: Counter[int] = Counter()  # checksum -> images
        self._values = np.zeros(256, np.int64)  # value -> how often

    def add(self, images: np.ndarray) -> None:
        """Adds images uint8 [N, H, W, C]."""
        flat_images = images.reshape(len(images), -1)
        low, high = flat_images.min(1), flat_images.max(1)
        total = flat_images.sum(0, dtype=np.int64)
        squares = np.square(flat_images, dtype=np.int64).sum(0)
        values = np.bincount(flat_images.ravel(), minlength=256)
        checksums = [zlib.crc32(image) for image in np.ascontiguousarray(flat_images)]
        with self._lock:
            self._count += len(images)
            self._flat += int((high - low <= FLAT).sum())
            self._low, self._high = min(self._low, int(low.min())), max(self._high, int(high.max()))
            self._sum = total if self._sum is None else self._sum + total
            self._squares = squares if self._squares is None else self._squares + squares
            self._equal.update(checksums)
            self._values += values

    def statistics(self) -> Statistics | None:
        """Returns those of what has been added, None where nothing has."""
        if self._sum is None or self._squares is None:
            return None
        mean, squares = self._sum / self._count, self._squares / self._count
        below = self._values.cumsum() / self._values.sum()
        usual = np.searchsorted(below, [(1 - MOST) / 2, (1 + MOST) / 2])
        return Statistics(
            self._count,
            self._low,
            self._high,
            float(mean.mean()),
            float(np.sqrt(max(0.0, squares.mean() - mean.mean() ** 2))),
            float(np.sqrt(np.maximum(0, squares - mean**2).mean())),
            self._flat,
            self._equal.most_common(1)[0][1],
            (int(usual[0]), int(usual[1])),
        )


def of(images: np.ndarray) -> Statistics | None:
    """Returns the Statistics of images uint8 [N, H, W, C]."""
    tally = Tally()
    for start in range(0, len(images), CHUNK):
        tally.add(images[start : start + CHUNK])
    return tally.statistics()
