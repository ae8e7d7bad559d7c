"""One optimiser of the port's that moves a weight twice, where TF1 has two with their own slots."""

from dataclasses import replace

import numpy as np
import pytest
from plain_evidence import Answers, case, made

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison.differences import between
from dcgan_v1.migration.comparison.evidence import GRADIENT, LOSS, STATE, Key
from dcgan_v1.migration.explanation import one_sided
from dcgan_v1.migration.explanation.explain import explain
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.records import SlotKey

pytestmark = pytest.mark.unit


def test_one_optimiser_of_the_port_that_moves_a_weight_twice_for_two_of_tf1s_is_named():
    key = Key(STATE, "a", "weight", 1)
    slots = {f"a/{o}": SlotKey("a", o, "m") for o in ("o0", "o1")}
    start = {"a": np.zeros(2)}
    both = {"o0": "adam", "o1": "adam"}
    of = made(
        {key: np.ones(2)}, {key: np.zeros(2)}, start, 2, optimizers=both, old={"slots": slots}
    )
    (cause,) = one_sided.shared_slots(case(of))
    assert cause.kind == Kind.OPTIMIZER
    assert cause.text.startswith(
        "adam makes 2 updates of 1 variables in a step, with the same slot"
    )
    apart = made({key: np.ones(2)}, {key: np.zeros(2)}, start, 2, old={"slots": slots})
    assert not one_sided.shared_slots(case(apart))


def test_slots_that_two_updates_share_account_for_nothing_that_comes_before(rng):
    """A loss of the first update and the gradient that it gives are apart by faults of their own;
    the gradient of a third update comes after the weights that slots alone set apart."""
    loss, later = Key(LOSS, "d_loss"), Key(GRADIENT, "g", "", 0, 2)
    start = {"a": rng.normal(size=6), "g": rng.normal(size=6)}
    gradients = {Key(GRADIENT, "a", "", 0, i): rng.normal(size=6) for i in (0, 1)}
    weight, drawn = Key(STATE, "a", "weight", 1), rng.normal(size=(4, 6))
    ours = {loss: np.asarray(1.0), later: drawn[0], weight: drawn[1], **gradients}
    theirs = {loss: np.asarray(2.7), later: drawn[2], weight: drawn[3]}
    theirs |= {key: 2.7 * g if key.update == 0 else g for key, g in gradients.items()}
    slots = {f"a/{o}": SlotKey("a", o, "m") for o in ("o0", "o1")}
    both = {"o0": "adam", "o1": "adam", "o2": "g"}
    of = made(ours, theirs, start, 3, optimizers=both, old={"slots": slots}, losses={"d_loss": "d"})
    moved = zip(of.old.updates, ("a", "a", "g"), ("d", "d2", "g"), strict=True)
    own = [replace(u, variables=[name], losses=[of_it]) for u, name, of_it in moved]
    seen = replace(of.first[0], scalars={"d": 1.0, "d2": 3.0, "g": 5.0}), of.first[1]
    of = replace(of, old=replace(of.old, updates=own), first=seen)
    answers = Answers(of)
    answers.along_port = lambda: (_ for _ in ()).throw(UserError("a step that has gone on"))
    slots, gradient = (finding.cause for finding in explain(of, between(ours, theirs), answers))
    assert slots.startswith("adam makes 2 updates of 1 variables in a step")
    assert gradient.startswith("every gradient is 2.7 times TF1's")
