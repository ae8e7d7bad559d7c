"""What is written otherwise and computes the same, told from arrays alone.

Losses in other units, orders of pixels, functions of torch."""

from dataclasses import replace

import numpy as np
import pytest

from dcgan_v1.migration.comparison import loss_units
from dcgan_v1.migration.comparison.evidence import GRADIENT, LOSS, STATE, Evidence, Key
from dcgan_v1.migration.comparison.pairs import pixel_order
from dcgan_v1.migration.matching import layouts
from dcgan_v1.migration.matching.fingerprints import Certificate
from dcgan_v1.migration.matching.layouts import Layout
from dcgan_v1.migration.matching.matching import Matching, Row
from dcgan_v1.migration.records import (
    LayerOutput,
    Observation,
    PortInfo,
    SlotKey,
    State,
    Tf1Info,
    Update,
    Variable,
)

pytestmark = pytest.mark.unit


def scaled(rng, unit, ours, theirs):
    """Evidence of a port whose loss is so many times TF1's."""
    gradient = rng.normal(size=5)
    keys = Key(GRADIENT, "w", "", 0, 0), Key(LOSS, "loss"), Key(STATE, "w/accum", "accum", 1)
    values = gradient, np.asarray(2.0), 0.5 * gradient
    seen = Observation(settings={"o": ours}), Observation(settings={"sgd": theirs})
    return Evidence(
        "float64",
        Tf1Info(
            variables={"w": Variable([5])},
            slots={"w/accum": SlotKey("w", "o", "accum")},
            updates=[Update("train", "o", str(ours["kind"]), ["w"], ["loss"])],
        ),
        PortInfo(),
        Matching([], optimizers={"o": "sgd"}),
        Certificate(None, 0),
        State({"w": gradient}),
        {},
        True,
        first=seen,
        ours=dict(zip(keys, values, strict=True)),
        theirs={k: unit * v for k, v in zip(keys, values, strict=True)},
        losses={"loss": "loss"},
    )


@pytest.mark.parametrize("unit", [6.0, 0.5])
def test_a_sum_with_a_smaller_rate_is_a_mean_in_other_units(rng, unit):
    settings = {"kind": "Momentum", "learning rate": 0.1, "momentum": 0.9, "nesterov": False}
    evidence = scaled(rng, unit, settings, {**settings, "learning rate": 0.1 / unit})
    again = loss_units.in_tf1_units(evidence)
    assert again.units == pytest.approx({0: unit})
    for key, array in again.ours.items():
        assert again.theirs[key] == pytest.approx(array, rel=1e-12), key
    assert again.first[1].settings["sgd"]["learning rate"] == pytest.approx(0.1)
    assert f"{unit:.6g} times TF1's" in loss_units.sentences(again)[0]


@pytest.mark.parametrize(
    "theirs",
    [
        {"learning rate": 0.1},  # which does not make up for it
        {"learning rate": 0.1 / 6, "momentum": 0.8},
        {"learning rate": 0.1 / 6, "nesterov": True},
        {"learning rate": 0.1 / 6, "kind": "GradientDescent"},
    ],
)
def test_a_sum_for_a_mean_is_no_other_unit_if_the_optimiser_does_not_make_up_for_it(rng, theirs):
    settings = {"kind": "Momentum", "learning rate": 0.1, "momentum": 0.9, "nesterov": False}
    assert not loss_units.in_tf1_units(scaled(rng, 6.0, settings, {**settings, **theirs})).units


def test_gradients_that_differ_otherwise_have_no_unit(rng):
    settings = {"kind": "GradientDescent", "learning rate": 0.1, "nesterov": False}
    evidence = scaled(rng, 6.0, settings, {**settings, "learning rate": 0.1 / 6})
    key = Key(GRADIENT, "w", "", 0, 0)
    theirs = {**evidence.theirs, key: evidence.theirs[key] + np.eye(1, 5)[0]}
    assert not loss_units.in_tf1_units(replace(evidence, theirs=theirs)).units


