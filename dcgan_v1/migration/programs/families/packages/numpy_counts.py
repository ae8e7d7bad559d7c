"""Whole numbers that a file's head holds: to numpy of 2015 an array of one was a number.

`rows = np.frombuffer(file.read(4), np.uint32)`, then `file.read(rows * columns)`, as copies of
TensorFlow's first reader of MNIST have it. Later ones say "only integer scalar arrays can be
converted to a scalar index".
"""

from collections.abc import Callable
from typing import Any

import numpy as np


class Count(np.ndarray):
    """An array of one whole number that stands for the number, as a length or an index does; so
    does what is worked out of it alone."""

    def __index__(self) -> int:
        if self.dtype.kind not in "iu":  # of astype
            return super().__index__()  # numpy's own TypeError
        return int(self.item())  # of several: numpy's own ValueError

    def __int__(self) -> int:
        return int(self.item())  # which numpy 2.4 refuses

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """What is no whole number, or not one alone, is an array like any other."""
        made = np.asarray(array)
        return made[()] if return_scalar else counted(made)


def counted(array: np.ndarray) -> np.ndarray:
    """Returns an array of one whole number as a `Count`, any other as it is."""
    return array.view(Count) if array.shape == (1,) and array.dtype.kind in "iu" else array


def counting(read: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Returns a function of numpy's that reads an array with one whole number as a `Count`."""

    def reads(*arguments: Any, **options: Any) -> np.ndarray:
        return counted(read(*arguments, **options))

    return reads
