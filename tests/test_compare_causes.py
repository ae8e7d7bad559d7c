"""Why gradients, weights and averages differ, told from arrays alone: no framework."""

from types import SimpleNamespace

import numpy as np
import pytest
from dcgan_v1.migration.comparison.observe import GRADIENT, STATE, Key

from dcgan_v1.migration.comparison.differences import between
from dcgan_v1.migration.explanation import gradient_causes, update_causes

pytestmark = pytest.mark.unit


def pair(ours, theirs, start, updates=1, **more):
    """A pair as far as causes of updates ask for it."""
    described = [
        {
            "name": f"u{i}",
            "optimizer": f"o{i}",
            "kind": "GradientDescent",
            "variables": list(start),
            "losses": [],
        }
        for i in range(updates)
    ]
    made = SimpleNamespace(
        seen_old=ours,
        seen_new=theirs,
        start=start,
        ours={"updates": described, "slots": {}, "not run": []},
        matching=SimpleNamespace(optimizers={"o0": "sgd"}, exempt=[]),
        looks=[SimpleNamespace(hyper={}), SimpleNamespace(hyper={})],
        asked_gradients=lambda: ({}, {}),
        kept_of_averages=lambda: ({}, {}),
        found=between(ours, theirs),
    )
    for name, value in more.items():
        setattr(made, name, value)
    return made


def gradient_pair(rng, change):
    start = {name: rng.normal(size=(5, 3)) for name in "ab"}
    keys = {name: Key(GRADIENT, name, "", 0, 0) for name in start}
    theirs = {keys[name]: rng.normal(size=(5, 3)) for name in start}
    ours = {key: change(array, start[key.name], theirs) for key, array in theirs.items()}
    made = pair(ours, theirs, start)
    over = [d for d in made.found if d.is_over]
    ((_, cause),) = gradient_causes.gradients(made, over)
    return cause


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
        (lambda g, *_: g / 16, "every gradient is 16 times TF1's"),
        (lambda g, *_: g + np.roll(g, 1), "its gradient differs by"),
    ],
)
def test_the_cause_of_a_gradient_that_differs(rng, change, cause):
    assert cause in gradient_pair(rng, change)


def test_an_update_in_another_order_and_a_gradient_that_is_not_cut_off(rng):
    start = {"a": rng.normal(size=4)}
    key = Key(GRADIENT, "a", "", 0, 1)
    own, early, leak = (rng.normal(size=4) for _ in range(3))
    for theirs, cause in ((early, "the update order differs"), (own + leak, "detach")):
        made = pair({key: own}, {key: theirs}, start, updates=2)
        made.asked_gradients = lambda: ({key: early}, {key: leak})
        ((_, said),) = gradient_causes.gradients(made, made.found)
        assert cause in said


def weight_pair(rng, move, theirs_move):
    start = {"a": rng.uniform(-1, 1, 6)}
    key, gradient = Key(STATE, "a", "weight", 1), Key(GRADIENT, "a", "", 0, 0)
    g = rng.uniform(0.5, 1, 6)
    ours = {key: move(start["a"], g), gradient: g}
    theirs = {key: theirs_move(start["a"], g), gradient: g}
    made = pair(ours, theirs, start)
    over = [d for d in made.found if d.is_over]
    return update_causes.states(made, over)[0][1]


def step(w, g):
    return w - 0.1 * g


@pytest.mark.parametrize(
    ("move", "theirs", "cause"),
    [
        (lambda w, g: np.clip(step(w, g), -0.2, 0.2), step, "TF1 clips weights to ±0.2"),
        (step, lambda w, g: np.clip(step(w, g), -0.2, 0.2), "the port clips weights"),
        (lambda w, g: w, step, "TF1's train op u0 trains nothing"),
        (step, lambda w, g: w, "does not move in the port"),
        (step, lambda w, g: w - 0.2 * g, "steps of sgd are 2 times as long"),
    ],
)
def test_the_cause_of_a_weight_that_differs(rng, move, theirs, cause):
    assert cause in weight_pair(rng, move, theirs)


@pytest.mark.parametrize(
    ("kept", "cause"),
    [
        ((0.9, 0.1), "a decay was written as a momentum (1 - x)"),
        ((0.99, 0.9), "a step keeps 0.9 of the average, in TF1 0.99"),
    ],
)
def test_the_cause_of_an_average_that_differs(rng, kept, cause):
    start, mean = {"m": rng.normal(size=4)}, rng.normal(size=4)
    key = Key(STATE, "m", "average", 1)
    sides = [{key: k * start["m"] + (1 - k) * mean} for k in kept]
    made = pair(*sides, start, updates=0)
    made.kept_of_averages = lambda: tuple({"m": k} for k in kept)
    ((_, said),) = update_causes.states(made, made.found)
    assert cause in said


def test_averages_that_never_move_are_said_to(rng):
    start, key = {"m": rng.normal(size=4)}, Key(STATE, "m", "average", 1)
    made = pair({key: start["m"]}, {key: start["m"] + 1}, start, updates=0)
    made.ours["not run"] = ["AssignMovingAvg"]
    ((_, said),) = update_causes.states(made, made.found)
    assert "TF1 never moves the averages: its UPDATE_OPS are not run" in said


def test_a_variable_of_the_wrong_optimiser_is_named():
    made = pair({}, {}, {"a": np.zeros(1)}, updates=2)
    made.matching.optimizers = {"o0": "d", "o1": "g"}
    lone = {Key(GRADIENT, "a", "", 0, 1): "TF1", Key(GRADIENT, "a", "", 0, 0): "port"}
    ((where, cause),) = gradient_causes.structure(made, lone)
    assert where == "a"
    assert "is trained by d, in TF1 by g" in cause
