"""Matching, alignment and diagnosis on sides of plain numpy: no TensorFlow is asked."""

import subprocess
import sys

import numpy as np
import pytest
from script_runs import ROOT

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison.differences import Difference
from dcgan_v1.migration.comparison.evidence import LOSS, Key
from dcgan_v1.migration.comparison.inputs import bindings
from dcgan_v1.migration.comparison.inputs.feeding import feed, fitted
from dcgan_v1.migration.comparison.pairs import alignment, pixel_order
from dcgan_v1.migration.comparison.pairs.pairing import Pairing
from dcgan_v1.migration.comparison.runs import inference
from dcgan_v1.migration.explanation import explain
from dcgan_v1.migration.explanation.case import Case
from dcgan_v1.migration.matching import by_use, fingerprints, identify, map_file
from dcgan_v1.migration.matching.layouts import Layout
from dcgan_v1.migration.matching.matching import Matching, Row
from dcgan_v1.migration.recordings.port_recording import Item
from dcgan_v1.migration.records import (
    SECOND_BIAS,
    Input,
    LayerOutput,
    PortInfo,
    State,
    Tf1Info,
    Variable,
)

pytestmark = pytest.mark.compare


def layer(name, kind, output, **more):
    return LayerOutput(name, kind, {}, np.asarray(output, np.float64), **more)


def test_layers_are_aligned_by_value_and_where_they_differ_by_the_variables_they_read(rng):
    a, b, c = (rng.normal(size=(4, 6)) for _ in range(3))
    old = [
        layer("conv", "conv", a, reads=("w",)),
        layer("add", "add", b, reads=("w", "b")),
        layer("Relu", "activation", b**2, reads=("w", "b")),
        layer("out", "dense", c, reads=("w", "b", "v")),
    ]
    new = [
        layer("m/0", "conv", a, reads=("w",)),
        layer("m/1", "activation", b**2 + 1, reads=("b", "w")),
        layer("m/2", "dense", c, reads=("b", "v", "w")),
    ]
    rows = alignment.align(old, new, 1e-9, {}, {"m": {"w", "b", "v"}})
    assert [(r.old.name, r.by) for r in rows] == [
        ("conv", "value"),
        ("Relu", "use"),
        ("out", "value"),
    ]
    assert rows[1].absolute == pytest.approx(1.0)


def test_what_a_network_leaves_out_does_not_part_a_kernel_from_its_op(rng):
    """A number that the port does not train, and a softmax of what comes before: neither is made
    of the same variables on both sides."""
    a, b, c = rng.normal(size=(4, 6)), rng.normal(size=(4, 5)), rng.normal(size=(4, 3))
    old = [
        layer("conv", "dense", a, reads=("w",)),
        LayerOutput("Softmax", "activation", {"op": "Softmax"}, b, reads=("w", "f")),
        layer("out", "dense", c, reads=("w", "f", "gamma", "v")),
    ]
    new = [
        layer("m/0", "dense", a, reads=("w",)),
        layer("m/softmax", "activation", b + 1, reads=("w",)),
        layer("m/1", "dense", c + 1, reads=("w", "v")),
        layer("m/2", "dense", c + 2, reads=("w", "v")),
    ]
    rows = alignment.align(old, new, 1e-9, {}, {"m": {"w", "f", "gamma", "v"}})
    assert [(r.old and r.old.name, r.by) for r in rows] == [
        ("conv", "value"),
        ("Softmax", "use"),
        ("out", "use"),
        (None, "nothing"),
    ]


def test_no_layer_stands_beside_an_op_of_another_network_or_of_a_loss(rng):
    logits, other = rng.normal(size=(4, 1)), rng.normal(size=(4, 1))
    old = [
        layer("G/out", "activation", other, reads=("g",)),
        layer("D/add", "add", logits, reads=("d",), is_last=True),
        layer("loss/Relu", "activation", np.maximum(logits, 0), reads=("d",), is_last=True),
    ]
    new = [layer("D/1", "activation", np.tanh(3 * logits), reads=("d",))]
    (row,) = alignment.align(old, new, 1e-9, {}, {"D": {"d"}})
    assert (row.old, row.by) == (None, "nothing")


