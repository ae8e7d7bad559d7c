"""A run that is killed and restored ends as one that was left alone, wherever the kill falls.

benchmarks/kill_resume.py does the same at random moments, and for longer."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from script_runs import ENVIRONMENT, ROOT, SECONDS, call_path

from benchmarks import kill_resume

pytestmark = pytest.mark.cli

STEPS = 12
AT_A_CHECKPOINT = 10  # the last step has one in any case, and its sample comes first
KILLS = [  # checkpoints at 5, 10 and 12, samples at 0, 4, 8 and 12
    ("write:config.json", 1),
    pytest.param("rename:model-10.index", 1, marks=pytest.mark.smoke),
]
MORE_KILLS = [("list", 2)]  # the checkpoint of step 10 is there
MORE_KILLS += [("metrics", 7), ("write:step_0000004", 1), ("rename:model-5.data", 1), ("saver", 2)]
MORE_KILLS += [("curves", 1)]  # the last one, too: see below


def train(run_dir, *before, steps=STEPS):
    """Trains, or restores; `before`: kill_at.py and what it is told."""
    script, *arguments = kill_resume.command("mnist_tutorial", steps, run_dir)[1:]
    return call_path(*before, script, *arguments)


@pytest.fixture(scope="session")
def alone(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("alone") / "run"
    assert train(run_dir).returncode == 0
    return run_dir


@pytest.mark.parametrize(
    ("where", "count"),
    [*KILLS, *(pytest.param(*kill, marks=pytest.mark.release) for kill in MORE_KILLS)],
)
def test_a_kill_in_the_middle_of_a_write_loses_nothing(alone, tmp_path, where, count):
    run_dir = tmp_path / "run"
    wrapper = str(Path(__file__).with_name("kill_at.py"))
    done = train(run_dir, wrapper, where, str(count))
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
    done = train(run_dir)
    assert done.returncode == 0, done.stderr
    assert kill_resume.compare(alone, run_dir, STEPS) == []


def test_a_kill_while_the_last_pictures_are_drawn_keeps_the_last_sample(tmp_path):
    alone, run_dir = tmp_path / "alone", tmp_path / "run"
    assert train(alone, steps=AT_A_CHECKPOINT).returncode == 0
    wrapper = str(Path(__file__).with_name("kill_at.py"))
    killed = train(run_dir, wrapper, "curves", "1", steps=AT_A_CHECKPOINT)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert train(run_dir, steps=AT_A_CHECKPOINT).returncode == 0
    assert kill_resume.compare(alone, run_dir, AT_A_CHECKPOINT) == []


@pytest.mark.release  # the tests above kill where it hurts most
def test_kills_at_random_moments_lose_nothing(tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            str(ROOT / "benchmarks" / "kill_resume.py"),
            "--model",
            "mnist_keras",
            "--kills",
            "3",
        ],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    found = re.search(r"mnist_keras: (\d) kills in 36 steps .*: identical", done.stdout)
    assert found, done.stdout
    assert int(found[1]) >= 1
