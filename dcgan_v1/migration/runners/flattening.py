"""Finds where dense layers meet flattened feature maps, by the numbers that layers take and give.

Arrays of maps are [N, H, W, C], as in `records.LayerOutput`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dcgan_v1.migration.records import LayerOutput

Pixels = dict[str, dict[str, tuple[int, ...]]]  # see `records.Observation.pixels`
ROWS = 8  # of a batch: as many are looked at
A_FEW = 256  # numbers of two rows, which are looked at before the others
TELLING = 12  # different numbers at least, before their order tells what they were made of
WITH_COLUMNS = ("dense", "other")  # kinds whose kernels may make pixels, or take them
BY_ELEMENT = ("activation", "norm", "dropout", "add", "mul", "bias")  # give a vector for a vector
HWC, CHW = (0, 1, 2, 3), (0, 3, 1, 2)  # axes of maps, in the orders that pixels are numbered in


@dataclass(frozen=True)
class Values:
    """What a layer gave, or was given.

    Attributes:
      array: [n, H, W, C] or [n, K], the first rows of the batch.
      chw: of the maps that a vector begins with.
      makers: paths of the layers that made a vector.
    """

    array: np.ndarray
    chw: tuple[int, ...] | None = None
    makers: tuple[str, ...] = ()


@dataclass
class Flattenings:
    """Notes where a layer without pixels follows feature maps, or makes them.

    Attributes:
      fed: what the networks are fed, [n, K]: no layer made it.
      pixels: what was found.
      seen: what layers gave so far.
      models: those of the last layer seen, and of the one that is noted.
    """

    fed: list[np.ndarray] = field(default_factory=list)
    pixels: Pixels = field(default_factory=dict)
    seen: list[Values] = field(default_factory=list)
    models: tuple[str, str] = ("", "")

    def note(self, layer: LayerOutput, paths: Sequence[str]) -> None:
        """Takes the call of a layer.

        Args:
          layer: what it was given and gave.
          paths: of the layer, or of those that have its variables.
        """
        self.models = (self.models[1], layer.name.rpartition("/")[0].partition("/")[0])
        x, y = self._given(layer), Values(layer.output[:ROWS])
        rank = y.array.ndim
        is_vector = rank == 2 and x is not None and x.array.ndim == 2
        if is_vector and x and layer.kind in BY_ELEMENT and x.array.shape == y.array.shape:
            y = replace(y, chw=x.chw, makers=(*x.makers, *paths))
        elif is_vector and x and layer.kind in WITH_COLUMNS:
            same = self._made_of(y.array) if layer.kind == "other" else None
            if same is None and x.chw:
                self._add(paths, "rows", x.chw)
            y = same or replace(y, makers=tuple(paths))
        elif rank == 2 or (rank == 4 and x is not None and x.array.ndim == 2):
            y = self._made_of(y.array) or self._by_size(y.array)
        self.seen.append(y)

    def _given(self, layer: LayerOutput) -> Values | None:
        if layer.input is not None and layer.input.ndim:  # no single number
            array = layer.input[:ROWS]
            return self._made_of(array) or self._by_size(array)
        shape = layer.given[1:]
        return next((v for v in reversed(self.seen) if v.array.shape[1:] == shape), None)

    def _made_of(self, array: np.ndarray) -> Values | None:
        """An array that holds the numbers of what a layer gave, of the last that did."""
        if array.ndim == 2:
            return next(filter(None, (self._held(array, v) for v in reversed(self.seen))), None)
        if array.ndim == 4:  # a sequence is no flattened maps
            return next(filter(None, (self._shaped(array, v) for v in reversed(self.seen))), None)
        return None

    def _held(self, array: np.ndarray, value: Values) -> Values | None:
        """A vector that holds what a layer gave."""
        for flat in _flats_in(array, value.array):
            start = _start(array, flat)
            if start is not None:
                chw = value.chw if value.array.ndim == 2 else _chw(value.array)
                makers = value.makers if array.shape == flat.shape else ()
                joined = self._joined(array, chw, start, flat.shape[1])
                return Values(array, joined or _behind(chw, start), makers)
        return None

    def _joined(
        self, array: np.ndarray, chw: tuple[int, ...] | None, start: int, size: int
    ) -> tuple[int, ...] | None:
        """The pixels of maps that were joined with others before they were flattened channel by
        channel: what is beside them is maps of one number each, or was seen."""
        if not chw or len(chw) > 3:
            return None
        _, h, w = chw
        beside = np.delete(array, np.s_[start : start + size], 1)
        if not beside.size or start % (h * w) or beside.shape[1] % (h * w):
            return None
        maps = beside.reshape(len(beside), -1, h * w)
        shown = [
            v.array.transpose(0, 3, 1, 2).reshape(len(beside), -1, h * w)
            for v in self.seen
            if v.array.ndim == 4 and v.array.shape[:3] == (len(beside), h, w)
        ]
        for number in range(maps.shape[1]):
            one = maps[:, number : number + 1]
            is_seen = any(np.any(np.all(one == others, axis=(0, 2))) for others in shown)
            if np.ptp(one, axis=2).any() and not is_seen:
                return None
        return (array.shape[1] // (h * w), h, w)

    def _shaped(self, array: np.ndarray, value: Values) -> Values | None:
        """Maps that a layer gave, or that its vector was shaped to."""
        if value.array.ndim == 4:
            return Values(array) if _follows(array, value.array) else None
        if value.array.shape != (len(array), array[0].size):
            return None
        if any(_follows(_flat(array, order), value.array) for order in (HWC, CHW)):
            self._add(value.makers, "columns", _chw(array))
            return Values(array)
        return None

    def _by_size(self, array: np.ndarray) -> Values:
        """An array of other numbers than any layer gave: something lies between that is no layer.
        It is taken to be of the maps or vectors that were last seen, if they have as many; not what
        a network is fed, nor a vector behind another network's maps, a code of as many numbers."""
        last = next((v for v in reversed(self.seen) if v.array.ndim in (2, 4)), None)
        if last is None or last.array[0].size != array[0].size or last.array.ndim == array.ndim:
            return Values(array)
        if self._is_fed(array):
            return Values(array)
        if array.ndim == 2:
            of_last, own = self.models
            is_of_another = of_last and own and of_last != own
            return Values(array) if is_of_another else Values(array, _chw(last.array))
        self._add(last.makers, "columns", _chw(array))
        return Values(array)

    def _is_fed(self, array: np.ndarray) -> bool:
        flats = [array] if array.ndim == 2 else [_flat(array, order) for order in (HWC, CHW)]
        return any(
            len(fed) == len(flat) and _start(flat, fed) is not None
            for flat in flats
            for fed in self.fed
        )

    def _add(self, paths: Iterable[str], axis: str, chw: tuple[int, ...] | None) -> None:
        if chw:
            for path in paths:
                self.pixels.setdefault(path, {})[axis] = chw


