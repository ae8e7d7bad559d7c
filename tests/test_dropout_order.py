"""Dropouts of a port take the numbers of TF1's that multiply the same, in any order of calls."""

from itertools import permutations

import numpy as np
import pytest

from dcgan_v1.migration.comparison.inputs import dropout_order

pytestmark = pytest.mark.unit

ROWS, WIDTH, RATE = 6, 8, 0.3


class Network:
    """Drops out after each of its layers."""

    def __init__(self, rng, depth):
        self.kernels = rng.normal(size=(depth, WIDTH, WIDTH)) / np.sqrt(WIDTH)

    def __call__(self, x, uniforms, slope=0.2):
        """Returns (what its dropouts give, what all of its ops give)."""
        drops, ops = [], []
        for kernel, uniform in zip(self.kernels, uniforms, strict=True):
            h = x @ kernel
            h = np.where(h > 0, h, slope * h)
            x = h * (uniform >= RATE) / (1 - RATE)
            drops.append(x)
            ops += [h / (1 - RATE), x]
        return drops, ops


def settled(rng, depth, order, slope=0.2, is_alike=False):
    """(names of uniform numbers as a port's dropouts take them, as they should) of a port that
    calls a network on several arrays in an order, the first and the last alike or not."""
    network = Network(rng, depth)
    inputs = rng.normal(size=(len(order), ROWS, WIDTH))
    if is_alike:
        inputs[-1] = inputs[0]
    names = [[f"{i}/{k}" for k in range(depth)] for i in range(len(order))]
    draws = {n: rng.random((ROWS, WIDTH)) for own in names for n in own}
    ops = [
        y
        for x, own in zip(inputs, names, strict=True)
        for y in network(x, [draws[n] for n in own])[1]
    ]

    def run(taken):
        waiting = iter(taken)
        drops = []
        for i in order:
            drops += network(inputs[i], [draws[next(waiting)] for _ in range(depth)], slope)[0]
        return draws, drops, ops

    first = [n for k in range(depth) for own in names for n in own[k : k + 1]]
    shapes = {n: a.shape for n, a in draws.items()}
    return dropout_order.settled(first, shapes, run), [n for i in order for n in names[i]]


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_each_dropout_has_its_own_numbers_in_any_order_of_calls(depth, rng):
    for order in permutations(range(3)):
        found, right = settled(rng, depth, order)
        assert found == right


@pytest.mark.parametrize("slope", [0.1, 0.01])
def test_another_slope_ahead_of_dropouts_leaves_them_their_numbers(slope, rng):
    for order in ((0, 1), (1, 0)):
        found, right = settled(rng, 2, order, slope)
        assert found == right


@pytest.mark.parametrize("seed", [13, 79, 98, 183])
def test_numbers_that_the_first_try_gave_to_others_are_given_back(seed):
    """Of these draws one dropout was left with numbers to which another one was nearer."""
    rng = np.random.default_rng(seed)
    for order in ((0, 1), (1, 0)):
        found, right = settled(rng, 2, order, slope=0.01)
        assert found == right


def test_dropouts_that_multiply_the_same_take_tf1s_order(rng):
    for order in ((0, 1, 2), (1, 0, 2), (0, 2, 1)):
        found, right = settled(rng, 2, order, is_alike=True)
        assert found == right


def test_a_dropout_that_is_near_none_takes_what_is_left(rng):
    draws = {name: rng.random((ROWS, WIDTH)) for name in "abc"}
    signs, ops = rng.choice([-1, 1], size=(ROWS, WIDTH)), rng.normal(size=(3, ROWS, WIDTH))
    ops = [y * (u >= RATE) for y, u in zip(ops, draws.values(), strict=True)]
    drops = [ops[2], signs.astype(float), ops[0]]
    assert dropout_order.in_order(["a", "b", "c"], draws, drops, ops) == ["c", "b", "a"]


def test_dropouts_that_say_nothing_keep_tf1s_order(rng):
    draws = {name: rng.random((ROWS, WIDTH)) for name in "abc"}
    nothing = [np.zeros((ROWS, WIDTH))] * 3
    assert dropout_order.in_order(["b", "a", "c"], draws, nothing, nothing) == ["b", "a", "c"]
    more = [rng.normal(size=(ROWS, WIDTH))] * 4
    assert dropout_order.in_order(["b", "a", "c"], draws, more, more) == ["b", "a", "c"]
