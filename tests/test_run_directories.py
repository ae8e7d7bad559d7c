"""Run directories behind links, on mounts and other disks; and a connection lost."""

import contextlib
import errno
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from script_runs import ENVIRONMENT, ROOT, SECONDS, call, command, has_lines, started, until
from test_disks import UNSHARE, needs_mount

from dcgan_v1.checkpoints import finding
from dcgan_v1.systems import MnistKerasConfig
from dcgan_v1.training.rundir import RunDirectory

pytestmark = pytest.mark.cli

SHORT = ("--model", "mnist_keras", "--steps", 1, "--batch-size", 4, "--samples", 4)
SHORT += ("--device", "cpu", "--run-dir")


def train(*args):
    done = call("train_mnist.py", *SHORT, *args)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("target_exists", [pytest.param(True, marks=pytest.mark.release), False])
def test_a_link_begins_continues_and_begins_anew_at_its_target(tmp_path, target_exists):
    target, link = tmp_path / "disk" / "target", tmp_path / "runs" / "link"
    link.parent.mkdir()
    if target_exists:
        target.mkdir(parents=True)
    link.symlink_to(target)
    train(link)
    assert (target / "config.json").exists() and link.is_symlink()
    assert "resumed at step 1" in train(link, "--restore", "--steps", 2)
    printed = train(link, "--restart")
    assert f"moved the old run to {target}." in printed
    assert link.is_symlink() and (link / "config.json").exists()
    (aside,) = [path for path in target.parent.iterdir() if path != target]
    assert finding.resolve(aside).endswith("model-2")
    assert finding.resolve(link).endswith("model-1")


@pytest.mark.release
def test_what_holds_the_run_may_be_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "runs").symlink_to(tmp_path / "disk")
    run = tmp_path / "runs" / "a"
    train(run)
    assert "resumed at step 1" in train(run, "--restore", "--steps", 2)
    train(run, "--restart")
    names = sorted(path.name for path in (tmp_path / "disk").iterdir())
    assert names[0] == "a" and names[1].startswith("a.") and len(names) == 2


@pytest.mark.unit
def test_a_directory_that_cannot_be_renamed_is_emptied_into_itself(tmp_path, monkeypatch):
    """As a mount cannot: the real one is among the long tests."""
    run, rename = RunDirectory(tmp_path / "disk"), Path.rename

    def busy(path, target):
        if path == run.path:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", busy)
    for number in (1, 2):
        with run.locked():
            run.refuse_if_used()
            run.create(MnistKerasConfig(seed=number))
            aside = run.move_aside()
        assert aside.parent == run.path and not run.holds_run()
        saved = RunDirectory(aside).load_config("mnist_keras")
        assert saved.seed == number and (aside / "checkpoints").is_dir()
    run.refuse_if_used()  # what was moved aside is no obstacle


@pytest.mark.release
@needs_mount
def test_a_mount_begins_continues_and_begins_anew_within_itself(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    words = " ".join(map(str, command("train_mnist.py", *SHORT, disk)))
    script = f"""
        mount -t tmpfs -o size=200m tmpfs {disk} || exit 99
        mkdir {disk}/lost+found
        {words} || exit 1
        {words} --restart || exit 2
        {words} --restart || exit 3
        {words} --restore --steps 3 > {tmp_path}/log || exit 4
        grep -q 'resumed at step 1' {tmp_path}/log || exit 4
        ls {disk}/*/checkpoints/*.index {disk}/checkpoints/*.index
    """
    done = subprocess.run(
        [*UNSHARE, script], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"moved the old run to {disk}/disk." in done.stdout
    listed = [line for line in done.stdout.splitlines() if line.endswith(".index")]
    assert sum("/disk." in line for line in listed) == 2  # of two runs moved aside
    assert f"{disk}/checkpoints/model-3.index" in listed


@pytest.mark.release
def test_a_lost_connection_saves_the_run(tmp_path):
    """The terminal goes away with SIGHUP; what is printed then goes nowhere."""
    run = tmp_path / "r"
    args = (*SHORT, run, "--steps", 5000, "--save-every", 5000, "--summary-every", 1)
    leader, follower = pty.openpty()
    files = dict.fromkeys(("stdin", "stdout", "stderr"), follower)
    words = command("train_mnist.py", *args)
    process = started(words, _take_terminal, start_new_session=True, **files)
    os.close(follower)
    _wait_for_steps(run, process, leader)
    os.close(leader)  # hangs up
    assert process.wait(SECONDS) == 128 + signal.SIGHUP
    step = int(finding.resolve(run).rpartition("-")[2])
    assert step >= 3
    printed = train(run, "--restore", "--steps", step + 1)
    assert f"resumed at step {step} of" in printed


@pytest.mark.release
def test_a_lost_connection_saves_a_run_whose_reader_dies_with_it(tmp_path):
    """`train_mnist.py ... | tee log`: tee is gone before the next line is printed."""
    run = tmp_path / "r"
    args = (*SHORT, run, "--steps", 5000, "--save-every", 5000, "--summary-every", 1)
    words = [sys.executable, "-c", OFTEN, *command("train_mnist.py", *args)[1:]]
    process = started(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    _wait_for_steps(run, process, process.stdout.fileno())
    process.send_signal(signal.SIGHUP)
    process.stdout.close()
    assert process.wait(SECONDS) == 128 + signal.SIGHUP
    assert int(finding.resolve(run).rpartition("-")[2]) >= 3


OFTEN = """
import runpy, sys
sys.argv = sys.argv[1:]
sys.path.insert(0, ".")
from dcgan_v1.training import progress
progress.LINE_SECONDS = 0  # a line for each step
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def _take_terminal():
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _wait_for_steps(run, process, leader=None):
    """leader: what is printed there is read meanwhile, lest it fills up."""
    if leader is not None:
        os.set_blocking(leader, False)

    def has_steps():
        if leader is not None:
            with contextlib.suppress(BlockingIOError):
                os.read(leader, 2**16)
        return has_lines(run / "metrics.csv", 5)

    until(has_steps, process)


@pytest.mark.release
def test_under_nohup_a_lost_connection_changes_nothing(tmp_path):
    run = tmp_path / "r"
    args = (*SHORT, run, "--steps", 30, "--summary-every", 1)
    words = ["nohup", *command("train_mnist.py", *args)]
    process = started(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    _wait_for_steps(run, process)
    process.send_signal(signal.SIGHUP)
    printed, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert "done: " in printed
