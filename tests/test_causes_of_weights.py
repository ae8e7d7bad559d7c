"""Why weights differ after an update, told from arrays alone: no framework."""

from dataclasses import replace

import numpy as np
import pytest
from plain_evidence import adam_causes, alone_with_updates, case, made, step, weight_causes

from dcgan_v1.migration.comparison.evidence import GRADIENT, STATE, Key
from dcgan_v1.migration.explanation import one_sided
from dcgan_v1.migration.explanation.case import EPSILON_PLACE, SLOT_START
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.update_causes import second_biases, slot_starts, updates
from dcgan_v1.migration.explanation.update_causes.update_rules import AFTER, OUTSIDE, Rule
from dcgan_v1.migration.matching.layouts import Layout
from dcgan_v1.migration.matching.matching import Matching, Row
from dcgan_v1.migration.records import GradientKey, PortInfo, SlotKey, State
from dcgan_v1.migration.sources import OptimizerChange

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("move", "theirs", "text"),
    [
        (lambda w, g: np.clip(step(w, g), -0.2, 0.2), step, "TF1 clips weights to ±0.2"),
        (step, lambda w, g: np.clip(step(w, g), -0.2, 0.2), "the port clips weights"),
        (lambda w, g: w, step, "TF1's train op u0 trains nothing"),
        (step, lambda w, g: w, "does not move in the port"),
        (step, lambda w, g: w - 0.2 * g, "steps of sgd are 2 times as long"),
    ],
)
def test_the_cause_of_a_weight_that_differs(rng, move, theirs, text):
    (cause,) = weight_causes(rng, move, theirs)
    assert text in cause.text


def test_an_update_is_judged_by_its_own_gradient_where_the_gradients_differ(rng):
    (cause,) = weight_causes(rng, step, step, their_gradient=lambda g: 3 * g)
    assert not cause.text  # the update does what TF1's does: its gradient is at fault
    settings = [{"kind": "GradientDescent", "learning rate": rate} for rate in (0.1, 0.3)]
    (cause,) = weight_causes(
        rng, step, lambda w, g: w - 0.3 * g, lambda g: g + np.roll(g, 1), settings
    )
    assert "steps of sgd are 3 times as long as TF1's: learning rate 0.3 against 0.1" in cause.text
    assert cause.changes == (OptimizerChange("o0", "learning rate", 0.3),)


def test_a_momentum_that_is_kept_as_a_step_counts_more_once_the_rate_falls(rng):
    start, gradient = {"a": rng.normal(size=5)}, rng.normal(size=5)
    settings = {"kind": "Momentum", "learning rate": 0.1, "momentum": 0.9, "nesterov": False}
    after = {
        Key(STATE, "a", "weight", 1): start["a"] - 0.1 * gradient,
        Key(GRADIENT, "a", "", 0, 0): gradient,
    }
    accum = Key(STATE, "a/Momentum", "accum", 1)
    sides = [{**after, accum: gradient}, {**after, accum: 1.25 * gradient}]
    old = {"slots": {"a/Momentum": SlotKey("a", "o0", "accum")}}
    evidence = made(*sides, start, kind="Momentum", settings=[settings] * 2, old=old)
    evidence = replace(evidence, new=PortInfo(kind="Keras"))
    (cause,) = updates.find(case(evidence), evidence.old.updates[0])
    assert cause.kind == Kind.MOMENTUM
    assert "what is kept counts 1.25 times as much as TF1's" in cause.text


def test_three_settings_of_adam_are_three_causes_and_no_fourth(rng):
    causes = adam_causes(rng, {"learning rate": 0.02, "beta1": 0.9, "epsilon": 1e-2})
    texts = [c.text for c in causes]
    assert len(texts) == 3
    for text in ("2 times as long", "beta1 is 0.9, TF1's 0.5", "epsilon acts as 0.01"):
        assert any(text in t for t in texts), texts


def test_the_place_of_adams_epsilon_is_named_and_can_be_accepted(rng):
    (cause,) = adam_causes(rng, {}, AFTER)
    assert cause.name == EPSILON_PLACE
    assert "epsilon acts as 3.2e-05 in the first step, TF1's as 0.001" in cause.text
    (cause,) = adam_causes(rng, {"epsilon": 1e-2}, AFTER)
    assert not cause.name  # another number, too


