"""Modules as a TF1 program knew them: own names before those of the modules behind."""

import sys
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

USED: dict[str, str] = {}  # 'tf.contrib.layers.batch_norm' -> how it computes something else, or ''


class Vanished(AttributeError):
    """A name that TF1 had, which is not here and for which nothing is supplied."""


class Missing(ImportError):
    """A package was needed after all, which is not installed."""


class Lazy:
    """A module of a facade's that is made when it is first asked for."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


class Facade(types.ModuleType):
    """Stands for a module.

    Args:
      name: what messages call it, 'tf.contrib.layers'.
      behind: modules that are asked for what it does not supply itself.
      supplied: name -> object that takes the place of a vanished one.
      differs: name -> how its substitute computes something else than TF1 did.
      hints: name -> what stands for a name that is not supplied.
    """

    def __init__(
        self,
        name: str,
        behind: Sequence[Any] = (),
        supplied: Mapping[str, Any] | None = None,
        differs: Mapping[str, str] | None = None,
        hints: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self._behind, self._supplied = tuple(behind), dict(supplied or {})
        self._differs, self._hints = dict(differs or {}), dict(hints or {})
        # all of these is supplied, by packages that carry it
        self._is_gone = name.startswith(("tf.contrib", "keras"))

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return [n for n in dir(self) if not n.startswith("_")]
        if name in self._supplied:
            value = self._supplied[name]
            if isinstance(value, Lazy):
                value = self._supplied[name] = value.make()
            if not isinstance(value, types.ModuleType):
                USED[f"{self.__name__}.{name}"] = self._differs.get(name, "")
            return value
        for module in self._behind:
            if hasattr(module, name):
                if self._is_gone and not name.startswith("__"):
                    USED.setdefault(f"{self.__name__}.{name}", "")
                return self._wrapped(name, getattr(module, name))
        if name.startswith("__"):
            raise AttributeError(name)
        raise Vanished(f"{self.__name__}.{name}{self._hint(name)}")

    def __setattr__(self, name: str, value: Any) -> None:
        """What a program assigns to a module of Python's is assigned there: `sys.stdout`."""
        plain = self._plain()
        if plain is None or name.startswith("_") or self.has(name):
            super().__setattr__(name, value)
        else:
            setattr(plain, name, value)

    def _plain(self) -> types.ModuleType | None:
        """The module of the standard library that this one stands for."""
        behind = vars(self).get("_behind") or (None,)
        name = getattr(behind[-1], "__name__", "").partition(".")[0]
        return behind[-1] if name in sys.stdlib_module_names else None

    def has(self, name: str) -> bool:
        """Whether it supplies a name itself."""
        return name in self._supplied

    def supply(self, name: str, module: Any) -> None:
        """Adds a module that needs this one."""
        self._supplied[name] = module

    def _wrapped(self, name: str, value: Any) -> Any:
        """TensorFlow's own modules say where a name is missing, as this one does."""
        is_module = isinstance(value, types.ModuleType) and not isinstance(value, Facade)
        if is_module and value.__name__.startswith("tensorflow._api"):
            value = Facade(f"{self.__name__}.{name}", (value,))
            self.supply(name, value)
        return value

    def _hint(self, name: str) -> str:
        hint = self._hints.get(name) or self._hints.get("")
        return f"; {hint}" if hint else ""

    def __dir__(self) -> list[str]:
        # 'concat_v2' in dir(tf) is how programs tell versions apart: 1.15's names only
        return sorted(
            {name for module in self._behind for name in dir(module)}
            | {n for n, v in self._supplied.items() if isinstance(v, types.ModuleType | Lazy)}
        )


def walk(facade: Any, path: str) -> Any:
    """Returns what 'a.b.c' below a facade is, or None where a step has no such name."""
    for name in path.split(".") if path else []:
        facade = getattr(facade, name, None)
        if facade is None:
            return None
    return facade
