"""What a comparison with a recorded port chooses by itself: pairings, and what no step is fed."""

from types import SimpleNamespace

import numpy as np
import pytest

from dcgan_v1.migration.comparison.evidence import Aligned, Key
from dcgan_v1.migration.comparison.inputs import feeding
from dcgan_v1.migration.comparison.runs import inference, recorded_inputs, recorded_run
from dcgan_v1.migration.explanation.averages import _cause
from dcgan_v1.migration.explanation.layer_causes.first_differences import _is_idle
from dcgan_v1.migration.explanation.layer_causes.layer_case import LayerCase
from dcgan_v1.migration.explanation.layer_causes.layer_experiments import dense
from dcgan_v1.migration.explanation.layer_causes.layer_reasons import skipped
from dcgan_v1.migration.matching import by_use
from dcgan_v1.migration.matching.identify import PortUpdate
from dcgan_v1.migration.matching.layouts import Layout
from dcgan_v1.migration.matching.map_file import Map
from dcgan_v1.migration.matching.matching import Matching, Row
from dcgan_v1.migration.recordings import port_recording
from dcgan_v1.migration.recordings.port_recording import Item
from dcgan_v1.migration.records import Input, LayerOutput, PortInfo, Tf1Info, Update, Variable

pytestmark = pytest.mark.unit


def test_a_pairing_under_which_an_update_takes_fewer_gradients_is_not_the_nearer(monkeypatch):
    monkeypatch.setattr(recorded_run, "state_of", lambda *args: None)
    ours = {"d/b": np.ones(2), "g/b": np.ones(2)}
    observed = SimpleNamespace(gradients=ours)
    side = SimpleNamespace(load=lambda state: None, step=lambda batch, is_observed: observed)
    programs = SimpleNamespace(old=side, dtype="float64")
    prepared = SimpleNamespace(start=None, tf1_batch=lambda step, dtype: None)

    def apart(theirs):
        matching = SimpleNamespace(gradients=lambda gradients, old: (theirs, []))
        seen = SimpleNamespace(gradients={})
        return recorded_run._apart(programs, None, None, prepared, matching, seen)

    near = apart({name: 1.1 * array for name, array in ours.items()})
    across = apart({"d/b": np.ones(2)})  # g/b was paired with what another optimiser trains
    assert 0 < near < across


def test_an_input_that_no_step_is_fed_is_drawn_for_networks_beside_it():
    inputs = {
        "x": Input([None, 4], "float64"),
        "z": Input([None, 3], "float64", is_of_step=False),
        "rate": Input([], "float64", is_of_step=False),
        "open": Input([None, None], "float64", is_of_step=False),
        "training": Input([], "bool", is_of_step=False),
    }
    old = Tf1Info(inputs=inputs, switches=["training"])
    beside = recorded_inputs.beside(old, {"x": np.zeros([5, 4])})
    assert {name: array.shape for name, array in beside.items()} == {"z": (5, 3)}


def told(inputs, needs):
    values = {name: Input([None, 3], "float64") for name in inputs}
    return Tf1Info(inputs=values, needs=needs, recording="rec")


def test_noise_that_one_side_alone_draws_again_in_a_step_is_told():
    needs = [["x", "z"], ["z"]]
    arrays = {"X": np.ones(3), "z": np.zeros(3), "z#2": np.ones(3), "z#3": np.zeros(3)}
    items = {"x": "X", "z": "z", "z@2": "z#2"}
    again = recorded_inputs.bindings_of(told(["x", "z"], needs), items, arrays)
    assert again.again == {"z#2": "z"} and not again.used_again
    both = recorded_inputs.bindings_of(told(["x", "z", "z@2"], needs), items, arrays)
    assert not both.again and not both.used_again
    # the same noise, of which another call was seen; run 2 reads no x
    items["z@2"] = "z#3"
    once = recorded_inputs.bindings_of(told(["x", "z", "x@2", "z@2"], needs), items, arrays)
    assert once.used_again == {"z@2": "z"} and not once.again


def test_an_input_of_no_known_shape_that_was_fed_numbers_is_one_number():
    v = Input(None, "float64")
    assert recorded_inputs._is_number("k", v, {"k": np.zeros(3)})
    assert not recorded_inputs._is_number("k", v, {"k": np.zeros([3, 8, 2])})
    assert not recorded_inputs._is_number("k", v, {})