def rmsprop_causes(rng, theirs, place="", count=1, clip=None, rate=1e-3):
    """Causes of one step with some updates of RMSProp, whose weights both sides clip."""
    start = {"a": rng.normal(size=60)}
    slots = {"a/RMSProp": SlotKey("a", "o0", "ms")}
    ours = {"kind": "RMSProp", "learning rate": rate, "rho": 0.9, "epsilon": 1e-10}
    sides, gradients = [], rng.normal(size=(count, 60)) * 1e-2
    for rule in (Rule("RMSProp", ours), Rule("RMSProp", {**ours, **theirs}, place)):
        weight, ms = start["a"], np.ones(60)
        arrays = {Key(GRADIENT, "a", "", 0, i): g for i, g in enumerate(gradients)}
        for g in gradients:
            weight, after = rule.apply(weight, g, {"ms": ms}, 0)
            weight, ms = weight if clip is None else np.clip(weight, -clip, clip), after["ms"]
        sides.append(
            {**arrays, Key(STATE, "a", "weight", 1): weight, Key(STATE, "a/RMSProp", "ms", 1): ms}
        )
    settings = [ours, {**ours, **theirs}]
    evidence = made(
        *sides, start, kind="RMSProp", settings=settings, count=count, old={"slots": slots}
    )
    own = [replace(u, optimizer="o0") for u in evidence.old.updates]
    begun = State(start, {slots["a/RMSProp"]: np.ones(60)})
    evidence = replace(evidence, old=replace(evidence.old, updates=own), start=begun)
    return [c.text for c in updates.find(case(evidence), own[0])]


@pytest.mark.parametrize("clip", [None, 0.01])
def test_several_updates_of_a_step_are_judged_together(rng, clip):
    """A critic is updated five times before its generator, its weights clipped each time."""
    theirs = {"rho": 0.99, "epsilon": 1e-3}
    texts = rmsprop_causes(rng, theirs, OUTSIDE, count=5, clip=clip)
    assert len(texts) == 2, texts
    assert texts[0].startswith("sgd's rho is 0.99, TF1's 0.9 ")
    assert texts[1].startswith("sgd's epsilon 0.001 is added outside the root, TF1's 1e-10 inside")


def test_steps_so_small_that_weights_are_rounded_are_judged(rng):
    (text,) = rmsprop_causes(rng, {"rho": 0.99}, rate=1e-6)
    assert text.startswith("sgd's rho is 0.99, TF1's 0.9 ")


def slot_start_causes(rng, begin, updates=1, rho=0.9):
    """Causes of where RMSProp's slot begins: TF1's at 1, the port's at `begin`."""
    start, key = {"a": rng.normal(size=4)}, SlotKey("a", "o0", "ms")
    gradients, ms = {}, np.full(4, begin)
    for i in range(updates):
        gradients[GradientKey(2 * i, "sgd", "m/a")] = g = rng.normal(size=4)
        ms = rho * ms + (1 - rho) * g**2
    settings = [{"kind": "RMSProp", "rho": rho}] * 2
    evidence = made({}, {}, start, kind="RMSProp", settings=settings)
    evidence = replace(evidence, start=State(start, {key: np.ones(4)}))
    own = gradients, {SlotKey("m/a", "sgd", "ms"): ms}
    first = evidence.start.slots
    return slot_starts.find(case(evidence, own_slots=own, first_slots=first))


@pytest.mark.parametrize("updates", [1, 5])
def test_a_slot_that_begins_elsewhere_is_named_and_can_be_accepted(rng, updates):
    (cause,) = slot_start_causes(rng, 0.0, updates)
    assert cause.text.startswith("ms begins at 0, TF1's at 1")
    assert cause.name == SLOT_START
    assert not slot_start_causes(rng, 1.0, updates)  # a port that took care


def test_a_variable_of_the_wrong_optimiser_is_named():
    alone = {Key(GRADIENT, "a", "", 0, 1): "TF1", Key(GRADIENT, "a", "", 0, 0): "port"}
    evidence = made(
        {}, {}, {"a": np.zeros(1)}, count=2, optimizers={"o0": "d", "o1": "g"}, alone=alone
    )
    (cause,) = one_sided.structure(case(evidence))
    assert cause.where == "a"
    assert "is trained by d, in TF1 by g" in cause.text


