"""Pairs made by us: equal ones are called the same, every planted fault is named.

What is equal though written otherwise is called the same without exception. The tables of both
stand in the docs."""

import json
import re
from pathlib import Path

import pytest
from heaps.pairs import DIFFERENT, EQUAL
from script_runs import ROOT, call, call_path

from dcgan_v1.migration.explanation.kinds import Kind

RUN = Path(__file__).parent / "heaps" / "run.py"
PAGE = ROOT / "docs" / "explanation" / "heaps.md"
ROW = re.compile(r"^\| (.+?) \| (PyTorch|Keras) \| (.+) \|$", re.MULTILINE)
NUMBER = re.compile(r"\d(\.\d+)?e[-+]\d+|\d+\.\d{5,}")  # what rounding may move
SHARE = re.compile(r" \(this explains \d+% of the difference\)")
CHUNK = 12  # pairs in one process, each about a second and a half
EQUAL_IN_CHECK = EQUAL[1::5]
PLANTED = re.compile(r"\d+(\.\d+)?(e[-+]\d+)?")  # numbers of a planted fault


def first_of_each_finding():
    """Returns different pairs that between them have every finding that the heap plants."""
    named, first = set(), []
    for pair in DIFFERENT:
        findings = {PLANTED.sub("N", words).partition(", ")[0] for words in pair.causes}
        if findings - named:
            first.append(pair)
        named |= findings
    return first


def chunks():
    """A few pairs for `make test`, some for `make check`, all of them before a release."""
    bare = next(pair for pair in EQUAL if "bare tensors" in pair.name)
    first = (EQUAL[0], bare, DIFFERENT[0])
    yield pytest.param(first, marks=pytest.mark.smoke, id="few")
    parts = {"some_equal": EQUAL_IN_CHECK, "each_finding": first_of_each_finding()}
    parts |= {"equal": EQUAL, "different": DIFFERENT}
    for heap, pairs in parts.items():
        marks = [pytest.mark.release] * (heap in ("equal", "different"))
        for start in range(0, len(pairs), CHUNK):
            chunk = pairs[start : start + CHUNK]
            yield pytest.param(chunk, marks=marks, id=f"{heap}{start // CHUNK + 1}")


STATED = {  # kinds of findings that state a difference and tell no cause
    kind.value
    for kind in (
        Kind.CONVOLUTION,
        Kind.FAILED,
        Kind.GRADIENT,
        Kind.NORM,
        Kind.OUTPUT,
        Kind.UNEXPLAINED,
        Kind.UPDATE,
    )
}


def problem(pair, result):
    """What is wrong with a result, or nothing."""
    findings = result.get("findings", [])
    if "error" in result:
        return result["error"]
    if not pair.causes:
        return "" if result["same"] else f"called different: {findings}"
    missing = [c for c in pair.causes if not any(c in finding for finding in findings)]
    if missing or result["same"]:
        return f"not named: {missing}, but {findings}"
    stated = set(result["kinds"]) & STATED
    return f"only stated: {stated}, in {findings}" if pair.is_explained and stated else ""


@pytest.mark.compare
@pytest.mark.torch
@pytest.mark.parametrize("pairs", chunks())
def test_equal_pairs_are_the_same_and_every_planted_fault_is_named(pairs):
    done = call_path(RUN, *(pair.name for pair in pairs))
    assert done.returncode == 0, done.stdout + done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    by_name = {result["name"]: result for result in results}
    problems = {p.name: problem(p, by_name.get(p.name, {"error": "not run"})) for p in pairs}
    assert not any(problems.values()), {name: text for name, text in problems.items() if text}
    said = {name: text for name, _, text in ROW.findall(PAGE.read_text())}
    for pair in pairs:
        row, page = (SHARE.sub("", x) for x in (by_name[pair.name]["row"], said[pair.name]))
        assert NUMBER.sub("N", page) == NUMBER.sub("N", row), "python tests/heaps/run.py"


ADAMS = """
import torch
from torch import nn
from dcgan_v1.compare import Tf1, Torch

def build():
    import tensorflow.compat.v1 as tf

    x = tf.placeholder(tf.float32, [None, 4], "x")
    w = tf.get_variable("w", [4, 3])
    tf.train.AdamOptimizer(0.01).minimize(tf.reduce_mean(tf.square(tf.matmul(x, w))))

def old():
    return Tf1(function=build)

def new():
    w = torch.randn(4, 3, requires_grad=True)
    adam = torch.optim.Adam([w], 0.01)

    def step(x):
        adam.zero_grad()
        loss = (x @ w).square().mean()
        loss.backward()
        adam.step()
        return {"loss": loss}

    return Torch({"w": w}, {"adam": adam}, step)
"""


@pytest.mark.cli
@pytest.mark.torch
def test_an_accepted_cause_makes_the_exit_code_0_and_no_other(tmp_path):
    (tmp_path / "adams.py").write_text(ADAMS)
    sides = [f"{tmp_path}/adams.py:{name}" for name in ("old", "new")]
    for accept, code, said in (
        ((), 1, "--accept adam-epsilon-place accepts it"),
        (("--accept", "port-only-averages"), 1, "differs: "),
        (("--accept", "adam-epsilon-place"), 0, "same but for what was accepted: "),
    ):
        done = call("compare.py", *sides, "--dtype", "float64", "--quiet", *accept)
        assert done.returncode == code, done.stdout + done.stderr
        assert said in " ".join(done.stdout.split())


@pytest.mark.unit
def test_the_page_lists_every_pair_and_no_other():
    pairs = [(pair.name, pair.port) for pair in (*EQUAL, *DIFFERENT)]
    assert [row[:2] for row in ROW.findall(PAGE.read_text())] == pairs
    assert len(pairs) >= 168
    assert len(set(pairs)) == len(pairs)
