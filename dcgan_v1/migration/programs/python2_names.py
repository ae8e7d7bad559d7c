"""Builtins and modules of the standard library as a Python 2 program's files find them."""

import builtins
import codecs
import functools
import math
import operator
import pickle
import string
import sys
import types
from collections.abc import Callable
from typing import Any

from dcgan_v1.migration.programs.facade import Facade
from dcgan_v1.migration.programs.families.packages import numpy_arithmetic
from dcgan_v1.migration.programs.families.python import standard_library


def divide(a: Any, b: Any) -> Any:
    """Python 2's `/`: of integers, arrays of integers and TF1's dimensions, floor."""
    if all(_is_integer(x) for x in (a, b)):
        return a // b
    return numpy_arithmetic.FUNCTIONS["truediv"](a, b)


def divide_in_place(a: Any, b: Any) -> Any:
    """`a /= b`: an array is changed where it is."""
    if all(_is_integer(x) for x in (a, b)):
        return operator.ifloordiv(a, b)
    return operator.itruediv(a, numpy_arithmetic.right_operand(a, b))


def _is_integer(x: Any) -> bool:
    dtype = getattr(x, "dtype", None)
    is_tensor = bool(getattr(dtype, "is_integer", False))  # TensorFlow's dtype
    is_array = getattr(dtype, "kind", None) in ("i", "u")
    return isinstance(x, int) or is_array or is_tensor or _is_dimension(x)


def _is_dimension(x: Any) -> bool:
    return type(x).__name__ == "Dimension"


def compare(a: Any, b: Any) -> int:
    """`cmp`."""
    return (a > b) - (a < b)


def sort(owner: Any, *arguments: Any, **options: Any) -> Any:
    """`owner.sort(...)`, whatever it is of."""
    if not isinstance(owner, list):
        return owner.sort(*arguments, **options)
    owner[:] = _sorted(owner, *arguments, **options)
    return None


def attribute(owner: Any, name: str) -> Any:
    """`owner.message` of any exception, `owner.decode(...)` of a text."""
    if isinstance(owner, BaseException) and not hasattr(owner, name):
        return owner.args[0] if len(owner.args) == 1 else ""
    if isinstance(owner, str) and name == "decode":
        return functools.partial(_decoded, owner)
    return getattr(owner, name)


def _decoded(text: str, encoding: str = "ascii", errors: str = "strict") -> str:
    """`text.decode(...)`: a text already, but for what codecs do that are of no alphabet."""
    encoding = {"string_escape": "unicode_escape", "string-escape": "unicode_escape"}.get(
        encoding, encoding
    )
    codec = codecs.lookup(encoding)
    if codec.name == "rot-13":
        return codecs.decode(text, "rot13")
    if codec._is_text_encoding and "escape" not in codec.name:
        return text
    found = codec.decode(text.encode("latin1"), errors)[0]
    return found.decode("latin1") if isinstance(found, bytes) else str(found)


def _sorted(
    iterable: Any,
    cmp: Callable[[Any, Any], int] | None = None,
    key: Callable[[Any], Any] | None = None,
    reverse: bool = False,
) -> list[Any]:
    """`sorted`, with a function that compares two."""
    if cmp is None:
        return sorted(iterable, key=key, reverse=reverse)
    of_two = functools.cmp_to_key(cmp)
    return sorted(iterable, key=lambda x: of_two(key(x) if key else x), reverse=reverse)


NAMES = {
    "xrange": range,
    "sorted": _sorted,
    "__sort_as_python2__": sort,
    "__attribute_as_python2__": attribute,
    "raw_input": input,
    "unicode": str,
    "long": int,
    "basestring": str,
    "reduce": functools.reduce,
    "unichr": chr,
    "cmp": compare,
    "file": open,
    "__divide_as_python2__": divide,
    "__divide_in_place_as_python2__": divide_in_place,
}


def own_builtins(import_function: Callable[..., Any], translate: bool) -> dict[str, Any]:
    """Returns the builtins of a program's files."""
    names = {**vars(builtins), "__import__": import_function}
    return {**names, **NAMES, "round": _round} if translate else names


def _round(number: float, digits: int = 0) -> float:
    """Python 2's gave a float, and rounded halves away from zero."""
    scale = 10.0**digits
    return math.copysign(math.floor(abs(number) * scale + 0.5) / scale, number)


def modules() -> dict[str, types.ModuleType]:
    """Returns name -> module of the standard library as Python 2 had it."""
    names = {**standard_library.NAMES["sys"][1], "setdefaultencoding": lambda _: None}
    return {"pickle": _pickle(), "string": _string(), "sys": Facade("sys", (sys,), names)}


def _pickle() -> types.ModuleType:
    """Reads what Python 2 wrote: strings of bytes, arrays in them."""
    module = _copy_of(pickle)

    def load(file: Any, encoding: str = "latin1", **options: Any) -> Any:
        # opened as text, which was the same in Python 2
        return pickle.load(getattr(file, "buffer", file), encoding=encoding, **options)

    def loads(data: bytes, encoding: str = "latin1", **options: Any) -> Any:
        return pickle.loads(data, encoding=encoding, **options)

    def dump(value: Any, file: Any, protocol: int = 2) -> None:
        pickle.dump(value, getattr(file, "buffer", file), protocol)

    vars(module).update(load=load, loads=loads, dump=dump)
    return module


def _string() -> types.ModuleType:
    module = _copy_of(string)
    vars(module).update(
        letters=string.ascii_letters,
        lowercase=string.ascii_lowercase,
        uppercase=string.ascii_uppercase,
        maketrans=str.maketrans,
        join=lambda words, between=" ": between.join(words),
    )
    for name in ("lower", "upper", "split", "strip", "replace", "find", "zfill"):
        setattr(module, name, getattr(str, name))
    return module


def _copy_of(module: types.ModuleType) -> types.ModuleType:
    copied = types.ModuleType(module.__name__)
    vars(copied).update({k: v for k, v in vars(module).items() if k != "__name__"})
    return copied
