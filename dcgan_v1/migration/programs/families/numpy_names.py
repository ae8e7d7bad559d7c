"""numpy's names and arguments that 1.24 and 2.x took away."""

import math
from typing import Any

import numpy as np


def reshape(
    a: Any, shape: Any = None, order: Any = "C", *, newshape: Any = None, **options: Any
) -> np.ndarray:
    return np.reshape(a, newshape if shape is None else shape, order=order, **options)


def asscalar(a: np.ndarray) -> Any:
    return a.item()


def asfarray(a: Any, dtype: Any = np.float64) -> np.ndarray:
    return np.asarray(a, dtype if np.issubdtype(dtype, np.inexact) else np.float64)


def array(object: Any, dtype: Any = None, *, copy: bool = True, **options: Any) -> np.ndarray:
    """numpy 2 refuses `copy=False` where it must copy; before, it copied."""
    if copy is False:
        return np.asarray(object, dtype=dtype, **options)
    return np.array(object, dtype=dtype, copy=copy, **options)


def fromstring(string: Any, dtype: Any = float, count: int = -1, sep: str = "") -> np.ndarray:
    if sep:
        return np.fromstring(string, dtype, count, sep=sep)
    return np.frombuffer(string, dtype, count).copy()


def load(
    file: Any,
    mmap_mode: Any = None,
    allow_pickle: bool = True,
    fix_imports: bool = True,
    encoding: Any = "latin1",
) -> Any:
    """Pickles inside were read without `allow_pickle` until 1.16.3."""
    return np.load(file, mmap_mode, allow_pickle, fix_imports, encoding)


NAMES: dict[str, Any] = {
    "int": int,
    "float": float,
    "object": object,
    "str": str,
    "unicode": str,
    "complex": complex,
    "float_": np.float64,
    "complex_": np.complex128,
    "string_": np.bytes_,
    "unicode_": np.str_,
    "product": np.prod,
    "cumproduct": np.cumprod,
    "alltrue": np.all,
    "sometrue": np.any,
    "in1d": np.isin,
    "row_stack": np.vstack,
    "trapz": np.trapezoid,
    "Inf": np.inf,
    "Infinity": np.inf,
    "NaN": np.nan,
    "NAN": np.nan,
    "PINF": np.inf,
    "NINF": -np.inf,
    "infty": np.inf,
    "round_": np.round,
    "asscalar": asscalar,
    "asfarray": asfarray,
    "rank": np.ndim,
    "mat": np.asmatrix,
    "msort": lambda a: np.sort(a, axis=0),
    "math": math,
    "bool8": np.bool_,
    "VisibleDeprecationWarning": np.exceptions.VisibleDeprecationWarning,
    "find_common_type": lambda arrays, scalars: np.result_type(*arrays, *scalars),
    "reshape": reshape,
    "array": array,
    "fromstring": fromstring,
    "load": load,
}
NAMES = {
    name: value
    for name, value in NAMES.items()
    if name in ("reshape", "array", "fromstring", "load") or not hasattr(np, name)
}
