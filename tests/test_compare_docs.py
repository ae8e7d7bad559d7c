"""The worked example of docs/guides/compare.md: its commands say what it says."""

import re
import shlex

import pytest
from script_runs import ROOT, call_path

PAGE = (ROOT / "docs" / "guides" / "compare.md").read_text()
EXAMPLE = PAGE.partition("## A worked example")[2].partition("\n## ")[0]
FOLDER = ROOT / "docs" / "compare_your_own"


def commands():
    """(arguments, what it must print) of every command of the example."""
    found = []
    for kind, block in re.findall(r"```(sh|text)\n(.*?)```", EXAMPLE, re.S):
        if kind == "text":
            found[-1][1].extend(block.strip().splitlines())
            continue
        for line in block.strip().splitlines():
            words = shlex.split(line)
            if words[0] == "python":
                found.append((words[1:], []))
    return found


@pytest.mark.parametrize(("arguments", "lines"), commands())
def test_the_worked_example_prints_what_the_page_says(arguments, lines):
    script, *rest = arguments
    done = call_path(FOLDER / script, *rest, "--quiet", "--timing-steps", 0, cwd=FOLDER)
    assert done.returncode in (0, 1), done.stderr
    printed = " ".join(done.stdout.split())
    assert lines
    for line in lines:
        assert " ".join(line.split()) in printed, done.stdout


def test_the_page_shows_the_files_of_its_folder():
    port = (FOLDER / "port.py").read_text()
    (shown,) = re.findall(r"```python\n(def old.*?)```", EXAMPLE, re.S)
    assert shown.strip() in port


def test_every_link_of_the_example_ends_in_same():
    assert commands()[-1][0][2] == "port.py:third"
    assert any(line.startswith("same: ") for line in commands()[-1][1])
