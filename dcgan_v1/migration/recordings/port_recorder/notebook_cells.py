"""Runs the cells of a notebook as a program."""

import json
import linecache
import os
import re
import sys
import types
from unittest import mock

MAGIC = r"^([ \t]*)([%!?].*|[\w.]+\?+[ \t]*)$"  # %time x, !ls, ?x, x?
SHELL = r"^([ \t]*\w+ *= *)[%!].*$"  # names = !ls
RUN_ANYHOW = ("%%time", "%%capture", "%%prun")  # magics of cells in Python


def run_notebook(path):
    """Runs the code of a notebook's cells in order; magics do nothing."""
    with open(path, encoding="utf-8") as file:
        cells = json.load(file).get("cells", [])
    module = types.ModuleType("__main__")
    module.__file__ = path
    vars(module)["display"] = print
    vars(module)["get_ipython"] = mock.MagicMock
    sys.modules["__main__"] = module
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    for number, cell in enumerate(cells):
        if cell.get("cell_type") != "code":
            continue
        source = without_magics("".join(cell.get("source", "")))
        name = "%s[%d]" % (path, number + 1)
        linecache.cache[name] = len(source), None, source.splitlines(True), name
        exec(compile(source, name, "exec"), vars(module))


def without_magics(source):
    """The code of a cell, in which magics do nothing; '' of one in another language."""
    start = source.lstrip()
    if start.startswith("%%") and not start.startswith(RUN_ANYHOW):
        return ""
    try:
        compile(source, "cell", "exec")  # a line may begin with % in the middle of an expression
    except SyntaxError:
        return re.sub(SHELL, r"\1[]", re.sub(MAGIC, r"\1pass", source, flags=re.M), flags=re.M)
    return source
