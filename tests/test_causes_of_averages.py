"""Why averages of a batch norm differ, told from arrays alone: no framework."""

from dataclasses import replace

import pytest
from plain_evidence import case, made

from dcgan_v1.migration.comparison.evidence import STATE, Aligned, Key
from dcgan_v1.migration.explanation import averages
from dcgan_v1.migration.matching.layouts import Layout
from dcgan_v1.migration.matching.matching import Matching, Row
from dcgan_v1.migration.records import LayerOutput, PortInfo, Variable

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("kept", "text"),
    [
        ((0.9, 0.1), "a decay was written as a momentum (1 - x)"),
        ((0.99, 0.9), "a step keeps 0.9 of the average, in TF1 0.99"),
    ],
)
def test_the_cause_of_an_average_that_differs(rng, kept, text):
    start, mean = {"m": rng.normal(size=4)}, rng.normal(size=4)
    key = Key(STATE, "m", "average", 1)
    sides = [{key: k * start["m"] + (1 - k) * mean} for k in kept]
    parts = tuple({"m": k} for k in kept)
    (cause,) = averages.find(case(made(*sides, start, count=0), kept_of_averages=parts))
    assert text in cause.text


@pytest.mark.parametrize(
    ("later", "text"),
    [
        (0.98, "the average begins with what the first step gives it"),
        (0.5, "a step keeps nothing of the average, in TF1 0.98"),
    ],
)
def test_an_average_that_begins_with_the_first_step_has_no_other_decay(rng, later, text):
    start, mean = {"w": rng.normal(size=4)}, rng.normal(size=4)
    first, second = (Key(STATE, "w", "average", step) for step in (1, 3))
    sides = [
        {first: k * start["w"] + (1 - k) * mean, second: of_later * start["w"]}
        for k, of_later in ((0.98, 0.98), (1e-14, later))
    ]
    parts = ({"w": 0.98}, {"w": 1e-14})
    (cause,) = averages.find(case(made(*sides, start, count=0), kept_of_averages=parts))
    assert text in cause.text and "momentum" not in cause.text


@pytest.mark.parametrize(
    ("kept", "text"),
    [
        ((0.9801, 0.81), "of the average, in TF1 0.9801 (0.99^2)"),
        ((0.99**4, 0.81), "in TF1 0.9606 (0.99^4)"),
        ((0.99, 0.81), "keeps 0.81 (0.9 in each of 2 passes) of the average, in TF1 0.99"),
    ],
)
def test_the_decay_of_several_passes_is_told_from_the_layers_calls(rng, kept, text):
    start, mean = {"m": rng.normal(size=4)}, rng.normal(size=4)
    key = Key(STATE, "m", "average", 1)
    sides = [{key: k * start["m"] + (1 - k) * mean} for k in kept]
    calls = [LayerOutput(n, "norm", {}, mean) for n in ("D/bn", "D/bn#2", "G/bn")]
    aligned = {"training": [Aligned(call, None, "nothing", 1.0, 1.0) for call in calls]}
    evidence = made(*sides, start, count=0, aligned=aligned)
    matching = Matching([Row("m", "D/bn/mean", Layout(), "shape")])
    port = PortInfo(variables={"D/bn/mean": Variable([4], layer="D/bn")})
    evidence = replace(evidence, matching=matching, new=port)
    parts = tuple({"m": k} for k in kept)
    (cause,) = averages.find(case(evidence, kept_of_averages=parts))
    assert cause.text.removeprefix("batch norm's decay differs: a step ").endswith(text)


def test_another_decay_and_another_variance_are_both_named(rng):
    start, variance, n = {"v": rng.uniform(1, 2, 4)}, rng.uniform(1, 2, 4), 32
    key = Key(STATE, "v", "average", 1)
    ours = {key: 0.9 * start["v"] + 0.1 * variance}
    theirs = {key: 0.8 * start["v"] + 0.2 * variance * n / (n - 1)}
    kept = ({"v": 0.9}, {"v": 0.8})
    (cause,) = averages.find(case(made(ours, theirs, start, count=0), kept_of_averages=kept))
    assert "keeps 0.8 of the average, in TF1 0.9" in cause.text
    assert "follows the unbiased variance" in cause.text and "n = 32" in cause.text


@pytest.mark.parametrize(("part", "is_named"), [("mean", False), ("variance", True)])
def test_an_average_of_a_mean_follows_no_variance(rng, part, is_named):
    """It may differ by n / (n - 1) by chance, for what came before differs."""
    start, added, n = {"a": rng.uniform(1, 2, 4)}, rng.uniform(1, 2, 4), 5
    key = Key(STATE, "a", "average", 1)
    ours = {key: 0.9 * start["a"] + 0.1 * added}
    theirs = {key: 0.8 * start["a"] + 0.2 * added * n / (n - 1)}
    evidence = made(ours, theirs, start, count=0)
    matching = Matching([Row("a", f"D/bn/{part}", Layout(), "shape")])
    port = PortInfo(variables={f"D/bn/{part}": Variable([4], part=part, layer="D/bn")})
    evidence = replace(evidence, matching=matching, new=port)
    (cause,) = averages.find(case(evidence, kept_of_averages=({"a": 0.9}, {"a": 0.8})))
    assert "keeps 0.8 of the average, in TF1 0.9" in cause.text
    assert ("variance" in cause.text) == is_named


def test_averages_that_never_move_are_said_to(rng):
    start, key = {"m": rng.normal(size=4)}, Key(STATE, "m", "average", 1)
    old = {"not_run": ["AssignMovingAvg"]}
    evidence = made({key: start["m"]}, {key: start["m"] + 1}, start, count=0, old=old)
    (cause,) = averages.find(case(evidence))
    assert "TF1 never moves the averages: its UPDATE_OPS are not run" in cause.text
