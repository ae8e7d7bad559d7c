"""Several workers compute what one does; a lost one is noticed, and all start again."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from script_runs import ENVIRONMENT, call

from benchmarks import kill_resume
from dcgan_v1 import cluster, systems
from dcgan_v1.checkpoints import reading
from dcgan_v1.nn import joining

pytestmark = pytest.mark.xdist_group("workers")  # they start processes of their own
STEPS = Path(__file__).with_name("joined_steps.py")


def joined_steps(count, folder, model, bn="joined"):
    """Returns what each of `count` workers came to after the same steps."""
    addresses = [f"127.0.0.1:{port}" for port in cluster.free_ports(count)]
    processes = []
    for rank in range(count):
        task = {"type": "worker", "index": rank}
        config = {"cluster": {"worker": addresses}, "task": task}
        out = folder / f"{count}-{rank}.npz"
        words = [sys.executable, str(STEPS), json.dumps(config), str(out), bn, model]
        environment = {**ENVIRONMENT, "TF_NUM_INTRAOP_THREADS": "1"}
        processes.append(
            subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True)
        )
    try:
        for process in processes:
            _, said = process.communicate(timeout=240)
            assert process.returncode == 0, said[-2000:]
    finally:
        for process in processes:
            process.kill()
    return [dict(np.load(folder / f"{count}-{rank}.npz")) for rank in range(count)]


def furthest(found, expected):
    """Returns the largest difference, relative to the largest number of its array (of
    1e-3 at least: biases before a batch norm have gradients of rounding alone)."""
    assert found.keys() == expected.keys()
    assert all(np.isfinite(x).all() for x in found.values())
    return max(
        np.abs(found[k] - expected[k]).max() / max(1e-3, np.abs(expected[k]).max())
        for k in expected
    )


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(name, marks=[] if name == "images96" else pytest.mark.long)
        for name in systems.SYSTEMS
    ],
)
def test_ten_steps_in_float64_are_the_same_on_one_two_and_three_workers(
    tmp_path, model
):
    (alone,) = joined_steps(1, tmp_path, model)
    for count in (2, 3):
        ranks = joined_steps(count, tmp_path, model)
        assert furthest(ranks[0], alone) < 1e-12
        for other in ranks[1:]:  # no worker drifts from the others, not by a bit
            assert all(other[k].tobytes() == ranks[0][k].tobytes() for k in other)


def train(run_dir, *options, workers=2, steps=12, before=()):
    """Trains on small batches; returns the process."""
    words = kill_resume.command("mnist_tutorial", steps, run_dir, workers)
    return subprocess.Popen(
        [*before, *words, "--worker-timeout", "10", *options],
        env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finished(process):
    """Returns (exit code, stdout, stderr)."""
    try:
        out, err = process.communicate(timeout=240)
    finally:
        process.kill()
    return process.returncode, out, err


def until(path, process):
    """Waits for a file that a training writes."""
    while not path.exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("undisturbed") / "run"
    code, out, err = finished(train(run_dir))
    assert code == 0, err
    assert "2 workers, on this machine" in out
    return run_dir


def variables(run_dir, step):
    return reading.tensors(str(run_dir / "checkpoints" / f"model-{step}"))


def test_two_workers_train_what_one_does_on_the_same_data_and_noise(
    undisturbed, tmp_path
):
    code, _, err = finished(train(tmp_path / "alone", workers=1))
    assert code == 0, err
    ours, alone = variables(undisturbed, 12), variables(tmp_path / "alone", 12)
    assert ours.keys() == alone.keys()  # a single process's checkpoint
    assert furthest(ours, alone) < 2e-5  # 12 steps in float32
    assert (undisturbed / "training.gif").exists()


@pytest.mark.long
def test_a_checkpoint_goes_on_with_any_other_number_of_workers(undisturbed, tmp_path):
    run_dir = shutil.copytree(undisturbed, tmp_path / "run")
    for steps, workers in ((13, 1), (14, 2)):
        code, out, err = finished(train(run_dir, workers=workers, steps=steps))
        assert code == 0, err
        assert f"resumed at step {steps - 1} of {steps}" in out
    assert variables(run_dir, 14)["global_step"] == 14


@pytest.mark.parametrize(
    ("rank", "number", "said"),
    [
        (1, signal.SIGKILL, "worker 1 was ended by SIGKILL"),
        pytest.param(0, signal.SIGKILL, "worker 0 was ended by SIGKILL",
                     marks=pytest.mark.long),
        pytest.param(1, signal.SIGSTOP, "worker 1 (127.0.0.1:",
                     marks=pytest.mark.long),
        pytest.param(0, signal.SIGSTOP, "worker 0 (127.0.0.1:",
                     marks=pytest.mark.long),
    ],
)  # fmt: skip
def test_a_lost_worker_is_named_and_the_run_ends_as_an_undisturbed_one(
    undisturbed, tmp_path, rank, number, said
):
    process = train(tmp_path / "run")
    until(tmp_path / "run" / "checkpoints" / "model-5.index", process)
    os.kill(kill_resume.workers_of(process.pid)[rank], number)
    code, out, err = finished(process)
    assert code == 0, out + err
    assert said in out + err
    assert "all workers start again from step" in out
    assert kill_resume.compare(undisturbed, tmp_path / "run", 12) == []


def test_ctrl_c_stops_all_workers_after_the_same_step_and_saves(tmp_path):
    process = train(tmp_path / "run", steps=5000)
    until(tmp_path / "run" / "samples" / "step_0000004.png", process)
    workers = kill_resume.workers_of(process.pid)
    process.send_signal(signal.SIGINT)
    code, out, err = finished(process)
    assert code == 130, out + err
    step = int(re.search(r"stopped at step (\d+)", out)[1])
    assert variables(tmp_path / "run", step)["global_step"] == step
    assert not any(map(is_running, workers))


def test_no_worker_outlives_its_launcher(tmp_path):
    process = train(tmp_path / "run", steps=5000)
    until(tmp_path / "run" / "samples" / "step_0000004.png", process)
    workers = kill_resume.workers_of(process.pid)
    assert len(workers) == 2
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 30
    while any(map(is_running, workers)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(is_running, workers))


def is_running(pid):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.mark.long
def test_workers_that_are_started_by_hand_meet_and_a_late_one_is_waited_for(tmp_path):
    addresses = [f"localhost:{port}" for port in cluster.free_ports(2)]
    started = []
    for rank in (0, 1):
        config = {"cluster": {"chief": addresses[:1], "worker": addresses[1:]}}
        config["task"] = {"type": ("chief", "worker")[rank], "index": 0}
        words = kill_resume.command("mnist_tutorial", 4, tmp_path / str(rank))
        started.append(
            subprocess.Popen(
                words, env={**ENVIRONMENT, "TF_CONFIG": json.dumps(config)},
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
        )  # fmt: skip
        time.sleep(8)
    (code, out, err), (other, *said) = map(finished, started)
    assert (code, other) == (0, 0), err + said[1]
    assert "2 workers, on this machine" in out
    assert said == ["", ""]
    assert not (tmp_path / "1").exists()  # the chief alone writes


@pytest.mark.long
def test_local_moments_train_too_and_keep_the_same_averages_everywhere(tmp_path):
    (alone,) = joined_steps(1, tmp_path, "images96")
    ranks = joined_steps(2, tmp_path, "images96", bn="local")
    averages = [k for k in alone if "/moving_" in k]
    assert all(ranks[0][k].tobytes() == ranks[1][k].tobytes() for k in alone)
    assert furthest(ranks[0], alone) > 1e-6  # another function
    for k in averages:  # whose averages are of the same things
        assert np.abs(ranks[0][k] - alone[k]).max() < 0.3 * np.abs(alone[k]).max()
    code, _, err = finished(train(tmp_path / "run", "--bn", "local"))
    assert code == 0, err


def test_shares_are_the_rows_of_a_batch_in_order(graph, session):
    for rows in (7, 6, 2, 0):
        parts = []
        for rank in range(3):
            with joining.joined(joining.Workers(rank, 3, 1.0, iter(()))):
                parts.append(session.run(joining.share(tf.range(rows))))
        assert np.concatenate(parts).tolist() == [*range(rows)]
        assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.long
def test_workers_that_are_lost_again_and_again_are_given_up(tmp_path):
    """Worker 1 dies whenever Python starts in it."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, json\n"
        "task = json.loads(os.environ.get('TF_CONFIG', '{}')).get('task', {})\n"
        "if task.get('index') == 1: os.kill(os.getpid(), 9)\n"
    )
    words = kill_resume.command("mnist_tutorial", 4, tmp_path / "run", 2)
    environment = {**ENVIRONMENT, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True,
                          timeout=240)  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "worker 1 was ended by SIGKILL; given up after 3 restarts" in done.stderr
    assert done.stdout.count("all workers start again from the beginning") == 3


