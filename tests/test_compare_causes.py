"""Why gradients, weights and averages differ, told from arrays alone: no framework."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison import evidence as evidence_file
from dcgan_v1.migration.comparison.differences import between
from dcgan_v1.migration.comparison.evidence import (
    FORWARD,
    GRADIENT,
    LOSS,
    STATE,
    Aligned,
    Evidence,
    Key,
)
from dcgan_v1.migration.explanation import (
    averages,
    gradients,
    layer_corrections,
    layer_experiments,
    layers,
    losses,
    norm_layers,
    one_sided,
    slot_starts,
    updates,
)
from dcgan_v1.migration.explanation import explain as explain_module
from dcgan_v1.migration.explanation.case import EPSILON_PLACE, SLOT_START, Case, Cause
from dcgan_v1.migration.explanation.explain import explain
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.layer_case import LayerCase
from dcgan_v1.migration.explanation.update_rules import AFTER, OUTSIDE, Rule
from dcgan_v1.migration.matching.fingerprints import Certificate
from dcgan_v1.migration.matching.layouts import Layout
from dcgan_v1.migration.matching.matching import Matching, Row
from dcgan_v1.migration.records import (
    GradientKey,
    LayerOutput,
    Observation,
    PortInfo,
    SlotKey,
    State,
    Tf1Info,
    Update,
    Variable,
)
from dcgan_v1.migration.sources import InputChange, NumberChange, OptimizerChange

ADAM = {"kind": "Adam", "learning rate": 0.01, "beta1": 0.5, "beta2": 0.999, "epsilon": 1e-3}

pytestmark = pytest.mark.unit


def made(ours, theirs, start, count=1, kind="GradientDescent", settings=None, **more):
    """Evidence as far as causes of updates ask for it."""
    settings = settings or [{"kind": kind, "learning rate": 0.1}] * 2
    own = [Update(f"u{i}", f"o{i}", kind, list(start)) for i in range(count)]
    seen = [
        Observation(settings={name: s}) for name, s in zip(("o0", "sgd"), settings, strict=True)
    ]
    old = Tf1Info(variables={n: Variable(list(a.shape)) for n, a in start.items()}, updates=own)
    old = replace(old, **more.pop("old", {}))
    return Evidence(
        "float64",
        old,
        PortInfo(),
        Matching([], optimizers=more.pop("optimizers", {"o0": "sgd"})),
        Certificate(None, 0),
        State(dict(start)),
        {},
        True,
        ours=ours,
        theirs=theirs,
        first=tuple(seen),
        **more,
    )


def case(evidence, **experiments):
    asked = {
        "unrepeated": ("", frozenset()),
        "still_pairs": None,
        "still_gradients": ({}, {}),
        "kept_of_averages": ({}, {}),
        "gradients_off_zero": None,
        "quotient": None,
        "second_settings": ({}, {}),
    }
    answers = {**asked, **experiments}
    runs = SimpleNamespace(**{k: (lambda *_, v=v: v) for k, v in answers.items()})
    return Case(evidence, between(evidence.ours, evidence.theirs), runs)


def gradient_cause(rng, change):
    start = {name: rng.normal(size=(5, 3)) for name in "ab"}
    keys = {name: Key(GRADIENT, name, "", 0, 0) for name in start}
    theirs = {keys[name]: rng.normal(size=(5, 3)) for name in start}
    ours = {key: change(array, start[key.name], theirs) for key, array in theirs.items()}
    (cause,) = gradients.find(case(made(ours, theirs, start)), 0)
    return cause.text


@pytest.mark.parametrize(
    ("largest", "beside"),
    [(0.25, "the port to ±0.25"), (1 / 3, "the port does not")],
    ids=["a bound", "a tie"],
)
def test_equal_gradients_are_a_bound_where_people_would_write_it(rng, largest, beside):
    g = np.clip(rng.normal(size=(5, 3)), -largest, largest)
    g[0, :2] = largest, -largest
    key = Key(GRADIENT, "a", "", 0, 0)
    evidence = made({key: np.clip(g, -0.125, 0.125)}, {key: g}, {"a": np.zeros((5, 3))})
    (cause,) = gradients.find(case(evidence), 0)
    assert cause.text == f"TF1 clips gradients to ±0.125, {beside}"


def test_norms_that_both_sides_clip_to_are_both_said(rng):
    keys = [Key(GRADIENT, name, "", 0, 0) for name in "ab"]
    arrays = [rng.normal(size=(5, 3)) for _ in keys]
    norm = np.sqrt(sum(np.sum(a * a) for a in arrays))
    ours, theirs = (
        {k: bound / norm * a for k, a in zip(keys, arrays, strict=True)} for bound in (0.05, 0.1)
    )
    evidence = made(ours, theirs, {name: rng.normal(size=(5, 3)) for name in "ab"})
    (cause,) = gradients.find(case(evidence), 0)
    assert cause.text == (
        "the port clips its gradients to a norm of 0.1 together, TF1 to a norm of 0.05 together"
    )


def clipped_by_norm(g, _, every):
    norm = np.sqrt(sum(np.sum(a**2) for a in every.values()))
    return g * 0.5 / norm


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda g, w, _: g + 0.01 * w, "TF1's loss has an L2 penalty of 0.01 times"),
        (lambda g, w, _: g - 0.01 * w, "the port's loss has an L2 penalty of 0.01"),
        (lambda g, *_: np.clip(g, -0.5, 0.5), "TF1 clips gradients to ±0.5"),
        (clipped_by_norm, "TF1 clips its gradients to a norm of 0.5 together"),
        (lambda g, *_: g / 16, "every gradient is 16 times TF1's: a sum for a mean"),
        (lambda g, *_: g * 0.3, "every gradient is 3.333 times TF1's: a sum for a mean, or"),
        (lambda g, *_: g / 8.8092, "8.809 times TF1's: no factor that people write"),
        (lambda g, *_: g + np.roll(g, 1), "its gradient differs by"),
    ],
)
def test_the_cause_of_a_gradient_that_differs(rng, change, cause):
    assert cause in gradient_cause(rng, change)


def test_an_update_in_another_order_and_a_gradient_that_is_not_cut_off(rng):
    start = {"a": rng.normal(size=4)}
    key = Key(GRADIENT, "a", "", 0, 1)
    own, early, leak = (rng.normal(size=4) for _ in range(3))
    for theirs, text in ((early, "the update order differs"), (own + leak, "detach")):
        evidence = made({key: own}, {key: theirs}, start, count=2)
        (cause,) = gradients.find(case(evidence, still_gradients=({key: early}, {key: leak})), 1)
        assert text in cause.text


def test_a_derivative_at_exactly_zero_is_told_by_moving_off_it(rng):
    start = {"a": rng.normal(size=4)}
    key = Key(GRADIENT, "a", "", 0, 0)
    ours, theirs, off = (rng.normal(size=4) for _ in range(3))
    x = np.zeros((2, 3))
    row = Aligned(LayerOutput("m/1", "activation", {}, x, input=x), None, "nothing", 0.0, 0.0)
    evidence = made({key: ours}, {key: theirs}, start, aligned={"training": [row]})
    (cause,) = gradients.find(case(evidence, gradients_off_zero=({key: off}, {key: off})), 0)
    assert "the derivative of an activation at exactly 0" in cause.text
    old = LayerOutput("D/Maximum", "activation", {"op": "Maximum", "derivative at 0": 1.0}, x)
    new = LayerOutput("m/1", "activation", {"class": "LeakyReLU", "slope": 0.2}, x, input=x)
    told = replace(evidence, aligned={"training": [Aligned(new, old, "value", 0.0, 0.0)]})
    (cause,) = gradients.find(case(told, gradients_off_zero=({key: off}, {key: off})), 0)
    assert "of m/1 0.2, of TF1's D/Maximum 1 (6 values" in cause.text
    (cause,) = gradients.find(
        case(evidence, gradients_off_zero=({key: off}, {key: off + theirs - ours})), 0
    )
    assert "its gradient differs" in cause.text


# ---- updates ----


def weight_causes(rng, move, theirs_move, their_gradient=None, settings=None):
    start = {"a": rng.uniform(-1, 1, 6)}
    key, gradient = Key(STATE, "a", "weight", 1), Key(GRADIENT, "a", "", 0, 0)
    g = rng.uniform(0.5, 1, 6)
    h = g if their_gradient is None else their_gradient(g)
    ours = {key: move(start["a"], g), gradient: g}
    theirs = {key: theirs_move(start["a"], h), gradient: h}
    evidence = made(ours, theirs, start, settings=settings)
    return updates.find(case(evidence), evidence.old.updates[0])


def step(w, g):
    return w - 0.1 * g


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


def adam_causes(rng, theirs, place=""):
    """Causes of one step of Adam from nothing, TF1's with ADAM, the port's with other settings."""
    start, gradient = {"a": rng.normal(size=9)}, rng.normal(size=9) * np.geomspace(1, 1e-4, 9)
    slots = {f"a/Adam{end}": SlotKey("a", "o0", s) for s, end in (("m", ""), ("v", "_1"))}
    sides = []
    for rule in (Rule("Adam", ADAM), Rule("Adam", {**ADAM, **theirs}, place)):
        weight, after = rule.apply(start["a"], gradient, {}, 0)
        arrays = {Key(STATE, "a", "weight", 1): weight, Key(GRADIENT, "a", "", 0, 0): gradient}
        sides.append(arrays | {Key(STATE, n, k.slot, 1): after[k.slot] for n, k in slots.items()})
    settings = [ADAM, {**ADAM, **theirs}]
    evidence = made(*sides, start, kind="Adam", settings=settings, old={"slots": slots})
    return updates.find(case(evidence), evidence.old.updates[0])


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
    return slot_starts.find(case(evidence, own_slots=own))


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


def alone_with_updates(of_tf1, of_port, optimizers):
    """Evidence of a step whose updates are by these optimisers, one gradient the port's alone."""
    evidence = made({}, {}, {"a": np.zeros(1)}, alone={Key(GRADIENT, "b", "", 0, 0): "port"})
    updates = [Update(f"u{i}", name, "Adam", ["a"]) for i, name in enumerate(of_tf1)]
    taken = {GradientKey(i, name, "m/a"): np.ones(1) for i, name in enumerate(of_port)}
    first = evidence.first[0], replace(evidence.first[1], gradients=taken)
    return replace(
        evidence,
        old=replace(evidence.old, updates=updates),
        matching=Matching([], optimizers=optimizers),
        first=first,
    )