def test_the_order_of_pixels_is_the_one_under_which_layers_agree():
    port = PortInfo(variables={"D/fc/weight": Variable([1, 48], layer="D/fc")})
    pixels = {"D/fc": {"rows": (3, 4, 4)}}
    matching = Matching([Row("w", "D/fc/weight", Layout("torch dense", rows=(3, 4, 4)), "shape")])
    for rows in (None, (3, 4, 4), (16, 3, 1)):

        def agreeing(tried, rows=rows):
            return (3 if tried.rows[0].layout.rows == rows else 1), 3

        found = pixel_order.settled(matching, port, pixels, agreeing)
        assert found.rows[0].layout == Layout("torch dense", rows=rows)


def test_a_layer_ahead_of_maps_agrees_in_the_order_of_the_matching(rng):
    chw, y = (3, 4, 4), rng.normal(size=(5, 48))
    ops = [LayerOutput("g/fc", "dense", {}, y)]
    port = PortInfo(variables={"G/fc/weight": Variable([48, 2], layer="G/fc")})
    fc = LayerOutput("G/fc", "dense", {}, layouts.channels_first(y, chw))
    seen = Observation(layers=[fc], pixels={"G/fc": {"columns": chw}})
    for columns, agree in ((chw, 1), (None, 0)):
        layout = Layout("torch dense", columns=columns)
        matching = Matching([Row("w", "G/fc/weight", layout, "shape")])
        found = pixel_order.in_agreement(ops, seen, port, matching, 1e-9)
        assert found == (agree, 1)


def test_an_order_of_pixels_has_its_inverse(rng):
    array = rng.normal(size=(48, 2))
    there, back = Layout(rows=(3, 4, 4)), Layout(rows=(16, 3, 1))
    assert np.array_equal(back.to_port(there.to_port(array)), array)


@pytest.mark.compare
@pytest.mark.torch
def test_functions_of_torch_are_layers_of_the_model_whose_tensors_they_are_given():
    import torch
    from torch.nn import functional as F

    from dcgan_v1.compare import Torch
    from dcgan_v1.migration.records import Batch
    from dcgan_v1.migration.runners.torch.runner import TorchRunner

    w, b = (torch.ones(2, 3, requires_grad=True), torch.ones(2, requires_grad=True))
    v = torch.ones(2, 1, requires_grad=True)
    sgd = torch.optim.SGD([w, b, v], 0.1, momentum=0.9, weight_decay=0.1)

    def step(x):
        h = F.leaky_relu(F.linear(x, w, b), 0.3)
        loss = (h @ v).mean()
        loss.backward()
        sgd.step()
        return loss

    runner = TorchRunner(Torch({"D": {"w": w, "b": b, "v": v}}, {"sgd": sgd}, step), [])
    x = np.arange(6.0).reshape(2, 3).astype("float32")
    seen = runner.step(Batch({"x": x}), is_observed=True)
    assert [s.name for s in seen.layers] == ["D/linear", "D/leaky_relu", "D/matmul"]
    assert [s.kind for s in seen.layers] == ["dense", "activation", "dense"]
    assert seen.layers[0].parts == {"kernel": "D/w", "bias": "D/b"}
    assert seen.layers[1].settings["slope"] == pytest.approx(0.3)
    assert np.allclose(seen.layers[0].output, 1 + x.sum(1, keepdims=True) * np.ones(2))
    assert seen.layouts == {"D/w": "torch dense", "D/v": "plain"}


@pytest.mark.compare
@pytest.mark.torch
def test_a_function_of_single_numbers_ahead_of_a_dense_layer_is_no_layer_that_meets_maps():
    import torch
    from torch import nn

    from dcgan_v1.compare import Torch
    from dcgan_v1.migration.records import Batch
    from dcgan_v1.migration.runners.torch.runner import TorchRunner

    class Judged(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.fc = nn.Conv2d(1, 3, 3), nn.Linear(12, 1)

        def forward(self, x):
            h = self.conv(x)
            slopes = torch.where(h > 0, torch.tensor(1.0), torch.tensor(0.2))
            return self.fc((h * slopes).flatten(1))

    net = Judged()
    runner = TorchRunner(Torch({"D": net}, {}, lambda x: net(x).mean()), [])
    x = np.random.default_rng(0).normal(size=(4, 4, 4, 1)).astype("float32")
    seen = runner.step(Batch({"x": x}), is_observed=True)
    assert seen.pixels == {"D/fc": {"rows": (3, 2, 2)}}
