"""Translates Python 2 sources to Python 3 in memory, with Python 2's division and names.

The program's files stay as they are."""

import ast
import copy
import functools
import io
import re
import tokenize
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dcgan_v1.errors import UserError

ONLY_IN_2 = re.compile(
    r"\bxrange\s*\(|\.iter(items|values|keys)\s*\(|\braw_input\s*\(|\.has_key\s*\("
    r"|^\s*(import|from)\s+(cPickle|urllib2|StringIO|cStringIO|Queue|ConfigParser)\b"
    r"|\bunicode\s*\(|\bbasestring\b|(?<!\.)\blong\s*\(",
    re.MULTILINE,
)
KNOWS_BOTH = re.compile(
    r"\bsix\b|sys\.version|version_info|except (ImportError|NameError)|builtins"
)
RENAMED = {  # of a class
    "__nonzero__": "__bool__",
    "__div__": "__truediv__",
    "__rdiv__": "__rtruediv__",
    "__idiv__": "__itruediv__",
    "__unicode__": "__str__",
}
ATTRIBUTES = ("message", "decode")  # of exceptions and of texts
IMPORTS = re.compile(r"^\s*(?:from|import)\s+([\w., ]+)", re.MULTILINE)
ADDED = re.compile(r"""sys\.path\.(?:append|insert)\((?:\d+, *)?["']([^"']+)["']\)""")


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


def program_is_python2(places: Sequence[Path], text: str) -> bool:
    """Whether a program is Python 2: it, or any file of its folders that it imports.

    Args:
      places: its folders.
      text: of its main file.
    """
    waiting, visited, first, places = [text], set(), tuple(places), list(places)
    while waiting:
        source = waiting.pop()
        if is_python2(source):
            return True
        added = [p / folder for folder in ADDED.findall(source) for p in first]
        places += [p for p in dict.fromkeys(added) if p not in places]
        for names in IMPORTS.findall(source):
            for name in re.split(r"[ ,]+", names.partition(" import")[0].strip()):
                path = name.replace(".", "/") + ".py"
                near = next((p / path for p in places if (p / path).is_file()), None)
                if near is not None and near not in visited:
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
    tree = ast.fix_missing_locations(_Methods().visit(ast.parse(_translated(text, path))))
    if not re.search(r"from __future__ import[^#\n]*\bdivision\b", text):
        tree = ast.fix_missing_locations(_Division().visit(tree))
    return tree


@functools.cache
def _tool(has_print_function: bool) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fissix import refactor

        fixers = refactor.get_fixers_from_package("fissix.fixes")
    # a program's own files are found beside it, with or without a dot; numpy's `sort` is no
    # list's; and a class for both Pythons has `__bool__ = __nonzero__`
    left_out = ("fix_import", "fix_sorted", "fix_nonzero")
    fixers = [f for f in fixers if not f.endswith(left_out)]
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


class _Methods(ast.NodeTransformer):
    """`a.sort(compare)` of a list; methods of a class that have other names now."""

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.generic_visit(node)
        methods = {child.name for child in node.body if isinstance(child, ast.FunctionDef)}
        for old, new in RENAMED.items():
            if old in methods and new not in methods:
                other = ast.parse(f"{new} = {old}").body[0]
                node.body.append(ast.copy_location(other, node.body[-1]))
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if node.attr not in ATTRIBUTES or not isinstance(node.ctx, ast.Load):
            return node
        called = ast.Name("__attribute_as_python2__", ast.Load())
        return ast.copy_location(ast.Call(called, [node.value, ast.Constant(node.attr)], []), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Attribute) or node.func.attr != "sort":
            return node
        called = ast.Name("__sort_as_python2__", ast.Load())
        arguments = [node.func.value, *node.args]
        return ast.copy_location(ast.Call(called, arguments, node.keywords), node)


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
