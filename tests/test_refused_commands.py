"""Command lines and surroundings that cannot be meant: one true sentence, and nothing done."""

import errno
import json
import os
from pathlib import Path

import pytest
from script_runs import inside, refusal

from dcgan_v1 import errors
from dcgan_v1.commands import latents, run_plan
from dcgan_v1.distributed import WorkerLost, cluster, context
from dcgan_v1.errors import UserError
from dcgan_v1.systems import MnistKerasConfig
from dcgan_v1.training.rundir import RunDirectory

pytestmark = pytest.mark.unit


def run_at(path):
    RunDirectory(path).create(MnistKerasConfig())
    return path


# ---- --restore ----


@pytest.mark.parametrize("script", ["train.py", "train_mnist.py"])
def test_restore_with_a_mistyped_run_dir_is_an_error_that_names_the_nearest_run(tmp_path, script):
    run_at(tmp_path / "runs" / "digits")
    run_at(tmp_path / "runs" / "faces")
    words = ("--model", "mnist_keras", "--restore", "--run-dir")
    said = refusal(script, *words, tmp_path / "runs" / "digitz")
    assert f"--run-dir {tmp_path}/runs/digitz holds no run that --restore could continue" in said
    assert f"the nearest is {tmp_path}/runs/digits;" in said
    assert f"the nearest is {tmp_path}/runs/faces" in refusal(
        script, *words, tmp_path / "runs" / "face"
    )
    within = refusal(script, *words, tmp_path / "runs" / "digits" / "checkpoints")
    assert f"the nearest is {tmp_path}/runs/digits;" in within
    above = refusal(script, *words, tmp_path / "runs")
    assert f"the nearest is {tmp_path}/runs/" in above
    assert sorted(p.name for p in tmp_path.rglob("*") if p.suffix == ".json") == ["config.json"] * 2


def test_nothing_near_is_said_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_plan.nearest_run(Path("gone/there")) is None
    run_at(tmp_path / "runs" / "a")
    assert run_plan.nearest_run(Path("gone/there")) == Path("runs/a")


# ---- values ----


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--seed", "-1"], "error: --seed must be at least 0, not -1\n"),
        (["--n", "0"], "error: --n must be at least 1, not 0\n"),
        (["--frames", "1"], "error: --frames must be at least 2, not 1\n"),
        (
            ["--run-dir", "r"],
            "error: --pretrained and --run-dir exclude each other: give one of them (see --help)\n",
        ),
        (
            ["--out", "-dash"],
            "error: argument --out: expected one argument; a value that begins with a dash is "
            "written --out=-dash (see --help)\n",
        ),
        (["--out", "--grid"], "error: argument --out: expected one argument (see --help)\n"),
        (["--out"], "error: argument --out: expected one argument (see --help)\n"),
    ],
)
def test_an_option_that_is_wrong_is_named_alone(words, said):
    assert refusal("sample.py", "--pretrained", "mnist_tutorial", *words) == said


def test_a_path_with_a_dash_is_named_in_the_form_that_works(tmp_path):
    said = refusal("train.py", "--model", "mnist_keras", "--run-dir", "-dash")
    assert "written --run-dir=-dash" in said
    said = refusal("train.py", "--model", "mnist_keras", "--restore", "-model")
    assert "written --restore=-model" in said
    run = ("--model", "mnist_keras", "--restore", f"--run-dir={tmp_path}/-dash")
    assert f"{tmp_path}/-dash holds no run" in refusal("train.py", *run)


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "pipe", "folder", "large"])
def test_latents_are_read_from_files_of_their_size(tmp_path, path, monkeypatch):
    monkeypatch.setattr(latents, "LARGEST", 10)
    path = Path(path) if path.startswith("/") else tmp_path / path
    if path.name == "pipe":
        __import__("os").mkfifo(path)
    elif path.name == "folder":
        path.mkdir()
    elif path.name == "large":
        path.write_text("[" * 11)
    with pytest.raises(UserError, match="is too large" if path.name == "large" else "is no file"):
        latents.read(path)
    words = ("--pretrained", "mnist_tutorial", "--latents", path)
    assert str(path) in refusal("sample.py", *words)


# ---- TF_CONFIG ----

