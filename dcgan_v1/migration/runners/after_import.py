"""What is done to a package as soon as somebody's file imports it, and only then."""

import importlib.abc
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType


def call(name: str, set_up: Callable[[], object]) -> None:
    """Calls a function once a package is loaded, before whoever imports it goes on; at once where
    it is loaded already."""
    if name in sys.modules:
        set_up()
    else:
        sys.meta_path.insert(0, _Finder(name, set_up))


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the one package as the others would, and has it set up."""

    def __init__(self, name: str, set_up: Callable[[], object]) -> None:
        self.name, self.set_up, self._is_looking = name, set_up, False

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Returns the package's, whose loader goes on to set it up; None for all other names.
        Who only asks whether the package is there does not use this up."""
        if name != self.name or self._is_looking:
            return None
        self._is_looking = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._is_looking = False
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def load_and_set_up(module: ModuleType) -> None:
            load(module)
            sys.meta_path.remove(self)
            self.set_up()

        # of this loader alone: it belongs to this package
        spec.loader.exec_module = load_and_set_up  # type: ignore[method-assign]
        return spec
