"""A user's functions: found by 'file.py:name' or 'module:name', and called."""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from dcgan_v1.errors import UserError, reason


def find(target: str) -> Callable[..., object]:
    """Returns the function of 'file.py:name' or 'module:name'.

    Raises:
      UserError: there is none, or its file cannot be imported.
    """
    place, _, name = target.rpartition(":")
    if not place or not name:
        raise UserError(f"{target!r} names no function; write it as port.py:new")
    try:
        module = _imported(place)
    except UserError:
        raise
    except Exception as error:  # whatever the user's file raises
        raise UserError(f"{place} cannot be imported: {_text(error)}") from error
    function = getattr(module, name, None)
    if not callable(function):
        functions = [n for n, f in vars(module).items() if inspect.isfunction(f)]
        hint = f"; it has {', '.join(functions[:6])}" if functions else ""
        raise UserError(f"{place} has no function {name}{hint}")
    return function


def _imported(place: str) -> ModuleType:
    if not place.endswith(".py"):
        return importlib.import_module(place)
    path = Path(place).resolve()
    if not path.is_file():
        raise UserError(f"{place} does not exist")
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def call(
    function: Callable[..., object], target: str, dtype: str | None = None, **options: Any
) -> object:
    """Calls a user's function.

    Args:
      function: of `target`, which names it in messages.
      dtype: given to it where it takes one.
      options: given to it.

    Raises:
      UserError: it raises whatever it may.
    """
    if dtype and "dtype" in inspect.signature(function).parameters:
        options["dtype"] = dtype
    try:
        return function(**options)
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"{target} failed: {_text(error)}") from error


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {reason(error, 200)}"