def test_labels_are_not_taken_for_noise_of_as_many_columns():
    labels = Item("batch#2", "batch", "batch", "train.py:1", 0, np.arange(4))
    noise = Item("z", "draw", "Tensor.uniform_", "train.py:2", 0, np.full([4, 100], 0.3))
    wanted = {"z": Input([None, 100], "float64")}
    fed = {"z": np.array([-1.0, 1.0])}
    given = feeding.feed(wanted, [labels, noise], [{0}], [["z"]], fed, {})
    assert given.items == {"z": "z"}


@pytest.mark.parametrize(
    ("first", "again", "ahead"),
    [("gdgd", "gd", 2), ("gd", "gd", 0), ("gd", "gdgd", 0), ("dggd", "dg", 0), ("gd", "", 0)],
)
def test_calls_of_networks_ahead_of_the_loop_are_of_no_step(monkeypatch, first, again, ahead):
    updates = [
        {"optimizer": "sgd", "layers": [{"name": name} for name in names]}
        for names in (first, again, again)
    ]
    told = {"updates": updates, "alone": True}
    monkeypatch.setattr(port_recording, "_contents", lambda folder: told)
    assert port_recording.PortRecording("").calls_ahead == ahead


def test_images_in_the_range_that_tf1_was_fed_come_before_those_out_of_the_loader():
    values = np.linspace(0, 1, 32).reshape(2, 4, 4)
    batch = Item("batch", "batch", "batch", "train.py:1", 0, values)
    scaled = Item("real", "call", "input", "train.py:2", 0, 2 * values - 1)
    wanted = {"x": Input([None, 4, 4, 1], "float64")}
    for low, name in ((-1.0, "real"), (0.0, "batch")):
        fed = {"x": np.array([low, 1.0])}
        given = feeding.feed(wanted, [batch, scaled], [{0}], [["x"]], fed, {})
        assert given.items == {"x": name}


def test_averages_are_paired_within_the_layers_of_what_is_trained():
    def variable(part, layer="", trainable=True):
        return Variable([4], trainable=trainable, part=part, layer=layer)

    ours, theirs = {}, {}
    for net in "gd":  # TF1 made the generator first, the port calls its discriminator first
        ours[f"{net}/bn/gamma"] = variable("gamma")
        ours[f"{net}/bn/moving_mean"] = variable("mean", trainable=False)
    for net in "DG":
        theirs[f"{net}/1/weight"] = variable("gamma", f"{net}/1")
        theirs[f"{net}/1/running_mean"] = variable("mean", f"{net}/1", trainable=False)
    updates = [Update("d", "d", variables=["d/bn/gamma"]), Update("g", "g", "", ["g/bn/gamma"])]
    old, new = Tf1Info(variables=ours, updates=updates), PortInfo("Torch", variables=theirs)
    of_port = [PortUpdate("d", ["D/1/weight"]), PortUpdate("g", ["G/1/weight"])]
    first, *_ = by_use.matchings(old, new, of_port, {}, Map())
    assert {row.new: row.old for row in first.rows} == {
        f"{net.upper()}/1/{theirs}": f"{net}/bn/{ours}"
        for net in "dg"
        for theirs, ours in (("weight", "gamma"), ("running_mean", "moving_mean"))
    }


def averages(races, ours, theirs):
    """What is said of an average that began at 0, with equal decays."""
    old = SimpleNamespace(races=races, not_run=[])
    key = Key("state", "bn/moving_mean", "average", 1)
    evidence = SimpleNamespace(
        old=old,
        matching=SimpleNamespace(rows=[]),
        aligned={},
        start=SimpleNamespace(variables={key.name: np.zeros(3)}),
        ours={key: np.array(ours)},
        theirs={key: np.array(theirs)},
        new=SimpleNamespace(variables={}),
    )
    return _cause(SimpleNamespace(evidence=evidence, accounted=frozenset()), key, ({}, {}))


def test_an_average_that_a_race_moves_in_another_order_is_no_other_rule():
    race = "race: bn/AssignMovingAvg reads what bn_1/AssignMovingAvg writes"
    near = [0.19, 0.38, 0.21], [0.191, 0.379, 0.209]
    assert "leaves the order open" in averages([race], *near)
    assert not averages([], *near)  # no one number of times as far
    assert "times as far" in averages([race], [0.1, 0.2, 0.3], [0.2, 0.4, 0.6])


