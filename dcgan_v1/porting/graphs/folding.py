"""Constant folding in numpy: enough for shapes, labels and settings."""

from collections.abc import Callable
from typing import Any

import numpy as np

Attributes = dict[str, Any]


def _strided_slice(a: Attributes, x: Any, begin: Any, end: Any, strides: Any) -> Any:
    index: list[Any] = []
    for i, (first, last, step) in enumerate(zip(begin, end, strides, strict=True)):
        if a.get("ellipsis_mask", 0) >> i & 1:
            index.append(Ellipsis)
        elif a.get("new_axis_mask", 0) >> i & 1:
            index.append(None)
        elif a.get("shrink_axis_mask", 0) >> i & 1:
            index.append(int(first))
        else:
            low = None if a.get("begin_mask", 0) >> i & 1 else int(first)
            high = None if a.get("end_mask", 0) >> i & 1 else int(last)
            index.append(slice(low, high, int(step)))
    return x[tuple(index)]


def _reduced(function: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(a: Attributes, x: Any, axes: Any) -> Any:
        axis = tuple(int(i) for i in np.reshape(axes, -1))
        return function(x, axis=axis, keepdims=bool(a.get("keep_dims"))).astype(x.dtype)

    return reduce


def _cast(a: Attributes, x: Any) -> Any:
    return x.astype(a["DstT"])


def _elementwise(function: Callable[..., Any]) -> Callable[..., Any]:
    def apply(_: Attributes, *arrays: Any) -> Any:
        with np.errstate(all="ignore"):
            result = function(*arrays)
        if arrays[0].dtype.kind == "f" and np.asarray(result).dtype.kind == "f":
            return np.asarray(result).astype(arrays[0].dtype)
        return result

    return apply


def _no_nan(x: Any, y: Any) -> Any:
    return np.where(y == 0, 0, x / np.where(y == 0, 1, y))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Identity": lambda a, x: x,
    "EnsureShape": lambda a, x: x,
    "Cast": _cast,
    "Neg": _elementwise(np.negative),
    "Sqrt": _elementwise(np.sqrt),
    "Rsqrt": _elementwise(lambda x: 1 / np.sqrt(x)),
    "Square": _elementwise(np.square),
    "Exp": _elementwise(np.exp),
    "Log": _elementwise(np.log),
    "Floor": _elementwise(np.floor),
    "LogicalNot": _elementwise(np.logical_not),
    "LogicalAnd": _elementwise(np.logical_and),
    "LogicalOr": _elementwise(np.logical_or),
    "Add": _elementwise(np.add),
    "AddV2": _elementwise(np.add),
    "Sub": _elementwise(np.subtract),
    "Mul": _elementwise(np.multiply),
    "RealDiv": _elementwise(np.divide),
    "FloorDiv": _elementwise(np.floor_divide),
    "FloorMod": _elementwise(np.mod),
    "DivNoNan": _elementwise(_no_nan),
    "Pow": _elementwise(np.power),
    "Maximum": _elementwise(np.maximum),
    "Minimum": _elementwise(np.minimum),
    "Equal": _elementwise(np.equal),
    "NotEqual": _elementwise(np.not_equal),
    "Greater": _elementwise(np.greater),
    "GreaterEqual": _elementwise(np.greater_equal),
    "Less": _elementwise(np.less),
    "LessEqual": _elementwise(np.less_equal),
    "Select": _elementwise(np.where),
    "SelectV2": _elementwise(np.where),
    "OnesLike": lambda a, x: np.ones_like(x),
    "ZerosLike": lambda a, x: np.zeros_like(x),
    "Pack": lambda a, *xs: np.stack(xs, a.get("axis", 0)),
    "Unpack": lambda a, x: [np.take(x, i, a.get("axis", 0)) for i in range(a["num"])],
    "ConcatV2": lambda a, *xs: np.concatenate(xs[:-1], int(xs[-1])),
    "Fill": lambda a, shape, x: np.full(shape, x),
    "Range": lambda a, first, last, step: np.arange(first, last, step),
    "Rank": lambda a, x: np.int32(np.ndim(x)),
    "Size": lambda a, x: np.int32(np.size(x)),
    "Shape": lambda a, x: np.asarray(np.shape(x), np.int32),
    "Prod": _reduced(np.prod),
    "Sum": _reduced(np.sum),
    "Max": _reduced(np.max),
    "Min": _reduced(np.min),
    "Mean": _reduced(np.mean),
    "Reshape": lambda a, x, shape: np.reshape(x, shape),
    "ExpandDims": lambda a, x, axis: np.expand_dims(x, int(axis)),
    "Squeeze": lambda a, x: np.squeeze(x, tuple(a.get("squeeze_dims") or ()) or None),
    "Transpose": lambda a, x, axes: np.transpose(x, axes),
    "Tile": lambda a, x, times: np.tile(x, times),
    "GatherV2": lambda a, x, i, axis: np.take(x, i, int(axis)),
    "Slice": lambda a, x, first, size: x[
        tuple(
            slice(int(b), None if n == -1 else int(b + n)) for b, n in zip(first, size, strict=True)
        )
    ],
    "StridedSlice": _strided_slice,
}
