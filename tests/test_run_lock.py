"""One process writes a run, on file systems with locks and without."""

import errno
import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import time

import pytest

from dcgan_v1.errors import UserError
from dcgan_v1.training import run_lock
from dcgan_v1.training.rundir import RunDirectory

pytestmark = pytest.mark.unit
DEAD = 2**22 + 1  # a pid beyond the kernel's largest


@pytest.fixture(params=["ENOLCK", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EINVAL"])
def no_locks(request, monkeypatch):
    """A file system without locks."""

    def refuse(*_):
        number = getattr(errno, request.param)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    monkeypatch.setattr(fcntl, "lockf", refuse)
    monkeypatch.setattr(run_lock, "SETTLING", 0)


def left_behind(run, **changes):
    """Writes the lock of another process into a run."""
    run.path.mkdir(parents=True, exist_ok=True)
    owner = {**run_lock._ours(run.path), "alive": time.time(), **changes}
    (run.path / ".owner.json").write_text(json.dumps(owner))
    (run.path / ".lock").touch()


def lock(run):
    said = []
    with run.locked(said.append):
        assert (run.path / ".owner.json").exists()
    return said


def test_without_locks_a_run_is_locked_all_the_same_and_released(no_locks, tmp_path):
    run = RunDirectory(tmp_path / "r")
    for _ in range(2):
        assert lock(run) == []
    assert not (run.path / ".owner.json").exists()
    run.refuse_if_used()  # what is left is no obstacle


def test_without_locks_a_process_that_lives_here_keeps_others_out(no_locks, tmp_path):
    run, parent = RunDirectory(tmp_path / "r"), os.getppid()
    left_behind(run, pid=parent, start=run_lock._start(parent), since="2026-01-01 10:00:00")
    with pytest.raises(UserError) as error:
        lock(run)
    said = str(error.value)
    assert f"process {parent} on {socket.gethostname()} since 2026-01-01 10:00:00" in said
    assert "This file system has no locks" in said and f"delete {run.path}/.owner.json" in said
    assert "\n" not in said


@pytest.mark.parametrize(
    "changes",
    [
        {"pid": DEAD, "start": "1"},  # killed
        {"pid": os.getppid(), "start": "1"},  # killed, and its number given to another
        {"path": "/elsewhere/r", "pid": os.getppid(), "start": None},  # copied on this machine
        {"machine": "another boot", "alive": time.time() - 301},  # rebooted
        {"host": "node7", "machine": "m", "alive": time.time() - 301},  # killed, or copied
        {"host": "node7", "machine": "m", "alive": None},  # of a file system with locks
        {"host": "node7", "machine": "m", "alive": "?"},
    ],
)
def test_without_locks_a_copied_or_killed_run_goes_on_and_says_whose_it_was(
    tmp_path, monkeypatch, changes
):
    monkeypatch.setattr(fcntl, "flock", lambda *_: _raise(errno.ENOLCK))
    monkeypatch.setattr(run_lock, "SETTLING", 0)
    run = RunDirectory(tmp_path / "r")
    if "start" in changes and changes["start"] is None:
        changes = {**changes, "start": run_lock._start(os.getppid())}
    left_behind(run, **changes)
    (said,) = lock(run)
    host = changes.get("host", socket.gethostname())
    assert f"on {host} since " in said and said.endswith("writes here no more: going on")


def _raise(number):
    raise OSError(number, os.strerror(number))


def test_without_locks_signs_of_life_from_elsewhere_keep_others_out(tmp_path, monkeypatch):
    monkeypatch.setattr(fcntl, "flock", lambda *_: _raise(errno.ENOTSUP))
    run = RunDirectory(tmp_path / "r")
    left_behind(run, host="node7", machine="m", alive=time.time() - 60)
    with pytest.raises(UserError, match=r"process \d+ on node7 .* wait 5 minutes or delete"):
        lock(run)


def test_signs_of_life_are_given(tmp_path, monkeypatch):
    monkeypatch.setattr(fcntl, "flock", lambda *_: _raise(errno.ENOLCK))
    monkeypatch.setattr(run_lock, "RENEWED", 0.02)
    run = RunDirectory(tmp_path / "r")
    with run.locked():
        owner = run_lock._read(run.path / ".owner.json")
        deadline = time.monotonic() + 20
        while run_lock._read(run.path / ".owner.json").get("alive") == owner["alive"]:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_without_locks_the_later_of_two_gives_way(tmp_path, monkeypatch):
    monkeypatch.setattr(fcntl, "flock", lambda *_: _raise(errno.ENOLCK))
    run = RunDirectory(tmp_path / "r")
    monkeypatch.setattr(time, "sleep", lambda _: left_behind(run, host="node7", pid=5))
    with pytest.raises(UserError, match=r"process 5 on node7 .*, which began just now"):
        lock(run)
    assert run_lock._read(run.path / ".owner.json")["host"] == "node7"


def test_a_run_is_moved_aside_and_begun_again_without_locks(no_locks, tmp_path):
    run = RunDirectory(tmp_path / "r")
    with run.locked():
        run.config.write_text("{}")
        aside = run.move_aside()
        with run.locked():
            assert not run.holds_run()
    assert sorted(path.name for path in aside.iterdir())[-1] == "config.json"


def test_other_errors_are_no_missing_locks(tmp_path, monkeypatch):
    monkeypatch.setattr(fcntl, "flock", lambda *_: _raise(errno.EIO))
    with pytest.raises(UserError, match=r"cannot write to --run-dir .*: Input/output error"):
        lock(RunDirectory(tmp_path / "r"))


@pytest.mark.cli
def test_with_locks_a_left_over_file_is_nothing_and_a_living_owner_is_named(tmp_path):
    run = RunDirectory(tmp_path / "r")
    left_behind(run, pid=DEAD, host="node7")
    assert lock(run) == []
    code = (
        "import sys; from pathlib import Path; from dcgan_v1.training import run_lock\n"
        "with run_lock.locked(Path(sys.argv[1]), print): print('in', flush=True); input()"
    )
    words = [sys.executable, "-c", code, str(run.path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(words, **pipes) as other:
        assert other.stdout.readline() == "in\n"
        with pytest.raises(UserError, match=rf"written by process {other.pid} on .* since \d"):
            lock(run)
        copy = RunDirectory(shutil.copytree(run.path, tmp_path / "copy"))
        assert lock(copy) == []
        other.kill()
    assert lock(run) == []


# ---- folders that cannot be written ----


def test_an_unwritable_parent_is_called_that(tmp_path, monkeypatch):
    def refuse(path, *_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    (tmp_path / "closed").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(UserError) as error:
        lock(RunDirectory(tmp_path / "file" / "r"))
    assert f"its parent {tmp_path}/file is not a folder" in str(error.value)
    with pytest.raises(UserError, match=r"its parent .*/file is not a folder"):
        RunDirectory(tmp_path / "file" / "r").refuse_if_used()
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda path, mode: path != tmp_path / "closed")
        with pytest.raises(UserError, match=r"its parent .*/closed cannot be written"):
            RunDirectory(tmp_path / "closed" / "r").refuse_if_used()  # before any work
    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    with pytest.raises(UserError) as error:
        lock(RunDirectory(tmp_path / "closed" / "a" / "r"))
    assert str(error.value) == (
        f"cannot write to --run-dir {tmp_path}/closed/a/r: its parent {tmp_path}/closed cannot "
        "be written (Permission denied); choose another --run-dir"
    )
