"""The code of a notebook, as one program."""

import json
import re
from pathlib import Path

from dcgan_v1.errors import UserError, reason
from dcgan_v1.migration.programs import python2

MAGIC = re.compile(r"^([ \t]*)[%!?].*$", re.MULTILINE)
SHELL = re.compile(r"^([ \t]*\w+ *= *)[%!].*$", re.MULTILINE)  # names = !ls
RUN_ANYHOW = ("%%time", "%%capture", "%%prun")
PYLAB = re.compile(r"^([ \t]*)%pylab\b.*$", re.MULTILINE)
NAMES_OF_PYLAB = (  # that this magic gives a notebook
    r"\1import numpy, matplotlib; from matplotlib import pylab, mlab, pyplot; "
    "np = numpy; plt = pyplot; from pylab import *; from numpy import *"
)
IPYTHON = """
def display(*things): __import__("sys").stdout.write(" ".join(map(str, things)) + chr(10))
def get_ipython(): return __import__("unittest.mock").mock.MagicMock()
"""


def code(path: Path) -> str:
    """Returns the code of a notebook's cells in order; magics do nothing, but for
    %pylab."""
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
    if cell.lstrip().startswith("%%") and not cell.lstrip().startswith(RUN_ANYHOW):
        return ""  # in another language
    if python2.parses(cell):
        return cell  # a line may begin with % in the middle of an expression
    cell = PYLAB.sub(NAMES_OF_PYLAB, cell)
    return SHELL.sub(r"\1[]", MAGIC.sub(r"\1pass", cell))