TWO = {"worker": ["localhost:1", "localhost:2"]}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("{", "TF_CONFIG is not what TensorFlow wants there: JSON (Expecting property name"),
        ("[1]", "it is no JSON object"),
        ({"cluster": {"worker": []}, "task": {"index": 0}}, "has a task, and nobody in its"),
        ({"cluster": TWO}, "TF_CONFIG has no task, so it cannot be told which of 2 workers"),
        ({"cluster": TWO, "task": {}}, "has no task, so"),
        ({"cluster": TWO, "task": {"type": "worker"}}, "a task without an index"),
        ({"cluster": TWO, "task": 3}, "'task' is 3 no JSON object"),
        ({"cluster": "a:1"}, "'cluster' is \"a:1\" no JSON object"),
        (
            {"cluster": {"worker": "a:1, b:2"}, "task": {"index": 0}},
            'the addresses of \'worker\' must be a list, not "a:1, b:2"; write ["a:1", "b:2"]',
        ),
        ({"cluster": {"worker": {"0": "a:1"}}}, "the addresses of 'worker' must be a list"),
        ({"cluster": TWO, "task": {"type": "worker", "index": 2}}, "no worker 2 in its cluster; "),
        ({"cluster": TWO, "task": {"type": "worker", "index": -1}}, "it has worker 0 to 1"),
        ({"cluster": TWO, "task": {"type": "worker", "index": "b"}}, "index 'b' is no integer"),
        ({"cluster": TWO, "task": {"type": "chief", "index": 0}}, "no chief 0 in its cluster"),
        ({"cluster": TWO, "task": {"type": [1], "index": 0}}, "no [1] 0 in its cluster"),
    ],
)
def test_a_tf_config_that_cannot_be_meant_is_refused_in_a_sentence(config, said, monkeypatch):
    text = config if isinstance(config, str) else json.dumps(config)
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(UserError) as error:
        cluster.of_environment()
    assert said in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("config", "rank"),
    [
        ({"cluster": TWO, "task": {"type": "worker", "index": 1}}, 1),
        ({"cluster": TWO, "task": {"index": "1"}}, 1),
        ({"cluster": {"chief": ["localhost:1"], **TWO}, "task": {"type": "chief"}}, None),
        ({"cluster": {"chief": ["a:1"], "worker": ["b:1"]}, "task": {"type": "chief"}}, 0),
        ({"cluster": {"worker": ["a:1"]}}, 0),
    ],
)
def test_what_tf_config_says_is_who_this_is(config, rank, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    if rank is None:
        with pytest.raises(UserError, match="names an address twice"):
            cluster.of_environment()
        return
    assert cluster.of_environment().rank == rank


# ---- workers that are lost ----


def lost(monkeypatch, launched, when="step 7", silent=("worker 1 (b:1)",)):
    import tensorflow.compat.v1 as tf

    if launched:
        monkeypatch.setenv("DCGAN_V1_WORKERS", "new")
    monkeypatch.setattr(cluster.Cluster, "silent", lambda self: [*silent])
    worker = context.WorkerContext(cluster.Cluster(("a:1", "b:1", "c:1"), 0), 10.0)
    text = "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:41233: Failed "
    text += "to connect to remote host: connect: Connection refused (111)\nAdditional GRPC error "
    text += 'information from remote target /job:worker/replica:0/task:1:\n:{"created":"@1"}'
    with pytest.raises(WorkerLost) as error, worker.noticing(when):
        raise tf.errors.UnavailableError(None, None, text)
    return str(error.value)


def test_a_lost_worker_says_what_is_to_be_done_by_whoever_is_to_do_it(monkeypatch):
    by_hand = lost(monkeypatch, launched=False)
    assert by_hand.startswith("worker 1 (b:1) does not answer (step 7: failed to connect to all")
    assert by_hand.endswith("; start all workers again, worker 0 with --restore if a run is there")
    met = lost(monkeypatch, False, context.MEETING, ("worker 1 (b:1)", "worker 2 (c:1)"))
    assert "worker 1 (b:1) and worker 2 (c:1) do not answer" in met
    assert met.endswith("; start all workers again by the same commands")
    launched = lost(monkeypatch, launched=True)
    assert "start all" not in launched and launched.endswith(")")


def test_errors_of_others_are_cut_between_words_and_that_is_seen():
    text = "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:41233: Failed"
    cut = errors.reason(ValueError(text + " to connect to remote host: connect: refused"), 100)
    assert cut == text + " to connect..."
    assert len(errors.reason(ValueError("x" * 500), 100)) == 100
    assert errors.reason(ValueError("short")) == "short"
    grpc = errors.reason(ValueError("gone\nAdditional GRPC error information from remote: {}"))
    assert grpc == "gone"


def test_a_worker_by_hand_says_that_it_waits_and_a_launched_one_does_not(monkeypatch, capsys):
    import argparse

    args = argparse.Namespace(worker_timeout=10.0, quiet=False)
    workers = cluster.Cluster(("a:1", "b:1"), 1)
    monkeypatch.setattr(context.WorkerContext, "session", lambda *_: 1 / 0)
    for launched, quiet, lines in ((False, False, 1), (True, False, 0), (False, True, 0)):
        if launched:
            monkeypatch.setenv("DCGAN_V1_WORKERS", "new")
        else:
            monkeypatch.delenv("DCGAN_V1_WORKERS", raising=False)
        args.quiet = quiet
        with pytest.raises(ZeroDivisionError):
            run_plan._context(workers, args).follow({"device": "cpu"})
        said = capsys.readouterr().out
        assert said.count("\n") == lines
        assert not lines or said.startswith("worker 1 (b:1) waits for worker 0 (a:1)")


def test_help_is_no_refusal():
    assert inside("sample.py", "--help").returncode == 0


def test_a_full_disk_without_a_file_is_no_file_called_none(tmp_path, monkeypatch):
    def write(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("dcgan_v1.migration.recordings.recorder_file.text", write)
    said = refusal("write_recorder.py", "--of", "tf1", tmp_path / "recorder.py")
    assert said == "error: No space left on device\n"


@pytest.mark.parametrize("option", ["--run-dir", "--record"])
def test_a_file_where_an_old_programs_folder_is_to_be_is_named_before_it_runs(tmp_path, option):
    (tmp_path / "main.py").write_text("never")
    (tmp_path / "file").touch()
    folders = {"--run-dir": tmp_path / "run", "--record": tmp_path / "rec"}
    folders[option] = tmp_path / "file"
    words = [word for pair in folders.items() for word in pair]
    said = refusal("run_legacy.py", "--steps", 1, *words, tmp_path / "main.py")
    assert said == f"error: {option} {tmp_path}/file is a file, not a directory\n"
    assert not (tmp_path / "run").exists()
