"""Gives modules and classes of other packages names that they had once, where they have them not.

For classes and for packages with many modules, where a facade would have to stand for each. It adds
names alone; it holds for this process, which runs one old program.
"""

import functools
import types
from collections.abc import Callable, Mapping
from typing import Any

from dcgan_v1.migration.programs.facade import USED


def add_names(owner: Any, names: Mapping[str, Any], label: str) -> None:
    """Adds those of `names` that `owner` lacks.

    Args:
      owner: a module or a class.
      names: name -> function, property or value.
      label: what a report calls the owner, 'matplotlib.pyplot'.
    """
    for name, value in names.items():
        if not hasattr(owner, name):
            is_function = isinstance(value, types.FunctionType)
            setattr(owner, name, _noted(f"{label}.{name}", value) if is_function else value)


def wrap(owner: Any, name: str, around: Callable[..., Any]) -> None:
    """Has `around(plain, *arguments, **options)` take the place of a function or method.

    Args:
      owner: the module or class.
      name: of its function or method.
      around: is given the plain one first, then what it is called with.
    """
    plain = getattr(owner, name, None)
    if plain is None:
        return

    @functools.wraps(plain)
    def wrapper(*arguments: Any, **options: Any) -> Any:
        return around(plain, *arguments, **options)

    setattr(owner, name, wrapper)


def without(*names: str, **renamed: str) -> Callable[..., Any]:
    """Returns an `around` that leaves out arguments, and gives others their new name."""

    def around(plain: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        for name in names:
            options.pop(name, None)
        for old, new in renamed.items():
            if old in options:
                options[new] = options.pop(old)
        return plain(*arguments, **options)

    return around


def _noted(label: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*arguments: Any, **options: Any) -> Any:
        USED.setdefault(label, "")
        return function(*arguments, **options)

    return wrapper