def test_an_optimiser_that_a_step_applies_more_often_is_named():
    evidence = alone_with_updates(
        ["d", "g"], ["d_opt", "d_opt", "g_opt"], {"d": "d_opt", "g": "g_opt"}
    )
    (cause,) = one_sided.structure(case(evidence))
    assert cause.text.startswith("d_opt is applied 2 times in a step of the port, once in TF1's")


@pytest.mark.parametrize(
    ("of_tf1", "of_port", "optimizers"),
    [
        (["d", "g"], ["opt", "opt"], {"d": "opt", "g": "opt"}),
        (["adam", "adam"], ["d_opt", "g_opt"], {"adam": "d_opt"}),
    ],
)
def test_one_optimiser_for_two_is_no_other_number_of_updates(of_tf1, of_port, optimizers):
    (cause,) = one_sided.structure(case(alone_with_updates(of_tf1, of_port, optimizers)))
    assert "also trains 1 variables that TF1's leaves alone" in cause.text


# ---- averages ----


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


# ---- layers ----


@pytest.mark.parametrize(
    ("ours", "theirs", "settings"),
    [
        (lambda x: np.maximum(x, 0.2 * x), lambda x: np.maximum(x, 0), {"slope": 0.0}),
        (lambda x: 1 / (1 + np.exp(-x)), np.tanh, {"tanh": 1.0}),
        (lambda x: np.maximum(x, 0.2 * x), lambda x: np.maximum(x, 0.3 * x), {"slope": 0.3}),
    ],
)
def test_another_activation_is_named_with_what_puts_tf1_right(rng, ours, theirs, settings):
    x = rng.normal(size=(4, 50))
    row = Aligned(LayerOutput("m/1", "activation", {}, theirs(x)), None, "use", 1.0, 1.0)
    layer = LayerCase(None, "training", row, x, ours(x), theirs(x), {})
    assert layer_experiments.activation(layer).settings == pytest.approx(settings)


