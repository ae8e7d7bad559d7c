"""What is known of shapes before anything is fed."""

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dcgan_v1.porting.graphs.graph import Op

ELEMENTWISE = (
    *("Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "DivNoNan", "FloorDiv", "FloorMod", "Pow"),
    *("Maximum", "Minimum", "SquaredDifference", "SelectV2", "Equal", "NotEqual"),
    *("Greater", "GreaterEqual", "Less", "LessEqual"),
)
Shape = tuple[int | None, ...] | None


def broadcast(shapes: list[Shape]) -> Shape:
    """Returns the shape of what an elementwise op makes of these; None where it is not known."""
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(shapes):
        return None
    sides: list[int | None] = []
    for i in range(-max(map(len, known), default=0), 0):
        here = {shape[i] for shape in known if len(shape) >= -i} - {1}
        sides.append(max((n for n in here if n is not None), default=None) if here else 1)
    return tuple(sides)


def infer_elementwise(op: "Op") -> None:
    """Settles a shape that the graph leaves open: what it is made of may be of the mode, a number
    for which it has a placeholder without a shape."""
    if op.type not in (*ELEMENTWISE, "Floor", "Cast") or op.output.shape is not None:
        return
    op.output.shape = broadcast(
        [None if t is None else t.shape if t.array is None else t.array.shape for t in op.inputs]
    )


def size(shape: tuple[int | None, ...]) -> int:
    """Returns the number of elements of a shape that is known."""
    return math.prod(n or 0 for n in shape)


def fold(op: "Op", shape: tuple[int | None, ...] | None) -> None:
    """Settles Shape, Size and Rank of what has a known shape."""
    if shape is None:
        return
    if op.type == "Rank":
        op.output.array = np.asarray(len(shape), np.int32)
    elif None not in shape:
        array = np.asarray(shape if op.type == "Shape" else size(shape))
        op.output.array = array.astype(op.attributes.get("out_type", "int32"))


def fold_side(op: "Op") -> bool:
    """Folds tf.shape(x)[1] where that axis is known though the batch is not."""
    source = op.inputs[0].op if op.inputs[0] is not None else op
    begin = op.inputs[1].array if len(op.inputs) > 1 and op.inputs[1] is not None else None
    if source.type != "Shape" or begin is None or begin.size != 1:
        return False
    shape = source.inputs[0].shape
    axis = int(begin.reshape(-1)[0])
    if shape is None or op.attributes.get("shrink_axis_mask") != 1 or shape[axis] is None:
        return False
    op.output.array = np.asarray(shape[axis], np.int32)
    return True


def fold_slice(op: "Op") -> bool:
    """Folds tf.slice(tf.shape(x), [1], [1]) where these axes are known though the batch is not."""
    source, *places = op.inputs
    numbers = [t.array for t in places if t is not None and t.array is not None]
    if source is None or source.op.type != "Shape" or [n.size for n in numbers] != [1, 1]:
        return False
    first, number = (int(n.reshape(-1)[0]) for n in numbers)
    shape = source.op.inputs[0].shape
    if shape is None:
        return False
    sides = shape[first:]
    sides = sides if number == -1 else sides[:number]
    if None in sides:
        return False
    op.output.array = np.asarray(sides, np.int32)
    return True


def infer_reshape(op: "Op") -> None:
    """Settles the shape that a Reshape to [tf.shape(x)[0], ...] makes, which keeps the batch."""
    x, wanted = op.inputs[:2]
    if x is None or wanted is None:
        return
    if wanted.array is not None and x.shape and None not in x.shape[1:]:
        first, *sides = wanted.array.reshape(-1).tolist() or [0]
        if first == -1 and min(sides, default=1) > 0 and math.prod(sides) == size(x.shape[1:]):
            op.output.shape = (x.shape[0], *sides)
        return
    if wanted.op.type != "Pack":
        return
    first, *rest = wanted.op.inputs
    if x.shape is None or None in x.shape[1:] or any(t is None or t.array is None for t in rest):
        return
    side = first.op if first is not None else op
    if side.type != "StridedSlice" or side.inputs[0].op.type != "Shape":
        return
    begin = side.inputs[1].array
    if side.inputs[0].op.inputs[0] is not x or begin is None or begin.tolist() != [0]:
        return
    numbers = [int(t.array) for t in rest if t.array is not None]
    if numbers.count(-1) == 1:
        others = math.prod(n for n in numbers if n != -1)
        numbers[numbers.index(-1)] = size(x.shape[1:]) // max(others, 1)
    if -1 not in numbers and math.prod(numbers) == size(x.shape[1:]):
        op.output.shape = (x.shape[0], *numbers)
