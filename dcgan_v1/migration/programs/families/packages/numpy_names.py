"""numpy's names, methods and arguments that 1.24 and 2.x took away."""

import ast
import importlib
import inspect
import math
import pickle
import types
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from dcgan_v1.migration.programs.facade import Facade
from dcgan_v1.migration.programs.families.packages import numpy_arithmetic, numpy_functions

VERSION = "1.18.5"  # what programs that compare versions are given


def _newbyteorder(a: Any, new_order: str = "S") -> Any:
    return a.view(a.dtype.newbyteorder(new_order))


def _itemset(a: np.ndarray, *arguments: Any) -> None:
    *index, value = arguments
    a[np.unravel_index(index[0], a.shape) if len(index) == 1 and a.ndim > 1 else tuple(index)] = (
        value
    )


METHODS: dict[str, Callable[..., Any]] = {  # of arrays and scalars
    "tostring": lambda a, order="C": a.tobytes(order),
    "ptp": np.ptp,
    "newbyteorder": _newbyteorder,
    "itemset": _itemset,
    "asscalar": lambda a: a.item(),
}


def attribute(owner: Any, name: str) -> Any:
    """`owner.name`, where name is one of METHODS."""
    is_array = isinstance(owner, np.ndarray) and not _has(owner, name)
    if is_array or isinstance(owner, np.generic):
        return partial(METHODS[name], owner)
    return getattr(owner, name)


def _has(owner: Any, name: str) -> bool:
    """numpy 2 has an attribute of some names, which raises and names a substitute."""
    try:
        return callable(getattr(owner, name))
    except AttributeError:
        return False


_LARGEST = {"i": "i8", "u": "u8", "f": "g", "c": "G", "b": "?", "O": "O", "S": "S", "U": "U"}


class _Cast(dict[Any, Callable[[Any], np.ndarray]]):
    """`np.cast[dtype](x)`."""

    def __missing__(self, dtype: Any) -> Callable[[Any], np.ndarray]:
        return lambda x: np.asarray(x).astype(dtype)


def find_common_type(array_types: Any, scalar_types: Any) -> np.dtype | None:
    """The larger type of the arrays', unless a scalar is of a higher kind."""
    arrays = np.result_type(*array_types) if array_types else None
    scalars = np.result_type(*scalar_types) if scalar_types else None
    if arrays is None or scalars is None:
        return scalars if arrays is None else arrays
    kinds = numpy_arithmetic.KINDS
    return scalars if kinds.get(scalars.kind, 9) > kinds.get(arrays.kind, 9) else arrays


def _nothing(*_: Any, **__: Any) -> None:
    """Of what set up numpy's texts and documentation."""


def _deprecate(*arguments: Any, **_: Any) -> Any:
    return arguments[0] if arguments and callable(arguments[0]) else lambda function: function


def _source(thing: Any) -> None:
    print(inspect.getsource(thing))


