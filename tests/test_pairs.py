"""The table of published pairs: the page is what the rows give, and a row is of its commits."""

import json
import re
import subprocess

import pytest

from benchmarks.pairs import causes, clones, page, rows, run, table
from dcgan_v1.errors import UserError
from dcgan_v1.migration.explanation.kinds import Kind

PAIRS = table.load()


@pytest.mark.unit
def test_the_page_is_what_the_rows_give():
    written = page.PAGE.read_text("utf-8")
    assert page.text(written, page.read()) == written, "python benchmarks/pairs/page.py"


@pytest.mark.unit
def test_a_pair_that_was_given_a_map_or_shown_an_array_is_named():
    plain, helped = PAIRS["wiseodd-gan"], PAIRS["hwalsuklee-dragan"]
    assert "but for" not in page.adapters([(plain, {})])
    said = page.adapters([(plain, {}), (helped, {})])
    assert said.count("[hwalsuklee-dragan](#hwalsuklee-dragan)") == 2 and "wiseodd" not in said


@pytest.mark.unit
def test_the_readme_says_what_the_rows_give():
    assert page.short_summary(page.read()) in (page.ROOT / "README.md").read_text("utf-8")


@pytest.mark.unit
def test_every_row_is_of_the_commits_of_its_pair():
    written = [json.loads(path.read_text("utf-8")) for path in table.ROWS.glob("*.json")]
    assert len(written) >= 14
    for one in written:
        of = PAIRS[one["name"]]
        assert one["old"] == f"{of.old.repository}@{of.old.commit}"
        assert one["new"] == f"{of.new.repository}@{of.new.commit}"


@pytest.mark.unit
def test_every_pair_names_whole_commits_and_edits_that_can_be_made():
    for of in PAIRS.values():
        for side in (of.old, of.new):
            assert re.fullmatch("[0-9a-f]{40}", side.commit)
            assert all(edit.why in page.WHY and re.compile(edit.of) for edit in side.edits)
        assert of.read and of.claim_at


@pytest.mark.unit
def test_a_cause_of_no_known_kind_is_not_counted_in_silence():
    for of in ({"cause": "something"}, {"kind": "nobody's", "cause": "something"}):
        with pytest.raises(UserError, match="no kind of cause is called"):
            causes.kind(of)


@pytest.mark.unit
def test_every_kind_of_cause_acts_in_one_stage_of_a_step():
    named = [kind for kinds in causes.STAGES.values() for kind in kinds]
    assert sorted([*named, *causes.OF_ANY_STAGE]) == sorted(Kind)
    assert set(causes.STAGES) == set(rows.STAGES)


@pytest.mark.unit
def test_what_has_no_cause_counts_for_the_stage_that_it_says():
    for kind in causes.OF_ANY_STAGE:
        assert causes.stage(finding(kind) | {"stage": "forward"}) == "forward"
        with pytest.raises(UserError, match="says no stage"):
            causes.stage(finding(kind))


def finding(kind, name="", values=None):
    return {"kind": kind.value, "where": "x", "cause": "said", "name": name, "values": values}


@pytest.mark.unit
def test_a_cell_has_what_both_sides_have_where_a_finding_says_it():
    assert causes.in_short(finding(Kind.DROPOUT)) == "dropout on one side alone"
    rates = {"port": "0.3", "TF1": "0.5"}
    assert causes.in_short(finding(Kind.DROPOUT_RATE, values=rates)) == (
        "the rate of dropout (0.3, TF1 0.5)"
    )


def row(findings=(), stages=("loss", "gradient", "state"), notes=()):
    own = {"findings": list(findings), "stages": dict.fromkeys(stages), "not compared": list(notes)}
    return {"same": not findings, "weights after": {}, "minutes": 1.0} | own


def pair(**fields):
    side = table.Side("a/b", "0" * 40, "train.py")
    return table.Pair("p", "GAN", side, side, "a port", "a port", "README.md:1", **fields)


@pytest.mark.unit
def test_an_epsilon_that_nothing_bears_out_is_not_the_same_but_for_it():
    own = finding(Kind.EPSILON_PLACE, "adam-epsilon-place")
    assert page.verdict(pair(), row([own])) == "epsilon"
    assert page.verdict(pair(), row([own | {"name": ""}])) == "differs"


@pytest.mark.unit
def test_what_was_not_compared_is_no_yes():
    note = "the port's G_loss: TF1 has no loss of that value"
    assert page.stage(pair(), row(), "loss") == "yes"
    assert page.stage(pair(), row(notes=[note]), "loss") == "yes, where compared"
    assert page.stage(pair(), row(), "forward") == "not seen: bare tensors"
    said = page.summary([(pair(), row(notes=[note])), (pair(), row())])
    assert "as far as they were compared, 2 compute the same function" in said
    assert "In 2 of them no layer was seen" in said and "in 1 of them not all losses" in said
    assert page.summary([(pair(), row(stages=rows.STAGES))]).endswith("and 0 another one.")


@pytest.mark.unit
def test_every_pair_without_a_row_is_listed_with_a_reason():
    rows = {path.stem for path in table.ROWS.glob("*.json")}
    waiting = page.waiting(rows)
    for name, one in PAIRS.items():
        assert not (one.waits and name in rows), name
        lines = [line for line in waiting.splitlines() if line.startswith(f"| {name}: ")]
        assert len(lines) == (name not in rows)
        assert all(line.endswith(f" | {one.waits or page.NOT_RUN} |") for line in lines)


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


@pytest.mark.unit
def test_no_row_is_made_of_recordings_that_were_there(tmp_path, monkeypatch, capsys):
    (tmp_path / "old_recording").mkdir()
    monkeypatch.setattr(clones, "check", lambda *words: None)
    words = ["wiseodd-gan", "--old", "x", "--new", "x", "--work", str(tmp_path)]
    assert run.main(words) == 2
    said = capsys.readouterr().err
    assert said == f"error: --work {tmp_path}: holds files: name a new folder\n"


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
