"""Real disks that are full, read-only or gone, in a namespace where we may mount."""

import shutil
import subprocess

import pytest
from script_runs import ENVIRONMENT, ROOT, SECONDS, command, started, until

pytestmark = pytest.mark.cli

UNSHARE = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
TRAINING = (
    "--data",
    "synthetic",
    "--limit",
    20,
    "--width",
    8,
    "--batch-size",
    4,
    "--device",
    "cpu",
    "--save-every",
    2,
    "--sample-every",
    2,
    "--steps",
    16,
)


def may_mount():
    if not shutil.which("unshare"):
        return False
    probe = [*UNSHARE, "mount -t tmpfs -o size=1m tmpfs /mnt"]
    return subprocess.run(probe, capture_output=True).returncode == 0


needs_mount = pytest.mark.skipif(not may_mount(), reason="this machine lets nobody mount a tmpfs")


def shell(script, disk, size):
    """Runs a shell script where `disk` is a tmpfs; returns its stdout and stderr.

    In the script $train, $restore and $verify are the scripts at work on `disk`/run.
    """
    disk.mkdir()
    words = {
        "train": command("train_celeba.py", *TRAINING, "--run-dir", disk / "run"),
        "verify": command("verify_checkpoint.py", disk / "run"),
    }
    words["restore"] = [*words["train"], "--restore"]
    variables = "".join(f"{k}='{' '.join(map(str, v))}'\n" for k, v in words.items())
    mount = f"mount -t tmpfs -o size={size} tmpfs {disk} || exit 99\n"
    done = subprocess.run(
        [*UNSHARE, variables + mount + script],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, done.stderr


@pytest.mark.release  # test_saving.py injects such faults
@needs_mount
def test_a_full_disk_stops_training_with_the_last_checkpoint_sound(tmp_path):
    disk = tmp_path / "disk"
    printed, errors = shell(
        f"""
        $train; [ $? = 2 ] || exit 1
        echo FULL; $verify || exit 2
        mount -o remount,size=100m {disk}
        $restore || exit 3
        """,
        disk,
        "12m",
    )
    assert errors.count("error: ") == 1
    assert "error: cannot write the checkpoint of step" in errors
    assert "No space left on device; make room" in errors
    assert "Traceback" not in errors and ".py" not in errors
    assert "\nsound\n" in printed.partition("FULL")[2]
    assert "resumed at step" in printed.partition("FULL")[2]
    assert f"done: {disk}/run/samples/step_0000016.png" in printed


@pytest.mark.release  # test_saving.py injects such faults
@needs_mount
def test_a_read_only_disk_is_refused_before_anything_is_done(tmp_path):
    disk = tmp_path / "disk"
    _, errors = shell(
        f"""
        $train --steps 2 > /dev/null || exit 1
        mount -o remount,ro {disk}
        $restore > /dev/null; [ $? = 2 ] || exit 2
        $verify > /dev/null || exit 3
        $train --run-dir {disk}/other > /dev/null; [ $? = 2 ] || exit 4
        """,
        disk,
        "40m",
    )
    lines = [line for line in errors.splitlines() if line and "image/s" not in line]
    assert len(lines) == 2, errors
    for line in lines:
        assert line.startswith("error: cannot write to --run-dir"), line
        assert "Read-only file system" in line


@pytest.mark.release  # test_saving.py has faults of writing that are injected
def test_a_run_directory_that_vanishes_is_named_in_the_error(tmp_path):
    run_dir = tmp_path / "run"
    words = command("train_celeba.py", *TRAINING, "--steps", 5000, "--run-dir", run_dir)
    process = started(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until(lambda: list(run_dir.glob("checkpoints/*.index")), process)
    run_dir.rename(tmp_path / "gone")
    _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 2
    assert "error: cannot write the checkpoint of step" in errors
    assert str(run_dir) in errors and "Traceback" not in errors
    assert not run_dir.exists()
    moved = subprocess.run(
        command("verify_checkpoint.py", tmp_path / "gone"),
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert moved.returncode == 0, moved.stderr
