"""A recorded port is compared from its own weights and slots: what is told of where both begin."""

import random
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from plain_evidence import case, made

from dcgan_v1.migration.comparison import loss_units
from dcgan_v1.migration.comparison.evidence import AVERAGE, GRADIENT, STATE, WEIGHT, Aligned, Key
from dcgan_v1.migration.comparison.pairs.alignment import SHADOW
from dcgan_v1.migration.comparison.pairs.losses import pair_losses
from dcgan_v1.migration.comparison.runs.collection import Collector
from dcgan_v1.migration.explanation import weight_averages, zeros_at_start
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.update_causes import slot_starts
from dcgan_v1.migration.matching.layouts import Layout
from dcgan_v1.migration.matching.matching import Matching, Row
from dcgan_v1.migration.recordings.port_recorder.places import Places, held_names
from dcgan_v1.migration.records import (
    GradientKey,
    LayerOutput,
    SlotKey,
    State,
    Tf1Info,
    Update,
    Variable,
)
from dcgan_v1.migration.runners.idle_biases import IdleBiases
from dcgan_v1.migration.runners.torch.torch_terms import TorchTerms

pytestmark = pytest.mark.unit
KEPT = 0.9
VARIABLES = {
    "D/conv/bias": Variable([3], part="bias", layer="D/conv"),
    "D/norm/running_mean": Variable([3], part="mean", layer="D/norm"),
    "D/last/running_mean": Variable([3], part="mean", layer="D/last"),
}


# ---- biases that a batch norm takes away again ----


@pytest.fixture
def idle():
    """A bias ahead of a batch norm of a recorded network."""
    told = {"updates": [{"layers": [call("D/conv"), call("D/norm"), call("D/fc"), call("D/last")]}]}
    return IdleBiases(["D/conv/bias"], VARIABLES, told, TorchTerms())


def call(name):
    return {"name": name, "settings": {"momentum": 1 - KEPT}}


def test_a_layer_and_the_average_behind_it_are_told_without_a_bias_that_is_idle(idle, rng):
    bias, y = rng.normal(size=3), rng.normal(size=(4, 2, 2, 3))
    values = {"D/conv/bias": bias}
    layer = LayerOutput("D/conv", "conv", {}, y + bias)
    np.testing.assert_allclose(idle.without(layer, values), y, atol=1e-15)
    other = LayerOutput("D/fc", "dense", {}, y)
    assert idle.without(other, values) is y
    assert list(idle.in_averages(values)) == ["D/norm/running_mean"]


def test_an_average_follows_a_bias_that_moves_within_a_step(idle, rng):
    """numpy's own averages, with the bias and without it."""
    biases, means = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    with_bias = without = rng.normal(size=3)
    with_bias = with_bias + biases[0]
    held = idle.in_averages({"D/conv/bias": biases[0]})
    for bias, mean in zip(biases, means, strict=True):
        with_bias = KEPT * with_bias + (1 - KEPT) * (mean + bias)
        without = KEPT * without + (1 - KEPT) * mean
        held = idle.follow(held, [call("D/conv"), call("D/norm")], *moved(bias))
    np.testing.assert_allclose(with_bias - held["D/norm/running_mean"], without, atol=1e-14)


def moved(bias, by=1.0):
    """Values ahead of an update that moves the average, and behind it."""
    values = {"D/conv/bias": bias, "D/norm/running_mean": bias + 1}
    return values, {**values, "D/norm/running_mean": bias + 1 + by}


@pytest.mark.parametrize("is_told", [True, False])
def test_a_call_in_inference_moves_no_average(idle, rng, is_told):
    """A sample drawn within a step: told by its own mode, or by an average that stays."""
    before, bias = rng.normal(size=(2, 3))
    held = idle.in_averages({"D/conv/bias": before})
    drawn = call("D/norm")
    drawn["settings"] |= {"training": False} if is_told else {}
    after = idle.follow(held, [call("D/conv"), drawn], *moved(bias, by=1.0 if is_told else 0.0))
    assert np.array_equal(after["D/norm/running_mean"], before)


