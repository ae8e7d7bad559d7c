"""Averages of a batch norm are judged by what its own layer is given, told from arrays alone."""

from dataclasses import replace

import numpy as np
import pytest
from plain_evidence import case, made

from dcgan_v1.migration.comparison.evidence import STATE, Aligned, Key
from dcgan_v1.migration.comparison.runs import recorded_experiments, shifted_averages
from dcgan_v1.migration.explanation import averages, passes
from dcgan_v1.migration.matching.layouts import Layout
from dcgan_v1.migration.matching.matching import Matching, Row
from dcgan_v1.migration.records import LayerOutput, PortInfo, Variable

pytestmark = pytest.mark.unit

RACE = "race: bn_1/AssignMovingAvg/sub reads what bn/AssignMovingAvg writes"
ROWS, CHANNELS = 8, 5


def norm(x):
    return (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3)


def taken_in(average, batches, decay, part="mean", is_unbiased=False):
    """The definition: after each batch decay times the average plus the rest of its statistic."""
    for x in batches:
        statistic = x.mean(0) if part == "mean" else x.var(0, ddof=int(is_unbiased))
        average = decay * average + (1 - decay) * statistic
    return average


class Step:
    """A step in which a port's layer D/bn is given some batches, and TF1's average ends elsewhere.

    `apart`: how far the layers of both sides are apart; `accounted`: whether something else was
    found before.
    """

    def __init__(self, rng, passes=2, part="mean"):
        self.batches = [rng.normal(2, 3, (ROWS, CHANNELS)) for _ in range(passes)]
        self.start, self.part = rng.uniform(1, 2, CHANNELS), part

    def found(self, ours, theirs, kept, *, apart=0.0, accounted=False, races=()):
        key = Key(STATE, "a", "average", 1)
        rows = []
        for number, x in enumerate(self.batches):
            end = f"#{number + 1}" if number else ""
            for name, kind, output in (("D/fc", "dense", x), ("D/bn", "norm", norm(x))):
                rows.append(
                    Aligned(LayerOutput(name + end, kind, {}, output), None, "use", apart, 1)
                )
        evidence = made({key: ours}, {key: theirs}, {"a": self.start}, count=0)
        variables = {f"D/bn/{self.part}": Variable([CHANNELS], part=self.part, layer="D/bn")}
        evidence = replace(
            evidence,
            old=replace(evidence.old, races=list(races)),
            matching=Matching([Row("a", f"D/bn/{self.part}", Layout(), "shape")]),
            new=PortInfo(variables=variables),
            aligned={"training": rows},
        )
        of = case(evidence, kept_of_averages=({"a": kept}, {}))
        of = of.accounting_for([Key(STATE, "w", "weight", 1)] if accounted else [])
        (cause,) = averages.find(of)
        return cause.text


def test_a_decay_is_told_though_what_comes_in_differs_on_both_sides(rng):
    step = Step(rng, passes=3)
    ours = taken_in(step.start, [x + 1 for x in step.batches], 0.99)
    text = step.found(ours, taken_in(step.start, step.batches, 0.9), 0.99**3, apart=0.1)
    assert "keeps 0.729 (0.9 in each of 3 passes) of the average, in TF1 0.9703 (0.99^3)" in text


def test_the_same_rule_on_what_differs_is_no_cause_of_its_own(rng):
    step = Step(rng)
    ours = taken_in(step.start, [x + 1 for x in step.batches], 0.9)
    theirs = taken_in(step.start, step.batches, 0.9)
    assert not step.found(ours, theirs, 0.81, apart=0.1, accounted=True)
    # where the layers agree, nothing that came before explains it
    assert "for no cause that was found" in step.found(ours, theirs, 0.81, accounted=True)


def test_another_number_of_passes_is_no_other_decay(rng):
    step = Step(rng, passes=1)
    ours = taken_in(step.start, step.batches * 2, 0.9)
    text = step.found(ours, taken_in(step.start, step.batches, 0.9), 0.81)
    assert text.startswith("the layer takes in 1 batch in a step, in TF1 2 batches (each keeps 0.")


def test_what_an_earlier_update_makes_of_an_average_is_no_cause_of_its_own(rng):
    """D's weights are clipped on one side alone: a pass after that gives its average another
    statistic, which it does not where TF1 goes along with the port's weights."""
    average, weight = Key(STATE, "a", "average", 1), Key(STATE, "w", "weight", 1)
    theirs = {average: rng.normal(size=CHANNELS), weight: rng.normal(size=CHANNELS)}
    apart = {key: array + 1 for key, array in theirs.items()}
    own = made(apart, theirs, {}, aligned={"training": []}, layers={"training": []})
    along = replace(own, ours={average: theirs[average], weight: theirs[weight] + 2})
    of = case(own, along_port=along).along_port()
    assert [d.key for d in of.over(STATE)] == [weight]
    np.testing.assert_array_equal(of.evidence.ours[weight], apart[weight])


