"""The code of a notebook, as one program."""

import json
import re
import textwrap
from pathlib import Path

from dcgan_v1.errors import UserError, reason
from dcgan_v1.migration.programs import python2

MAGIC = re.compile(r"^([ \t]*)(%%?\w.*|\?.*|[\w.]+\?\??[ \t]*)$", re.MULTILINE)
OPTION = r"-(?:[lsTD] *\S+|[a-zA-Z]+ ?[\d.]*)"  # of a magic that times: -s cumulative, -n 10
TIMED = rf"(?:time|timeit|prun|memit)\b(?: +{OPTION})*"
STATEMENT = re.compile(rf"^([ \t]*(?:\w+ *= *)?)%{TIMED}[ \t]+(?=\S)", re.MULTILINE)
SHELL = re.compile(  # names = !ls, too, and lines that a backslash continues
    r"^([ \t]*(?:\w+ *= *)?)!+(?!=)[ \t]*((?:.*\\\n)*.*)$", re.MULTILINE
)
SETTING = re.compile(r"^([ \t]*)%(cd\b|(?:set_)?env\b(?=[ \t]+\S))[ \t]*(.*)$", re.MULTILINE)
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
def __words__(text, names):
    import re
    def value(found): return str(names.get(found.group(1) or found.group(2), found.group(0)))
    return re.sub(r"\{(\w+)\}|\$(\w+)", value, text)
def __installs__(command):  # packages, by any command of the line: they are those of this project
    import re
    before = r"(?:^|[;&|(\n])\s*(?:sudo\s+)?(?:\w+=\S*\s+)*"
    names = r"(?:\S*/)?(?:pip[\d.]*|conda|apt(?:-get)?|npm)(?![\w./-])|\S+\s+-m\s+pip\b"
    return re.search(before + "(?:" + names + ")", command)
def __shell__(command, names, gives_lines):
    import os, sys
    command = __words__(command, names)
    if __installs__(command):
        return display("not run: " + command)
    sys.stdout.flush()
    if gives_lines:
        pipe = os.popen(command)
        lines = pipe.read().splitlines()
        failed = pipe.close()
    else:
        lines, failed = None, os.system(command)
    if failed:
        display("exit code %d of: %s" % (failed >> 8 or failed, command))
    return lines
def __set__(magic, words, names):
    import os, re
    words = __words__(words, names)
    if magic == "cd":
        place = re.sub(r"^-[qb]\b\s*", "", words).strip("'\"") or "~"
        try:
            return os.chdir(os.path.expanduser(place))
        except OSError as error:  # a folder of another machine
            return display("%cd: " + str(error))
    name, _, value = map(str.strip, words.partition("=" if "=" in words else " "))
    if words == name:
        return display(os.environ.get(name, "%env: no variable " + name))
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
    cell = SETTING.sub(lambda m: f"{m[1]}__set__({m[2]!r}, {m[3].strip()!r}, globals())", cell)
    cell = SHELL.sub(lambda m: f"{m[1]}__shell__({m[2]!r}, globals(), {'=' in m[1]})", cell)
    return RESULT.sub(r"\1None", MAGIC.sub(r"\1pass", cell))
