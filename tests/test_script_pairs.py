"""The pairs of both heaps as two programs that are recorded as they are.

Equal ones are the same, and what is planted is named, as with adapters."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from heaps.pairs import DIFFERENT, EQUAL
from script_runs import ENVIRONMENT, SECONDS
from test_heaps import problem

SCRIPTS = Path(__file__).parent / "heaps" / "scripts.py"
CHUNK = 12  # pairs in one process
FEW = (  # of the styles: layers, functions of torch and of TensorFlow, two networks
    "logits in TF1, a sigmoid and BCE in the port",
    "a GAN in Keras",
    "the slope, in bare tensors",
    "the slope, in a tf.Module",
    "D and G in the other order",
)


# where a recording alone shows less: what is said instead
OTHERWISE = {
    "G's noise drawn again": ("the port takes it apart from z",),  # its draws are told, too
    "the margin of the hinge loss": ("loss value: is",),
    "one after the other, TF1's at once": ("its gradient differs",),
}


def chunks():
    """A few pairs for `make check`, and all others."""
    pairs = {pair.name: pair for pair in (*EQUAL, *DIFFERENT)}
    yield pytest.param([pairs.pop(name) for name in FEW], id="few")
    rest = list(pairs.values())
    for start in range(0, len(rest), CHUNK):
        chunk = rest[start : start + CHUNK]
        yield pytest.param(chunk, id=str(start // CHUNK + 1), marks=pytest.mark.release)


@pytest.mark.compare
@pytest.mark.torch
@pytest.mark.parametrize("pairs", chunks())
def test_two_recorded_programs_are_the_same_or_what_is_planted_is_named(pairs):
    done = subprocess.run(
        [sys.executable, SCRIPTS, *(pair.name for pair in pairs)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    by_name = {result["name"]: result for result in results}
    expected = [replace(p, causes=OTHERWISE.get(p.name, p.causes)) for p in pairs]
    problems = {p.name: problem(p, by_name.get(p.name, {"error": "not run"})) for p in expected}
    assert not any(problems.values()), {name: text for name, text in problems.items() if text}
