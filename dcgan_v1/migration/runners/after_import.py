"""What is done where somebody's file imports a package, and only then: after it, or instead."""

import importlib.abc
import importlib.util
import sys
from collections.abc import Callable, Collection, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType


def call(name: str, set_up: Callable[[], object]) -> None:
    """Calls a function once a package is loaded, before whoever imports it goes on; at once where
    it is loaded already."""
    if name in sys.modules:
        set_up()
    else:
        sys.meta_path.insert(0, _Finder(name, set_up))


def call_instead(name: str, leave: Callable[[], object]) -> None:
    """Calls a function, which does not return, where a package that is there would be loaded."""
    sys.meta_path.insert(0, _Finder(name, leave, is_instead=True))


def load_by(names: Collection[str], load: Callable[[], object]) -> None:
    """Has a function load packages that need each other, and set them up, as soon as one of them is
    imported.

    Args:
      names: of them.
      load: imports them all.
    """
    sys.meta_path.insert(0, _Together(names, load))


def forget_instead() -> None:
    """Has packages loaded again that something else was to be done for."""
    sys.meta_path[:] = [f for f in sys.meta_path if not (isinstance(f, _Finder) and f.is_instead)]


class _Others(importlib.abc.MetaPathFinder):
    """Asks the other finders, which ask this one again."""

    _is_looking = False

    def _spec_of(self, name: str) -> ModuleSpec | None:
        if self._is_looking:
            return None
        self._is_looking = True
        try:
            return importlib.util.find_spec(name)
        finally:
            self._is_looking = False


class _Finder(_Others):
    """Finds the one package as the others would, and has it set up."""

    def __init__(self, name: str, set_up: Callable[[], object], is_instead: bool = False) -> None:
        self.name, self.set_up, self.is_instead = name, set_up, is_instead

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Returns the package's, whose loader goes on to set it up; None for all other names.
        Who only asks whether the package is there does not use this up."""
        spec = self._spec_of(name) if name == self.name else None
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def load_and_set_up(module: ModuleType) -> None:
            if self.is_instead:
                self.set_up()
            load(module)
            sys.meta_path.remove(self)
            self.set_up()

        # of this loader alone: it belongs to this package
        spec.loader.exec_module = load_and_set_up  # type: ignore[method-assign]
        return spec


class _Together(_Others):
    """Finds packages as the others would, and has a function load them all."""

    def __init__(self, names: Collection[str], load: Callable[[], object]) -> None:
        self.names, self.load = names, load

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Returns a package's, whose loader leaves it to the function; None for other names."""
        spec = self._spec_of(name) if name in self.names else None
        if spec is None or spec.loader is None:
            return spec

        def load_all(module: ModuleType) -> None:
            sys.meta_path.remove(self)
            del sys.modules[name]  # the function's own import makes the one that stays
            self.load()

        spec.loader.exec_module = load_all  # type: ignore[method-assign]
        return spec
