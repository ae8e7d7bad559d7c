"""How causes, corrections and later findings work together, told from plain arrays."""

from dataclasses import replace

import numpy as np
import pytest
from plain_evidence import Answers, alone_with_updates, case, made

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison import evidence as evidence_file
from dcgan_v1.migration.comparison.differences import between
from dcgan_v1.migration.comparison.evidence import FORWARD, GRADIENT, LOSS, STATE, Aligned, Key
from dcgan_v1.migration.explanation import explain as explain_module
from dcgan_v1.migration.explanation import gradients, losses, one_sided
from dcgan_v1.migration.explanation.case import EPSILON_PLACE, Case, Cause, silent
from dcgan_v1.migration.explanation.explain import explain
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.layer_causes import softplus
from dcgan_v1.migration.matching.layouts import Layout
from dcgan_v1.migration.matching.matching import Matching, Row
from dcgan_v1.migration.records import LayerOutput, Observation
from dcgan_v1.migration.sources import InputChange, NumberChange, OptimizerChange

pytestmark = pytest.mark.unit


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


@pytest.mark.parametrize(("columns", "what"), [(1, "value"), (3, "shape")])
def test_an_output_that_tf1_has_not_is_said_to_be_of_another_shape_only_where_it_is(
    rng, columns, what
):
    key = Key(FORWARD, "D: output", "inference")
    logits, y = rng.normal(size=(4, 1)), rng.normal(size=(4, columns))
    layer = LayerOutput(key.name, "model", {}, y)
    evidence = made(
        {},
        {},
        {},
        alone={key: "port"},
        aligned={key.part: [Aligned(layer, None, "nothing", np.inf, np.inf)]},
        layers={key.part: [LayerOutput("D/add", "add", {}, logits)]},
    )
    (cause,) = one_sided.alone(case(evidence))
    assert cause.text == f"TF1 computes nothing of that {what}"


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


def regrouped(rng, count):
    """Evidence of variables of two TF1 optimisers in one of the port's that move alike, and of an
    output that TF1 alone has."""
    start = {f"w{i}": rng.normal(size=4) for i in range(count)}
    alone = {Key(GRADIENT, n, "", 0, u): s for n in start for u, s in ((1, "TF1"), (0, "port"))}
    alone[Key(FORWARD, "G: output", "inference")] = "TF1"
    ours = {Key(STATE, n, "weight", 1): a + 1.0 for n, a in start.items()}
    return made(ours, ours, start, count=2, alone=alone)


@pytest.mark.parametrize("count", [11, 13, 40])
def test_however_many_variables_are_grouped_otherwise_an_output_alone_is_said(rng, count):
    evidence = regrouped(rng, count)
    (finding,) = explain(evidence, between(evidence.ours, evidence.theirs), Answers(evidence))
    assert finding.cause == "TF1's network goes on to this, the port's ends before it"


def test_silent_causes_never_use_up_the_rounds_nor_hide_what_one_side_has(rng, monkeypatch):
    """Where no stage tells of a key that one side alone has, that is said."""
    evidence = regrouped(rng, 13)

    def stage(case):
        left = [k for k in evidence.alone if k.kind == GRADIENT and k not in case.accounted]
        return [silent(frozenset(left[:1]))] if left else []

    monkeypatch.setattr(explain_module, "_stages", lambda case: [stage])
    (finding,) = explain(evidence, between(evidence.ours, evidence.theirs), Answers(evidence))
    assert finding.cause == "TF1 alone has it, for a cause that was not found"
    assert "G: output" in finding.where


def test_a_softplus_accounts_only_for_what_comes_right_with_it():
    held, other = Key(LOSS, "held"), Key(LOSS, "other")
    ours = {held: np.asarray(1.0), other: np.asarray(1.0)}
    theirs = {held: np.asarray(1.0 + 1e-9), other: np.asarray(1.0 + 1.5e-8)}
    op = LayerOutput("softplus", "activation", {"op": "Softplus"}, np.full((2, 1), 22.0))
    evidence = made(ours, theirs, {}, layers={"training": [op]})
    evidence = replace(evidence, new=replace(evidence.new, kind="Torch"))
    answers = Answers(replace(evidence, ours={**ours, held: theirs[held]}))
    (cause,) = softplus.find(Case(evidence, between(ours, theirs), answers))
    assert cause.keys == {held}