def normalised(x, mean, variance, epsilon):
    return (x - mean) / np.sqrt(variance + epsilon) * np.array([2.0, 0.5]) + np.array([0.1, -0.2])


@pytest.mark.parametrize(
    ("ours", "theirs", "text"),
    [
        (("batch", 1e-3), ("averages", 1e-3), "by its averages in training, TF1's by the batch"),
        (("averages", 1e-3), ("batch", 1e-3), "by the batch in training, TF1's by its averages"),
        (("batch", 1e-3), ("averages", 1e-5), "; its epsilon is 1e-05, TF1's 0.001"),
        (("batch", 1e-3), ("batch", 1e-5), "batch norm's epsilon is 1e-05, TF1's 0.001"),
        (("batch", 1e-3), ("neither", 1e-3), "normalises otherwise"),
    ],
)
def test_what_a_batch_norm_goes_by_in_training_is_named(rng, ours, theirs, text):
    x = rng.normal(1, 2, size=(6, 4, 4, 2))
    by = {
        "batch": (x.mean((0, 1, 2)), x.var((0, 1, 2))),
        "averages": (np.array([0.3, -0.1]), np.array([1.5, 0.7])),
        "neither": (x.mean((0, 1)), x.var((0, 1))),
    }
    if theirs[0] == "neither":
        by["neither"] = tuple(a.mean(0) * np.array([0.3, 1.8]) for a in by["neither"])
    sides = [normalised(x, *by[kind], epsilon) for kind, epsilon in (ours, theirs)]
    weights = {"gamma": np.array([2.0, 0.5]), "beta": np.array([0.1, -0.2])}
    weights |= dict(zip(("mean", "variance"), by["averages"], strict=True))
    row = Aligned(LayerOutput("m/1", "norm", {}, sides[1]), None, "use", 1.0, 1.0)
    reason = norm_layers.norm(LayerCase(None, "training", row, x, *sides, weights))
    assert text in reason.text


