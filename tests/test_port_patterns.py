"""Patterns that a port's layers are read by, on graphs of a few ops."""

import numpy as np
import pytest

from dcgan_v1.porting.graphs import graph
from dcgan_v1.porting.patterns import layers as patterns
from dcgan_v1.porting.patterns import norms as norm_patterns
from dcgan_v1.porting.reading import effects

pytestmark = pytest.mark.unit
X = ("x", "Placeholder", {"dtype": "float32"}, [], [], [((None, 3), "float32")])


def constant(name, value, dtype=np.float32):
    array = np.asarray(value, dtype)
    return name, "Const", {"value": array}, [], [], [(array.shape, array.dtype.name)]


def op(name, type_, *inputs, shape=(None, 3), controls=(), **attributes):
    places = [i if ":" in i else f"{i}:0" for i in inputs]
    return name, type_, attributes, places, list(controls), [(shape, "float32")]


def variable(name, shape=(3,)):
    return op(name, "VariableV2", shape=shape)


def kind_of(*ops, modes=None):
    built = graph.build([X, *ops], modes or {})
    return patterns.recognise(graph.through(built.ops[ops[-1][0]].output))


LEAKY = {
    "op": [op("y", "LeakyRelu", "x", alpha=0.2)],
    "maximum": [constant("s", 0.2), op("m", "Mul", "s", "x"), op("y", "Maximum", "m", "x")],
    "leaky_max": [constant("s", 0.2), op("m", "Mul", "s", "x"), op("y", "Maximum", "x", "m")],
    "leaky_abs": [
        *(constant("a", 0.6), constant("b", 0.4), op("m", "Mul", "a", "x")),
        *(op("p", "Abs", "x"), op("n", "Mul", "b", "p"), op("y", "AddV2", "m", "n")),
    ],
}


MINIMA = {  # (order of the minimum, of the maximum): form
    (("z", "m"), ("n", "x")): "leaky_min",
    (("m", "z"), ("n", "x")): None,
    (("z", "m"), ("x", "n")): "leaky_max",
}


@pytest.mark.parametrize("orders", MINIMA)
def test_a_maximum_of_a_minimum_with_0_is_a_leaky_relu_by_whom_ties_go_to(orders):
    """TF1's gradient at a tie is the first argument's; tests of written norms hold the forms."""
    lesser, larger = orders
    ops = constant("s", 0.1), constant("z", 0.0), op("m", "Mul", "s", "x")
    found = kind_of(*ops, op("n", "Minimum", *lesser), op("y", "Maximum", *larger))
    assert (found.kind, found.settings["slope"]) == ("leaky_relu", 0.1)
    assert found.settings.get("form") == MINIMA[orders]


@pytest.mark.parametrize("form", LEAKY)
def test_leaky_relu_is_known_in_every_form(form):
    found = kind_of(*LEAKY[form])
    written = {"form": form} if form.startswith("leaky") else {}  # by its derivative at 0
    assert (found.kind, found.settings) == ("leaky_relu", {"slope": 0.2, **written})


def test_a_maximum_of_other_things_is_no_leaky_relu():
    assert (
        kind_of(constant("s", 2.0), op("m", "Mul", "s", "x"), op("y", "Maximum", "m", "x")) is None
    )


def batch_norm(mean="mean", variance="variance"):
    return [
        *(variable("gamma"), variable("beta"), variable("pop_mean"), variable("pop_var")),
        *(constant("axes", [0], np.int32), op("mean", "Mean", "x", "axes", shape=(3,))),
        op("squares", "SquaredDifference", "x", "mean"),
        *(op("variance", "Mean", "squares", "axes", shape=(3,)), constant("e", 1e-3)),
        *(op("v", "AddV2", variance, "e", shape=(3,)), op("r", "Rsqrt", "v", shape=(3,))),
        *(op("k", "Mul", "r", "gamma", shape=(3,)), op("xk", "Mul", "x", "k")),
        *(op("mk", "Mul", mean, "k", shape=(3,)), op("b", "Sub", "beta", "mk", shape=(3,))),
        op("y", "AddV2", "xk", "b"),
    ]


