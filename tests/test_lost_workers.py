"""A worker that is lost is noticed and named; all start again, and nothing is lost."""

import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest
from script_runs import ENVIRONMENT, SECONDS, until
from worker_runs import finished, is_running, train, variables

from benchmarks import kill_resume
from dcgan_v1.distributed import cluster

pytestmark = pytest.mark.workers


@pytest.mark.parametrize(
    ("rank", "number", "said"),
    [
        (1, signal.SIGKILL, "worker 1 was ended by SIGKILL"),
        pytest.param(0, signal.SIGKILL, "worker 0 was ended by SIGKILL", marks=pytest.mark.release),
        pytest.param(1, signal.SIGSTOP, "worker 1 (127.0.0.1:", marks=pytest.mark.release),
        pytest.param(0, signal.SIGSTOP, "worker 0 (127.0.0.1:", marks=pytest.mark.release),
    ],
)
def test_a_lost_worker_is_named_and_the_run_ends_as_an_undisturbed_one(
    undisturbed, tmp_path, rank, number, said
):
    process = train(tmp_path / "run")
    until((tmp_path / "run" / "checkpoints" / "model-5.index").exists, process)
    os.kill(kill_resume.workers_of(process.pid)[rank], number)
    code, out, err = finished(process)
    assert code == 0, out + err
    assert said in out + err
    assert "all workers start again from step" in out
    assert kill_resume.compare(undisturbed, tmp_path / "run", 12) == []


@pytest.mark.release
def test_a_worker_that_is_frozen_before_the_first_step_is_named_too(undisturbed, tmp_path):
    process = train(tmp_path / "run")
    until(lambda: len(kill_resume.workers_of(process.pid)) == 2, process)
    os.kill(kill_resume.workers_of(process.pid)[1], signal.SIGSTOP)
    code, out, err = finished(process)
    assert code == 0, out + err
    assert "worker 1 was stopped by a signal; all workers start again" in out
    assert kill_resume.compare(undisturbed, tmp_path / "run", 12) == []


def test_ctrl_c_stops_all_workers_after_the_same_step_and_saves(tmp_path):
    process = train(tmp_path / "run", steps=5000)
    until((tmp_path / "run" / "samples" / "step_0000004.png").exists, process)
    workers = kill_resume.workers_of(process.pid)
    process.send_signal(signal.SIGINT)
    code, out, err = finished(process)
    assert code == 130, out + err
    step = int(re.search(r"stopped at step (\d+)", out)[1])
    assert variables(tmp_path / "run", step)["global_step"] == step
    assert not any(map(is_running, workers))


def test_no_worker_outlives_its_launcher(tmp_path):
    process = train(tmp_path / "run", steps=5000)
    until((tmp_path / "run" / "samples" / "step_0000004.png").exists, process)
    workers = kill_resume.workers_of(process.pid)
    assert len(workers) == 2
    process.kill()
    process.communicate()
    until(lambda: not any(map(is_running, workers)))


@pytest.mark.release
def test_workers_that_are_started_by_hand_meet_and_a_late_one_is_waited_for(tmp_path):
    addresses = [f"localhost:{port}" for port in cluster.free_ports(2)]
    started = []
    for rank in (0, 1):
        config = {"cluster": {"chief": addresses[:1], "worker": addresses[1:]}}
        config["task"] = {"type": ("chief", "worker")[rank], "index": 0}
        words = kill_resume.command("mnist_tutorial", 4, tmp_path / str(rank))
        started.append(
            subprocess.Popen(
                words,
                env={**ENVIRONMENT, "TF_CONFIG": json.dumps(config)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        time.sleep(8)
    (code, out, err), (other, *said) = map(finished, started)
    assert (code, other) == (0, 0), err + said[1]
    assert "2 workers, on this machine" in out
    assert said[0].startswith(f"worker 1 ({addresses[1]}) waits for worker 0 ({addresses[0]})")
    assert said[0].count("\n") == 1 and said[1] == ""
    assert not (tmp_path / "1").exists()  # the chief alone writes


@pytest.mark.release
def test_workers_that_are_lost_again_and_again_are_given_up(tmp_path):
    """Worker 1 dies whenever Python starts in it."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, json\n"
        "task = json.loads(os.environ.get('TF_CONFIG', '{}')).get('task', {})\n"
        "if task.get('index') == 1: os.kill(os.getpid(), 9)\n"
    )
    words = kill_resume.command("mnist_tutorial", 4, tmp_path / "run", 2)
    environment = {**ENVIRONMENT, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 1, done.stderr
    assert "worker 1 was ended by SIGKILL; given up after 3 restarts" in done.stderr
    assert done.stdout.count("all workers start again from the beginning") == 3


def test_a_frozen_server_is_told_from_one_that_answers():
    """The system takes connections for a frozen process; only that process answers."""
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        address = f"127.0.0.1:{frozen.getsockname()[1]}"
        (gone,) = cluster.free_ports(1)
        met = cluster.Cluster(("127.0.0.1:1", address, f"127.0.0.1:{gone}"), 0)
        assert met.silent() == [f"worker 1 ({address})", f"worker 2 (127.0.0.1:{gone})"]