def test_an_optimiser_that_a_step_applies_more_often_is_named():
    evidence = alone_with_updates(
        ["d", "g"], ["d_opt", "d_opt", "g_opt"], {"d": "d_opt", "g": "g_opt"}
    )
    (cause,) = one_sided.structure(case(evidence))
    assert cause.text.startswith("d_opt is applied 2 times in a step of the port, once in TF1's")


@pytest.mark.parametrize("times", [1.0, 0.5])
def test_groups_of_one_optimiser_that_move_as_two_of_tf1s_are_no_fault(rng, times):
    start, moved = {"a": rng.normal(size=4), "b": rng.normal(size=4)}, rng.normal(size=4)
    weight = Key(STATE, "b", "weight", 1)
    alone = {Key(GRADIENT, "b", "", 0, 1): "TF1", Key(GRADIENT, "b", "", 0, 0): "port"}
    ours, theirs = ({weight: start["b"] + t * moved} for t in (1.0, times))
    (cause,) = one_sided.structure(case(made(ours, theirs, start, count=2, alone=alone)))
    if times == 1:
        assert not cause.text and cause.keys == alone.keys()
    else:
        assert "steps of sgd for it are 0.5 times as long as those of o1" in cause.text


@pytest.mark.parametrize("times", [1.0, -1.0])
def test_steps_that_no_rate_makes_are_not_called_so_many_times_as_long(rng, times):
    """Groups whose first steps are alike, and part in the second; steps the other way."""
    start, moved = {"b": rng.normal(size=4)}, rng.normal(size=4)
    weight, later = (Key(STATE, "b", "weight", step) for step in (1, 2))
    alone = {Key(GRADIENT, "b", "", 0, 1): "TF1", Key(GRADIENT, "b", "", 0, 0): "port"}
    ours = {weight: start["b"] + moved, later: start["b"] + 2 * moved}
    theirs = {weight: start["b"] + times * moved, later: start["b"] + 3 * moved}
    (cause,) = one_sided.structure(case(made(ours, theirs, start, count=2, alone=alone)))
    assert "is trained by sgd, in TF1 by" in cause.text


@pytest.mark.parametrize("times", [2.0, 1.5])
def test_two_biases_whose_sum_moves_twice_as_far_are_named_and_not_as_a_rate(rng, times):
    start, moved = {"b": rng.normal(size=8)}, rng.normal(size=8)
    ours, theirs = ({Key(STATE, "b", "weight", 1): start["b"] + t * moved} for t in (1.0, times))
    rows, seconds = [Row("b", "lstm/bias_ih", Layout(), "shape")], {"lstm/bias_hh": "lstm/bias_ih"}
    matching = Matching(rows, optimizers={"o0": "sgd"}, seconds=seconds)
    of = case(replace(made(ours, theirs, start), matching=matching))
    assert not updates.find(of, of.evidence.old.updates[0])
    found = [cause.text for cause in second_biases.find(of)]
    assert [text.startswith("lstm/bias_ih and lstm/bias_hh are added") for text in found] == (
        [True] if times == 2 else []
    )


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_dampening_of_which_the_first_step_shows_nothing_is_named(rng, share):
    gradient, before = rng.normal(size=(2, 5))
    settings = {"kind": "Momentum", "learning rate": 0.1, "momentum": 0.9, "nesterov": False}
    theirs = {**settings, "dampening": share} if share else settings
    sides = []
    for kept in (1.0, 0.5):  # of the third step's gradient
        accum = 0.9 * before + kept * gradient
        sides.append({Key(STATE, "a", "weight", 3): -0.1 * accum})
        sides[-1][Key(STATE, "a/Momentum", "accum", 3)] = accum
    old = {"slots": {"a/Momentum": SlotKey("a", "o0", "accum")}}
    start = {"a": np.ones(5)}
    evidence = made(*sides, start, kind="Momentum", settings=[settings, theirs], old=old)
    causes = updates.dormant(case(evidence))
    assert [c.text for c in causes] == (
        ["sgd's dampening is 0.5, TF1's 0: it acts from the second step on"] if share else []
    )
    moved = {**sides[1], Key(STATE, "a", "weight", 3): np.zeros(5)}  # by more than the momentum
    evidence = replace(evidence, theirs=moved)
    assert not updates.dormant(case(evidence))