def test_what_is_put_right_in_one_layer_is_in_all_that_are_set_alike():
    def row(name, ours, theirs, kind="norm"):
        x, knobs = np.zeros(1), {"epsilon": [(f"TF1/{name}", "epsilon")]}
        old = LayerOutput(f"TF1/{name}", kind, {"epsilon": ours}, x, knobs=knobs)
        return Aligned(LayerOutput(name, kind, {"epsilon": theirs}, x), old, "use", 1.0, 1.0)

    rows = [row("a", 1e-3, 1e-5), row("b", 1e-3, 1e-5), row("c", 1e-4, 1e-5), row("d", 1e-3, 0.1)]
    evidence = made({}, {}, {}, aligned={"training": [*rows, row("a#2", 1e-3, 1e-5)]})
    changed = layer_corrections.changes(case(evidence), rows[0], {"epsilon": 1e-5})
    assert [c.op for c in changed] == ["TF1/a", "TF1/a#2", "TF1/b"]


def test_a_relu_for_a_leaky_one_is_one_fault_in_however_many_layers():
    def row(name, slope, of="relu"):
        x, knobs = np.zeros(1), {"slope": [(f"TF1/{name}", "value")]} if slope else {}
        old = LayerOutput(f"TF1/{name}", "activation", {"slope": slope} if slope else {}, x)
        old = replace(old, knobs=knobs)
        return Aligned(LayerOutput(name, "activation", {"class": of}, x), old, "use", 1.0, 1.0)

    rows = [row("a", 0.2), row("b", 0.2), row("c", 0.3), row("d", None), row("e", 0.2, "tanh")]
    changed = layer_corrections.changes(
        case(made({}, {}, {}, aligned={"training": rows})), rows[0], {"slope": 0.0}
    )
    assert [c.op for c in changed] == ["TF1/a", "TF1/b"]


