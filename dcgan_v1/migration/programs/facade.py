"""Modules as a TF1 program knew them: own names before those of the modules behind."""

import types

USED: dict[str, str] = {}  # 'tf.contrib.layers.batch_norm' -> how it computes something else, or ''


class Vanished(AttributeError):
    """A name that TF1 had, which is not here and for which nothing is supplied."""


class Missing(ImportError):
    """A package was needed after all, which is not installed."""


class Facade(types.ModuleType):
    """Stands for a module.

    Args:
      name: what messages call it, 'tf.contrib.layers'.
      behind: modules that are asked for what it does not supply itself.
      supplied: name -> object that takes the place of a vanished one.
      differs: name -> how its substitute computes something else than TF1 did.
      hints: name -> what stands for a name that is not supplied.
    """

    def __init__(self, name, behind=(), supplied=None, differs=None, hints=None):
        super().__init__(name)
        self.__path__ = []
        self._behind, self._supplied = tuple(behind), dict(supplied or {})
        self._differs, self._hints = differs or {}, hints or {}
        # all of these is supplied, by packages that carry it
        self._is_gone = name.startswith(("tf.contrib", "keras"))

    def __getattr__(self, name):
        if name == "__all__":
            return [n for n in dir(self) if not n.startswith("_")]
        if name in self._supplied:
            found = self._supplied[name]
            if not isinstance(found, types.ModuleType):
                USED[f"{self.__name__}.{name}"] = self._differs.get(name, "")
            return found
        for module in self._behind:
            if hasattr(module, name):
                if self._is_gone and not name.startswith("__"):
                    USED.setdefault(f"{self.__name__}.{name}", "")
                return self._wrapped(name, getattr(module, name))
        if name.startswith("__"):
            raise AttributeError(name)
        raise Vanished(f"{self.__name__}.{name}{self._hint(name)}")

    def supply(self, name, module):
        """Adds a module that needs this one."""
        self._supplied[name] = module

    def _wrapped(self, name, found):
        """TensorFlow's own modules say where a name is missing, as this one does."""
        is_module = isinstance(found, types.ModuleType) and not isinstance(found, Facade)
        if is_module and found.__name__.startswith("tensorflow._api"):
            found = Facade(f"{self.__name__}.{name}", (found,))
            self.supply(name, found)
        return found

    def _hint(self, name):
        hint = self._hints.get(name) or self._hints.get("")
        return f"; {hint}" if hint else ""

    def __dir__(self):
        # 'concat_v2' in dir(tf) is how programs tell versions apart: 1.15's names only
        return sorted(
            {name for module in self._behind for name in dir(module)}
            | {n for n, v in self._supplied.items() if isinstance(v, types.ModuleType)}
        )


def walk(facade, path):
    """Returns what 'a.b.c' below a facade is, or None where a step has no such name."""
    for name in path.split(".") if path else []:
        facade = getattr(facade, name, None)
        if facade is None:
            return None
    return facade