def between(tf1, port):
    """What is said of what TF1 makes of a batch norm's output, and the port, ahead of a layer."""
    norm = np.random.default_rng(0).normal(size=(6, 5))
    names = (("norm", norm), ("between", tf1(norm)), ("conv", norm @ np.ones((5, 5))))
    layers = [LayerOutput(name, "other", {}, output) for name, output in names]
    case = SimpleNamespace(evidence=SimpleNamespace(layers={"training": layers}, aligned={}))
    last = SimpleNamespace(old=layers[0], new=SimpleNamespace(output=norm))
    row = SimpleNamespace(old=layers[2])
    return skipped(case, "training", last, row, port(norm)).text


def test_another_activation_between_two_layers_is_not_taken_for_a_dropout():
    said = between(lambda x: np.maximum(x, 0), lambda x: np.maximum(x, 0.2 * x))
    assert said == "the activation is leaky ReLU of slope 0.2, TF1's is ReLU"
    assert "left out" in between(lambda x: np.maximum(x, 0), lambda x: x)
    kept = np.random.default_rng(1).random((6, 5)) < 0.5
    assert between(lambda x: 2 * x * kept, lambda x: x).startswith("dropout is left off")


def test_a_layer_that_does_what_tf1_would_is_no_cause_where_an_op_was_given_something_else(rng):
    """TF1 leaves a critic's last layer out where its loss needs no value of it: the op that stands
    beside it is of another call."""
    x, other, kernel, bias = (rng.normal(size=s) for s in ((6, 5), (6, 5), (5, 1), (1,)))
    theirs, ours = x @ kernel + bias, other @ kernel + bias
    row = Aligned(LayerOutput("D/6#3", "dense", {}, theirs), None, "use", 1.0, 1.0)
    evidence = SimpleNamespace(pixels={}, aligned={"training": [row]})
    of = SimpleNamespace(evidence=evidence)
    weights = {"kernel": kernel, "bias": bias}
    assert dense(LayerCase(of, "training", row, x, ours, theirs, weights)).text == ""
    assert dense(LayerCase(of, "training", row, x, ours, theirs + 1, weights)) is None


def test_the_end_of_a_network_that_training_leaves_out_is_no_network_for_inference(rng):
    def op(name, reads, only=False):
        output = rng.normal(size=(3, 2))
        return LayerOutput(name, "dense", {}, output, reads=reads, is_inference_only=only)

    trained = {name: Variable([2, 2]) for name in ("d/a", "d/b")}
    rows = [Row(name, f"D/{name}", Layout(), "shape") for name in trained]
    pairing = SimpleNamespace(matching=Matching(rows), old=Tf1Info(variables=trained))
    ops = [op("a", ("d/a",)), op("b", ("d/a", "d/b")), op("b_2", ("d/a", "d/b"), True)]
    assert inference._twins("D", pairing, ops) == []
    decoder = [*ops[:2], op("b_2", ("d/b",), True)]  # of an auto-encoder, to draw
    assert inference._twins("D", pairing, decoder) == []
    whole = [*ops, op("a_2", ("d/a",), True)]
    assert [s.name for s in inference._twins("D", pairing, whole)] == ["b_2", "a_2"]


def test_what_a_model_gives_is_no_idle_layer_ahead_of_the_next_models_first(rng):
    x = rng.normal(size=(3, 4))
    named = (("G/tanh", "activation"), ("G: output", "model"), ("D/0", "conv"))
    rows = [Aligned(LayerOutput(n, kind, {}, x), None, "use", 1.0, 1.0) for n, kind in named]
    assert not _is_idle(rows, 1)
    rows[1] = Aligned(LayerOutput("G/drop", "dropout", {}, x), None, "use", 1.0, 1.0)
    assert _is_idle(rows, 1)


def test_the_second_vector_of_a_spectral_norm_is_worked_out_of_the_first():
    def of(**trainable):
        variables = {n: Variable([3], "float64", t) for n, t in trainable.items()}
        return PortInfo("Torch", "PyTorch", {f"net/0/{n}": v for n, v in variables.items()})

    worked_out = recorded_run._worked_out
    hook = of(weight_orig=True, weight_u=False, weight_v=False)
    assert worked_out(hook) == ["net/0/weight_v"]
    assert not worked_out(of(_u=False, _v=False))  # a parametrization's goes on from it
    # of a weight norm, weight_v is trained; alone, it is some buffer
    assert worked_out(of(weight_g=True, weight_v=True)) == worked_out(of(weight_v=False)) == []
