"""The pairs of both heaps as two programs that are recorded as they are.

Equal ones are the same, and what is planted is named, as with adapters."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from heaps.pairs import DIFFERENT, EQUAL
from script_runs import fresh_path, until
from test_heaps import problem

SCRIPTS = Path(__file__).parent / "heaps" / "scripts.py"
CHUNK = 12  # pairs in one process
FEW = (  # of the styles: layers, functions of torch and of TensorFlow, two networks, blocks, steps,
    # a kernel that is made of a parameter, gradients that a step leaves for the next
    "logits in TF1, a sigmoid and BCE in the port",
    "a GAN in Keras",
    "the slope, in bare tensors",
    "the slope, in a tf.Module",
    "D and G in the other order",
    "the decay of averaged weights",
    "the weight of a penalty",
    "a flipped kernel",
    "gradients that are not set to zero",
)

# what is said of two programs in place of what an adapter shows
OTHERWISE = {
    # a draw is an input of the step, and has the name that its program gives it
    "G's noise drawn again": ("the port takes it apart from z",)
}


def chunks():
    """A few pairs for `make check`, and all others."""
    pairs = {pair.name: pair for pair in (*EQUAL, *DIFFERENT)}
    yield pytest.param([pairs.pop(name) for name in FEW], id="few")
    rest = list(pairs.values())
    for start in range(0, len(rest), CHUNK):
        chunk = rest[start : start + CHUNK]
        yield pytest.param(chunk, id=str(start // CHUNK + 1), marks=pytest.mark.release)


def of_script(pair, result):
    """What is wrong with a result, or nothing: as many findings as with an adapter are right."""
    found, adapter = (result.get(part, []) for part in ("findings", "adapter"))
    as_many = len(found) == len(adapter) or pair.name in OTHERWISE
    return problem(pair, result) or ("" if as_many else f"{found}, with an adapter {adapter}")


@pytest.mark.compare
@pytest.mark.torch
@pytest.mark.parametrize("pairs", chunks())
def test_two_recorded_programs_are_the_same_or_what_is_planted_is_named(pairs):
    done = fresh_path(SCRIPTS, *(pair.name for pair in pairs))
    assert done.returncode == 0, done.stdout + done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    by_name = {result["name"]: result for result in results}
    expected = [replace(p, causes=OTHERWISE.get(p.name, p.causes)) for p in pairs]
    problems = {p.name: of_script(p, by_name.get(p.name, {"error": "not run"})) for p in expected}
    assert not any(problems.values()), {name: text for name, text in problems.items() if text}


HANGS = """import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
time.sleep(600)
"""


@pytest.mark.cli
def test_what_hangs_is_ended_with_the_processes_that_it_started(tmp_path):
    (tmp_path / "hangs.py").write_text(HANGS)
    with pytest.raises(subprocess.TimeoutExpired):
        fresh_path(tmp_path / "hangs.py", tmp_path / "pid", seconds=5)
    child = int((tmp_path / "pid").read_text())
    until(lambda: not is_running(child))


def is_running(pid):
    """Whether a process has not ended; one that nobody has waited for has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
