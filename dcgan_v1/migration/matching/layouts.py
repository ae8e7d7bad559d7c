"""How frameworks lay a layer's weights out, brought to TF1's way.

PyTorch has the outputs first and the spatial axes last; its dense layers are
transposed, and number the pixels of flattened feature maps channel by channel. Keras has TF1's
axes.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

AXES: dict[
    str, tuple[int, ...] | None
] = {  # layout -> axes of the other array in the order that TF1's kernel has them
    "plain": None,
    "torch dense": (1, 0),
    "torch conv": (2, 3, 1, 0),  # [out, in, h, w] -> [h, w, in, out]
    "torch depthwise": (2, 3, 0, 1),  # [in, 1, h, w] -> [h, w, in, 1], see `multiplies`
    "torch conv1d": (2, 1, 0),
    "torch conv3d": (2, 3, 4, 1, 0),
}
# what a bare tensor may be, until a step shows it
OF_OPEN = ("plain", "torch dense", "torch conv", "torch depthwise")
GATES = "ijfo"  # TF1's order of an LSTM's: input, candidate, forget, output


# (C, H, W) of flattened feature maps, behind them how many elements stand ahead of their pixels
Pixels = tuple[int, ...]
Shape = tuple[int, ...]


class Layout(NamedTuple):
    """What makes a port's array of TF1's.

    Attributes:
      kind: one of AXES.
      rows: `Pixels` where TF1's rows are pixels by [H, W, C], theirs by [C, H, W]; further rows
        are of a condition beside the pixels.
      columns: the same of the columns, or of the only axis of a bias.
      part: (start, stop) of TF1's first axis that the other array is; None for all.
      gates: the order of blocks in the other array's last axis ('ifjo'), or ''.
      forget: what the program adds to the forget gate's bias as it runs.
      reshaped: (TF1's shape, the other's) where they differ by axes of one element.
      folded: (axis, [h, w, in, out]) where the other is a convolution's kernel that covers whole
        maps, or a transposed one's that makes them of one pixel, and TF1's a dense layer's: its
        'rows' or 'columns' count the maps' pixels.
    """

    kind: str = "plain"
    rows: Pixels | None = None
    columns: Pixels | None = None
    part: tuple[int, int] | None = None
    gates: str = ""
    forget: float = 0.0
    reshaped: tuple[Shape, Shape] | None = None
    folded: tuple[str, Shape] | None = None

    def to_port(self, array: np.ndarray, values: bool = True) -> np.ndarray:
        """Brings an array of TF1's to the port's layout.

        Args:
          values: whether it holds values; slots and gradients have no forget bias.
        """
        if self.part:
            array = array[self.part[0] : self.part[1]]
        if self.gates:
            array = _gates(array, GATES, self.gates)
            if self.forget and array.ndim == 1 and values:
                array = array + _at_gate(array, self.gates) * self.forget
        if self.rows:
            array = _pixels(array, self.rows, 0, to_port=True)
        if self.columns:
            array = _pixels(array, self.columns, array.ndim - 1, to_port=True)
        if self.folded:
            axis, shape = self.folded
            array = (array.T if axis == "columns" else array).reshape(shape)
        axes = AXES[self.kind]
        if axes:
            array = array.transpose(np.argsort(axes))
        if self.reshaped:
            array = array.reshape(self.reshaped[1])
        return np.asarray(array, order="C")

    def to_tf1(self, array: np.ndarray, values: bool = True) -> np.ndarray:
        """Brings an array of the port's to TF1's layout; the part that it is."""
        axes = AXES[self.kind]
        if axes:
            array = array.transpose(axes)
        if self.folded:
            axis, shape = self.folded
            array = array.reshape(-1, shape[-1])
            array = array.T if axis == "columns" else array
        if self.rows:
            array = _pixels(array, self.rows, 0, to_port=False)
        if self.columns:
            array = _pixels(array, self.columns, array.ndim - 1, to_port=False)
        if self.gates:
            if self.forget and array.ndim == 1 and values:
                array = array - _at_gate(array, self.gates) * self.forget
            array = _gates(array, self.gates, GATES)
        if self.reshaped:
            array = array.reshape(self.reshaped[0])
        return np.asarray(array, order="C")

    def shape(self, shape: Sequence[int]) -> list[int] | None:
        """Returns the shape that the port's array has for one of TF1's; None where TF1's cannot
        have it."""
        if self.reshaped:
            return list(self.reshaped[1]) if tuple(shape) == self.reshaped[0] else None
        own = list(shape)
        if self.folded:
            axis, sizes = self.folded
            flat = [math.prod(sizes[:3]), sizes[3]]
            if own != (flat if axis == "rows" else flat[::-1]):
                return None
            own = list(sizes)
        if self.part:
            own[0] = self.part[1] - self.part[0]
        axes = AXES[self.kind]
        if axes and len(axes) != len(own):
            return None
        return [own[i] for i in np.argsort(axes)] if axes else own

    def text(self) -> str:
        """Returns what the table of variables says of it."""
        words = [] if self.kind == "plain" else [self.kind]
        if self.rows:
            words.append(f"rows {_pixels_text(self.rows)}")
        if self.columns:
            words.append(f"columns {_pixels_text(self.columns)}")
        if self.part:
            words.append(f"rows {self.part[0]} to {self.part[1]}")
        if self.gates:
            words.append(f"gates {self.gates}")
        if self.forget:
            words.append(f"forget bias {self.forget:g}")
        if self.reshaped:
            ours, theirs = ("x".join(map(str, shape)) or "scalar" for shape in self.reshaped)
            words.append(f"reshaped {theirs} of {ours}")
        if self.folded:
            words.append(f"folded {self.folded[0]} {'x'.join(map(str, self.folded[1]))}")
        return ", ".join(words)


def fits(kind: str, shape: Sequence[int], tf1_shape: Sequence[int]) -> bool:
    """Whether a port's array can be TF1's.

    Args:
      kind: of layout, a key of AXES.
      shape: of the port's; tf1_shape: of TF1's.
    """
    axes = AXES[kind]
    if axes and len(axes) != len(shape):
        return False
    in_tf1 = [shape[i] for i in axes] if axes else list(shape)
    return list(tf1_shape) == in_tf1


def refolds(shape: Sequence[int], tf1_shape: Sequence[int]) -> bool:
    """Whether two shapes differ by axes of one element alone."""
    own, other = ([size for size in sizes if size != 1] for sizes in (shape, tf1_shape))
    return own == other and list(shape) != list(tf1_shape)


def folded(
    kind: str, shape: Sequence[int], tf1_shape: Sequence[int], layer_kind: str = ""
) -> Layout | None:
    """Returns the layout by which a convolution's kernel is that of a dense layer of TF1's, which
    takes all pixels of maps, or makes them; None where it is none.

    Args:
      kind: of the kernel's layout, 'torch conv' or 'plain'.
      shape: of the kernel; tf1_shape: of TF1's.
      layer_kind: of the kernel's layer, see `Variable`: a square kernel fits either way.
    """
    axes = AXES[kind]
    if kind not in ("torch conv", "plain") or len(shape) != 4 or len(tf1_shape) != 2:
        return None
    own = tuple(shape[i] for i in axes) if axes else tuple(shape)
    pixels = math.prod(own[:3])
    sizes = {"rows": [pixels, own[3]], "columns": [own[3], pixels]}
    ways = {"conv": ["rows"], "deconv": ["columns"]}.get(layer_kind, ["rows", "columns"])
    axis = next((a for a in ways if list(tf1_shape) == sizes[a]), None)
    return Layout(kind, folded=(axis, own)) if axis else None


def multiplies(shape: Sequence[int], tf1_shape: Sequence[int]) -> bool:
    """Whether a depthwise kernel [in * n, 1, h, w] of PyTorch's has the numbers of TF1's
    [h, w, in, n]: of n kernels a channel, side by side."""
    if len(shape) != 4 or len(tf1_shape) != 4:
        return False
    h, w, channels, number = tf1_shape
    return list(shape) == [channels * number, 1, h, w]


def channels_first(values: np.ndarray, chw: Pixels, axis: int = -1) -> np.ndarray:
    """Reorders an axis of pixels from [H, W, C] to [C, H, W].

    Args:
      values: of any rank.
      chw: sizes of the maps.
      axis: the one that numbers C * H * W pixels.
    """
    return _pixels(values, chw, axis % np.ndim(values), to_port=True)


def channels_last(values: np.ndarray, chw: Pixels, axis: int = -1) -> np.ndarray:
    """Reorders an axis of pixels from [C, H, W] to [H, W, C]; see `channels_first`.

    Args:
      values: of any rank.
      chw: sizes of the maps.
      axis: the one that numbers C * H * W pixels.
    """
    return _pixels(values, chw, axis % np.ndim(values), to_port=False)


def _pixels(array: np.ndarray, chw: Pixels, axis: int, *, to_port: bool) -> np.ndarray:
    c, h, w, *ahead = chw
    start, size = sum(ahead), c * h * w
    if array.shape[axis] < start + size:
        return array
    if array.shape[axis] > size:  # something is set beside the pixels
        parts = np.split(array, [start, start + size], axis)
        parts[1] = _pixels(parts[1], (c, h, w), axis, to_port=to_port)
        return np.concatenate(parts, axis)
    before, after = array.shape[:axis], array.shape[axis + 1 :]
    split, order = ((h, w, c), (2, 0, 1)) if to_port else ((c, h, w), (1, 2, 0))
    array = array.reshape(*before, *split, *after)
    axes = [*range(axis), *(axis + i for i in order), *range(axis + 3, array.ndim)]
    return array.transpose(axes).reshape(*before, size, *after)


def turned(pixels: Pixels) -> Pixels:
    """Returns what undoes an order of pixels."""
    c, h, w, *ahead = pixels
    return (h * w, c, 1, *ahead)


def _pixels_text(pixels: Pixels) -> str:
    return "x".join(map(str, pixels[:3])) + "".join(f" behind {n}" for n in pixels[3:])


def _gates(array: np.ndarray, have: str, want: str) -> np.ndarray:
    blocks = dict(zip(have, np.split(array, 4, axis=-1), strict=True))
    return np.concatenate([blocks[gate] for gate in want], axis=-1)


def _at_gate(array: np.ndarray, gates: str) -> np.ndarray:
    """Ones where the forget gate's block is."""
    ones = np.zeros_like(array)
    width = len(array) // 4
    start = gates.index("f") * width
    ones[start : start + width] = 1
    return ones
