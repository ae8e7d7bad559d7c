"""Functions of numpy 1 that took, or gave, something else: ragged arrays, `normed`, pickles."""

import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dcgan_v1.migration.programs import mnist_files
from dcgan_v1.migration.programs.facade import USED
from dcgan_v1.migration.programs.families.packages import numpy_arithmetic, numpy_counts

PLAIN: Any = np  # for calls whose arguments are a program's
RAGGED = ("inhomogeneous", "could not broadcast")  # in what numpy 2 says


def _or_of_objects(make: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Rows of unlike lengths made an array of objects; integers that a type does not hold wrapped
    around."""

    def array(*arguments: Any, **options: Any) -> np.ndarray:
        try:
            return make(*arguments, **options)
        except OverflowError:
            rows, *of_type = arguments
            wrapped = np.asarray(rows).astype(of_type[0] if of_type else options.get("dtype"))
            return make(wrapped, *arguments[1:], **options)
        except ValueError as error:
            has_type = len(arguments) > 1 or options.get("dtype") is not None
            if has_type or not any(words in str(error) for words in RAGGED):
                raise
            USED.setdefault("numpy arrays of rows of unlike lengths", "")
            return _objects(arguments[0] if arguments else options["object"])

    return array


def _objects(rows: Any) -> np.ndarray:
    """As deep as rows are of one length."""
    try:
        return np.array(rows, dtype=object)
    except ValueError:  # arrays that differ behind their first axis
        pass
    made = np.empty(len(rows), object)
    for i, row in enumerate(rows):
        made[i] = row
    return made


def array(object: Any, dtype: Any = None, *, copy: bool = True, **options: Any) -> np.ndarray:
    """numpy 2 refuses `copy=False` where it must copy; before, it copied."""
    make = np.array if copy else np.asarray
    return _or_of_objects(make)(object, **({} if dtype is None else {"dtype": dtype}), **options)


def full(shape: Any, fill_value: Any, dtype: Any = None, order: Any = "C") -> np.ndarray:
    value = fill_value if dtype is None else numpy_arithmetic.wrapped(fill_value, np.dtype(dtype))
    return PLAIN.full(shape, value, dtype, order)


def clip(a: Any, a_min: Any, a_max: Any, out: Any = None, **options: Any) -> Any:
    """Bounds that an array's type does not hold give it a larger one."""
    bounds = [None if x is None else numpy_arithmetic.operands(a, x)[1] for x in (a_min, a_max)]
    return PLAIN.clip(a, *bounds, out=out, **options)


def unique(ar: Any, *arguments: Any, **options: Any) -> Any:
    """The way back from what is unique was flat, whatever shape the array has."""
    found = PLAIN.unique(ar, *arguments, **options)
    names = ("return_index", "return_inverse", "return_counts", "axis")
    given = {**dict(zip(names, arguments, strict=False)), **options}
    if not given.get("return_inverse") or given.get("axis") is not None:
        return found
    at = 1 + bool(given.get("return_index"))
    return (*found[:at], np.ravel(found[at]), *found[at + 1 :])


def linspace(start: Any, stop: Any, num: Any = 50, *arguments: Any, **options: Any) -> Any:
    """Between scalars in float64, whatever their type; 50.0 is a count, too."""
    ends = [x.item() if isinstance(x, np.floating) else x for x in (start, stop)]
    return PLAIN.linspace(*ends, int(num), *arguments, **options)


def issubdtype(arg1: Any, arg2: Any) -> bool:
    """`float` stood for any floating type, as every name of a type did for its kind."""
    is_kind = isinstance(arg2, np.dtype) or (
        isinstance(arg2, type) and issubclass(arg2, np.generic)
    )
    return PLAIN.issubdtype(arg1, arg2 if is_kind else np.dtype(arg2).type.mro()[1])


def can_cast(from_: Any, to: Any, casting: str = "safe") -> bool:
    """Of a number, by its value."""
    if type(from_) in (int, float, complex):
        from_ = np.min_scalar_type(from_)
    return PLAIN.can_cast(from_, to, casting)


def where(condition: Any, *choices: Any) -> Any:
    """Between two scalars the larger type wins."""
    return (
        PLAIN.where(condition, *numpy_arithmetic.operands(*choices))
        if choices
        else PLAIN.where(condition)
    )


def genfromtxt(fname: Any, *arguments: Any, encoding: Any = "bytes", **options: Any) -> Any:
    """Texts were bytes."""
    return PLAIN.genfromtxt(fname, *arguments, encoding=encoding, **options)


def solve(a: Any, b: Any) -> np.ndarray:
    """`b` of one dimension less than `a` was a stack of vectors."""
    if np.ndim(b) > 1 and np.ndim(b) == np.ndim(a) - 1:
        return PLAIN.linalg.solve(a, np.asarray(b)[..., None])[..., 0]
    return PLAIN.linalg.solve(a, b)


def reshape(
    a: Any, shape: Any = None, order: Any = "C", *, newshape: Any = None, **options: Any
) -> np.ndarray:
    """`newshape` was the name of `shape`."""
    return np.reshape(a, newshape if shape is None else shape, order=order, **options)


def unravel_index(indices: Any, shape: Any = None, order: Any = "C", *, dims: Any = None) -> Any:
    """`dims` was the name of `shape`."""
    return np.unravel_index(indices, dims if shape is None else shape, order)


def asscalar(a: np.ndarray) -> Any:
    return a.item()


def asfarray(a: Any, dtype: Any = np.float64) -> np.ndarray:
    return np.asarray(a, dtype if np.issubdtype(dtype, np.inexact) else np.float64)


def fromstring(string: Any, dtype: Any = float, count: int = -1, sep: str = "") -> np.ndarray:
    """Of bytes, which numpy 2 leaves to `frombuffer`, or of a text."""
    if sep:
        return np.fromstring(string, dtype, count, sep=sep)
    data = string.encode("latin1") if isinstance(string, str) else string
    return np.frombuffer(data, dtype, count).copy()


def nonzero(a: Any) -> Any:
    """A scalar counted as an array of one."""
    return np.nonzero(np.atleast_1d(a))


def load(
    file: Any,
    mmap_mode: Any = None,
    allow_pickle: bool = True,
    fix_imports: bool = True,
    encoding: Any = "latin1",
) -> Any:
    """Pickles inside were read without `allow_pickle` until 1.16.3."""
    path = mnist_files.available(file)
    return np.load(path, mmap_mode, allow_pickle, fix_imports, encoding)


def fromfile(file: Any, *arguments: Any, **options: Any) -> np.ndarray:
    return np.fromfile(mnist_files.available(file), *arguments, **options)


def _of_any(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of arrays that took them from a generator, too."""

    def of_arrays(arrays: Any, *arguments: Any, **options: Any) -> Any:
        is_made = isinstance(arrays, Iterator)
        return function(list(arrays) if is_made else arrays, *arguments, **options)

    return of_arrays


def inner1d(a: Any, b: Any) -> Any:
    """[..., n], [..., n] -> [...]: the sum of the products."""
    return np.einsum("...i,...i->...", a, b)


def total(a: Any, *arguments: Any, **options: Any) -> Any:
    """Of a generator, too."""
    if isinstance(a, types.GeneratorType):
        return sum(a)
    return np.sum(a, *arguments, **options)


def save(file: Any, arr: Any, *arguments: Any, **options: Any) -> None:
    """Of ragged rows, too."""
    np.save(file, arr if isinstance(arr, np.ndarray) else array(arr), *arguments, **options)


def _normed(function: Callable[..., Any]) -> Callable[..., Any]:
    """`normed` was the name of `density`."""

    def histogram(*arguments: Any, normed: Any = None, **options: Any) -> Any:
        if normed is not None:
            options["density"] = bool(normed)
        return function(*arguments, **options)

    return histogram


def _of_rows(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of numpy.random that takes rows of unlike lengths."""

    def draw(a: Any, *arguments: Any, **options: Any) -> Any:
        return function(array(a) if isinstance(a, list) else a, *arguments, **options)

    return draw


def random_integers(low: int, high: int | None = None, size: Any = None) -> Any:
    """Both ends are drawn."""
    first, last = (1, low) if high is None else (low, high)
    return np.random.randint(first, last + 1, size)  # noqa: NPY002


STACKS = ("stack", "vstack", "hstack", "dstack", "column_stack")
NAMES: dict[str, Any] = {
    "array": array,
    "asarray": _or_of_objects(np.asarray),
    "asanyarray": _or_of_objects(np.asanyarray),
    "asscalar": asscalar,
    "asfarray": asfarray,
    "clip": clip,
    "frombuffer": numpy_counts.counting(np.frombuffer),
    "fromfile": numpy_counts.counting(fromfile),
    "fromstring": numpy_counts.counting(fromstring),
    "full": full,
    "genfromtxt": genfromtxt,
    "histogram": _normed(np.histogram),
    "can_cast": can_cast,
    "histogram2d": _normed(np.histogram2d),
    "histogramdd": _normed(np.histogramdd),
    "issubdtype": issubdtype,
    "linspace": linspace,
    "load": load,
    "nonzero": nonzero,
    "reshape": reshape,
    "save": save,
    "sum": total,
    "unique": unique,
    "unravel_index": unravel_index,
    "where": where,
    **{name: _of_any(getattr(np, name)) for name in STACKS},
}
RANDOM: dict[str, Any] = {
    "permutation": _of_rows(np.random.permutation),
    "random_integers": random_integers,
}