def test_a_layer_of_one_half_stands_beside_no_op_of_the_loss_of_a_joined_batch(rng):
    whole, half = rng.normal(size=(8, 1)), rng.normal(size=(4, 1))
    old = [
        layer("D/MatMul", "dense", whole, reads=("w",)),
        layer("D/add", "add", whole + 1, reads=("w", "b"), is_last=True),
        layer("loss/sub", "add", half, reads=("w", "b"), is_last=True),
    ]
    new = [layer("D/fc", "dense", half + 3, reads=("b", "w"))]
    (row,) = alignment.align(old, new, 1e-9, {}, {"D": {"w", "b"}})
    assert (row.old, row.by) == (None, "nothing")


def test_a_number_that_is_made_of_a_network_s_weights_is_no_function_of_its_layers(rng):
    old = [layer("D/score", "add", np.asarray(1.0), reads=("d",), is_last=True)]
    new = [layer("D/1", "activation", rng.normal(size=(4, 1)), reads=("d",))]
    (row,) = alignment.align(old, new, 1e-9, {}, {"D": {"d"}})
    assert row.function != "flattened"


def test_a_sigmoid_that_tf1_leaves_to_its_loss_is_the_same_written_otherwise(rng):
    logits = rng.normal(size=(4, 1))
    old = [layer("D/add", "add", logits, reads=("d",), is_last=True)]
    new = [layer("D/1", "activation", 1 / (1 + np.exp(-logits)), reads=("d",))]
    (row,) = alignment.align(old, new, 1e-9, {}, {"D": {"d"}})
    assert (row.old.name, row.by, row.function) == ("D/add", "function", "sigmoid")


def test_a_network_s_output_is_compared_with_the_one_of_its_heads_that_it_is(rng):
    """The output is made of one head, and its network of the variables of both."""
    logits, classes = rng.normal(size=(4, 1)), rng.normal(size=(4, 3))
    old = [
        layer("D/add", "add", logits, reads=("d", "v"), is_last=True),
        layer("D/add_1", "add", classes, reads=("d", "w"), is_last=True),
    ]
    every = {"D": {"d", "v", "w"}}
    for off, told in ((0.0, ("D/add", "sigmoid")), (1e-3, None)):
        y = 1 / (1 + np.exp(-logits)) + off
        new = [layer("D: output", "model", y, reads=("d", "v", "w"))]
        (row,) = alignment.align(old, new, 1e-9, {}, every)
        assert (row.old and (row.old.name, row.function)) == told


@pytest.mark.parametrize("shape", [(4,), (4, 1, 1, 1)])
def test_an_output_of_one_number_for_each_row_is_compared_whatever_its_shape(rng, shape):
    logits = rng.normal(size=(4, 1))
    old = [layer("D/fc", "dense", logits, reads=("d",), is_last=True)]
    new = [layer("D: output", "model", logits.reshape(shape) + 0.5, reads=("d",))]
    (row,) = alignment.align(old, new, 1e-9, {}, {"D": {"d"}})
    assert (row.old.name, row.by, row.old.output.shape) == ("D/fc", "use", shape)
    assert row.absolute == pytest.approx(0.5)


def test_an_activation_ahead_of_maps_has_the_pixels_of_the_layer_that_it_follows():
    columns = Layout("torch dense", columns=(5, 2, 2))
    variables = {n: Variable([20], layer=n.rpartition("/")[0]) for n in ("G/0/w", "D/0/w")}
    matching = Matching([Row("g/w", "G/0/w", columns, "shape")])
    chw = {"columns": (5, 2, 2)}
    seen = dict.fromkeys(["G/0", "G/relu", "D/0", "D/relu"], chw)
    pixels = pixel_order.numbered({}, seen, PortInfo(variables=variables), matching)
    assert pixels == {"G/0": chw, "G/relu": chw, "D/0": {}, "D/relu": {}}


