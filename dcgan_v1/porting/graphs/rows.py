"""Which fed tensors have the rows of a computed one: row i of it belongs to row i of them."""

import math

from dcgan_v1.porting.graphs.graph import Op, Tensor, through

ELEMENTWISE = (  # of one tensor, or of several of one shape or less
    *("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Tanh", "Sigmoid", "Softplus", "Softsign"),
    *("Exp", "Log", "Log1p", "Square", "Sqrt", "Rsqrt", "Neg", "Abs", "Sign", "Floor", "Round"),
    *("Add", "AddV2", "AddN", "Sub", "Mul", "Div", "RealDiv", "Pow", "Maximum", "Minimum"),
    *("SquaredDifference", "Select", "SelectV2", "Cast", "StopGradient"),
)
OF_FIRST = (  # they go over a row's own axes
    *("Softmax", "LogSoftmax", "BiasAdd", "LRN", "Conv2D", "DepthwiseConv2dNative"),
    *("MaxPool", "AvgPool", "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"),
    *("ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic"),
)
REDUCED = ("Mean", "Sum", "Max", "Min", "Prod")
FIRST_KEPT = {"Pad": 0, "PadV2": 0, "MirrorPad": 0, "Transpose": 0, "Tile": 1}  # of its numbers
RESHAPED = ("Reshape", "Squeeze", "ExpandDims")


def fed_with_rows_of(tensor: Tensor, sources: tuple[str, ...]) -> list[Tensor]:
    """Returns the fed tensors of two axes and more whose rows a tensor has.

    Args:
      sources: types of ops that give what is fed.
    """
    found: dict[Tensor, None] = {}
    visited: set[Tensor] = set()
    stack = [tensor]
    while stack:
        tensor = through(stack.pop())
        if tensor in visited or not tensor.shape:
            continue
        visited.add(tensor)
        if tensor.op.type not in sources:
            stack += _of_same_rows(tensor)
        elif len(tensor.shape) > 1:
            found[tensor] = None
    return list(found)


def and_rest(shape: Tensor) -> tuple[Tensor | None, tuple[int | None, ...]]:
    """Returns what a shape has as many rows as, and its other sides: tf.shape(x), or that of
    tf.concat([tf.shape(x)[0:1], [1, 1, 1]], 0); (None, ()) where it is neither."""
    op = shape.op
    if op.type == "Shape":
        of = through(op.inputs[0])
        return (of, of.shape[1:]) if of.shape else (None, ())
    if op.type != "ConcatV2" or len(op.inputs) != 3 or op.inputs[1].array is None:
        return None, ()
    cut = through(op.inputs[0]).op
    numbers = [t.array for t in cut.inputs[1:]] if cut.type == "StridedSlice" else []
    if not numbers or cut.inputs[0].op.type != "Shape" or cut.attributes.get("shrink_axis_mask"):
        return None, ()
    if [n.tolist() if n is not None else None for n in numbers] != [[0], [1], [1]]:
        return None, ()
    return through(cut.inputs[0].op.inputs[0]), tuple(int(n) for n in op.inputs[1].array)


def _of_same_rows(tensor: Tensor) -> list[Tensor]:
    """The inputs of a tensor's op that have its rows; none where the op is of no known kind."""
    op, inputs = tensor.op, tensor.op.inputs
    if op.type == "Split":
        return inputs[1:] if _are_inner(inputs[0], inputs[1]) else []
    if op.type == "SplitV":
        return inputs[:1] if _are_inner(inputs[2], inputs[0]) else []
    if tensor.index:
        return []
    if op.type in ELEMENTWISE:
        return [t for t in inputs if _may_have_rows_of(t, tensor)]
    if op.type == "Conv2DBackpropInput":
        return inputs[2:]
    if op.type == "ConcatV2":
        return inputs[:-1] if _are_inner(inputs[-1], tensor) else []
    if op.type == "MatMul":
        is_kept = not op.attributes.get("transpose_a")
    elif op.type == "StridedSlice":
        is_kept = _takes_all_rows(op)
    elif op.type in REDUCED:
        is_kept = _are_inner(inputs[1], inputs[0])
    elif op.type in FIRST_KEPT:
        is_kept = _first_is(inputs[1], FIRST_KEPT[op.type])
    elif op.type in RESHAPED:
        is_kept = _size_of_row(tensor) is not None
        is_kept = is_kept and _size_of_row(inputs[0]) == _size_of_row(tensor)
    else:
        is_kept = op.type in OF_FIRST
    return inputs[:1] if is_kept else []


def _are_inner(axes: Tensor, of: Tensor) -> bool:
    """Whether axes are known, and none of them is that of the rows."""
    if axes.array is None or not of.shape:
        return False
    return all(int(axis) % len(of.shape) for axis in axes.array.reshape(-1))


def _first_is(numbers: Tensor, number: int) -> bool:
    """Whether what an op does to each axis is known, and is this to the first."""
    array = numbers.array
    return array is not None and bool((array[0] == number).all())


def _may_have_rows_of(x: Tensor, tensor: Tensor) -> bool:
    if not x.shape or not tensor.shape:
        return False
    return len(x.shape) == len(tensor.shape) and x.shape[0] == tensor.shape[0]


def _size_of_row(x: Tensor) -> int | None:
    """How many elements a row has; with their number the number of rows stays, too."""
    return math.prod(n or 0 for n in x.shape[1:]) if x.shape and None not in x.shape[1:] else None


def _takes_all_rows(op: Op) -> bool:
    """Whether a slice is x[:, ...]."""
    strides = op.inputs[3].array
    masks = [op.attributes.get(f"{word}_mask", 0) for word in ("begin", "end")]
    others = [
        op.attributes.get(f"{word}_mask", 0) for word in ("ellipsis", "new_axis", "shrink_axis")
    ]
    return (
        strides is not None
        and strides.reshape(-1)[0] == 1
        and all(mask & 1 for mask in masks)
        and not any(mask & 1 for mask in others)
    )