def test_an_average_of_all_batches_is_said_not_to_be_followed(idle, rng):
    assert len(idle.notes()) == 1
    told = {"updates": [{"layers": [call("D/conv"), {"name": "D/norm", "settings": {}}]}]}
    idle = IdleBiases(["D/conv/bias"], VARIABLES, told, TorchTerms())
    assert "D/norm/running_mean: nothing tells" in idle.notes()[1]
    before, bias = rng.normal(size=(2, 3))
    held = idle.follow({"D/norm/running_mean": before}, told["updates"][0]["layers"], *moved(bias))
    assert np.array_equal(held["D/norm/running_mean"], before)


@pytest.mark.parametrize("momentum", [0.3, None])
def test_functions_of_bare_tensors_tell_their_idle_bias_and_average(rng, momentum):
    """F.conv2d and F.batch_norm of one model's tensors; torch's own momentum is 0.1."""
    variables = {f"D/{n}": Variable([3], part="", layer="D") for n in ("b", "m", "v", "c")}
    calls = [
        {"name": "D", "function": "conv2d", "parts": {"weight": "D/w", "bias": "D/b"}},
        {
            "name": "D",
            "function": "batch_norm",
            "parts": {"running_mean": "D/m", "running_var": "D/v", "bias": "D/c"},
        },
    ]
    calls = [{**c, "settings": {} if momentum is None else {"momentum": momentum}} for c in calls]
    idle = IdleBiases(["D/b"], variables, {"updates": [{"layers": calls}]}, TorchTerms())
    assert idle.means == {"D/m": "D/b"}
    bias, y, mean = rng.normal(size=3), rng.normal(size=(4, 2, 2, 3)), rng.normal(size=3)
    layer = LayerOutput("D/conv2d", "conv", {}, y + bias, parts={"kernel": "D/w", "bias": "D/b"})
    np.testing.assert_allclose(idle.without(layer, {"D/b": bias}), y, atol=1e-15)
    norm = LayerOutput("D/batch_norm", "norm", {}, y, parts={"beta": "D/c", "mean": "D/m"})
    assert idle.without(norm, {"D/b": bias}) is y
    held = idle.follow({"D/m": mean}, calls, {"D/b": bias, "D/m": mean}, {"D/m": mean + 1})
    share = 0.1 if momentum is None else momentum
    np.testing.assert_allclose(held["D/m"], (1 - share) * mean + share * bias)


# ---- slots ----


def test_slots_of_a_loss_in_other_units_are_brought_to_tf1s(rng):
    start, gradient = {"a": rng.normal(size=5)}, rng.normal(size=5)
    key = Key(GRADIENT, "a", "", 0, 0)
    settings = [{"kind": "Momentum", "learning rate": rate, "momentum": 0.9} for rate in (0.1, 0.6)]
    unit = 1 / 6  # a mean of six for TF1's sum
    evidence = made({key: gradient}, {key: unit * gradient}, start, settings=settings)
    units = loss_units.found(evidence)
    assert units == {0: pytest.approx(unit)}
    accum, other = SlotKey("a", "o0", "accum"), SlotKey("a", "o0", "unknown")
    state = State(start, {accum: unit * gradient, other: gradient})
    in_tf1 = loss_units.slots_in_tf1_units(state, evidence, units).slots
    np.testing.assert_allclose(in_tf1[accum], gradient, rtol=1e-12)
    assert in_tf1[other] is not gradient and np.array_equal(in_tf1[other], gradient)