@pytest.mark.parametrize("races", [[RACE], []])
def test_batches_in_another_order_are_told_from_what_they_make(rng, races):
    step = Step(rng)
    ours = taken_in(step.start, step.batches[::-1], 0.9)
    text = step.found(ours, taken_in(step.start, step.batches, 0.9), 0.81, races=races)
    assert text.startswith("the average takes in what a step gives it in another order")
    assert ("leaves the order open" in text) == bool(races)


def test_two_passes_that_race_for_one_average_keep_less_for_no_other_decay(rng):
    """Both read the average before either moves it."""
    step = Step(rng)
    ours = step.start + 0.1 * sum(x.mean(0) - step.start for x in step.batches)
    theirs = taken_in(step.start, step.batches, 0.9)
    assert "leaves the order open" in step.found(ours, theirs, 0.8, races=[RACE])
    assert "decay differs" in step.found(ours, theirs, 0.8)


def test_a_pass_after_the_update_of_its_layer_is_taken_in_with_the_others(rng):
    batches = [rng.normal(2, 3, (ROWS, CHANNELS)) for _ in range(2)]
    weights = [{"gamma": g, "beta": g - 1} for g in rng.uniform(1, 2, (2, CHANNELS))]
    rows = []
    for number, (x, own) in enumerate(zip(batches, weights, strict=True), start=1):
        given = LayerOutput(f"D/fc#{number}", "dense", {}, x)
        made_of = LayerOutput(f"D/bn#{number}", "norm", {}, own["gamma"] * norm(x) + own["beta"])
        rows += [Aligned(output, None, "use", 0.0, 1) for output in (given, made_of)]
    found = passes.of_layer(rows, "D/bn", weights)
    for one, x in zip(found, batches, strict=True):
        np.testing.assert_allclose(one.mean, x.mean(0))
        np.testing.assert_allclose(one.variance, x.var(0))


def test_nothing_is_said_of_what_is_kept_where_a_second_run_gave_something_else(rng):
    plain = rng.normal(size=CHANNELS)
    assert shifted_averages.of_shift(
        plain + 0.9 * shifted_averages.SHIFT, plain, "float64"
    ) == pytest.approx(0.9)
    raced = plain + 0.9 * shifted_averages.SHIFT + 1e-4 * rng.normal(size=CHANNELS)
    assert shifted_averages.of_shift(raced, plain, "float64") is None


@pytest.mark.parametrize("is_unbiased", [True, False])
def test_the_other_variance_is_told_from_several_passes_with_the_right_n(rng, is_unbiased):
    step = Step(rng, passes=2, part="variance")
    ours, theirs = (
        taken_in(step.start, step.batches, 0.9, "variance", kind)
        for kind in (not is_unbiased, is_unbiased)
    )
    text = step.found(ours, theirs, 0.81)
    names = ("unbiased", "biased") if is_unbiased else ("biased", "unbiased")
    assert f"follows the {names[0]} variance, TF1's the {names[1]} one" in text
    assert f"n = {ROWS})" in text


def test_what_is_averaged_elsewhere_is_not_taken_for_a_decay(rng):
    """A recorded port's decay is read off its average only where TF1's statistics make it."""
    before, statistic = rng.normal(size=9), rng.normal(size=9)
    after = 0.9 * before + 0.1 * statistic
    assert recorded_experiments._kept(before, statistic, after) == pytest.approx(0.9, abs=1e-12)
    assert recorded_experiments._kept(before, statistic, after + 0.01 * rng.normal(size=9)) is None
    zero = np.zeros(9)
    assert recorded_experiments._kept(zero, statistic, 0.2 * statistic) == pytest.approx(0.8)
    assert recorded_experiments._kept(zero, statistic, 0.2 * statistic + 0.01) is None


@pytest.mark.parametrize("part", ["mean", "variance"])
def test_a_batch_that_an_average_takes_in_twice_is_told_from_an_order(rng, part):
    step = Step(rng, passes=3, part=part)
    first, second, third = step.batches
    theirs = taken_in(step.start, step.batches, 0.9, part)
    ours = taken_in(step.start, [first, second, second], 0.9, part)
    text = step.found(ours, theirs, 0.9**3)
    assert text == (
        "TF1's takes in batch 2 of the 3 that the port's step gives the layer 2 times, and not "
        "batch 3"
    )
    text = step.found(taken_in(step.start, [third, first, second], 0.9, part), theirs, 0.9**3)
    assert "in another order" in text


def test_a_variance_of_a_batch_taken_in_twice_may_be_the_other_one_too(rng):
    """TF1's fused norms average the unbiased variance, Keras the biased one."""
    step = Step(rng, passes=3, part="variance")
    first, second, _ = step.batches
    theirs = taken_in(step.start, step.batches, 0.9, "variance")
    ours = taken_in(step.start, [first, second, second], 0.9, "variance", is_unbiased=True)
    text = step.found(ours, theirs, 0.9**3)
    assert "batch 2 of the 3 that the port's step gives the layer 2 times, and not batch 3" in text
    assert "follows the biased variance, TF1's the unbiased one" in text
    assert f"n = {ROWS})" in text
    assert step.found(1.01 * ours, theirs, 0.9**3) == averages.UNKNOWN
