"""Evidence of a comparison, of plain arrays, for tests of causes."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from dcgan_v1.migration.comparison.differences import between
from dcgan_v1.migration.comparison.evidence import GRADIENT, STATE, Evidence, Key
from dcgan_v1.migration.explanation import gradients
from dcgan_v1.migration.explanation.case import Case
from dcgan_v1.migration.explanation.update_causes import updates
from dcgan_v1.migration.explanation.update_causes.update_rules import Rule
from dcgan_v1.migration.matching.fingerprints import Certificate
from dcgan_v1.migration.matching.matching import Matching
from dcgan_v1.migration.records import (
    GradientKey,
    Observation,
    PortInfo,
    SlotKey,
    State,
    Tf1Info,
    Update,
    Variable,
)

ADAM = {"kind": "Adam", "learning rate": 0.01, "beta1": 0.5, "beta2": 0.999, "epsilon": 1e-3}


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
        "pulled_back": {},
        "still_gradients": ({}, {}),
        "kept_of_averages": ({}, {}),
        "gradients_off_zero": None,
        "quotient": None,
        "second_settings": ({}, {}),
        "outputs_at_own_start": {},
    }
    answers = {**asked, **experiments}
    runs = SimpleNamespace(**{k: (lambda *_, v=v: v) for k, v in answers.items()})
    return Case(evidence, between(evidence.ours, evidence.theirs), runs)


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


def gradient_cause(rng, change):
    start = {name: rng.normal(size=(5, 3)) for name in "ab"}
    keys = {name: Key(GRADIENT, name, "", 0, 0) for name in start}
    theirs = {keys[name]: rng.normal(size=(5, 3)) for name in start}
    ours = {key: change(array, start[key.name], theirs) for key, array in theirs.items()}
    (cause,) = gradients.find(case(made(ours, theirs, start)), 0)
    return cause.text


def weight_causes(rng, move, theirs_move, their_gradient=None, settings=None):
    # so many that of clipped ones two are held, whatever is drawn
    start = {"a": rng.uniform(-1, 1, 30)}
    key, gradient = Key(STATE, "a", "weight", 1), Key(GRADIENT, "a", "", 0, 0)
    g = rng.uniform(0.5, 1, 30)
    h = g if their_gradient is None else their_gradient(g)
    ours = {key: move(start["a"], g), gradient: g}
    theirs = {key: theirs_move(start["a"], h), gradient: h}
    evidence = made(ours, theirs, start, settings=settings)
    return updates.find(case(evidence), evidence.old.updates[0])


def step(w, g):
    return w - 0.1 * g


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