def test_what_is_put_right_is_in_every_copy_of_the_network(rng):
    def op(name, reads, epsilon=1e-3):
        knobs = {"epsilon": [(name, "epsilon")]}
        settings = {"epsilon": epsilon}
        return LayerOutput(name, "norm", settings, rng.normal(size=3), reads=reads, knobs=knobs)

    weights = ("d/w", "d/gamma")
    ops = [op("d/bn", weights), op("d_1/bn", ("g/w", *weights)), op("g/bn", ("g/w", "g/gamma"))]
    ops += [op("d/bn_2", (*weights, "d/gamma_2")), op("other", weights, epsilon=0.1)]
    new = LayerOutput("D/bn", "norm", {"epsilon": 1e-5}, rng.normal(size=3), reads=weights)
    row = Aligned(new, ops[0], "use", 1.0, 1.0)
    rows = [row, Aligned(replace(new, name="D/bn#2"), ops[0], "use", 1.0, 1.0)]
    last = replace(new, name="D/bn_2", kind="dense", reads=(*weights, "d/gamma_2"))
    rows.append(Aligned(last, None, "nothing", np.inf, np.inf))
    evidence = made({}, {}, {}, aligned={"training": rows}, layers={"training": ops})
    changed = layer_corrections.changes(case(evidence), row, {"epsilon": 1e-5})
    assert [c.op for c in changed] == ["d/bn", "d_1/bn"]


def test_an_input_in_another_range_is_named_though_the_layer_before_differs_already(rng):
    """D is called with what a G that differs draws, then with images in another range."""
    x, outputs = rng.uniform(-1, 1, (4, 6)), rng.normal(size=(3, 2, 4, 6))
    names, given = ("G/out", "D/conv", "D/conv#2"), (None, None, 2 * x - 1)
    rows = []
    for name, (ours, theirs), own in zip(names, outputs, given, strict=True):
        old = LayerOutput(f"TF1 {name}", "conv", {}, ours)
        rows.append(Aligned(LayerOutput(name, "conv", {}, theirs, own), old, "use", 1.0, 1.0))
    ours, theirs = (
        {Key(FORWARD, r.new.name, "training"): side(r).output for r in rows}
        for side in (lambda r: r.old, lambda r: r.new)
    )
    more = {"aligned": {"training": rows}, "layers": {"training": [r.old for r in rows]}}
    evidence = replace(made(ours, theirs, {}, **more), batch={"x": x})
    generator, discriminator = layers.find(case(evidence), "training", late=False)
    assert generator.where.startswith("G/out")
    assert "the port scales its input: 2 times TF1's x, plus -1" in discriminator.text


# ---- losses ----


def test_labels_of_a_cross_entropy_are_told_from_its_value(rng):
    logits = rng.normal(size=(8, 1))
    layer = LayerOutput("D/add", "add", {}, logits, is_last=True)
    row = Aligned(layer, layer, "value", 0.0, 0.0)

    def cross_entropy(label):
        return np.mean(np.logaddexp(0, logits) - label * logits)

    key = Key(LOSS, "loss")
    evidence = made(
        {key: cross_entropy(1.0)}, {key: cross_entropy(0.9)}, {}, aligned={"training": [row]}
    )
    (cause,) = losses.told(case(evidence))
    assert "is the cross entropy with labels 0.9, TF1's the cross entropy with 1" in cause.text


# ---- all stages ----


class Answers:
    """Experiments that give the evidence of a program put right, and note what was changed."""

    def __init__(self, evidence):
        self.evidence, self.changes = evidence, []

    def put_right(self, changes):
        self.changes += changes
        return self.evidence

    def take_back(self):
        self.changes.clear()

    def kept_of_averages(self):
        return {}, {}

    def still_gradients(self):
        return {}, {}

    def gradients_off_zero(self):
        return None

    def unused_inputs(self):
        return []

    def unrepeated(self):
        return "", frozenset()

    def still_pairs(self):
        return None