def pixels_of(
    layers: Iterable[LayerOutput], places: Mapping[str, str], fed: Iterable[np.ndarray] = ()
) -> Pixels:
    """Returns the layers of a port that meet feature maps.

    Args:
      layers: in the order of their calls.
      places: variable of the port -> path of its layer.
      fed: the batch's arrays, of any shapes.
    """
    found = Flattenings([a[:ROWS].reshape(len(a[:ROWS]), -1) for a in fed if a.ndim and a.size])
    for layer in layers:
        is_empty = not layer.output.size or (layer.input is not None and not layer.input.size)
        if layer.kind != "model" and layer.output.ndim and not is_empty:
            variables = layer.parts.values()
            paths = {places[v] for v in variables} or {layer.name.partition("#")[0]}
            found.note(layer, sorted(paths))
    return found.pixels


def _flats_in(array: np.ndarray, made: np.ndarray) -> Iterator[np.ndarray]:
    """Yields what a layer made as vectors, in orders in which an array [n, K] may hold them."""
    if made.ndim not in (2, 4) or len(made) != len(array) or made[0].size > array.shape[1]:
        return
    for order in (HWC, CHW) if made.ndim == 4 else (HWC,):
        if _may_hold(array[:2], _flat(made[:2], order)):
            yield _flat(made, order)


def _may_hold(array: np.ndarray, flat: np.ndarray) -> bool:
    """Whether two rows tell that a vector may hold another, as `_start` finds it."""
    size, width = flat.shape[1], array.shape[1]
    if _rises(array[:, : min(size, A_FEW)], flat[:, :A_FEW]):
        return True
    first = np.all(array[:, : width - size + 1] == flat[:, :1], axis=0)
    return bool(np.any(first))


def _flat(array: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """Maps as vectors, in an order of their axes; a vector as it is."""
    return array if array.ndim == 2 else array.transpose(order).reshape(len(array), -1)


def _start(array: np.ndarray, flat: np.ndarray) -> int | None:
    """Where in vectors others begin: anywhere, or at 0 where they are what an activation gives."""
    size, width = flat.shape[1], array.shape[1]
    if size > width:
        return None
    if _follows(array[:, :size], flat):
        return 0
    first = np.flatnonzero(np.all(array[:, : width - size + 1] == flat[:, :1], axis=0))
    return next((int(j) for j in first if _is_same(array[:, j : j + size], flat)), None)


def _behind(chw: tuple[int, ...] | None, start: int) -> tuple[int, ...] | None:
    """The pixels of maps that begin at an element of a vector."""
    if not chw or not start:
        return chw
    c, h, w, *ahead = chw
    return (c, h, w, start + sum(ahead))


def _is_same(y: np.ndarray, x: np.ndarray) -> bool:
    """Numbers that are all alike are not known by their values."""
    return bool(np.array_equal(y, x) and np.ptp(y) > 0)


def _follows(y: np.ndarray, x: np.ndarray) -> bool:
    """Whether numbers are others, or rise with them as those of an activation do."""
    if y.shape != x.shape or not _rises(y[:2].ravel()[:A_FEW], x[:2].ravel()[:A_FEW]):
        return False
    return _is_same(y, x) or (_rises(y, x) and len(np.unique(y)) >= TELLING)


def _rises(y: np.ndarray, x: np.ndarray) -> bool:
    rising = y.ravel()[np.argsort(x.ravel(), kind="stable")]
    return bool(np.all(np.diff(rising) >= 0))


def _chw(array: np.ndarray) -> tuple[int, ...] | None:
    """(C, H, W) of maps, where their pixels can be counted in two orders."""
    if array.ndim != 4 or np.prod(array.shape[1:3]) <= 1:
        return None
    _, h, w, c = array.shape
    return c, h, w
