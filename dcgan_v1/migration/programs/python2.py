"""Python 2 sources as Python 3: translated in memory, with the division and the names
that Python 2 had. The program's files stay as they are."""

import ast
import builtins
import copy
import functools
import io
import math
import operator
import pickle
import re
import string
import tokenize
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dcgan_v1.errors import UserError
from dcgan_v1.migration.programs.families import numpy_arithmetic

ONLY_IN_2 = re.compile(
    r"\bxrange\s*\(|\.iter(items|values|keys)\s*\(|\braw_input\s*\(|\.has_key\s*\("
    r"|^\s*(import|from)\s+(cPickle|urllib2|StringIO|cStringIO|Queue|ConfigParser)\b"
    r"|\bunicode\s*\(|\bbasestring\b|(?<!\.)\blong\s*\(",
    re.MULTILINE,
)
KNOWS_BOTH = re.compile(
    r"\bsix\b|sys\.version|version_info|except (ImportError|NameError)|builtins"
)
IMPORTS = re.compile(r"^\s*(?:from|import)\s+([\w., ]+)", re.MULTILINE)


def text_of(path: Path) -> str:
    """Returns the text of a source file, whatever it is encoded in."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def parses(text: str) -> bool:
    """Whether a text is Python 3."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes
        try:
            ast.parse(text)
        except (SyntaxError, ValueError):
            return False
    return True


def is_python2(text: str) -> bool:
    """Whether a text is Python 2: not to be read as Python 3, or full of what only 2
    had and nothing that tells the two apart."""
    if not parses(text):
        return not parses(text.expandtabs(8))
    code = _without_words(text)
    return bool(ONLY_IN_2.search(code)) and not KNOWS_BOTH.search(code)


def _without_words(text: str) -> str:
    """The text without comments and strings, which speak of anything."""
    lines = text.splitlines()
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return text
    for token in reversed(tokens):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            (row, column), (last, end) = token.start, token.end
            rest = lines[last - 1][end:]
            lines[row - 1 : last] = [lines[row - 1][:column] + rest]
    return "\n".join(lines)


def program_is_python2(main: Path, text: str) -> bool:
    """Whether a program is Python 2: it, or any file of its folder that it imports."""
    waiting, visited = [text], set()
    while waiting:
        source = waiting.pop()
        if is_python2(source):
            return True
        for names in IMPORTS.findall(source):
            for name in re.split(r"[ ,]+", names.partition(" import")[0].strip()):
                near = main.parent / (name.replace(".", "/") + ".py")
                if near not in visited and near.is_file():
                    visited.add(near)
                    waiting.append(text_of(near))
    return False


def parsed(text: str, path: Path, translate: bool) -> ast.Module:
    """Returns the syntax tree of a source text.

    Args:
      text: the source.
      path: its file, for messages.
      translate: whether it is Python 2.

    Raises:
      UserError: it is neither Python 3 nor 2.
    """
    if not translate:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(text if parses(text) else text.expandtabs(8))
        except SyntaxError as error:
            raise UserError(f"{path}:{error.lineno} is not Python 3: {error.msg}") from error
    tree = ast.parse(_translated(text, path))
    if not re.search(r"from __future__ import[^#\n]*\bdivision\b", text):
        tree = ast.fix_missing_locations(_Division().visit(tree))
    return tree


@functools.cache
def _tool(has_print_function: bool) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fissix import refactor

        fixers = refactor.get_fixers_from_package("fissix.fixes")
    # a program's own files are found beside it, with or without a dot
    fixers = [f for f in fixers if not f.endswith("fix_import")]
    return refactor.RefactoringTool(fixers, {"print_function": has_print_function})


def _translated(text: str, path: Path) -> str:
    from fissix.pgen2.parse import ParseError
    from fissix.pgen2.tokenize import TokenError

    text = text.expandtabs(8).replace("\r\n", "\n").rstrip() + "\n"
    for has_print in (bool(re.search(r"import[^#\n]*print_function", text)), True):
        try:
            return str(_tool(has_print).refactor_string(text, str(path)))
        except (ParseError, TokenError, IndentationError) as error:
            last = error
    raise UserError(f"{path} is neither Python 3 nor Python 2: {last}")


class _Division(ast.NodeTransformer):
    """`a / b` of two integers is an integer in Python 2."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        called = ast.Name("__divide_as_python2__", ast.Load())
        return ast.copy_location(ast.Call(called, [node.left, node.right], []), node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        left = copy.deepcopy(node.target)
        left.ctx = ast.Load()
        called = ast.Name("__divide_in_place_as_python2__", ast.Load())
        value = ast.Call(called, [left, node.value], [])
        return ast.copy_location(ast.Assign([node.target], value), node)


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


NAMES = {
    "xrange": range,
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
    return {"pickle": _pickle(), "string": _string()}


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