def test_where_tf1s_slots_begin_by_themselves_is_held_against_a_recorded_port(rng):
    start, key, rho = {"a": rng.normal(size=4)}, SlotKey("a", "o0", "ms"), 0.9
    gradient = rng.normal(size=4)
    settings = [{"kind": "RMSProp", "rho": rho}] * 2
    evidence = made({}, {}, start, kind="RMSProp", settings=settings)
    evidence = replace(evidence, start=State(start, {key: np.zeros(4)}))  # the port's
    gradients = {GradientKey(0, "sgd", "m/a"): gradient}
    own = gradients, {SlotKey("m/a", "sgd", "ms"): (1 - rho) * gradient**2}
    first = {key: np.ones(4)}
    (cause,) = slot_starts.find(case(evidence, own_slots=own, first_slots=first))
    assert cause.text.startswith("ms begins at 0, TF1's at 1")
    assert cause.text.endswith("(here both were given the port's)")
    assert not slot_starts.find(case(evidence, own_slots=own, first_slots={key: np.zeros(4)}))


def test_averages_of_weights_that_a_port_does_not_show_are_said(rng):
    ours = State({"w": rng.normal(size=3), "w/ExponentialMovingAverage": rng.normal(size=3)})
    notes = []
    collector = SimpleNamespace(
        matching=Matching([Row("w", "m/w", Layout(), "shape")]),
        old=Tf1Info(variables={"w": Variable([3])}),
        trained={"w"},
        gathered=SimpleNamespace(notes=notes, add=lambda *sides: None),
    )
    Collector._state(collector, 1, ours, State({"m/w": ours.variables["w"]}))
    (note,) = notes
    assert note == "1 slots or variables that the port has not, w/ExponentialMovingAverage first"


@pytest.mark.parametrize(("third", "told"), [(0.5, True), (0.0, False)])
def test_an_average_that_first_takes_in_what_it_is_waits_for_the_weight_of_before(rng, third, told):
    weight, step = rng.normal(size=(2, 4))
    name = f"w{SHADOW}"
    start = {"w": weight, name: weight.copy()}
    first, last = (Key(STATE, name, AVERAGE, s) for s in (1, 3))
    of_weight = {Key(STATE, "w", WEIGHT, 1): weight + step}
    ours = {first: 0.9 * weight + 0.1 * (weight + step), last: weight + step, **of_weight}
    theirs = {first: weight, last: weight + third * step, **of_weight}
    text = weight_averages.told(case(made(ours, theirs, start)), first, ({name: 0.9}, {}))
    wanted = "the average takes in the weights of before the update, TF1's those of after it"
    assert text == (wanted if told else "")


# ---- zeros ----


def zero_causes(outputs, ours=1.0, kind="activation", y=((1.0, 1.0),)):
    new = LayerOutput("D/act", kind, {"class": "LeakyReLU", "slope": 0.2}, np.array(y))
    old = LayerOutput(
        "d/Maximum", "activation", {"op": "Maximum", "derivative at 0": ours}, np.array(y)
    )
    rows = [Aligned(new, old, "value", 0.0, 0.0)]
    evidence = made({}, {}, {"a": np.ones(1)}, aligned={"training": rows})
    return zeros_at_start.find(case(evidence, outputs_at_own_start=outputs))


def test_a_derivative_at_0_that_only_tf1s_own_start_shows_is_named():
    zeros = np.array([[0.0, 1.0, -0.5], [0.0, 0.0, 2.0]])
    (cause,) = zero_causes({"d/Maximum": zeros})
    assert cause.kind is Kind.AT_ZERO
    assert "of D/act 0.2, of TF1's d/Maximum 1 (3 values before it are 0" in cause.text
    assert cause.text.endswith("first step, none under the port's weights, which both were given)")
    (cause,) = zero_causes({"d/Maximum": zeros}, y=np.array([[0.0, 2.0], [-1.0, 0.0]]))
    assert "first step, 2 under the port's weights" in cause.text
    assert not zero_causes({"d/Maximum": zeros}, ours=0.2)
    assert not zero_causes({"d/Maximum": zeros + 1e-3})
    assert not zero_causes({"d/Maximum": np.maximum(zeros, 0)})  # a ReLU gives it of many
    assert not zero_causes({})