def test_flattened_maps_of_another_order_are_the_same_layer(rng):
    maps = rng.normal(size=(2, 3, 4, 5))
    old = [layer("conv", "conv", maps), layer("flat", "reshape", maps.reshape(2, -1))]
    torch = maps.transpose(0, 3, 1, 2).reshape(2, -1)
    new = [layer("m/0", "conv", maps), layer("m/1", "other", torch)]
    rows = alignment.align(old, new, 1e-9, {})
    assert [r.by for r in rows] == ["value", "value"]


def test_a_layer_of_a_shape_that_nothing_has_is_said_to_be_alone(rng):
    (row,) = alignment.align([], [layer("m/0", "conv", rng.normal(size=(2, 3)))], 1e-9, {})
    assert (row.old, row.by) == (None, "nothing")


def bound(arguments, inputs):
    """The Bindings of a step that takes `arguments`, of a program that is fed `inputs`."""
    port = PortInfo(arguments=arguments)
    given = {name: Input([None, 3], "float32") for name in inputs}
    return bindings.bind(port, arguments, given, {}, {})


def test_one_number_of_the_ports_stands_for_several_that_tf1_draws(rng):
    alpha = Item("alpha", "draw", "torch.rand", "", 0, rng.uniform(size=(4, 1, 1, 1)))
    wanted = {"u/RandomUniform": Input([4, 6, 6, 2], "float32")}
    given = feed(wanted, [alpha], [{0}], [["u/RandomUniform"]], {}, {})
    assert given.items == {"u/RandomUniform": "alpha"}
    array = fitted(alpha.array, wanted["u/RandomUniform"], "u/RandomUniform")
    assert array.shape == (4, 6, 6, 2)
    assert fitted(alpha.array, wanted["u/RandomUniform"], "images") is None


def test_an_activation_counts_pixels_as_the_layer_ahead_of_it(rng):
    maps = rng.normal(size=(2, 3, 3, 4))
    rows = np.maximum(maps, 0).reshape(2, -1)
    flat = maps.transpose(0, 3, 1, 2).reshape(2, -1)
    old = [layer("norm", "norm", maps.reshape(2, -1)), layer("relu", "activation", rows)]
    new = [layer("G/1", "norm", flat), layer("G/2", "activation", np.maximum(flat, 0))]
    aligned = alignment.align(old, new, 1e-9, {"G/1": {"columns": (4, 3, 3)}})
    assert [row.by for row in aligned] == ["value", "value"]


def test_what_corrections_leave_of_a_loss_near_zero_is_rounding():
    def case(absolute):
        return Case(None, [Difference(key, absolute, absolute / 1e-5, 1e-12, 1e-5)], None)

    key = Key(LOSS, "g_loss")
    assert not explain._but_for_rounding(case(5e-16), case(1e-5)).over(LOSS)
    assert explain._but_for_rounding(case(5e-13), case(1e-5)).over(LOSS)


@pytest.mark.parametrize("before", [np.inf, np.nan, 1e6])
def test_what_is_left_of_a_loss_is_no_rounding_however_far_it_was_apart(before):
    def case(absolute):
        return Case(None, [Difference(key, absolute, absolute, 1e-12, 1.0)], None)

    key = Key(LOSS, "g_loss")
    assert explain._but_for_rounding(case(1e-4), case(before)).over(LOSS)