def test_batch_norm_by_hand_is_one_layer_by_the_batch_or_by_averages():
    by_batch, by_averages = kind_of(*batch_norm()), kind_of(*batch_norm("pop_mean", "pop_var"))
    assert by_batch.settings == {"epsilon": 0.001, "fused": False, "by": "batch"}
    assert by_averages.settings["by"] == "averages"
    assert by_averages.variables == {
        **{"gamma": "gamma", "beta": "beta"},
        **{"mean": "pop_mean", "variance": "pop_var"},
    }


def test_moments_of_another_tensor_make_no_batch_norm():
    ops = batch_norm()
    other = ("z", "Placeholder", {}, [], [], [((None, 3), "float32")])
    moved = [
        op("squares", "SquaredDifference", "z", "mean") if o[0] == "squares" else o for o in ops
    ]
    assert kind_of(other, *moved) is None


def test_a_pattern_that_is_switched_off_matches_nothing():
    built = graph.build([X, op("y", "Relu", "x")], {})
    assert patterns.recognise(built.ops["y"].output).kind == "relu"
    assert patterns.recognise(built.ops["y"].output, frozenset({"activation"})) is None


@pytest.mark.parametrize(("is_training", "kind"), [(True, "relu"), (False, "tanh")])
def test_the_mode_settles_which_branch_is_left(is_training, kind):
    mode = ("t", "Placeholder", {}, [], [], [((), "bool")])
    switch = ("s", "Switch", {}, ["x:0", "t:0"], [], [((None, 3), "float32")] * 2)
    ops = [mode, switch, op("a", "Tanh", "s:0"), op("b", "Relu", "s:1"), op("y", "Merge", "a", "b")]
    assert kind_of(*ops, modes={"t": np.asarray(is_training)}).kind == kind


def move(*ops):
    built = graph.build([X, *ops], {})
    (found,) = effects.moves(built, [ops[-1][0]], set())
    return found


@pytest.mark.parametrize(
    ("after", "kind"), [((8, 12), None), ((8, 3, 4), "reshape"), ((4, 24), "")]
)
def test_a_reshape_to_so_many_rows_keeps_a_batch_that_was_left_open(after, kind):
    x = op("h", "Placeholder", shape=(None, 12))
    ops = [x, constant("s", after, np.int32), op("y", "Reshape", "h", "s", shape=after)]
    built = graph.build(ops, {})
    y = graph.through(built.ops["y"].output)
    found = patterns.recognise(y)
    assert (y is built.ops["h"].output) == (kind is None)
    assert (found.kind if found else "") == (kind or "")


def test_a_moving_average_is_known_by_what_it_keeps():
    mean = [constant("axes", [0], np.int32), op("m", "Mean", "x", "axes", shape=(3,))]
    by_difference = move(
        *(variable("v"), *mean, constant("r", 0.1), op("d", "Sub", "v", "m", shape=(3,))),
        *(op("c", "Mul", "d", "r", shape=(3,)), op("a", "AssignSub", "v", "c", shape=(3,))),
    )
    by_sum = move(
        *(variable("v"), *mean, constant("r", 0.1), constant("k", 0.9)),
        *(op("p", "Mul", "k", "v", shape=(3,)), op("q", "Mul", "r", "m", shape=(3,))),
        *(op("s", "AddV2", "p", "q", shape=(3,)), op("a", "Assign", "v", "s", shape=(3,))),
    )
    for found in (by_difference, by_sum):
        average = effects.average(found)
        assert (average.variable, average.decay, average.of.op.name) == ("v", 0.9, "m")


def test_clipped_weights_are_known_by_their_limits():
    found = move(
        *(variable("v"), constant("low", -0.01), constant("high", 0.01)),
        *(op("m", "Minimum", "v", "high", shape=(3,)), op("c", "Maximum", "m", "low", shape=(3,))),
        op("a", "Assign", "v", "c", shape=(3,)),
    )
    assert effects.clip(found) == pytest.approx((-0.01, 0.01))
    assert effects.average(found) is None


