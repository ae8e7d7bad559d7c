"""A decay in the gradients or beside the steps: the same training, or not. Plain arrays."""

from dataclasses import replace

import numpy as np
import pytest
from plain_evidence import made

from dcgan_v1.migration.comparison import decay_places
from dcgan_v1.migration.comparison.evidence import GRADIENT, STATE, WEIGHT, Key

pytestmark = pytest.mark.unit
DECAY = 0.01


def sides(rng, in_port, beside, kinds="GradientDescent", size=DECAY):
    """Evidence of a step: the port's gradients hold a decay of the variables `in_port`, TF1 takes
    as much off beside its steps of those in `beside`."""
    start = {name: rng.normal(size=5) for name in "ab"}
    ours, theirs = {}, {}
    for name, weight in start.items():
        gradient, own = rng.normal(size=5), DECAY * (name in in_port)
        ours[Key(GRADIENT, name, "", 0, 0)] = gradient
        theirs[Key(GRADIENT, name, "", 0, 0)] = gradient + own * weight
        taken = size * weight * (name in beside)
        ours[Key(STATE, name, WEIGHT, 1)] = weight - 0.1 * (gradient + taken)
        theirs[Key(STATE, name, WEIGHT, 1)] = weight - 0.1 * (gradient + own * weight)
    evidence = made(ours, theirs, start, settings=[{"kind": kinds, "learning rate": 0.1}] * 2)
    return replace(evidence, checked=[1])


@pytest.mark.parametrize("names", ["ab", "a"])
def test_a_decay_beside_plain_steps_is_that_of_gradients(rng, names):
    evidence = sides(rng, names, names)
    found = decay_places.in_tf1_place(evidence)
    assert found.decays == {0: pytest.approx(dict.fromkeys(names, DECAY))}
    for key, array in evidence.ours.items():
        np.testing.assert_allclose(found.theirs[key], array, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "more",
    [
        {"in_port": "ab", "beside": ""},  # TF1 has none at all
        {"in_port": "ab", "beside": "a"},  # of some variables alone
        {"in_port": "a", "beside": "ab"},
        {"in_port": "ab", "beside": "ab", "size": 1.1 * DECAY},  # another one
        {"in_port": "ab", "beside": "ab", "kinds": "Momentum"},  # goes into the momentum
    ],
)
def test_a_decay_that_one_side_alone_has_stays_a_difference(rng, more):
    evidence = sides(rng, **more)
    assert decay_places.in_tf1_place(evidence) is evidence
