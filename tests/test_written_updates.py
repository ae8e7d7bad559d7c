"""Optimisers and schedules that a port in PyTorch has, held to TF1's formulas."""

from functools import partial

import numpy as np
import pytest

from dcgan_v1.porting import description as d
from dcgan_v1.porting.torch import optimizers as torch_optimizers

pytestmark = [pytest.mark.unit, pytest.mark.torch]

torch = pytest.importorskip("torch")
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module", autouse=True)
def loaded():
    """With its first optimiser torch loads what takes more than the second of a unit test."""
    torch.optim.SGD([torch.zeros(1, requires_grad=True)])


def tf1_adam(t, g, state, rate=0.01, b1=0.5, b2=0.9, epsilon=0.1):
    m, v = state or (0.0, 0.0)
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
    return rate * np.sqrt(1 - b2**t) / (1 - b1**t) * m / (np.sqrt(v) + epsilon), (m, v)


def tf1_rmsprop(t, g, state, rate=0.01, rho=0.8, momentum=0.5, epsilon=0.1, begin=1.0):
    ms, mom = state or (np.full_like(g, begin), 0.0)
    ms = rho * ms + (1 - rho) * g * g
    mom = momentum * mom + rate * g / np.sqrt(ms + epsilon)
    return mom, (ms, mom)


ADAM = {"learning rate": 0.01, "beta1": 0.5, "beta2": 0.9, "epsilon": 0.1}
RMSPROP = {"learning rate": 0.01, "rho": 0.8, "momentum": 0.5, "epsilon": 0.1}


@pytest.mark.parametrize(
    ("kind", "settings", "oracle"),
    [
        ("Adam", ADAM, tf1_adam),
        ("RMSProp", RMSPROP, tf1_rmsprop),
        ("RMSProp", {**RMSPROP, "begin": 0.01}, partial(tf1_rmsprop, begin=0.01)),
    ],
)
def test_an_optimiser_in_torch_updates_as_tf1s_does(kind, settings, oracle):
    optimizer = d.Optimizer("o", "o", kind, settings, ())
    program = d.Program("", {}, (), (optimizer,), (), (), (), {})
    names = {"torch": torch}
    for text in torch_optimizers.classes(program):
        exec(text, names)
    weight = torch.nn.Parameter(torch.tensor(RNG.normal(size=5)))
    names |= {"self": type("Owner", (), {})(), "parameters": [weight]}
    exec("\n".join(torch_optimizers.lines(program, optimizer, "parameters")), names)
    wanted, state = weight.detach().numpy().copy(), None
    for t in range(1, 4):
        gradient = RNG.normal(size=5)
        weight.grad = torch.tensor(gradient)
        names["self"].o.step()
        change, state = oracle(t, gradient, state)
        wanted = wanted - change
        np.testing.assert_allclose(weight.detach().numpy(), wanted, atol=1e-14)


@pytest.mark.parametrize("is_corrected", [True, False])
def test_an_adam_in_torch_of_several_groups_counts_every_update_for_all_of_them(is_corrected):
    """TF1's formula with a count of both, in a drawn order of updates."""
    settings = {**ADAM, "epsilon after the correction": True} if is_corrected else ADAM
    optimizer = d.Optimizer("o", "o", "Adam", settings, ("a", "b"))
    effects = tuple(d.Effect("update", f"u{v}", (v,), "o") for v in "ab")
    program = d.Program("", {}, (), (optimizer,), (), (), (d.Stage(0, (), effects),), {})
    names = {"torch": torch, "self": type("Owner", (), {})()}
    weights = [torch.nn.Parameter(torch.tensor(RNG.normal(size=5))) for _ in "ab"]
    names["parameters"] = weights
    exec("\n".join(torch_optimizers.classes(program)), names)
    exec("\n".join(torch_optimizers.lines(program, optimizer, "parameters")), names)
    wanted, states = [w.detach().numpy().copy() for w in weights], [None, None]
    for t, i in enumerate(RNG.integers(0, 2, 9), 1):
        gradient = RNG.normal(size=5)
        names["self"].o.zero_grad()
        weights[i].grad = torch.tensor(gradient)
        names["self"].o.step()
        epsilon = 0.1 * (np.sqrt(1 - 0.9**t) if is_corrected else 1)
        change, states[i] = tf1_adam(t, gradient, states[i], epsilon=epsilon)
        wanted[i] = wanted[i] - change
        for weight, value in zip(weights, wanted, strict=True):
            np.testing.assert_allclose(weight.detach().numpy(), value, atol=1e-14)


def test_a_decayed_rate_in_torch_goes_on_from_the_state_of_its_optimiser():
    """TF1's rate after 7 updates is 0.1 * 0.5 ** (7 / 4), whoever did them."""
    numbers = {"rate": 0.1, "steps": 4, "factor": 0.5, "staircase": False}
    kind = "GradientDescent"
    optimizer = d.Optimizer("o", "o", kind, {}, (), schedule=("exponential", numbers))
    program = d.Program("", {}, (), (optimizer,), (), (), (), {})
    state = None
    for first in (0, 5):
        names = {"torch": torch, "self": type("Owner", (), {})()}
        weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        names["parameters"] = [weight]
        exec("\n".join([*torch_optimizers.classes(program)]), names)
        exec("\n".join(torch_optimizers.lines(program, optimizer, "parameters")), names)
        owner = names["self"]
        if state is not None:
            owner.o.load_state_dict(state)
        for t in range(first, first + 5):
            before, weight.grad = weight.item(), torch.ones_like(weight)
            owner.o_rate.step()
            owner.o.step()
            assert before - weight.item() == pytest.approx(0.1 * 0.5 ** (t / 4), rel=1e-12)
        state = owner.o.state_dict()