def test_a_product_with_ones_is_the_repetition_that_it_makes():
    y = ("c", "Placeholder", {}, [], [], [((None, 1, 1, 3), "float32")])
    ones = constant("ones", np.ones([1, 4, 4, 3]))
    built = graph.build([y, ones, op("y", "Mul", "c", "ones", shape=(None, 4, 4, 3))], {})
    found = patterns.recognise(built.ops["y"].output)
    assert found.settings["type"] == "Tile"
    assert found.settings["constants"][0].tolist() == [1, 4, 4, 1]


def test_variance_as_mean_of_squares_less_the_squared_mean_makes_a_batch_norm():
    ops = batch_norm()
    of_squares = [
        *(op("x2", "Square", "x"), op("e2", "Mean", "x2", "axes", shape=(3,))),
        *(op("m2", "Square", "mean", shape=(3,)), op("variance", "Sub", "e2", "m2", shape=(3,))),
    ]
    before = [o for o in ops if o[0] not in ("squares", "variance")]
    place = next(i for i, o in enumerate(before) if o[0] == "mean") + 1
    found = kind_of(*before[:place], *of_squares, *before[place:])
    assert (found.kind, found.settings["by"]) == ("batch_norm", "batch")


def test_a_product_of_patches_with_a_kernel_as_a_matrix_is_a_convolution():
    x = ("maps", "Placeholder", {}, [], [], [((None, 8, 8, 3), "float32")])
    ops = [
        op(
            *("p", "ExtractImagePatches", "maps"),
            **{"shape": (None, 4, 4, 27), "ksizes": [1, 3, 3, 1], "strides": [1, 2, 2, 1]},
            **{"rates": [1, 1, 1, 1], "padding": "SAME"},
        ),
        *(variable("w", (3, 3, 3, 5)), constant("a", [-1, 27], np.int32)),
        *(constant("b", [27, -1], np.int32), constant("c", [-1, 4, 4, 5], np.int32)),
        *(op("rows", "Reshape", "p", "a", shape=(None, 27)), op("k", "Reshape", "w", "b")),
        op("y", "MatMul", "rows", "k", shape=(None, 5)),
        op("maps_again", "Reshape", "y", "c", shape=(None, 4, 4, 5)),
    ]
    found = kind_of(x, *ops)
    assert (found.kind, found.variables) == ("conv", {"kernel": "w"})
    assert (found.settings["strides"], found.settings["padding"]) == ((2, 2), "same")


def test_an_average_of_the_unbiased_variance_is_one_of_the_variance():
    ops = [
        *(constant("axes", [0], np.int32), op("m", "Mean", "x", "axes", shape=(3,))),
        *(("n", "Placeholder", {}, [], [], [((), "float32")]), constant("one", 1.0)),
        *(op("less", "Sub", "n", "one", shape=()), op("f", "RealDiv", "n", "less", shape=())),
        op("unbiased", "Mul", "m", "f", shape=(3,)),
    ]
    built = graph.build([X, *ops], {})
    mean = built.ops["m"].output
    assert norm_patterns.moment_of(built.ops["unbiased"].output) is mean
    assert norm_patterns.moment_of(mean) is mean


@pytest.mark.parametrize("sums", [1, 2])
def test_a_mean_of_tf_losses_is_a_mean(sums):
    """tf.losses.mean_squared_error against ones: a sum, over the number of what is summed up."""
    every = constant("every", [0, 1], np.int32)
    ones = [op("size", "Shape", "e", shape=(2,)), op("ones", "Fill", "size", "one")]
    nodes = [
        *(constant("one", 1.0), every, constant("none", np.zeros(0), np.int32)),
        *(op("e", "SquaredDifference", "x", "one"), *ones, op("s", "Sum", "e", "every", shape=())),
        *([op("s2", "Sum", "s", "none", shape=())] if sums == 2 else []),
        op("count", "Sum", "ones", "every", shape=()),
    ]
    last = "s" if sums == 1 else "s2"
    found = kind_of(*nodes, op("y", "DivNoNan", last, "count", shape=()))
    assert (found.kind, found.settings["type"], found.inputs[0].op.name) == ("op", "Mean", "e")
    assert [axes.tolist() for axes in found.settings["constants"]] == [[0, 1]]
    other = [op("f", "Square", "x"), op("t", "Sum", "f", "every", shape=())]
    assert kind_of(*nodes, *other, op("z", "DivNoNan", "t", "one", shape=())) is None