def test_one_noise_for_two_is_named_and_put_right(rng):
    """G's update follows from another noise in TF1; in the port from that of D's."""
    start, theirs, ours = {"g": rng.normal(size=4)}, rng.normal(size=4), rng.normal(size=4)
    key, weight = Key(GRADIENT, "g", "", 0, 0), Key(STATE, "g", "weight", 1)
    first, second = ({key: g, weight: start["g"] - 0.1 * g} for g in (theirs, ours))
    right = made(first, first, start)
    answers = Answers(right)
    answers.unused_inputs = lambda: ["z@2"]
    answers.without_inputs = lambda names: right
    evidence = made(second, first, start)
    (finding,) = explain(evidence, between(second, first), answers)
    assert finding.where == "input z@2"
    assert "TF1 is given another z in a later run" in finding.cause
    assert answers.changes == [InputChange("z@2")]


def test_after_a_rate_is_put_right_the_next_fault_is_found(rng):
    """A rate, and a gradient that is clipped in TF1: the second shows at once, the first by the
    port's own gradient."""
    start, g = {"a": rng.uniform(-1, 1, 6)}, rng.uniform(0.5, 1, 6)
    weight, gradient = Key(STATE, "a", "weight", 1), Key(GRADIENT, "a", "", 0, 0)
    clipped = np.clip(g, -0.6, 0.6)
    settings = [{"kind": "GradientDescent", "learning rate": rate} for rate in (0.1, 0.3)]
    theirs = {gradient: g, weight: start["a"] - 0.3 * g}
    ours = {gradient: clipped, weight: start["a"] - 0.1 * clipped}
    right = {gradient: clipped, weight: start["a"] - 0.3 * clipped}
    evidence = made(ours, theirs, start, settings=settings)
    answers = Answers(made(right, theirs, start, settings=[settings[1]] * 2))
    findings = explain(evidence, between(ours, theirs), answers)
    texts = " ".join(f.cause for f in findings)
    assert "TF1 clips gradients to ±0.6" in texts
    assert "3 times as long" in texts
    assert len(findings) == 2, findings
    assert answers.changes == [OptimizerChange("o0", "learning rate", 0.3)]


@pytest.mark.parametrize(
    ("factor", "texts"),
    [(1, ["the port clips weights to"]), (16, ["the port clips weights to", "is 16 times TF1's"])],
)
def test_what_an_earlier_update_of_the_step_makes_differ_is_no_cause(rng, factor, texts):
    """The port clips D's weights. G's gradient, through D, differs by that alone, or by a factor,
    too, which shows where TF1 goes along with the port's weights."""
    start = {name: rng.uniform(0.5, 1, 6) for name in "dg"}
    d, g = (Key(GRADIENT, name, "", 0, i) for i, name in enumerate("dg"))
    d_weight, g_weight = (Key(STATE, name, "weight", 1) for name in "dg")
    of_d, of_g, through_port = (rng.uniform(0.5, 1, 6) for _ in range(3))
    clipped = np.clip(start["d"] - 0.1 * of_d, -0.1, 0.1)
    settings = {"kind": "GradientDescent", "learning rate": 0.1}
    evidence = made(
        {d: of_d, g: of_g, d_weight: start["d"] - 0.1 * of_d, g_weight: start["g"] - 0.1 * of_g},
        {d: of_d, g: factor * through_port, d_weight: clipped}
        | {g_weight: start["g"] - 0.1 * factor * through_port},
        start,
        count=2,
        optimizers={"o0": "d", "o1": "g"},
        settings=[settings] * 2,
        aligned={"training": []},
        layers={"training": []},
    )
    own = [replace(u, variables=[n]) for u, n in zip(evidence.old.updates, "dg", strict=True)]
    names = (("o0", "o1"), ("d", "g"))
    seen = tuple(Observation(settings=dict.fromkeys(own_names, settings)) for own_names in names)
    evidence = replace(evidence, old=replace(evidence.old, updates=own), first=seen)
    answers = Answers(evidence)
    along = replace(evidence, ours={**evidence.ours, g: through_port})
    answers.along_port = lambda: along
    findings = explain(evidence, between(evidence.ours, evidence.theirs), answers)
    assert len(findings) == len(texts), findings
    for finding, text in zip(findings, texts, strict=True):
        assert text in finding.cause


