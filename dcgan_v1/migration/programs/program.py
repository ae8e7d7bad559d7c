"""A TF1 program's own files: only these see TF1 where they import tensorflow."""

import ast
import builtins
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import types
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dcgan_v1.errors import UserError
from dcgan_v1.migration.programs import (
    notebooks,
    overrides,
    python2,
    python2_names,
    rewriting,
    stand_ins,
)
from dcgan_v1.migration.programs.facade import Facade, Vanished, walk
from dcgan_v1.migration.programs.families import mnist_paths

OURS = Path(__file__).resolve().parents[3]


class Program:
    """A program that can be run.

    Args:
      main: path of its .py or .ipynb.
      facades: name of a module -> what its files see in its place, or a function that makes it.
      settings: name -> value (source text) of top-level assignments to override.
      python: 2 or 3; found out where None.
      origin: the folder that `main` is a copy from: a directory above it that is on the
        path (PYTHONPATH) is the program's, too.
    """

    def __init__(
        self,
        main: Path,
        facades: Mapping[str, types.ModuleType | Callable[[], types.ModuleType]],
        settings: Mapping[str, str] | None = None,
        python: int | None = None,
        origin: Path | None = None,
    ) -> None:
        self.main = main.resolve()
        self.settings = dict(settings or {})
        text = self._text(self.main)
        # what was on the path before belongs to others; what the program adds is its
        before = {Path(p).resolve() for p in sys.path}
        self.origin = origin or self.main.parent
        self.others = {p for p in before if p == OURS or not self.origin.is_relative_to(p)}
        places = [self.main.parent, *sorted(before - self.others)]
        self.is_python2 = (
            python2.program_is_python2(places, text) if python is None else python == 2
        )
        self._builtins = {
            **python2_names.own_builtins(self._import, self.is_python2),
            **rewriting.BUILTINS,
            "open": mnist_paths.open_file,
        }
        self.facades = {
            name: facade
            for name, facade in facades.items()
            if name not in stand_ins.NAMES or not self._has(name)
        }
        own = {"import_module": self._import_module, "reload": _reload}
        self.facades["importlib"] = Facade("importlib", (importlib,), own)
        if self.is_python2:
            self.facades |= python2_names.modules()

    def words(self) -> str:
        """The text of the program's files."""
        near = self.main.parent
        files = [self.main, *near.glob("*.py"), *near.glob("*.ipynb")]
        return " ".join(python2.text_of(path) for path in dict.fromkeys(files))

    def _has(self, name: str) -> bool:
        """Whether the program brings a package of its own."""
        near = self.main.parent / name
        return near.is_dir() or near.with_suffix(".py").is_file()

    def run(self) -> None:
        """Runs it as `__main__`; what it raises passes through."""
        module = types.ModuleType("__main__")
        module.__file__ = str(self.main)
        vars(module)["__builtins__"] = self._builtins
        sys.modules["__main__"] = module
        code = self.code(self.main, self._text(self.main))
        sys.meta_path.insert(0, _Finder(self))
        self._forget_others()
        exec(code, vars(module))

    def _forget_others(self) -> None:
        """A package that TensorFlow has loaded is not the one that the program brings."""
        own = {name for name in stand_ins.NAMES if self._has(name)}
        for name in [name for name in sys.modules if name.partition(".")[0] in own]:
            del sys.modules[name]

    def code(self, path: Path, text: str) -> types.CodeType:
        """Compiles the text of one of its files."""
        tree = python2.parsed(text, path, self.is_python2)
        if path.suffix == ".ipynb":  # there any cell may have them
            tree.body.sort(key=lambda node: not _is_of_future(node))
        if self.settings and path == self.main:
            overrides.override(tree, self.settings, path)
        return compile(rewriting.rewritten(tree), str(path), "exec", dont_inherit=True)

    def prepare(self, module: types.ModuleType) -> None:
        """Gives a module of the program's its own builtins."""
        vars(module)["__builtins__"] = self._builtins

    def _text(self, path: Path) -> str:
        try:
            if path.suffix == ".ipynb":
                return notebooks.code(path)
            return python2.text_of(path)
        except OSError as error:
            raise UserError(f"cannot read {path}: {error.strerror}") from error

    def _import_module(self, name: str, package: str | None = None) -> types.ModuleType:
        if name.startswith("."):
            return importlib.import_module(name, package)
        return self._import(name, fromlist=("__name__",))

    def _import(
        self,
        name: str,
        globals: Any = None,
        locals: Any = None,
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> Any:
        top, _, rest = name.partition(".")
        package = (globals or {}).get("__package__")
        if self.is_python2 and package and not level:  # Python 2 looked beside the file first
            level = 1 if importlib.util.find_spec(f"{package}.{top}") else 0
        if level or top not in self.facades:
            return builtins.__import__(name, globals, locals, fromlist, level)
        facade = self._facade(top)
        module = walk(facade, rest)
        if module is None:
            module = self._behind(facade, name)
        if not fromlist:
            _have_for_pickles(name)
            return facade
        for wanted in fromlist:
            if wanted not in ("*", "__name__") and not hasattr(module, wanted):
                behind = self._behind(facade, f"{name}.{wanted}")
                if isinstance(module, Facade):  # which may be of another name
                    module.supply(wanted, behind)
        return module

    def _facade(self, name: str) -> types.ModuleType:
        facade = self.facades[name]
        if not isinstance(facade, types.ModuleType):
            facade = self.facades[name] = facade()
        return facade

    def _behind(self, facade: types.ModuleType, name: str) -> types.ModuleType:
        """A submodule that nobody supplies: the real one, `tensorflow.python.ops`."""
        try:
            return importlib.import_module(name)
        except ImportError:
            for step in name.split(".")[1:]:
                try:
                    facade = getattr(facade, step)
                except Vanished as error:
                    raise ImportError(str(error)) from None
                except AttributeError:
                    break
            raise ImportError(f"{name} is not supplied") from None


def _reload(module: types.ModuleType) -> types.ModuleType:
    """`reload(sys)` of a module that a facade stands for does nothing."""
    return module if isinstance(module, Facade) else importlib.reload(module)


def _have_for_pickles(name: str) -> None:
    """`pickle` asks a program's import for 'numpy.core.multiarray', then takes Python's own list
    of modules."""
    top = name.partition(".")[0]
    if name not in sys.modules and top in sys.modules and top not in ("tensorflow", "keras"):
        with contextlib.suppress(ImportError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module(name)


def _is_of_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the modules of a program, which are compiled as its main file is."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del target
        where = sys.path if path is None else path
        own = [place for p in where if self._is_own(p or ".") for place in self._shown(p or ".")]
        spec = importlib.machinery.PathFinder.find_spec(name, own) if own else None
        if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
            return spec
        spec.loader = _Loader(self.program, name, spec.origin)
        return spec

    def _shown(self, place: str) -> list[str]:
        """A folder of the program's; one above its copy stands for that above the original, too."""
        folder, near = Path(place).resolve(), self.program.main.parent
        if folder.is_relative_to(near):
            return [place]
        return [place, str((self.program.origin / os.path.relpath(folder, near)).resolve())]

    def _is_own(self, place: str) -> bool:
        folder = Path(place).resolve()
        if folder.is_relative_to(self.program.main.parent):
            return True
        return not any(folder.is_relative_to(other) for other in self.program.others)


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, program: Program, name: str, path: str) -> None:
        super().__init__(name, path)
        self.program = program

    def get_code(self, fullname: str) -> types.CodeType:
        path = Path(self.get_filename(fullname))
        return self.program.code(path, python2.text_of(path))

    def exec_module(self, module: types.ModuleType) -> None:
        self.program.prepare(module)
        super().exec_module(module)
