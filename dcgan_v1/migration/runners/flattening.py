"""Finds where dense layers meet flattened feature maps, by the shapes of what layers take and give.

Maps are [N, C, H, W]."""

import math
from dataclasses import dataclass, field

Shape = tuple[int, ...]
Pixels = dict[str, dict[str, tuple[int, int, int]]]  # see `records.Observation.pixels`


@dataclass
class Flattening:
    """Notes where a layer without pixels follows feature maps, or makes them.

    Attributes:
      maps: shape of the last feature maps, until a layer takes something else.
      are_taken: whether a dense layer has taken them: another may take them, too, as two heads do.
      makers: paths of dense layers whose outputs may become maps.
      features: how many features the last of them gave.
    """

    maps: Shape | None = None
    are_taken: bool = False
    makers: list[str] = field(default_factory=list)
    features: int = 0

    def note(self, pixels: Pixels, path: str, x: Shape, y: Shape) -> None:
        """Takes the call of a layer, and adds what it tells to `pixels`.

        Args:
          pixels: see `records.Observation`; changed in place.
          path: of the layer.
          x, y: shapes of what it is given and gives.
        """
        if len(x) == 4:
            chw = _chw(x)
            if self.makers and math.prod(x[1:]) == self.features and chw:
                for earlier in self.makers:
                    pixels.setdefault(earlier, {})["columns"] = chw
            self.makers = []
        if len(x) == 2 and len(y) == 2:
            chw = _chw(self.maps) if self.maps else None
            if chw and self._takes(math.prod(chw), x[1]):
                pixels.setdefault(path, {})["rows"] = chw
                self.are_taken = True
            else:
                self.maps = None
            if y[1] != self.features:
                self.makers = []
            self.makers, self.features = [*self.makers, path], y[1]
        if len(y) == 4:
            self.maps, self.are_taken = y, False

    def _takes(self, pixels: int, features: int) -> bool:
        """Whether a layer of so many features takes the last maps, with a condition beside them
        perhaps: a layer after one that took them is given what that gave."""
        if pixels == features:
            return not (self.are_taken and features == self.features)
        return pixels < features and not self.are_taken


def _chw(shape: Shape) -> tuple[int, int, int] | None:
    """(C, H, W) of a map's shape, where it is one that can be flattened."""
    if len(shape) != 4 or math.prod(shape[2:]) <= 1:
        return None
    _, c, h, w = shape
    return c, h, w