def test_a_small_fault_that_is_put_right_hides_no_larger_one(monkeypatch):
    small, large = Key(LOSS, "small"), Key(LOSS, "large")
    ours = {small: np.asarray(1.0), large: np.asarray(1.0)}
    theirs = {small: np.asarray(1.0 + 1e-6), large: np.asarray(3.0)}

    def stage(case):
        over = {d.key for d in case.over(LOSS)}
        if small in over:
            change = NumberChange("a", "epsilon", 1e-5)
            return [Cause(Kind.NORM_EPSILON, "a", "one", frozenset(over), (change,))]
        return [Cause(Kind.UPDATE, "b", "another", frozenset(over))] if over else []

    monkeypatch.setattr(explain_module, "_stages", lambda case: [stage])
    evidence = made(ours, theirs, {})
    answers = Answers(made({**ours, small: theirs[small]}, theirs, {}))
    findings = explain(evidence, between(ours, theirs), answers)
    texts = ["one (this explains less than 1% of the difference)", "another"]
    assert [f.cause for f in findings] == texts


@pytest.mark.parametrize("brings", ["nothing", "an error"])
def test_a_cause_that_its_correction_does_not_bear_out_cannot_be_accepted(monkeypatch, brings):
    key = Key(STATE, "a", "weight", 1)
    ours, theirs = {key: np.ones(3)}, {key: np.full(3, 2.0)}
    change = OptimizerChange("o0", "epsilon", 1e-5)

    def stage(case):
        keys, kind = frozenset({key}), Kind.EPSILON_PLACE
        return [Cause(kind, "a", "its place", keys, (change,), name=EPSILON_PLACE)]

    def fails(self, changes):
        raise UserError("a number that the graph cannot run with")

    monkeypatch.setattr(explain_module, "_stages", lambda case: [stage])
    if brings == "an error":
        monkeypatch.setattr(Answers, "put_right", fails)
    evidence = made(ours, theirs, {})
    (finding,) = explain(evidence, between(ours, theirs), Answers(evidence))
    assert finding.cause == "its place" and finding.name == ""
    assert finding.kind == Kind.EPSILON_PLACE  # which a table may count, and nobody accept


def test_layers_that_differ_alone_make_no_verdict(rng):
    key = Key(FORWARD, "D/3", "training")
    evidence = made({key: rng.normal(size=4)}, {key: rng.normal(size=4)}, {})
    assert explain(evidence, between(evidence.ours, evidence.theirs), Answers(evidence)) == []


def test_an_explanation_that_fails_says_so_and_hides_no_difference(rng, monkeypatch):
    key = Key(GRADIENT, "a", "", 0, 0)
    evidence = made({key: rng.normal(size=4)}, {key: rng.normal(size=4)}, {"a": np.ones(4)})

    def broken(*_, **__):
        raise StopIteration("a bug in a hypothesis")

    monkeypatch.setattr(gradients, "find", broken)
    (finding,) = explain(evidence, between(evidence.ours, evidence.theirs), Answers(evidence))
    assert "looking for its cause failed (StopIteration: a bug in a hypothesis)" in finding.cause


def test_evidence_is_saved_and_read_back_with_the_same_bits(rng, tmp_path):
    key = Key(GRADIENT, "a", "", 0, 0)
    evidence = made({key: rng.normal(size=4)}, {key: rng.normal(size=4)}, {"a": np.ones(4)})
    rows = [Row("a", "m/a", Layout("torch dense", rows=(1, 2, 3)), "shape")]
    evidence = replace(evidence, matching=Matching(rows))
    evidence.save(tmp_path / "evidence.npz")
    again = evidence_file.load(tmp_path / "evidence.npz")
    assert again.matching == evidence.matching
    assert again.old == evidence.old
    assert np.array_equal(again.ours[key], evidence.ours[key])
    findings = [explain(e, between(e.ours, e.theirs), Answers(e)) for e in (evidence, again)]
    assert findings[0] == findings[1] != []
