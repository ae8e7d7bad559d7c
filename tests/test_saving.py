"""A run's checkpoints are whole or absent; a run has one writer; a sick one stops."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from script_runs import call, command, refusal, started, until

from dcgan_v1 import files
from dcgan_v1.checkpoints import finding, manifest, saving
from dcgan_v1.errors import UserError

pytestmark = pytest.mark.unit

ABOUT = {"model": "mnist_tutorial", "config_sha256": "00"}


@pytest.fixture
def saver(session):
    tf.get_variable("v", initializer=np.arange(1000.0))
    session.run(tf.global_variables_initializer())
    return tf.train.Saver(max_to_keep=None)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    return tmp_path / "checkpoints"


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


DAMAGE = {
    "a flipped byte": lambda p: flip(p.with_name(f"{p.name}.data-00000-of-00001")),
    "a truncated file": lambda p: p.with_name(f"{p.name}.data-00000-of-00001").write_bytes(
        b"short"
    ),
    "a missing shard": lambda p: p.with_name(f"{p.name}.data-00000-of-00001").unlink(),
    "an empty index": lambda p: p.with_name(f"{p.name}.index").write_bytes(b""),
    "a manifest of nonsense": lambda p: p.with_name(f"{p.name}.json").write_text("[1]"),
    "a manifest that leads elsewhere": lambda p: p.with_name(f"{p.name}.json").write_text(
        json.dumps({"step": 2, "files": {"../../etc/passwd": "00", "": "0"}})
    ),
}


def test_a_checkpoint_carries_a_manifest_and_the_newest_are_kept(saver, session, folder):
    for step in (1, 2, 3):
        saving.save(saver, session, folder, step, ABOUT, keep=2)
    assert [Path(p).name for p in finding.list_all(folder)] == ["model-2", "model-3"]
    assert tf.train.latest_checkpoint(str(folder)) == str(folder / "model-3")
    about = manifest.manifest_of(folder / "model-3")
    assert about["step"] == 3
    assert about["model"] == "mnist_tutorial"
    assert sorted(about["files"]) == ["model-3.data-00000-of-00001", "model-3.index"]
    assert len(list(folder.iterdir())) == 2 * 3 + 1  # and the list


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_newest_checkpoint_is_reported_and_the_one_before_used(
    saver, session, folder, kind
):
    for step in (1, 2):
        saving.save(saver, session, folder, step, ABOUT, keep=5)
    DAMAGE[kind](folder / "model-2")
    said = []
    assert saving.newest_intact(folder, said.append) == str(folder / "model-1")
    assert "model-2 is damaged" in said[0]
    assert (folder / "model-2.index.damaged").exists()
    assert saving.newest_intact(folder, said.append) == str(folder / "model-1")
    assert len(said) == 1  # it is set aside, and not met again


def test_where_no_checkpoint_is_sound_nothing_is_begun_unasked(saver, session, folder):
    assert saving.newest_intact(folder, print) is None
    saving.save(saver, session, folder, 1, ABOUT, keep=5)
    flip(folder / "model-1.index")
    for _ in range(2):  # and not at the second try either
        with pytest.raises(UserError, match=r"every checkpoint .* is damaged"):
            saving.newest_intact(folder, lambda text: None)
    assert finding.list_all(folder)


def test_checkpoints_that_are_listed_but_gone_are_missed(saver, session, folder):
    assert saving.newest_intact(folder, print) is None  # there never was one
    saving.save(saver, session, folder, 1, ABOUT, keep=2)
    saving.save(saver, session, folder, 2, ABOUT, keep=2)
    (folder / "model-2.json").unlink()
    said = []
    assert saving.newest_intact(folder, said.append).endswith("model-1")
    assert "its manifest is missing" in said[0]
    (folder / "model-1.index").unlink()
    with pytest.raises(UserError, match="lists checkpoints, but they are gone"):
        saving.newest_intact(folder, print)
    assert (folder / "model-1.data-00000-of-00001").exists()


def test_the_list_never_names_a_checkpoint_that_is_gone(saver, session, folder, monkeypatch):
    plain = saving.remove

    def look_first(prefix):
        assert Path(prefix).name not in (folder / "checkpoint").read_text()
        plain(prefix)

    monkeypatch.setattr(saving, "remove", look_first)
    for step in range(4):
        saving.save(saver, session, folder, step, ABOUT, keep=2)
    listed = tf.train.get_checkpoint_state(str(folder)).all_model_checkpoint_paths
    assert [Path(p).name for p in listed] == ["model-2", "model-3"]


def test_a_folder_given_relatively_has_a_list_that_tensorflow_can_follow(
    saver, session, folder, monkeypatch
):
    monkeypatch.chdir(folder.parent)
    for step in (1, 2):
        saving.save(saver, session, Path("checkpoints"), step, ABOUT, keep=5)
    newest = tf.train.latest_checkpoint("checkpoints")
    assert newest == "checkpoints/model-2"


def test_half_a_checkpoint_that_a_kill_left_is_cleared_away(saver, session, folder):
    (folder / "model-7.data-00000-of-00001").write_bytes(b"half")
    (folder / "model-7.json").write_text("{}")
    saving.save(saver, session, folder, 9, ABOUT, keep=5)
    assert not list(folder.glob("model-7*"))


def test_a_line_of_metrics_is_added_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "metrics.csv"
    files.append(path, b"step\n")
    truncated = []
    truncate = files.os.truncate
    monkeypatch.setattr(files.os, "truncate", lambda *a: (truncated.append(a), truncate(*a)))

    class Short(bytes):
        def __len__(self):
            return super().__len__() + 1  # the disk took less than there was

    with pytest.raises(OSError, match="No space left"):
        files.append(path, Short(b"1\n"))
    assert path.read_bytes() == b"step\n"
    assert truncated == [(path, 5)]


@pytest.mark.parametrize("fails_at", range(1, 5))
def test_a_full_disk_leaves_the_older_checkpoint_intact(
    saver, session, folder, monkeypatch, fails_at
):
    saving.save(saver, session, folder, 1, ABOUT, keep=1)
    plain, calls = saving._flush, [0]

    def full(path):
        calls[0] += 1
        if calls[0] == fails_at:
            raise OSError(28, "No space left on device")
        plain(path)

    monkeypatch.setattr(saving, "_flush", full)
    with pytest.raises(UserError, match="No space left on device"):
        saving.save(saver, session, folder, 2, ABOUT, keep=1)
    monkeypatch.undo()
    newest = saving.newest_intact(folder, print)
    assert manifest.damage(newest) == ""
    assert newest.endswith("model-1" if fails_at < 4 else "model-2")


# ---- the scripts ----


OPTIONS = ("--model", "mnist_tutorial", "--batch-size", 4, "--device", "cpu")


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("runs") / "run"
    args = (*OPTIONS, "--steps", 2, "--save-every", 1, "--run-dir", run_dir, "--quiet")
    assert call("train_mnist.py", *args).returncode == 0
    return run_dir


@pytest.mark.cli
def test_restore_passes_over_a_damaged_checkpoint_but_not_where_it_is_asked_for(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    flip(copy / "checkpoints" / "model-2.data-00000-of-00001")
    asked = ("--restore", copy / "checkpoints" / "model-2", "--run-dir", tmp_path / "n")
    assert "is damaged" in refusal("train_mnist.py", *OPTIONS, *asked)
    done = call("verify_checkpoint.py", copy)
    assert done.returncode == 1
    assert "damaged: model-2.data-00000-of-00001 is not what" in done.stdout
    done = call("train_mnist.py", "--restore", "--steps", 3, "--run-dir", copy)
    assert done.returncode == 0, done.stderr
    assert "model-2 is damaged" in done.stdout
    assert "resumed at step 1 of 3" in done.stdout
    done = call("verify_checkpoint.py", copy)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "sound"
    assert "mnist_tutorial, step 3" in done.stdout


@pytest.mark.cli
def test_a_second_writer_is_refused_until_the_first_dies(run, tmp_path):
    run_dir = tmp_path / "run"
    words = command("train_mnist.py", *OPTIONS, "--run-dir", run_dir)
    first = started(words, stdout=subprocess.DEVNULL)
    try:
        until((run_dir / "config.json").exists, first)
        for how in ("--restore", "--restart"):
            said = refusal("train_mnist.py", "--run-dir", run_dir, *OPTIONS[:2], how)
            assert f"is being written by process {first.pid} on " in said
    finally:
        first.kill()
        first.wait()
    last = ("--restore", "--steps", 1, "--run-dir", run_dir)
    assert call("train_mnist.py", *last).returncode == 0
