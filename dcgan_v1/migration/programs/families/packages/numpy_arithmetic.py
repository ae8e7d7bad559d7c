"""Arithmetic of numpy 1: which type `np.float32(0.1) * 3.0` and `uint8_array + 300` have.

numpy 2 goes by types alone (NEP 50): a Python number becomes what stands beside it. numpy 1 looked
at shapes and values: between scalars the larger type won, so that float32 with a Python float is
float64; beside an array a scalar counted only by its kind, so that float32 with a float64 scalar
stays float32, and a number that the array's type does not hold took the next type that does.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

PLAIN = frozenset((int, float, str, bool, bytes, list, tuple, dict, type(None)))
KINDS = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}  # of numbers, the lower gives way
OPERATORS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
UFUNCS = [
    *("add", "subtract", "multiply", "divide", "true_divide", "floor_divide", "power", "mod"),
    *("remainder", "maximum", "minimum", "fmax", "fmin"),
]


def operands(a: Any, b: Any) -> tuple[Any, Any]:
    """Returns both, as numbers whose result in numpy 2 has the type that it had in numpy 1."""
    if not (_is_numpy(a) or _is_numpy(b)) or not (_is_number(a) and _is_number(b)):
        return a, b
    a_is_array, b_is_array = np.ndim(a) > 0, np.ndim(b) > 0
    if a_is_array and b_is_array:
        return a, b
    if a_is_array:
        return a, _beside_array(b, a.dtype)
    if b_is_array:
        return _beside_array(a, b.dtype), b
    return _typed(a), _typed(b)


def right_operand(a: Any, b: Any) -> Any:
    """The same for `a += b`, where `a` stays what it is: returns what takes the place of b."""
    if type(b) in PLAIN and type(a) in PLAIN:
        return b
    left, right = operands(a, b)
    if left is a or np.ndim(b) > 0 or not _is_numpy(b):
        return right
    return np.result_type(left, right).type(b)  # a number of Python's: b carries the type


def wrapped(value: Any, dtype: np.dtype) -> Any:
    """Returns a whole number, or a list of some, so that an integer type holds it: numpy 1 took it
    modulo the type's range, where numpy 2 raises."""
    if dtype.kind not in "iu" or type(value) not in (int, list, tuple):
        return value
    bounds = np.iinfo(dtype)
    if type(value) is int and bounds.min <= value <= bounds.max:
        return value
    numbers = np.asarray(value)
    return numbers.astype(dtype) if numbers.dtype.kind in "iu" else value


def stored(container: Any, value: Any) -> Any:
    """What `container[...] = value` is to store."""
    return wrapped(value, container.dtype) if isinstance(container, np.ndarray) else value


def index(container: Any, key: Any) -> Any:
    """What `container[key]` asks for: of an array, a list of slices or of lists was a tuple, where
    it was shorter than an array has dimensions at most."""
    if type(key) is not list or not isinstance(container, np.ndarray) or len(key) >= 32:
        return key
    parts = slice | list | tuple | np.ndarray | None
    return tuple(key) if any(k is ... or isinstance(k, parts) for k in key) else key


def item(container: Any, key: Any) -> Any:
    """`container[key]`."""
    return container[index(container, key)]


def made(kind: Any, value: Any) -> Any:
    """`np.uint8(300)`."""
    if isinstance(kind, type) and issubclass(kind, np.integer):
        return kind(wrapped(value, np.dtype(kind)))
    return kind(value)


def _is_numpy(x: Any) -> bool:
    return isinstance(x, np.ndarray | np.generic)


def _is_number(x: Any) -> bool:
    if _is_numpy(x):
        return x.dtype.kind in KINDS
    return type(x) in (int, float, bool, complex)


def _typed(x: Any) -> Any:
    """A number of Python's with the type that numpy gives it alone."""
    if _is_numpy(x):
        return x
    typed = np.asarray(x)
    return typed[()] if typed.dtype.kind in KINDS else x  # an int may be too long for any


def _beside_array(x: Any, dtype: np.dtype) -> Any:
    """A scalar beside an array: its value counts, where it is of no higher kind."""
    kind = _typed(x).dtype.kind if hasattr(_typed(x), "dtype") else "O"
    if KINDS.get(kind, 9) > KINDS[dtype.kind]:
        return _typed(x)
    value = x.item() if _is_numpy(x) else x
    if dtype.kind in "iu":
        bounds = np.iinfo(dtype)
        is_held = bounds.min <= value <= bounds.max
    elif dtype.kind == "f":
        is_held = not np.isfinite(value) or abs(value) <= np.finfo(dtype).max
    else:
        is_held = True
    return value if is_held else np.min_scalar_type(value).type(value)


def _as_numpy_1(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def apply(a: Any, b: Any) -> Any:
        if type(a) in PLAIN and type(b) in PLAIN:
            return operation(a, b)
        return operation(*operands(a, b))

    return apply


def _equal(a: Any, b: Any, wanted: bool = True) -> Any:
    """`a == b`, or `a != b`: arrays whose shapes do not fit differ, as a whole, and so do one of
    numbers and a text."""
    if any(isinstance(x, str) and _has_numbers(y) for x, y in ((a, b), (b, a))):
        return not wanted
    try:
        return a == b if wanted else a != b
    except ValueError as error:
        if "truth value" in str(error):  # of lists that hold arrays alike
            raise
        if isinstance(a, np.ndarray | list | tuple) and isinstance(b, np.ndarray | list | tuple):
            return not wanted
        raise


def _has_numbers(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind in KINDS


def total(iterable: Any, /, start: Any = 0) -> Any:
    """Python's `sum`."""
    for x in iterable:
        start = FUNCTIONS["add"](start, x)
    return start


class Ufunc:
    """One of numpy's functions of two numbers, with numpy 1's types."""

    def __init__(self, ufunc: np.ufunc) -> None:
        self._ufunc, self.__name__ = ufunc, ufunc.__name__

    def __call__(self, a: Any, b: Any, *arguments: Any, **options: Any) -> Any:
        return self._ufunc(*operands(a, b), *arguments, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ufunc, name)


NAMES = {name: Ufunc(getattr(np, name)) for name in UFUNCS}
# what `rewriting` puts in the place of a program's operators
FUNCTIONS = {name: _as_numpy_1(getattr(operator, name)) for name in OPERATORS}
FUNCTIONS |= {"eq": _as_numpy_1(_equal), "ne": _as_numpy_1(lambda a, b: _equal(a, b, False))}
