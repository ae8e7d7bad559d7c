"""The table of published pairs: the page is what the rows give, and a row is of its commits."""

import json
import re
import subprocess

import pytest

from benchmarks.pairs import causes, clones, page, run, table
from dcgan_v1.errors import UserError

PAIRS = table.load()


@pytest.mark.unit
def test_the_page_is_what_the_rows_give():
    written = page.PAGE.read_text("utf-8")
    assert page.text(written, page.read()) == written, "python benchmarks/pairs/page.py"


@pytest.mark.unit
def test_the_readme_says_what_the_rows_give():
    assert page.short_summary(page.read()) in (page.ROOT / "README.md").read_text("utf-8")


@pytest.mark.unit
def test_every_row_is_of_the_commits_of_its_pair():
    rows = [json.loads(path.read_text("utf-8")) for path in table.ROWS.glob("*.json")]
    assert len(rows) >= 14
    for row in rows:
        pair = PAIRS[row["name"]]
        assert row["old"] == f"{pair.old.repository}@{pair.old.commit}"
        assert row["new"] == f"{pair.new.repository}@{pair.new.commit}"


@pytest.mark.unit
def test_every_pair_names_whole_commits_and_edits_that_can_be_made():
    for pair in PAIRS.values():
        for side in (pair.old, pair.new):
            assert re.fullmatch("[0-9a-f]{40}", side.commit)
            assert all(edit.why in page.WHY and re.compile(edit.of) for edit in side.edits)
        assert pair.read and pair.claim_at


@pytest.mark.unit
def test_a_cause_of_no_known_kind_is_not_counted_in_silence():
    with pytest.raises(UserError, match=r"causes\.py knows no kind"):
        causes.kind("something nobody has seen")


def git(folder, *words):
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path):
    folder = tmp_path / "clone"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "train.py").write_text("width = 128\n")
    (folder / "notes.md").write_text("not a program\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    return folder


@pytest.mark.cli
def test_a_clone_of_another_commit_is_refused_in_one_line(clone, capsys):
    before = {path: path.read_bytes() for path in table.ROWS.iterdir()}
    assert run.main(["wiseodd-gan", "--old", str(clone), "--new", str(clone)]) == 2
    said = capsys.readouterr().err.splitlines()
    commit = PAIRS["wiseodd-gan"].old.commit
    assert len(said) == 1 and said[0].startswith(f"error: --old {clone} is at ")
    assert said[0].endswith(f"git checkout {commit}")
    assert {path: path.read_bytes() for path in table.ROWS.iterdir()} == before


@pytest.mark.cli
def test_what_is_no_clone_and_what_is_no_pair_are_refused(tmp_path, capsys):
    assert run.main(["wiseodd-gan", "--old", str(tmp_path), "--new", str(tmp_path)]) == 2
    assert "no clone of https://github.com/wiseodd/" in capsys.readouterr().err
    assert run.main(["nothing", "--old", str(tmp_path), "--new", str(tmp_path)]) == 2
    assert "there is no pair nothing: " in capsys.readouterr().err


@pytest.mark.cli
def test_a_copy_is_what_was_committed_with_the_edits(clone, tmp_path):
    (clone / "train.py").write_text("width = 1  # not committed\n")
    edit = table.Edit("*.py", r"\b128\b", "8", "width")
    side = table.Side("a/b", git(clone, "rev-parse", "HEAD"), "train.py", edits=(edit,))
    program = clones.copy(clone, side, tmp_path / "copy")
    assert program.read_text() == "width = 8\n"
    assert [path.name for path in program.parent.iterdir()] == ["train.py"]
    other = table.Side(
        "a/b", side.commit, "train.py", edits=(table.Edit("*.py", "7", "8", "width"),)
    )
    with pytest.raises(UserError, match=r"nothing in \*.py is '7'"):
        clones.copy(clone, other, tmp_path / "other")
