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


def ran(folder, *cells):
    """The names of a notebook that ran in this process."""
    book = {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    (folder / "book.ipynb").write_text(json.dumps(book))
    names = {}
    exec(notebooks.code(folder / "book.ipynb"), names)
    return names


@pytest.mark.unit
def test_settings_of_a_notebook_are_read_as_ipython_reads_them(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/of/it")
    for name in ("ONE", "TWO", "THREE"):
        monkeypatch.setenv(name, "before")
    (tmp_path / "my dir").mkdir()
    (tmp_path / "my dir" / "d").mkdir()
    names = ran(
        tmp_path,
        "%env HOME\n%env ONE=b c\n%env TWO = 3\n%set_env THREE x=y\n%env",
        "word = 'd'\n%cd /no/such/folder\n%cd 'my dir'\n%cd -q {word}\nimport os",
    )
    environment = [names["os"].environ[name] for name in ("HOME", "ONE", "TWO")]
    assert environment == ["/home/of/it", "b c", "3"]
    assert names["os"].getcwd() == str(tmp_path / "my dir" / "d")
    said = capfd.readouterr().out
    assert "/home/of/it" in said and "'/no/such/folder'" in said


def test_shell_lines_say_how_they_failed_and_may_be_continued(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    names = ran(
        tmp_path,
        "!exit 3\nlines = !echo a && false\n!echo one \\\n  two\n%prun -s cumulative -l 5 f = 7",
        "%timeit -n 10 -r1 g = 8",
    )
    assert names["lines"] == ["a"] and (names["f"], names["g"]) == (7, 8)
    said = capfd.readouterr().out
    assert "exit code 3 of: exit 3" in said and "exit code 1 of: echo a && false" in said
    assert "one two" in said


@pytest.mark.unit
def test_what_installs_packages_is_told_in_any_command_of_a_line(tmp_path):
    installs = ran(tmp_path, "0")["__installs__"]
    for line in (
        *("pip install y", "sudo pip3 install y", "cd x && pip install y", "apt-get -qq install y"),
        *("python3 -m pip install y", "{sys.executable} -m pip install y", "A=1 conda install y"),
        *("true; /usr/bin/pip3.7 install y", "yes | apt install y", "npm ci"),
    ):
        assert installs(line), line
    for line in ("sh pipeline.sh", "./pip.sh", "pipeline.sh", "ls pip", "apt-key list", "pipx y"):
        assert not installs(line), line
