"""Where an old program runs: what its own folder holds is there, and nothing is written outside."""

import errno
import os

import pytest

from dcgan_v1.errors import UserError
from dcgan_v1.migration.programs import workplace

pytestmark = pytest.mark.unit


def texts(folder):
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def source(tmp_path):
    for name, text in {
        "top/other.txt": "not named",
        "top/Data/x.txt": "data",
        "top/project/labels.csv": "labels",
        "top/project/src/main.py": "open('../../Data/x.txt'); open('../results/out.txt', 'w')",
        "top/project/src/deep/read.py": 'open("../labels.csv")',
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "top" / "project" / "src"


def test_what_a_program_names_above_its_folder_stands_above_where_it_runs(source, tmp_path):
    before = texts(tmp_path / "top")
    inside = workplace.lay_out(source, tmp_path / "run")
    assert inside == tmp_path / "run" / "project" / "src"
    assert (inside / "../../Data/x.txt").read_text() == "data"
    assert (inside / "../labels.csv").read_text() == "labels"
    assert not list((tmp_path / "run").rglob("other.txt"))
    (inside / "../../Data/x.txt").write_text("written over")
    assert texts(tmp_path / "top") == before


@pytest.mark.parametrize("limit", ["MOST_FILES", "MOST_BYTES"])
def test_a_folder_above_that_holds_too_much_is_a_link(source, tmp_path, monkeypatch, limit):
    (source / "main.py").write_text("open('../../Data/x.txt'); os.listdir('./../shards')")
    for name in "abcd":
        path = source.parent / "shards" / f"{name}.npz"
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    monkeypatch.setattr(workplace, limit, 3)
    inside = workplace.lay_out(source, tmp_path / "run")
    again = workplace.lay_out(source, tmp_path / "run")
    assert inside == again and (inside / "../shards").is_symlink()
    assert (inside / "../shards/d.npz").read_text() == "d"
    assert not (inside / "../../Data").is_symlink()


def test_a_program_that_names_nothing_above_runs_at_the_top(source, tmp_path):
    inside = workplace.lay_out(source / "deep" / "..", tmp_path / "a")
    (source / "main.py").write_text("open('data/..')")
    (source / "deep" / "read.py").write_text("import sys\nsys.path.append('..')\n")
    assert workplace.lay_out(source, tmp_path / "b") == tmp_path / "b"
    assert workplace.lay_out(source, tmp_path / "c", '"../labels.csv"').name == "src"
    assert inside.name == "src"


def test_a_run_inside_what_a_program_names_is_not_copied_into_itself(source):
    (source / "main.py").write_text("open('../runs/last'); open('../src/main.py')")
    inside = workplace.lay_out(source, source.parent / "runs" / "legacy")
    assert inside == source.parent / "runs" / "legacy" / "src"
    assert not (inside.parent / "runs").exists()
    assert (inside / "../src/main.py").is_file()


def test_a_program_that_asks_what_its_folder_is_called_finds_it_called_so(source, tmp_path):
    (source / "main.py").write_text("import os\nassert os.getcwd().endswith('src')\n")
    (source / "deep" / "read.py").unlink()
    assert workplace.lay_out(source, tmp_path / "run") == tmp_path / "run" / "src"


def test_a_program_does_not_run_where_it_lies(source):
    with pytest.raises(UserError, match="is the program's own folder, which stays as it is"):
        workplace.lay_out(source, source)
    assert workplace.lay_out(source, source / "run").is_relative_to(source / "run")


def test_a_file_that_the_disk_has_no_room_for_is_named_and_no_part_of_it_stays(
    source, tmp_path, monkeypatch
):
    def copy(original, shown):
        shown.write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(original))

    monkeypatch.setattr("shutil.copy2", copy)
    with pytest.raises(UserError, match=r"cannot write .*/run/.*: No space left on device"):
        workplace.lay_out(source, tmp_path / "run")
    assert texts(tmp_path / "run") == {}
