"""The table of settings: judged by what they do, from records of causes, not from their words."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from dcgan_v1.migration.comparison.differences import between
from dcgan_v1.migration.comparison.evidence import STATE, Aligned, Evidence, Key
from dcgan_v1.migration.explanation.case import Case, Finding, Named
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.update_causes import updates
from dcgan_v1.migration.explanation.update_causes.update_rules import AFTER, Rule
from dcgan_v1.migration.matching.fingerprints import Certificate
from dcgan_v1.migration.matching.matching import Matching
from dcgan_v1.migration.records import (
    LayerOutput,
    Observation,
    PortInfo,
    State,
    Tf1Info,
    Update,
    Variable,
)
from dcgan_v1.migration.reporting import settings

pytestmark = pytest.mark.unit
ADAM = {"kind": "Adam", "learning rate": 0.01, "beta1": 0.5, "beta2": 0.999, "epsilon": 1e-8}


def evidence(ours, theirs, *, moved=False, aligned=()):
    """One weight that an optimiser called `Adam` in TF1 and `adam` in the port trains."""
    weight = Key(STATE, "w", "weight", 1)
    return Evidence(
        "float64",
        Tf1Info(variables={"w": Variable([3])}, updates=[Update("train", "Adam", "Adam", ["w"])]),
        PortInfo(),
        Matching([], optimizers={"Adam": "adam"}),
        Certificate(None, 0),
        State({"w": np.zeros(3)}),
        {},
        True,
        first=(Observation(settings={"Adam": ours}), Observation(settings={"adam": theirs})),
        ours={weight: np.ones(3)},
        theirs={weight: np.ones(3) * (1 + moved)},
        aligned={"training": list(aligned)},
    )


def table(evidence, *findings):
    """{setting: (shown as, word)} of the table's rows."""
    differences = between(evidence.ours, evidence.theirs)
    comparison = SimpleNamespace(
        evidence=evidence, findings=list(findings), differences=differences
    )
    words = ("differs", "acts alike", "not judged")
    return {
        row["setting"]: (row["other"], next((word for word in words if row[word]), "same"))
        for row in settings.sides(comparison)
    }


def layer(ours, theirs, by, name="D/conv"):
    x = np.zeros(1)
    old, new = (LayerOutput(n, "conv", s, x) for n, s in (("conv", ours), (name, theirs)))
    return Aligned(new, old, by, 0.0, 0.0)


def test_what_only_the_port_has_is_a_row_where_a_cause_is_about_it():
    theirs = {**ADAM, "weight decay beside the step": 0.01}
    named = Named(frozenset({"adam"}), frozenset({"weight decay beside the step"}))
    told = Finding(Kind.L2, "adam", "…", named=named)
    rows = table(evidence(ADAM, theirs, moved=True), told)
    assert rows["adam: weight decay beside the step"] == ("0.01", "differs")
    assert "adam: weight decay beside the step" not in table(evidence(ADAM, theirs))


def test_other_numbers_that_leave_the_same_weights_are_not_set_differently():
    rows = table(evidence(ADAM, {**ADAM, "epsilon": 1e-12}))
    assert rows["adam: epsilon"] == ("1e-12", "acts alike")
    assert rows["adam: beta1"] == ("0.5", "same")


def test_other_numbers_that_leave_other_weights_are_set_differently():
    rows = table(evidence(ADAM, {**ADAM, "beta1": 0.9}, moved=True))
    assert rows["adam: beta1"] == ("0.9", "differs")


def test_the_same_number_in_another_place_is_set_differently_and_its_place_is_said():
    named = Named(frozenset({"adam"}), frozenset({"epsilon"}), AFTER)
    rows = table(evidence(ADAM, ADAM, moved=True), Finding(Kind.EPSILON, "adam", "…", named=named))
    assert rows["adam: epsilon"] == (f"1e-08 {AFTER}", "differs")
    assert rows["adam: learning rate"] == ("0.01", "same")


def test_beside_a_named_cause_other_numbers_act_alike():
    named = Named(frozenset({"adam"}), frozenset({"learning rate"}))
    theirs = {**ADAM, "learning rate": 0.02, "epsilon": 1e-12}
    rows = table(
        evidence(ADAM, theirs, moved=True), Finding(Kind.EPSILON, "adam", "…", named=named)
    )
    assert rows["adam: learning rate"] == ("0.02", "differs")
    assert rows["adam: epsilon"] == ("1e-12", "acts alike")


def test_the_words_of_a_cause_name_no_setting():
    """A sentence about a gradient may hold 'epsilon' or 'learning rate'."""
    told = Finding(Kind.UPDATE, "adam (first seen in w)", "neither epsilon nor its learning rate")
    assert all(word == "same" for _, word in table(evidence(ADAM, ADAM), told).values())


def test_layers_are_judged_by_their_values_and_by_causes_of_layers_that_are_set_alike():
    aligned = [
        layer({"padding": "SAME"}, {"padding": "VALID"}, "value"),
        layer({"epsilon": 1e-3}, {"epsilon": 1e-5}, "use", "D/norm"),
        layer({"epsilon": 1e-3}, {"epsilon": 1e-5}, "use", "D/norm_1"),
        layer({"epsilon": 1e-3}, {"epsilon": 1e-5}, "use", "G/norm"),
    ]
    named = Named(frozenset({"D/norm", "D/norm_1"}), frozenset({"epsilon"}))
    told = Finding(Kind.NORM_EPSILON, "D/norm (TF1: bn)", "…", named=named)
    rows = table(evidence({}, {}, aligned=aligned), told)
    assert [rows[f"{name}: epsilon"][1] for name in ("D/norm", "D/norm_1", "G/norm")] == [
        "differs",
        "differs",
        "not judged",
    ]
    assert rows["D/conv: padding"][1] == "acts alike"


@pytest.mark.parametrize(
    ("theirs", "place", "named"),
    [
        ({**ADAM, "epsilon": 1e-6}, "", {("epsilon", "")}),
        ({**ADAM, "learning rate": 0.02}, AFTER, {("learning rate", ""), ("epsilon", AFTER)}),
    ],
)
def test_causes_of_an_update_say_which_settings_they_are_about(rng, theirs, place, named):
    gradient, start = rng.normal(size=4) * 1e-6, rng.normal(size=4)
    evidence_of_step = evidence(ADAM, theirs)
    ours, others = (
        Rule("Adam", s, where).apply(start, gradient, {}, 0)
        for s, where in ((ADAM, ""), (theirs, place))
    )
    key = Key("gradient", "w", "", 0, 0)
    keyed = [{key: gradient, Key(STATE, "w", "weight", 1): weight} for weight, _ in (ours, others)]
    own = replace(evidence_of_step, start=State({"w": start}), ours=keyed[0], theirs=keyed[1])
    case = Case(own, between(*keyed), None)
    causes = updates.find(case, own.old.updates[0])
    records = {(s, c.named.place) for c in causes for s in c.named.settings}
    assert records == named
    assert {owner for c in causes for owner in c.named.owners} == {"adam"}
