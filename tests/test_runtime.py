"""Process set-up: oneDNN, graph mode, device."""

import subprocess
import sys

import pytest
import tensorflow.compat.v1 as tf
from script_runs import ENVIRONMENT, ROOT, command

from benchmarks import kill_resume
from dcgan_v1 import runtime
from dcgan_v1.errors import UserError

pytestmark = pytest.mark.cli

SHOW = """
from benchmarks import kill_resume
from dcgan_v1 import runtime
tf = runtime.prepare()
assert not tf.executing_eagerly()
print(runtime.session_config("cpu")[1])
"""


def run(code, **environment):
    import os

    foreign = ("TF_", "KERAS_", "ONEDNN_")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
    )


def test_prepare_switches_onednn_on_and_says_so_quietly():
    done = run(SHOW)
    assert done.stdout.startswith(f"TensorFlow {tf.version.VERSION} | CPU (")
    assert done.stdout.rstrip().endswith("oneDNN on")
    assert done.stderr == ""


def test_prepare_leaves_a_users_choice_alone():
    done = run(SHOW, TF_ENABLE_ONEDNN_OPTS="0")
    assert done.stdout.rstrip().endswith("oneDNN off")


def test_prepare_refuses_a_process_that_already_ran_eagerly():
    code = """
import tensorflow as tf
tf.constant(1) + 1
from dcgan_v1 import errors, runtime
try:
    runtime.prepare()
except errors.UserError as error:
    print(error)
"""
    assert "already run eagerly" in run(code).stdout


def test_a_missing_gpu_is_an_error_that_says_what_to_install(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    with pytest.raises(UserError, match=r"\[gpu\]"):
        runtime.session_config("gpu")


def test_auto_says_why_it_fell_back(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    _, line = runtime.session_config("auto")
    assert "fell back from GPU: " in line


@pytest.mark.skipif(runtime.cores() < 2, reason="there is only one core to train on")
def test_deterministic_training_has_the_same_bits_on_one_core_and_on_all(tmp_path):
    import os

    one = {min(os.sched_getaffinity(0))}
    where = {"one": one, "all": os.sched_getaffinity(0)}
    for name, cores in where.items():
        done = subprocess.run(
            command(
                "train_mnist.py",
                "--model",
                "mnist_keras",
                "--batch-size",
                8,
                "--steps",
                4,
                "--sample-every",
                2,
                "--summary-every",
                1,
                "--device",
                "cpu",
                "--deterministic",
                "--run-dir",
                tmp_path / name,
            ),
            cwd=ROOT,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            preexec_fn=lambda cores=cores: os.sched_setaffinity(0, cores),
        )
        assert done.returncode == 0, done.stderr
        assert f"({len(cores)} cores) | deterministic, 2 threads" in done.stdout
    assert kill_resume.compare(tmp_path / "one", tmp_path / "all", 4) == []
