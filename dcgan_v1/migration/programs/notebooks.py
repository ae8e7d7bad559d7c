"""The code of a notebook, as one program."""

import json
import re
import textwrap
from pathlib import Path

from dcgan_v1.errors import UserError, reason
from dcgan_v1.migration.programs import python2

MAGIC = re.compile(r"^([ \t]*)(%%?\w.*|\?.*|[\w.]+\?\??[ \t]*)$", re.MULTILINE)
TIMED = r"(?:time|timeit|prun|memit)\b(?: +-[a-z]+ ?\d*)*"  # and its options
STATEMENT = re.compile(rf"^([ \t]*(?:\w+ *= *)?)%{TIMED}[ \t]+(?=\S)", re.MULTILINE)
SHELL = re.compile(r"^([ \t]*(?:\w+ *= *)?)!+(?!=)[ \t]*(.*)$", re.MULTILINE)  # names = !ls, too
SETTING = re.compile(r"^([ \t]*)%(cd|env|set_env)[ \t]+(.+)$", re.MULTILINE)
RESULT = re.compile(r"^([ \t]*\w+ *= *)%.*$", re.MULTILINE)
WHOLE_CELL = re.compile(rf"%%(?:{TIMED}|capture\b).*\n?")  # which runs anyhow
WRITE_FILE = re.compile(r"%%(?:writefile|file)((?: +-a)?) +(\S+)[ \t]*\n")
PYLAB = re.compile(r"^([ \t]*)%pylab\b.*$", re.MULTILINE)
NAMES_OF_PYLAB = (  # that this magic gives a notebook
    r"\1import numpy, matplotlib; from matplotlib import pylab, mlab, pyplot; "
    "np = numpy; plt = pyplot; from pylab import *; from numpy import *"
)
IPYTHON = r"""
def display(*things): __import__("sys").stdout.write(" ".join(map(str, things)) + chr(10))
def get_ipython(): return __import__("unittest.mock").mock.MagicMock()
def __shell__(command, names, gives_lines):
    import os, re
    if re.match(r"(sudo +)?(pip|conda|apt|npm|python\S* +-m +pip)", command):
        return display("not run: " + command)  # the packages are those of this project
    def value(found): return str(names.get(found.group(1) or found.group(2), found.group(0)))
    command = re.sub(r"\{(\w+)\}|\$(\w+)", value, command)
    return os.popen(command).read().splitlines() if gives_lines else os.system(command)
def __set__(magic, words):
    import os
    if magic == "cd":
        os.chdir(os.path.expanduser(words))
    else:
        name, _, value = words.replace(" ", "=", 1).partition("=")
        os.environ[name] = value
"""


def code(path: Path) -> str:
    """Returns the code of a notebook's cells in order. Lines for the shell run, unless they
    install packages; so does what a magic times. Of the other magics %pylab, %cd, %env and
    %%writefile have their effect."""
    try:
        content = json.loads(path.read_text("utf-8"))
        cells = content.get("cells") or [c for w in content["worksheets"] for c in w["cells"]]
        sources = [
            "".join(c.get("source", c.get("input", "")))
            for c in cells
            if c.get("cell_type") == "code"
        ]
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise UserError(f"{path} is not a notebook: {reason(error)}") from error
    return "\n".join([IPYTHON, *map(_without_magics, sources)])


def _without_magics(cell: str) -> str:
    cell = textwrap.dedent(cell).lstrip("\n")
    if written := WRITE_FILE.match(cell):
        mode = "a" if written[1] else "w"
        return f"with open({written[2]!r}, {mode!r}) as _: _.write({cell[written.end() :]!r})"
    cell = WHOLE_CELL.sub("", cell, count=1) if WHOLE_CELL.match(cell) else cell
    if cell.startswith("%%"):
        return ""  # in another language
    if python2.parses(cell):
        return cell  # a line may begin with % in the middle of an expression
    cell = PYLAB.sub(NAMES_OF_PYLAB, STATEMENT.sub(r"\1", cell))
    cell = SETTING.sub(lambda m: f"{m[1]}__set__({m[2]!r}, {m[3].strip()!r})", cell)
    cell = SHELL.sub(lambda m: f"{m[1]}__shell__({m[2]!r}, globals(), {'=' in m[1]})", cell)
    return RESULT.sub(r"\1None", MAGIC.sub(r"\1pass", cell))
