"""pyproject, requirements, CITATION and CHANGELOG say the same."""

import re
import tomllib

import pytest
from script_runs import ROOT

from dcgan_v1 import __version__

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]


def names(requirements):
    """The packages of lines such as `mkdocstrings[python]>=1`, as PyPI compares them."""
    found = (re.match(r"[\w-]+", line.strip()) for line in requirements)
    return {match[0].lower().replace("_", "-") for match in found if match}


@pytest.mark.unit
def test_what_pyproject_asks_for_is_pinned():
    pinned = set()
    for path in ROOT.glob("requirements*.txt"):
        lines = path.read_text().splitlines()
        assert all("==" in line for line in lines if line and line[0] != "#"), path
        pinned |= names(lines)
    pinned_extras = [EXTRAS[name] for name in EXTRAS if name not in ("gpu", "download")]
    wanted = names(sum(pinned_extras, PROJECT["dependencies"])) - {"dcgan-v1"}
    assert wanted <= pinned


@pytest.mark.unit
def test_every_extra_that_is_named_exists():
    files = [*(ROOT / "dcgan_v1").rglob("*.py"), *(ROOT / "docs").rglob("*.md")]
    named = set()
    for path in files:
        text = path.read_text()
        named |= set(re.findall(r"how_to_install\(['\"](\w+)['\"]\)", text))
        named |= set(re.findall(r"[Ee]xtra `(\w+)`", text))
        for several in re.findall(r"'\.\[([\w,]+)\]'", text):
            named |= set(several.split(","))
    assert {"legacy", "torch", "gpu"} <= named <= set(EXTRAS)


@pytest.mark.unit
def test_versions_agree():
    citation = (ROOT / "CITATION.cff").read_text()
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(r"^version: (.*)$", citation, re.M)[1] == __version__
    assert re.search(r"^## ([\d.]+)", changelog, re.M)[1] == __version__


@pytest.mark.unit
def test_the_first_line_of_every_module_is_a_sentence_of_its_own():
    folders = ("dcgan_v1", "benchmarks", "originals", "scripts", "tests", "tools")
    strangers = ROOT / "tests" / "port_programs"  # programs as people write them
    for path in sorted(path for name in folders for path in (ROOT / name).rglob("*.py")):
        if not path.is_relative_to(strangers):
            first = path.read_text().partition("\n")[0]
            assert first.startswith('"""'), path
            assert first.removesuffix('"""').endswith((".", ":")), (path, first)
