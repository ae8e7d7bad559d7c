"""Texts that the standard library wrote or took in 3.5 to 3.7: enums, patterns, signatures."""

import enum
import plistlib
import re
import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dcgan_v1.migration.programs.facade import Facade

PATTERNS = (
    "compile",
    "match",
    "fullmatch",
    "search",
    "sub",
    "subn",
    "split",
    "findall",
    "finditer",
)


class IntEnum(enum.IntEnum):
    """`str` of a member is 'Kind.name'; since 3.11 it is the number."""

    __str__ = enum.Enum.__str__

    def __format__(self, spec: str) -> str:
        return format(int(self), spec)


def _largest_first(member: enum.Flag) -> str:
    if member._name_ is None:  # no flag, or a number that none has
        return f"{type(member).__name__}.{member._value_}"
    kind, _, names = enum.Enum.__str__(member).partition(".")
    return f"{kind}.{'|'.join(reversed(names.split('|')))}"


class Flag(enum.Flag):
    """`str` of several is 'Kind.second|first'."""

    __str__ = _largest_first


class IntFlag(enum.IntFlag):
    """`str` of several is 'Kind.second|first'; since 3.11 it is the number."""

    __str__ = _largest_first

    def __format__(self, spec: str) -> str:
        return format(int(self), spec)


def with_flags_first(pattern: Any) -> Any:
    """'a(?i)b' was taken for '(?i)ab' until 3.11, which refuses it."""
    if not isinstance(pattern, str | bytes):
        return pattern
    try:
        re.compile(pattern)
    except re.error:
        flags: Any = r"(?<!\\)\(\?([aiLmsux]+)\)"
        flags = flags if isinstance(pattern, str) else flags.encode()
        text: Any = pattern
        joined: Any = text[:0].join(re.findall(flags, text))
        start: Any = f"(?{joined})" if isinstance(joined, str) else b"(?" + joined + b")"
        return start + re.sub(flags, text[:0], text) if joined else pattern
    return pattern


def _of_pattern(function: Callable[..., Any]) -> Callable[..., Any]:
    def found(pattern: Any, *arguments: Any, **options: Any) -> Any:
        return function(with_flags_first(pattern), *arguments, **options)

    found.__name__ = function.__name__
    return found


def formatargspec(
    args: Sequence[str],
    varargs: str | None = None,
    varkw: str | None = None,
    defaults: Sequence[Any] | None = None,
    kwonlyargs: Sequence[str] = (),
    kwonlydefaults: Mapping[str, Any] | None = None,
    *_: Any,
    **__: Any,
) -> str:
    """'(a, b=1, *c, d, **e)', without annotations."""
    first = len(args) - len(defaults or ())
    words = [
        name if i < first else f"{name}={(defaults or ())[i - first]!r}"
        for i, name in enumerate(args)
    ]
    if varargs or kwonlyargs:
        words.append(f"*{varargs or ''}")
    given = kwonlydefaults or {}
    words += [f"{name}={given[name]!r}" if name in given else name for name in kwonlyargs]
    words += [f"**{varkw}"] if varkw else []
    return f"({', '.join(words)})"


def _read_plist(place: Any) -> Any:
    return plistlib.loads(Path(place).read_bytes() if isinstance(place, str) else place.read())


def _write_plist(value: Any, place: Any) -> None:
    text = plistlib.dumps(value)
    _ = Path(place).write_bytes(text) if isinstance(place, str) else place.write(text)


PLISTS = {
    "readPlist": _read_plist,
    "writePlist": _write_plist,
    "readPlistFromBytes": plistlib.loads,
    "writePlistToBytes": plistlib.dumps,
}
INSPECT = {"formatargspec": formatargspec}


def modules() -> dict[str, types.ModuleType]:
    """Returns name -> module of the standard library."""
    kinds = types.SimpleNamespace(**{kind.__name__: kind for kind in (IntEnum, Flag, IntFlag)})
    patterns = types.SimpleNamespace(**{n: _of_pattern(getattr(re, n)) for n in PATTERNS})
    return {
        "enum": Facade("enum", (kinds, enum)),
        "plistlib": Facade("plistlib", (plistlib,), PLISTS),
        "re": Facade("re", (patterns, re)),
    }
