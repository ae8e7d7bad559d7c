"""A TF1 program's own files: each sees TF1 where it imports tensorflow, and so does no
other module of the process."""

import ast
import builtins
import importlib
import importlib.abc
import importlib.machinery
import json
import re
import sys
import types
from pathlib import Path

from dcgan_v1.errors import UserError, reason
from dcgan_v1.legacy import python2
from dcgan_v1.legacy.facade import Vanished, walk

MAGIC = re.compile(r"^(\s*)[%!?].*$", re.MULTILINE)


class Program:
    """A program that can be run.

    Args:
      main: path of its .py or .ipynb.
      facades: name of a module -> Facade that its files see in its place.
      settings: name -> value (source text) of top-level assignments to override.
      python: 2 or 3; found out where None.
    """

    def __init__(self, main, facades, settings=None, python=None):
        self.main, self.facades = Path(main).resolve(), facades
        self.settings = dict(settings or {})
        text = self._text(self.main)
        found = python2.program_is_python2(self.main, text)
        self.is_python2 = found if python is None else python == 2
        self._builtins = python2.own_builtins(self._import, self.is_python2)
        self.facades = dict(facades)
        if self.is_python2:
            self.facades["pickle"] = python2.pickle_of_python2()

    def run(self):
        """Runs it as `__main__`; what it raises passes through."""
        module = types.ModuleType("__main__")
        module.__file__ = str(self.main)
        module.__builtins__ = self._builtins
        sys.modules["__main__"] = module
        code = self.code(self.main, self._text(self.main))
        sys.meta_path.insert(0, _Finder(self))
        exec(code, vars(module))

    def code(self, path, text):
        tree = python2.parsed(text, path, self.is_python2)
        if self.settings and path == self.main:
            _override(tree, self.settings, path)
        return compile(tree, str(path), "exec", dont_inherit=True)

    def prepare(self, module):
        """Gives a module of the program's its own builtins."""
        module.__builtins__ = self._builtins

    def _text(self, path):
        try:
            if path.suffix == ".ipynb":
                return notebook(path)
            return python2.text_of(path)
        except OSError as error:
            raise UserError(f"cannot read {path}: {error.strerror}") from error

    def _import(self, name, globals=None, locals=None, fromlist=(), level=0):
        top, _, rest = name.partition(".")
        if level or top not in self.facades:
            return builtins.__import__(name, globals, locals, fromlist, level)
        facade = self.facades[top]
        found = walk(facade, rest)
        if found is None:
            found = self._behind(facade, name)
        if not fromlist:
            return facade
        for wanted in fromlist:
            if wanted != "*" and not hasattr(found, wanted):
                self._behind(found, f"{name}.{wanted}")
        return found

    def _behind(self, facade, name):
        """A submodule that nobody supplies: the real one, `tensorflow.python.ops`."""
        try:
            return importlib.import_module(name)
        except ImportError:
            try:
                getattr(facade, name.rpartition(".")[2])
            except Vanished as error:
                raise ImportError(str(error)) from None
            except AttributeError:
                pass
            raise ImportError(f"{name} is not supplied") from None


def _override(tree, settings, path):
    """Gives top-level assignments of a program other values."""
    left = set(settings)
    for node in tree.body:
        for target in getattr(node, "targets", []):
            if isinstance(target, ast.Name) and target.id in settings:
                node.value = ast.copy_location(_value(target.id, settings), node.value)
                left.discard(target.id)
    ast.fix_missing_locations(tree)
    if left:
        raise UserError(
            f"--set: {path.name} sets no {sorted(left)[0]} at its top level"
        )


def _value(name, settings):
    try:
        return ast.parse(settings[name], mode="eval").body
    except SyntaxError as error:
        raise UserError(
            f"--set {name}: {settings[name]!r} is no Python value"
        ) from error


def notebook(path):
    """Returns the code of a notebook's cells in order; magics do nothing."""
    try:
        read = json.loads(path.read_text("utf-8"))
        cells = read.get("cells") or [c for w in read["worksheets"] for c in w["cells"]]
        sources = [c.get("source", c.get("input", "")) for c in cells
                   if c.get("cell_type") == "code"]  # fmt: skip
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise UserError(f"{path} is no notebook: {reason(error)}") from error
    return "\n".join(MAGIC.sub(r"\1pass", "".join(source)) for source in sources)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the modules of a program, which are compiled as its main file is."""

    def __init__(self, program):
        self.program = program
        self.roots = {str(program.main.parent)}

    def find_spec(self, name, path=None, target=None):
        del target
        where = path if path is not None else [*sys.path]
        own = [p or "." for p in where if self._is_own(p or ".")]
        spec = importlib.machinery.PathFinder.find_spec(name, own) if own else None
        if spec is None or not (spec.origin or "").endswith(".py"):
            return spec
        spec.loader = _Loader(self.program, name, spec.origin)
        return spec

    def _is_own(self, place):
        return any(Path(place).resolve().is_relative_to(r) for r in self.roots)


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, program, name, path):
        super().__init__(name, path)
        self.program = program

    def get_code(self, fullname):
        path = Path(self.get_filename(fullname))
        return self.program.code(path, python2.text_of(path))

    def exec_module(self, module):
        self.program.prepare(module)
        super().exec_module(module)