# ---- losses and names ----


@pytest.mark.parametrize(
    ("theirs", "wanted"),
    [
        ({"loss": 3.0, "value": 5.0, "loss + value": 8.0}, {"loss": "d", "value": "g"}),
        ({"real": 3.0, "fake": 4.0, "real + fake": 7.0, "g": 5.0}, {"real + fake": "d", "g": "g"}),
        ({"a": 3.0, "b": 4.0, "c": 5.0}, {}),
        ({"loss": 1.0, "loss'": 5.0, "loss + loss'": 6.0}, {"loss": "d", "loss'": "g"}),
    ],
)
def test_losses_pair_by_order_however_many_are_taken_before_an_update(theirs, wanted):
    updates = [Update("u", "o", "GradientDescent", [], losses=[name]) for name in ("d", "g")]
    assert pair_losses([({"d": 1.0, "g": 2.0}, theirs)], updates) == wanted


def test_a_sum_has_its_pair_by_order_where_a_part_is_paired_with_a_part_of_tf1s(rng):
    real, fake, label, g = rng.uniform(0.5, 1, 4)
    ours = {"d_loss": real + fake, "d_loss_real": real, "d_loss_fake": fake, "g_loss": g}
    other = fake + label  # of other labels
    theirs = {"real": real, "fake": other, "real + fake": real + other, "g": g}
    updates = [Update("u", "o", "Adam", [], losses=[name]) for name in ("d_loss", "g_loss")]
    pairs = pair_losses([(ours, theirs)], updates)
    assert pairs == {"real": "d_loss_real", "real + fake": "d_loss", "g": "g_loss"}


def test_what_a_program_holds_has_the_name_of_its_outermost_holder():
    net, optimizer, layer = SimpleNamespace(), SimpleNamespace(), SimpleNamespace()
    net.layer = layer
    program = {"nets": [net], "netD": net}
    train = SimpleNamespace(f_locals={"model": net, "o": optimizer}, f_globals=program)
    main = SimpleNamespace(f_locals={"optD": optimizer}, f_globals=program)
    first = {}
    for name, value in held_names([train, main], program):
        first.setdefault(id(value), name)
    assert [first[id(value)] for value in (net, optimizer, layer)] == ["netD", "optD", "layer"]


ARGUMENTS = ("[1, 2]", "len([3])", "b=2", "c=dict(d=4)", "# of (both", "e=(\n5\n)", "f='('")


def drawn_program(rng):
    """Returns (text of a program that calls ask() once, name of what that line assigns to)."""
    name = rng.choice(("z", "codes", "noise"))
    before = rng.choice(
        ("", "said = dict(\n  a=1,\n)\n", "said = 1\n", "for said in (1, 2): pass\n")
    )
    others = rng.sample(ARGUMENTS, rng.randrange(len(ARGUMENTS)))
    others.insert(
        rng.randrange(len(others) + 1),
        rng.choice(("v=ask()", "w=[\nask(),\n]", "x=dict(\ny=ask())")),
    )
    others.sort(key=lambda text: "=" in text)  # keywords are last
    inside = "".join(text + ("\n" if text[0] == "#" else ",\n") for text in others)
    is_kept = rng.random() < 0.7
    start = f"{name} = " if is_kept else ""
    return f"{before}{start}held(\n{inside})\n", name if is_kept else ""


def test_a_value_has_the_name_of_the_statement_that_holds_it_wherever_in_it_it_is(tmp_path):
    said = []
    places = Places(str(tmp_path))
    names = {
        "held": lambda *args, **kwargs: None,
        "ask": lambda: said.append(places.assigned([sys._getframe(1)])),
    }
    rng, expected = random.Random(0), []
    for i in range(60):
        text, name = drawn_program(rng)
        path = tmp_path / f"program_{i}.py"
        path.write_text(text)
        exec(compile(text, str(path), "exec"), names)
        expected.append(name)
    assert said == expected