def tf_config(*addresses, kind="worker", index=0, job="worker"):
    return json.dumps(
        {"cluster": {job: addresses}, "task": {"type": kind, "index": index}}
    )


@pytest.mark.parametrize(
    ("options", "config", "said"),
    [
        (["--batch-size", "50", "--workers", "3"], "", "48 or 51 can"),
        (["--batch-size", "2", "--workers", "3"], "", "workers; 3 can"),
        (["--workers", "0"], "", "--workers must be at least 1"),
        (["--worker-timeout", "0"], "", "--worker-timeout must be 1 to 86400"),
        ([], "{", "TF_CONFIG is not what TensorFlow wants"),
        ([], tf_config("a", "b"), "'a' is no address"),
        ([], tf_config("a:1", "a:1"), "an address twice"),
        ([], tf_config("a:1", "b:1"), "--trust-network"),
        ([], tf_config("a:1", "b:1", index=2), "no worker 2"),
        ([], tf_config("a:1", "b:1", index=float("inf")), "not what TensorFlow wants"),
        ([], tf_config("a:1", "b:1", kind=["worker"]), "no ['worker'] 0"),
        ([], tf_config("a:1", "b:99999"), "'b:99999' is no address"),
        ([], tf_config("a:1", ":1"), "':1' is no address"),
        ([], tf_config("a:1", job="ps"), "a job 'ps'"),
        (["--workers", "2"], tf_config("localhost:1", "localhost:2"), "choose"),
    ],
)
def test_what_cannot_be_joined_is_refused_in_one_line(tmp_path, options, config, said):
    environment = {**ENVIRONMENT, "TF_CONFIG": config} if config else ENVIRONMENT
    where = ["--run-dir", tmp_path / "run"]
    done = call("train_mnist.py", *options, *where, env=environment)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_frozen_server_is_told_from_one_that_answers():
    """The system takes connections for a frozen process; only that process answers."""
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        address = f"127.0.0.1:{frozen.getsockname()[1]}"
        (gone,) = cluster.free_ports(1)
        met = cluster.Cluster(("127.0.0.1:1", address, f"127.0.0.1:{gone}"), 0)
        assert met.silent() == [f"worker 1 ({address})", f"worker 2 (127.0.0.1:{gone})"]
