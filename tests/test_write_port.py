"""What a port is written from: patterns on graphs of a few ops, calls, averages, effects."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from script_runs import ROOT, fresh, refusal

from dcgan_v1.errors import UserError
from dcgan_v1.migration.matching.map_file import Map, VariableRow
from dcgan_v1.migration.records import Input, Tf1Info
from dcgan_v1.porting import description as d
from dcgan_v1.porting.folder import readme, train_program
from dcgan_v1.porting.graphs import graph
from dcgan_v1.porting.patterns import layers as patterns
from dcgan_v1.porting.patterns import norms as norm_patterns
from dcgan_v1.porting.reading import building, corrections, effects, feeding, network_names
from dcgan_v1.porting.text import names as naming

pytestmark = pytest.mark.unit
RELEASE = ("contrib_layers", "ema_batch_norm", "layers", "slim_arg_scope", "wgan_gp")
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


@pytest.mark.parametrize(
    ("names", "network"),
    [
        (["g/a/w", "g/b/w"], "g"),
        (["d_w1", "d_b1"], "discriminator"),
        (["g_w1", "g_b1/beta"], "generator"),
        (["conv_1/w", "conv_2/w"], "model"),
        (["Variable", "Variable_1"], "model"),
    ],
)
def test_a_network_is_called_after_what_its_variables_have_in_common(names, network):
    assert list(network_names.groups([names], names, {})) == [network]
    assert list(network_names.groups([names], names, dict.fromkeys(names, "critic"))) == ["critic"]


@pytest.mark.parametrize(
    ("kind", "variables", "attribute"),
    [
        ("conv", {"kernel": "d_w1", "bias": "d_b1"}, "conv1"),
        ("dense", {"kernel": "G_w0", "bias": "G_b0"}, "dense0"),
        ("batch_norm", {"gamma": "g_gamma2", "beta": "g_beta2"}, "batch_norm2"),
        ("batch_norm", {"gamma": "d_gamma3_1"}, "batch_norm3"),
        ("dense", {"kernel": "Matrix"}, "dense"),
        ("conv", {"kernel": "d_h0_conv"}, "d_h0_conv"),
        ("conv", {"kernel": "conv1/w", "bias": "conv1/biases"}, "conv1"),
        ("dense", {"kernel": "Variable_3"}, "dense"),
    ],
)
def test_a_layer_is_called_after_its_scope_and_not_after_a_part_of_it(kind, variables, attribute):
    node = d.Node(kind, (d.Value("h.1"),), variables=variables)
    network = d.Network("d", "", (d.Function("call", (), (node,), ()),), tuple(variables.values()))
    assert list(naming.layers(network).values()) == [attribute]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("x_placeholder", "x"),
        ("g/z_ph@2", "z@2"),
        ("placeholder", "placeholder"),
        ("graph", "graph"),
    ],
)
def test_an_input_is_called_after_what_it_holds(name, word):
    assert building.input_word(name, None, 0) == word


def test_what_several_have_the_name_of_is_numbered():
    assert network_names.unused("adam", ["adam", "adam_2"]) == "adam_3"


def test_a_graph_without_a_step_has_a_network_for_each_scope_of_several_layers():
    names = ["g/a/w", "g/a/b", "g/b/w", "d/a/w", "d/b/w"]
    kernels = [n for n in names if n.endswith("w")]
    assert list(network_names.scopes(names, kernels, {})) == ["g", "d"]
    layers = ["conv1/w", "conv1/b", "conv2/w", "conv2/b"]
    assert list(network_names.scopes(layers, ["conv1/w", "conv2/w"], {})) == ["model"]


def test_a_map_that_names_what_is_not_there_is_refused_with_everything_at_once():
    info = Tf1Info(source="g.meta", inputs={"z": Input([None, 3], "float32")})
    known = Map(inputs={"noise": "zz"}, optimizers={"Adam": "a"}, training={"keep": 1.0})
    known.variables = [VariableRow("w", "g/fc/kernel")]
    with pytest.raises(UserError) as error:
        corrections.of(known, info, "m.toml")
    for name in ("the input zz", "the optimiser Adam", "the variable w", "the placeholder keep"):
        assert name in str(error.value)
    with pytest.raises(UserError, match="no name that Python takes"):
        corrections.of(Map(inputs={"2z": "z"}), info, "m.toml")


def gan_program():
    """D(x) and D(G(z)), of nothing but what says how they are fed."""
    x, z = d.Value("x.1", (None, 8, 8, 1)), d.Value("z.2", (None, 10))
    fake, on_x, on_fake = d.Value("fake.3", (None, 8, 8, 1)), d.Value("a.4"), d.Value("b.5")

    def call(network, value, *inputs):
        return d.Node("call", (value,), inputs, {"network": network, "function": "call"})

    def network(name, end):
        body = (d.Node(end, (d.Value("h.7"),), (d.Value("h.6"),)),)
        function = d.Function("call", (d.Value("h.6"),), body, (d.Value("h.7"),))
        return d.Network(name, name, (function,), ())

    nodes = (call("g", fake, z), call("d", on_x, x), call("d", on_fake, fake))
    return d.Program(
        source="",
        variables={},
        networks=(network("g", "tanh"), network("d", "relu")),
        optimizers=(),
        inputs=(d.Node("input", (x,), ops=("x",)), d.Node("input", (z,), ops=("z",))),
        draws=(),
        stages=(d.Stage(0, nodes, ()),),
        losses={},
    )


def test_how_a_step_is_fed_is_read_off_its_networks_or_off_a_recording():
    images, noise = feeding.of(gan_program(), {})
    assert (images.kind, images.low, images.high) == ("images", -1.0, 1.0)  # G ends in tanh
    assert (noise.kind, noise.low, noise.high, noise.told) == ("uniform", -1.0, 1.0, False)
    rng = np.random.default_rng(0)
    fed = {"x": rng.uniform(0, 1, (3, 16, 8, 8, 1)), "z": rng.normal(0, 2, (3, 16, 10))}
    images, noise = feeding.of(gan_program(), fed)
    assert (images.low, images.high) == (0.0, 1.0)
    assert noise.kind == "normal" and noise.high == pytest.approx(2, rel=0.2) and noise.told
    drawn = feeding.sampler(gan_program(), (images, noise))
    assert (drawn.network, drawn.shape, drawn.feeds) == ("g", (8, 8, 1), (noise,))


def test_samples_are_drawn_by_the_function_that_the_step_calls():
    program = gan_program()
    generator, critic = program.networks
    other = replace(generator.functions[0], name="call_2")
    networks = (replace(generator, functions=(*generator.functions, other)), critic)
    (stage,) = program.stages
    drawn = replace(stage.nodes[0], settings={"network": "g", "function": "call_2"})
    stages = (replace(stage, nodes=(drawn, *stage.nodes[1:])),)
    program = replace(program, networks=networks, stages=stages)
    feeds = feeding.of(program, {})
    for to in ("keras", "torch", "tf2"):
        text = train_program.text(program, to, feeds, feeding.sampler(program, feeds), 4)
        assert ".call_2(*map(" in text


def test_however_many_feeds_are_assumed_no_line_of_train_py_is_too_long():
    feeds = feeding.of(gan_program(), {})
    many = tuple(replace(feeds[1], argument=f"keep_new_fake{i}") for i in range(20))
    text = train_program.text(gan_program(), "keras", (feeds[0], *many), None, 4)
    said = [line for line in text.splitlines() if line.startswith("# ")]
    assert "keep_new_fake0" in "".join(said) and "keep_new_fake19" in "".join(said)
    assert max(map(len, said)) <= 100


def test_a_long_call_in_a_readme_stands_as_ruff_formats_it():
    assert readme._called("f", ["a", "b"]) == "f(a, b)"
    assert readme._called("f" * 90, ["a" * 10, "b"]) == f"{'f' * 90}(\n    {'a' * 10}, b\n)"
    words = ["a" * 60, "b" * 60]
    assert readme._called("f", words) == f"f(\n    {words[0]},\n    {words[1]},\n)"


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("moves", [True, False])
def test_a_readme_speaks_of_batch_norm_where_it_is_no_layer_of_the_framework(fused, moves):
    """PyTorch's own follows the unbiased variance, Keras's the biased one; neither can be told to
    leave its averages as they are."""
    x, y = d.Value("x.1", (None, 3)), d.Value("h.2", (None, 3))
    settings = {"epsilon": 1e-3, "fused": fused, "averages": (("m", "v"),), "momentum": 0.9}
    variables = {"gamma": "g", "beta": "b"}
    norm = d.Node("batch_norm", (y,), (x,), settings, variables, ops=("n",))
    network = d.Network("n", "n", (d.Function("call", (x,), (norm,), (y,), True),), ("g", "b"))
    settings = {"network": "n", "function": "call", "training": True, "moves": moves}
    calls = [d.Node("call", (y,), (x,), settings), d.Node("call", (y,), (x,), settings)]
    calls[0] = replace(calls[0], settings={**settings, "moves": True})
    stages = (d.Stage(0, tuple(calls), ()),)
    program = d.Program("", {}, (network,), (), (), (), stages, {})
    said = {to: readme._spelled(program, to) for to in ("keras", "torch", "tf2")}
    is_class = {"torch": not fused or not moves, "keras": fused or not moves, "tf2": True}
    follows = "unbiased" if fused else "biased"
    for to, lines in said.items():
        text = "\n".join(lines)
        assert (f"averages follow the {follows} variance" in text) == is_class[to], to
        assert ("in some calls alone" in text) == (is_class[to] and not moves), to
        assert ("a tf.Module has no layer" in text) == (to == "tf2")


# ---- the command ----

DATA = ROOT / "tests" / "legacy" / "data"


def write(name, out, *more):
    graph_and_values = ("--meta", DATA / f"{name}.meta", "--checkpoint", DATA / name)
    return fresh("write_port.py", *graph_and_values, "--out", out, *more)


@pytest.mark.compare
@pytest.mark.parametrize(
    "name", ["wgan_clip", *(pytest.param(n, marks=pytest.mark.release) for n in RELEASE)]
)
def test_a_port_of_a_program_of_1_15_is_written_and_proven(name, tmp_path):
    done = write(name, tmp_path / "port")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "compute the same function" in done.stdout
    files = {path.name for path in (tmp_path / "port").iterdir()}
    assert files >= {"networks.py", "training.py", "port.py", "map.toml", "report.html"}
    networks = (tmp_path / "port" / "networks.py").read_text()
    assert "layers.Dense(" in networks or "layers.Conv2D(" in networks
    assert "(keras.Model)" in networks


@pytest.mark.compare
@pytest.mark.release
@pytest.mark.parametrize("pattern", ["activation", "kernel_layer"])
def test_a_pattern_that_is_switched_off_is_spelled_out_and_still_the_same(pattern, tmp_path):
    done = write("wgan_clip", tmp_path / "port", "--without", pattern)
    assert done.returncode == 0, done.stdout + done.stderr


def adagrad(loss):
    tf.train.AdagradOptimizer(0.1).minimize(loss)


def fed_rate(loss):
    tf.train.AdamOptimizer(tf.placeholder(tf.float32, [], "rate")).minimize(loss)


def rate_that_is_set_now_and_then(loss):
    rate = tf.get_variable("rate", [], trainable=False)
    rate.assign(rate * 0.95)  # run once an epoch, say
    tf.train.AdamOptimizer(rate).minimize(loss)


def decayed_and_clipped(loss):
    adam = tf.train.AdamOptimizer(0.1)
    pairs = [(g + 0.01 * v, v) for g, v in adam.compute_gradients(loss)]
    adam.apply_gradients([(tf.clip_by_value(g, -1.0, 1.0), v) for g, v in pairs])


def scattered(loss):
    centres = tf.get_variable("centres", [4, 2], trainable=False, use_resource=False)
    with tf.control_dependencies([tf.scatter_add(centres, [0], [[1.0, 2.0]])]):
        tf.train.AdamOptimizer(0.1).minimize(loss + 0.0)


def shared(loss):
    g = tf.get_variable("g/b", [2])
    (layer,) = [op for op in loss.graph.get_operations() if op.type == "MatMul"]
    of_both = tf.reduce_mean(tf.square(layer.outputs[0] + g))
    (w,) = [v for v in tf.trainable_variables() if v is not g]
    tf.train.AdamOptimizer(0.1, name="first").minimize(loss, var_list=[w])
    tf.train.AdamOptimizer(0.1, name="second").minimize(of_both, var_list=[g])


@pytest.mark.cli
@pytest.mark.parametrize(
    ("train", "said"),
    [
        (shared, "g/b of g, which net uses, too"),
        (adagrad, "the optimiser Adagrad"),
        (fed_rate, "the learning rate of"),
        (rate_that_is_set_now_and_then, "the learning rate of"),
        (decayed_and_clipped, "what is done to the gradients"),
        (scattered, "which a step does beside its updates"),
    ],
)
def test_what_would_be_written_wrong_is_refused(train, said, tmp_path):
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 3], "x")
        w = tf.get_variable("net/w", [3, 2])
        train(tf.reduce_mean(tf.square(tf.matmul(x, w))))
        tf.train.export_meta_graph(str(tmp_path / "g.meta"), graph=graph)
    words = ("--meta", tmp_path / "g.meta", "--out", tmp_path / "port")
    assert said in refusal("write_port.py", *words)
    assert not (tmp_path / "port").exists()


@pytest.mark.cli
def test_a_folder_that_holds_something_is_refused(tmp_path):
    (tmp_path / "file").touch()
    used = ("--meta", DATA / "wgan_clip.meta", "--out", tmp_path)
    assert "is not empty" in refusal("write_port.py", *used)
