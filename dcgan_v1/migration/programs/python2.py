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
IMPORTS = re.compile(r"^\s*(?:from|import)\s+([\w., ]+)", re.MULTILINE)


def text_of(path):
    """Returns the text of a source file, whatever it is encoded in."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def parses(text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes
        try:
            ast.parse(text)
        except (SyntaxError, ValueError):
            return False
    return True


def is_python2(text):
    """Whether a text is Python 2: not to be read as Python 3, or full of what only 2
    had and nothing that tells the two apart."""
    if not parses(text):
        return not parses(text.expandtabs(8))
    code = _without_words(text)
    return bool(ONLY_IN_2.search(code)) and not KNOWS_BOTH.search(code)


def _without_words(text):
    """The text without comments and strings, which speak of anything."""
    lines = text.splitlines()
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return text
    for token in reversed(tokens):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            (row, column), (last, end) = token.start, token.end
            kept = lines[last - 1][end:]
            lines[row - 1 : last] = [lines[row - 1][:column] + kept]
    return "\n".join(lines)


def program_is_python2(main, text):
    """Whether a program is Python 2: it, or any file of its folder that it imports."""
    waiting, seen = [text], set()
    while waiting:
        source = waiting.pop()
        if is_python2(source):
            return True
        for names in IMPORTS.findall(source):
            for name in re.split(r"[ ,]+", names.partition(" import")[0].strip()):
                near = main.parent / (name.replace(".", "/") + ".py")
                if near not in seen and near.is_file():
                    seen.add(near)
                    waiting.append(text_of(near))
    return False


def parsed(text, path, translate):
    """Returns the syntax tree of a source text.

    Raises:
      UserError: it is neither Python 3 nor 2.
    """
    if not translate:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(text if parses(text) else text.expandtabs(8))
        except SyntaxError as error:
            raise UserError(f"{path}:{error.lineno} is no Python 3: {error.msg}") from error
    tree = ast.parse(_translated(text, path))
    if not re.search(r"from __future__ import[^#\n]*\bdivision\b", text):
        tree = ast.fix_missing_locations(_Division().visit(tree))
    return tree


@functools.cache
def _tool(has_print_function):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fissix import refactor

        fixers = refactor.get_fixers_from_package("fissix.fixes")
    # a program's own files are found beside it, with or without a dot
    fixers = [f for f in fixers if not f.endswith("fix_import")]
    return refactor.RefactoringTool(fixers, {"print_function": has_print_function})


def _translated(text, path):
    from fissix.pgen2.parse import ParseError
    from fissix.pgen2.tokenize import TokenError

    text = text.expandtabs(8).replace("\r\n", "\n").rstrip() + "\n"
    for has_print in (bool(re.search(r"import[^#\n]*print_function", text)), True):
        try:
            return str(_tool(has_print).refactor_string(text, str(path)))
        except (ParseError, TokenError, IndentationError) as error:
            said = error
    raise UserError(f"{path} is neither Python 3 nor Python 2: {said}")


class _Division(ast.NodeTransformer):
    """`a / b` of two integers is an integer in Python 2."""

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        called = ast.Name("__divide_as_python2__", ast.Load())
        return ast.copy_location(ast.Call(called, [node.left, node.right], []), node)

    def visit_AugAssign(self, node):
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        left = copy.deepcopy(node.target)
        left.ctx = ast.Load()
        called = ast.Name("__divide_in_place_as_python2__", ast.Load())
        value = ast.Call(called, [left, node.value], [])
        return ast.copy_location(ast.Assign([node.target], value), node)


def divide(a, b):
    """Python 2's `/`: of integers, arrays of integers and TF1's dimensions, floor."""
    if all(_is_integer(x) for x in (a, b)):
        return a // b
    return a / b


def divide_in_place(a, b):
    """`a /= b`: an array is changed where it is."""
    if all(_is_integer(x) for x in (a, b)):
        return operator.ifloordiv(a, b)
    return operator.itruediv(a, b)


def _is_integer(x):
    dtype = getattr(x, "dtype", None)
    is_tensor = bool(getattr(dtype, "is_integer", False))  # TensorFlow's dtype
    is_array = getattr(dtype, "kind", None) in ("i", "u")
    return isinstance(x, int) or is_array or is_tensor or _is_dimension(x)


def _is_dimension(x):
    return type(x).__name__ == "Dimension"


def compare(a, b):
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


def own_builtins(import_function, translate):
    """Returns the builtins of a program's files."""
    found = {**vars(builtins), "__import__": import_function}
    if translate:
        found |= NAMES
        found["round"] = _round
    return found


def _round(number, digits=0):
    """Python 2's gave a float, and rounded halves away from zero."""
    scale = 10.0**digits
    return math.copysign(math.floor(abs(number) * scale + 0.5) / scale, number)


def modules():
    """Returns name -> module of the standard library as Python 2 had it."""
    return {"pickle": _pickle(), "string": _string()}


def _pickle():
    """Reads what Python 2 wrote: strings of bytes, arrays in them."""
    made = _copy_of(pickle)

    def load(file, encoding="latin1", **options):
        # opened as text, which was the same in Python 2
        bytes_of = file.buffer if isinstance(file, io.TextIOBase) else file
        return pickle.load(bytes_of, encoding=encoding, **options)

    def loads(data, encoding="latin1", **options):
        return pickle.loads(data, encoding=encoding, **options)

    def dump(value, file, protocol=2):
        return pickle.dump(value, getattr(file, "buffer", file), protocol)

    made.load, made.loads, made.dump = load, loads, dump
    return made


def _string():
    made = _copy_of(string)
    made.letters, made.lowercase = string.ascii_letters, string.ascii_lowercase
    made.uppercase, made.maketrans = string.ascii_uppercase, str.maketrans
    made.join = lambda words, between=" ": between.join(words)
    for name in ("lower", "upper", "split", "strip", "replace", "find", "zfill"):
        setattr(made, name, getattr(str, name))
    return made


def _copy_of(module):
    made = types.ModuleType(module.__name__)
    vars(made).update({k: v for k, v in vars(module).items() if k != "__name__"})
    return made