def test_a_recurrent_layers_two_biases_are_tf1s_one():
    old = {"cell/bias": Variable([8], "float32", True)}
    new = {
        name: Variable([8], "float32", True, part=part, layer="lstm", gates="ifjo")
        for name, part in (("lstm/bias_ih_l0", "bias"), ("lstm/bias_hh_l0", SECOND_BIAS))
    }
    matching, _ = identify.identify(Tf1Info(variables=old), PortInfo(variables=new), [])
    assert matching.seconds == {"lstm/bias_hh_l0": "lstm/bias_ih_l0"}
    assert not matching.new_only and not matching.old_only
    state = State({"cell/bias": np.arange(8.0)}, {}, {})
    port = matching.to_port(state)
    assert not np.any(port.variables["lstm/bias_hh_l0"])
    moved = port.replaced({n: a + 1 for n, a in port.variables.items()})
    sums = matching.to_tf1(moved, Tf1Info(variables=old)).variables["cell/bias"]
    np.testing.assert_array_equal(sums, np.arange(8.0) + 2)


@pytest.mark.parametrize("mapped", [[], [map_file.VariableRow("rnn/b2", "cell/bias_hh")]])
@pytest.mark.parametrize("other", ["conv/b", "rnn/b3"])
def test_two_biases_of_tf1s_are_a_recurrent_layers_two(mapped, other):
    """What is left over elsewhere is no second bias; of two that fit none is guessed."""
    parts = {"bias_ih": "bias", "bias_hh": SECOND_BIAS}
    theirs = {f"cell/{n}": Variable([8], part=p, layer="cell") for n, p in parts.items()}
    port = PortInfo(variables=theirs)
    old = Tf1Info(variables={name: Variable([8]) for name in ("rnn/b1", "rnn/b2", other)})
    rows = [map_file.VariableRow("rnn/b1", "cell/bias_ih"), *mapped]
    matching, _ = identify.identify(old, port, rows)
    recorded, *_ = by_use.matchings(old, port, [], {}, map_file.Map(variables=rows))
    is_told = bool(mapped) or other == "conv/b"
    for found in (matching, recorded):
        assert [r.new for r in found.rows if r.old == "rnn/b2"] == ["cell/bias_hh"] * is_told
        assert found.seconds == ({} if is_told else {"cell/bias_hh": "cell/bias_ih"})
    if is_told:
        state = State({name: np.full(8, i) for i, name in enumerate(old.variables, 1)}, {}, {})
        assert matching.to_port(state).variables["cell/bias_hh"][0] == 2
        assert matching.to_tf1(matching.to_port(state), old).variables["rnn/b1"][0] == 1


def test_a_second_noise_is_given_the_first_where_tf1_has_but_one():
    own = bound(["X", "Z", "Z_2"], ["Placeholder", "Placeholder_1"])
    assert own.arguments == {"X": "Placeholder", "Z": "Placeholder_1", "Z_2": "Placeholder_1"}
    assert own.again == {"Z_2": "Z"}
    own = bound(["X", "Z", "Z_2"], ["Placeholder", "Placeholder_1", "Placeholder_1@2"])
    assert own.arguments["Z_2"] == "Placeholder_1@2"
    assert not own.again


def test_an_argument_that_nothing_is_left_for_is_refused_and_told_what_is():
    with pytest.raises(UserError, match=r"takes X, Z, Z_2, and the TF1 program has a, b, c, d"):
        bound(["X", "Z", "Z_2"], ["a", "b", "c", "d"])


def test_why_a_model_is_not_compared_in_inference_is_told_by_what_it_is():
    port = PortInfo(models=["G", "D"], bare=["G"])
    pairing = Pairing(Tf1Info(), port, Matching([]), fingerprints.Certificate(None, 0))
    parts, notes = inference.pair_layers(pairing, 1e-9, {}, [], [[]])
    assert parts == []
    assert notes == [
        "G in inference: it is bare tensors, with nothing to call",
        "D in inference: name its inputs, forward={'D': […]}",
    ]


def test_none_of_this_imports_a_framework():
    code = (
        "import sys; sys.path.insert(0, 'tests'); "
        "import test_explanation, test_alignment, test_matching, test_causes_of_averages, "
        "test_causes_of_gradients, test_causes_of_layers, test_causes_of_weights; "
        "assert not {'tensorflow', 'keras', 'torch'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