GONE: dict[str, Any] = {
    "object": object,
    "str": str,
    "unicode": str,
    "complex": complex,
    "float_": np.float64,
    "complex_": np.complex128,
    "string_": np.bytes_,
    "unicode_": np.str_,
    "singlecomplex": np.complex64,
    "cfloat": np.complex128,
    "longfloat": np.longdouble,
    "longcomplex": np.clongdouble,
    "clongfloat": np.clongdouble,
    "int0": np.intp,
    "uint0": np.uintp,
    "bool8": np.bool_,
    "object0": np.object_,
    "str0": np.str_,
    "bytes0": np.bytes_,
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
    "PZERO": 0.0,
    "NZERO": -0.0,
    "round_": np.round,
    "rank": np.ndim,
    "mat": np.asmatrix,
    "alen": lambda a: 1 if np.ndim(a) == 0 else len(a),
    "msort": lambda a: np.sort(a, axis=0),
    "math": math,
    "cast": _Cast(),
    "typeDict": np.sctypeDict,
    "sctypes": {
        "int": [np.int8, np.int16, np.int32, np.int64],
        "uint": [np.uint8, np.uint16, np.uint32, np.uint64],
        "float": [np.float16, np.float32, np.float64, np.longdouble],
        "complex": [np.complex64, np.complex128, np.clongdouble],
        "others": [bool, object, bytes, str, np.void],
    },
    "issubclass_": lambda a, b: isinstance(a, type) and issubclass(a, b),
    "issubsctype": np.issubdtype,
    "issctype": lambda kind: isinstance(kind, type) and issubclass(kind, np.generic),
    "obj2sctype": lambda kind, default=None: np.dtype(kind).type,
    "sctype2char": lambda kind: np.dtype(kind).char,
    "maximum_sctype": lambda kind: np.dtype(_LARGEST[np.dtype(kind).kind]).type,
    "find_common_type": find_common_type,
    "byte_bounds": getattr(np.lib, "array_utils", np).byte_bounds,
    "compat": types.SimpleNamespace(
        asbytes=lambda s: s if isinstance(s, bytes) else str(s).encode("latin1"),
        asstr=lambda s: s.decode("latin1") if isinstance(s, bytes) else str(s),
        long=int,
        unicode=str,
        basestring=str,
    ),
    "safe_eval": ast.literal_eval,
    "disp": lambda text, device=None, linefeed=True: print(text, end="\n" if linefeed else ""),
    "deprecate": _deprecate,
    "deprecate_with_doc": lambda text: _deprecate,
    "add_newdoc": _nothing,
    "add_newdocs": _nothing,
    "set_string_function": _nothing,
    "set_numeric_ops": _nothing,
    "who": _nothing,
    "lookfor": _nothing,
    "source": _source,
    "geterrobj": lambda: [8192, 521, None],
    "tracemalloc_domain": 389047,
    "fastCopyAndTranspose": lambda a: np.array(np.transpose(a), copy=True),
    "format_parser": np.rec.format_parser,
    "recfromcsv": partial(np.genfromtxt, delimiter=",", names=True, dtype=None),
    "recfromtxt": partial(np.genfromtxt, dtype=None),
    "mafromtxt": partial(np.genfromtxt, usemask=True),
    "loads": pickle.loads,
    "VisibleDeprecationWarning": np.exceptions.VisibleDeprecationWarning,
    "ComplexWarning": np.exceptions.ComplexWarning,
    "ModuleDeprecationWarning": DeprecationWarning,
    "RankWarning": np.exceptions.RankWarning,
    "TooHardError": np.exceptions.TooHardError,
    "AxisError": np.exceptions.AxisError,
}
LIB = (  # modules of numpy.lib, whose functions are numpy's own
    *("arraysetops", "function_base", "index_tricks", "nanfunctions", "npyio", "polynomial"),
    *("shape_base", "twodim_base", "type_check", "ufunclike", "utils", "histograms", "arraypad"),
)
CHANGED: dict[str, Any] = {
    **numpy_arithmetic.NAMES,
    **numpy_functions.NAMES,
    "bool": bool,
    "int": int,
    "float": float,
    "long": int,
    "ulong": np.uint64,
    "__version__": VERSION,
}


def module() -> Facade:
    """Returns the facade of numpy."""
    gone = {n: value for n, value in GONE.items() if not hasattr(np, n)}
    changed = types.SimpleNamespace(**CHANGED)
    core = importlib.import_module("numpy._core")  # numpy.core, whose name warns
    testing = Facade("numpy.testing", (np.testing,), {"dec": _decorators(), "Tester": _nothing})
    testing.supply("utils", testing)
    lib = Facade("numpy.lib", (np.lib, changed, np))
    for name in LIB:
        lib.supply(name, lib)
    lib.supply("stride_tricks", Facade("numpy.lib.stride_tricks", (np.lib.stride_tricks, np)))
    linalg = Facade("numpy.linalg", (np.linalg,), {"solve": numpy_functions.solve})
    linalg.supply("linalg", linalg)
    return Facade(
        "numpy",
        (changed, np),
        {
            **gone,
            "random": Facade("numpy.random", (np.random,), numpy_functions.RANDOM),
            "core": Facade(
                "numpy.core",
                (core,),
                {
                    "numeric": Facade("numpy.core.numeric", (core.numeric,), gone),
                    "fromnumeric": Facade("numpy.core.fromnumeric", (core.fromnumeric,), gone),
                    "defchararray": np.char,
                    "umath_tests": Facade(
                        "numpy.core.umath_tests",
                        (),
                        {"inner1d": numpy_functions.inner1d, "matrix_multiply": np.matmul},
                    ),
                },
            ),
            "lib": lib,
            "linalg": linalg,
            "fft": Facade("numpy.fft", (np.fft,), {"fftpack": np.fft}),
            "testing": testing,
        },
    )


def _decorators() -> Any:
    """numpy.testing.dec: marks of tests, which change nothing."""
    return types.SimpleNamespace(
        slow=lambda test: test,
        skipif=lambda *_: lambda test: test,
        knownfailureif=lambda *_: lambda test: test,
        setastest=lambda *_: lambda test: test,
    )
