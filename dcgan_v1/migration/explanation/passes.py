"""The passes of a step through a batch norm, and the decay that makes its average of them.

Worked out by hand from what the layer is given on its own side, so that an average can be judged
even where what it is made of differs."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial

from dcgan_v1.migration.comparison.evidence import Aligned
from dcgan_v1.migration.explanation import estimates
from dcgan_v1.migration.records import Arrays

NORMALISED = 1e-6  # spread of epsilon over the channels, where an output is normalised by its batch
FITS = 1e-7  # of what a step adds to an average, what a decay may leave of it
MOST = 4  # passes whose orders are tried


@dataclass(frozen=True)
class Pass:
    """What one pass gives an average: `mean` and `variance` (biased) of each channel, of `count`
    values."""

    mean: np.ndarray
    variance: np.ndarray
    count: int

    def statistic(self, part: str, is_unbiased: bool) -> np.ndarray:
        """Returns what an average of a part, 'mean' or 'variance', takes in."""
        if part == "mean":
            return self.mean
        return self.variance * (self.count / (self.count - 1) if is_unbiased else 1.0)


@dataclass(frozen=True)
class Decay:
    """How an average comes of the passes of a step.

    Attributes:
      of_one: what one pass keeps of it.
      passes: that it takes in.
      is_unbiased: of a variance, whether it is the unbiased one that is averaged.
    """

    of_one: float
    passes: list[Pass]
    is_unbiased: bool

    @property
    def of_step(self) -> float:
        """What a step keeps."""
        return float(self.of_one ** len(self.passes))


def of_layer(rows: Sequence[Aligned], layer: str, weights: Sequence[Arrays]) -> list[Pass]:
    """Returns the passes in which a layer of the port normalises by its batch.

    Args:
      rows: of a step, in the order of their calls.
      layer: its path.
      weights: its 'gamma' and 'beta', where it has them, at the start and after its update.
    """
    found = []
    for place, row in enumerate(rows):
        if row.new.name.partition("#")[0] != layer:
            continue
        x = given(rows[:place], row, weights)
        if x is not None:
            axes = tuple(range(x.ndim - 1))
            found.append(Pass(x.mean(axes), x.var(axes), x.size // x.shape[-1]))
    return found


def given(before: Sequence[Aligned], row: Aligned, weights: Sequence[Arrays]) -> np.ndarray | None:
    """Returns what a call of a batch norm was given: the last array of which it makes its output;
    None where it normalises none by its batch.

    Args:
      before: the calls before it.
      row: itself.
      weights: its 'gamma' and 'beta', where it has them, as they may have been.
    """
    own = [row.new.input] if row.new.input is not None else []
    arrays = (*own, *(r.new.output for r in reversed(before)))
    for x, of_time in itertools.product(arrays, weights):
        told = estimates.norm_epsilon(x, row.new.output, of_time)
        if told is not None and told[2] < NORMALISED and -NORMALISED < told[0] < 1:
            return np.asarray(x, np.float64)
    return None


def decay(before: np.ndarray, after: np.ndarray, passes: list[Pass], part: str) -> Decay | None:
    """Returns the decay that makes an average of passes, in their order; None where none does for
    all channels.

    Args:
      before, after: the average of each channel.
      part: 'mean' or 'variance'.
    """
    if not passes or before.ndim != 1 or before.size < 2:
        return None
    for is_unbiased in (True, False) if part == "variance" else (False,):
        if is_unbiased and min(p.count for p in passes) < 2:
            continue
        statistics = [p.statistic(part, is_unbiased) for p in passes]
        of_one = _solved(before, after, statistics)
        if of_one is not None:
            return Decay(of_one, passes, is_unbiased)
    return None


def _solved(before: np.ndarray, after: np.ndarray, statistics: list[np.ndarray]) -> float | None:
    """The k of one channel that fits all: after each pass k average + (1 - k) statistic."""
    k, at = Polynomial([0.0, 1.0]), int(np.argmax(np.abs(after - before)))
    average = Polynomial([before[at]])
    for statistic in statistics:
        average = k * average + (1 - k) * statistic[at]
    for root in (average - after[at]).roots():
        share = float(root.real)
        if abs(root.imag) < FITS and 0 <= share < 1:
            made = before
            for statistic in statistics:
                made = share * made + (1 - share) * statistic
            if _is(made, after, before):
                return share
    return None


def is_reordered(
    before: np.ndarray, after: np.ndarray, statistics: list[np.ndarray], of_one: float
) -> bool:
    """Whether an average takes in the statistics in some order, each beginning with the value that
    any of the passes before it left.

    Args:
      before, after: the average of each channel.
      statistics: of each pass, as the port takes them in.
      of_one: what one pass keeps.
    """
    if len(statistics) > MOST:
        return False
    return any(
        _is(made, after, before)
        for order in itertools.permutations(statistics)
        for made in _raced([before], order, of_one)
    )


def repeated(
    before: np.ndarray, after: np.ndarray, statistics: list[np.ndarray], of_one: float
) -> tuple[int, ...] | None:
    """Returns which of as many statistics an average takes in where it takes in one of them more
    than once, and another never; None where it does not. Arguments are those of `is_reordered`."""
    numbers = range(len(statistics) if len(statistics) <= MOST else 0)
    for order in itertools.product(numbers, repeat=len(numbers)):
        taken = [statistics[number] for number in order]
        if len(set(order)) < len(numbers) and any(
            _is(made, after, before) for made in _raced([before], taken, of_one)
        ):
            return order
    return None


def _raced(
    values: list[np.ndarray], statistics: Sequence[np.ndarray], of_one: float
) -> Iterator[np.ndarray]:
    """Yields what an average may become where each pass reads it at some time before it is moved:
    what is added is (1 - k) (statistic - what was read)."""
    if not statistics:
        yield values[-1]
        return
    for read in values:
        moved = values[-1] + (1 - of_one) * (statistics[0] - read)
        yield from _raced([*values, moved], statistics[1:], of_one)


def _is(made: np.ndarray, after: np.ndarray, before: np.ndarray) -> bool:
    return bool(np.max(np.abs(made - after)) <= FITS * np.max(np.abs(after - before)))
