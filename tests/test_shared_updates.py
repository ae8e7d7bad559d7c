"""Several optimisers of the same variables: their updates are judged together."""

from dataclasses import replace

import numpy as np
import pytest
from plain_evidence import ADAM, case, made

from dcgan_v1.migration.comparison.evidence import GRADIENT, STATE, Key
from dcgan_v1.migration.explanation.update_causes import updates
from dcgan_v1.migration.explanation.update_causes.update_rules import AFTER, Rule
from dcgan_v1.migration.records import Observation, SlotKey, Update
from dcgan_v1.migration.sources import OptimizerChange

pytestmark = pytest.mark.unit

VARIABLES = {"o0": ["g"], "o1": ["g", "q"]}  # as an InfoGAN's G and Q, both of which move G


def of_two_adams(rng, of_port):
    """Causes of a step in which two Adams move `g`.

    `of_port`: rule of each of the port's optimisers; TF1's are ADAM.
    """
    start = {name: rng.normal(size=7) for name in "gq"}
    size = np.geomspace(1, 1e-4, 7)
    gradients = {(o, n): rng.normal(size=7) * size for o, own in VARIABLES.items() for n in own}
    slots = {
        f"{n}/{o}/{s}": SlotKey(n, o, s) for o, own in VARIABLES.items() for n in own for s in "mv"
    }
    sides = []
    for rules in ([Rule("Adam", ADAM)] * 2, of_port):
        weights, arrays = dict(start), {}
        for number, (o, rule) in enumerate(zip(VARIABLES, rules, strict=True)):
            for n in VARIABLES[o]:
                weights[n], after = rule.apply(weights[n], gradients[o, n], {}, 0)
                arrays[Key(GRADIENT, n, "", 0, number)] = gradients[o, n]
                arrays |= {Key(STATE, f"{n}/{o}/{s}", s, 1): after[s] for s in "mv"}
        sides.append(arrays | {Key(STATE, n, "weight", 1): w for n, w in weights.items()})
    own = [Update(o, o, "Adam", names) for o, names in VARIABLES.items()]
    names = {"o0": "G_solver", "o1": "Q_solver"}
    old = {"slots": slots, "updates": own}
    evidence = made(*sides, start, kind="Adam", optimizers=names, old=old)
    settings = dict(zip(names.values(), (rule.settings for rule in of_port), strict=True))
    first = Observation(settings=dict.fromkeys(VARIABLES, ADAM)), Observation(settings=settings)
    evidence = replace(evidence, first=first)
    return updates.find(case(evidence), own[0])


def test_two_optimisers_of_one_weight_are_told_apart(rng):
    plain, late = Rule("Adam", ADAM), Rule("Adam", ADAM, AFTER)
    for of_port, named in (
        ([late, late], ["o0", "o1"]),
        ([late, plain], ["o0"]),
        ([plain, late], ["o1"]),
    ):
        causes = of_two_adams(rng, of_port)
        changes = [OptimizerChange(o, "epsilon", 1e-3, True) for o in named]
        assert [c.changes for c in causes] == [(change,) for change in changes]
        assert all("added after the bias correction" in c.text for c in causes)


def test_a_rate_of_one_of_two_optimisers_is_no_cause_without_a_name(rng):
    faster = Rule("Adam", {**ADAM, "learning rate": 0.03})
    (cause,) = of_two_adams(rng, [Rule("Adam", ADAM), faster])
    assert "steps of Q_solver are 3 times as long as TF1's" in cause.text
