"""Notebooks of TF1 programs run as scripts of their cells."""

import json

import numpy as np
import pytest
from old_programs import run, written

from dcgan_v1.migration.programs import notebooks
from dcgan_v1.migration.programs.program import Program

pytestmark = pytest.mark.cli


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "program"
    made.mkdir()
    return made


def test_a_notebook_runs_cell_by_cell_with_what_its_magics_time_and_write(folder):
    cells = [
        "%matplotlib inline\n%load_ext autoreload\nn = 3",
        "!ls\nprint('cells', n)\n%time\nprint?\n?print\nn = (7\n    % 4)\nm = (n\n    != 3)",
        "for i in range(2):\n    %time n += 1\n%timeit -n1 -r 1 n += 1\nm = %time n * 2",
        "%%time\nn += 1",
        "%%writefile of_cell.py\nNAME = 'written'\n",
        "%%bash\necho never",
        "!pip install --no-such-option\n!mkdir -p {made} && touch $made/a\n".replace(
            "made", "word"
        ),
        "%env SIZE=5\n%cd deep\nfiles = !ls\nshell = %load other.py",
        "import os, of_cell\nfrom tqdm import tqdm_notebook\n"
        "print(n, m, of_cell.NAME, files, shell, os.environ['SIZE'], list(tqdm_notebook([4])))",
    ]
    book = [{"cell_type": "code", "source": cell} for cell in ["word = 'deep'", *cells]]
    book.insert(0, {"cell_type": "markdown", "source": ["# no code"]})
    done = run(written(folder, "book.ipynb", json.dumps({"cells": book, "nbformat": 4})))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "cells 3" in done.stdout and "never" not in done.stdout
    assert "not run: pip install --no-such-option" in done.stdout
    assert "7 12 written ['a'] None 5 [4]" in done.stdout
    done = run(written(folder, "none.ipynb", "[]"))
    assert done.returncode == 2
    assert "is not a notebook" in done.stderr


@pytest.mark.unit
@pytest.mark.parametrize(
    "cells",
    [
        ["from __future__ import print_function\nn = 1\n"],
        ["n = 1\n", "# why\nfrom __future__ import print_function, division; m = 2\n"],
        [
            "%matplotlib inline\nfrom __future__ import division\n",
            "n = 1",
            "from __future__ import (\n    absolute_import,\n    print_function)\n",
        ],
        ["%%time\n'a text'\nfrom __future__ import unicode_literals\nn = 1"],
        ["n = 3 / 2\nprint 'n', n\n", "from __future__ import absolute_import\n"],
    ],
)
def test_any_cell_of_a_notebook_may_import_from_the_future(tmp_path, cells):
    book = {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    path = tmp_path / "book.ipynb"
    path.write_text(json.dumps(book))
    program = Program(path, {})
    names = {"__builtins__": program._builtins}
    exec(program.code(path, notebooks.code(path)), names)
    assert names["n"] == 1


@pytest.mark.unit
def test_pylab_gives_a_notebook_its_names(tmp_path):
    cells = [
        "%pylab inline\nimport os",
        "n = linspace(0, 1, 3).sum() + np.pi + callable(plt.get_fignums)",
    ]
    book = {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    (tmp_path / "book.ipynb").write_text(json.dumps(book))
    names = {}
    exec(notebooks.code(tmp_path / "book.ipynb"), names)
    assert names["n"] == 2.5 + np.pi
