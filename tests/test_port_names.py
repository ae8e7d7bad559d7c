"""Names, feeds and README of a written port, from descriptions and records made by hand."""

import ast
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from described_programs import gan_program

from dcgan_v1.errors import UserError
from dcgan_v1.migration.matching.map_file import Map, VariableRow
from dcgan_v1.migration.records import Input, Tf1Info
from dcgan_v1.porting import description as d
from dcgan_v1.porting.folder import readme, train_program
from dcgan_v1.porting.reading import building, corrections, feeding, network_names
from dcgan_v1.porting.text import imports
from dcgan_v1.porting.text import names as naming

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("names", "network"),
    [
        (["g/a/w", "g/b/w"], "generator"),
        (["net/a/w", "net/b/w"], "net"),
        (["d_w1", "d_b1"], "discriminator"),
        (["g_w1", "g_b1/beta"], "generator"),
        (["conv_1/w", "conv_2/w"], "model"),
        (["Variable", "Variable_1"], "model"),
    ],
)
def test_a_network_is_called_after_what_its_variables_have_in_common(names, network):
    order = [*names, "disc_w", "gen/a/w"]
    assert list(network_names.groups([names], order, {})) == [network]
    assert list(network_names.groups([names], order, dict.fromkeys(names, "critic"))) == ["critic"]


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
    assert building.input_word(name, None, 0, {}) == word


@pytest.mark.parametrize(
    ("shape", "word"),
    [((None, 784), "images"), ((None, 3072), "images"), ((None, 100), "z"), ((None, 10), "y")],
)
def test_an_input_without_a_name_is_called_after_its_shape(shape, word):
    unit = SimpleNamespace(outputs=[(shape, "float32")])
    assert building.input_word("Placeholder_1", unit, 0, {}) == word
    assert building.input_word("Placeholder@2", unit, 0, {}) == f"{word}@2"
    for queue in ("shuffle_batch", "batch_join:1", "shuffle_batch_join_2"):
        assert building.input_word(queue, unit, 0, {}) == word


def test_what_several_have_the_name_of_is_numbered():
    assert network_names.unused("adam", ["adam", "adam_2"]) == "adam_3"


def test_a_graph_without_a_step_has_a_network_for_each_scope_of_several_layers():
    names = ["g/a/w", "g/a/b", "g/b/w", "d/a/w", "d/b/w"]
    kernels = [n for n in names if n.endswith("w")]
    assert list(network_names.scopes(names, kernels, {})) == ["generator", "discriminator"]
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
    with pytest.raises(UserError, match="'truncated_normal' is what ports call a function"):
        corrections.of(Map(inputs={"truncated_normal": "z"}), info, "m.toml")


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


@pytest.mark.parametrize("classes", [64, 81, 100, 196, 256, 10])
def test_rows_of_one_label_each_are_no_pictures_however_many_classes_there_are(classes):
    y = d.Value("given.1", (None, classes))
    program = replace(gan_program(), inputs=(d.Node("input", (y,), ops=("y",)),), stages=())
    fed = {"y": np.eye(classes, dtype="f4")[np.arange(24).reshape(3, 8) % classes]}
    assert [f.kind for f in feeding.of(program, fed)] == ["one_hot"]


def test_a_constant_as_a_map_has_no_input_to_be_called_after():
    made = d.Value("h.1", (1, 1, 1, 8))
    for given in (d.Weight("w", (1, 8)), d.Constant(np.zeros((1, 8)))):
        node = d.Node("reshape", (made,), (given,), {"shape": (1, 1, 8)})
        assert naming.allocate([node], {"z.1": "z"})["h.1"] == "h"


def test_noise_that_is_made_a_map_is_still_called_noise_and_labels_that_stay_are_not():
    z, maps, beside = (
        d.Value(n, s) for n, s in zip("zmb", ((4, 8), (4, 1, 1, 8), (4, 16)), strict=True)
    )
    node = d.Node("reshape", (maps,), (z,), {"shape": (1, 1, 8)})
    assert naming.allocate([node], {"z": "z"})["m"] == "z"
    also = d.Node("concat", (beside,), (z, z), {"axis": -1})
    assert naming.allocate([node, also], {"z": "z"})["m"] == "z_map"
    assert naming.allocate([node], {"z": "z"}, ["z"])["m"] == "z_map"


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


@pytest.mark.parametrize(
    "to", [pytest.param(t, marks=[pytest.mark.torch] * (t == "torch")) for t in readme.FRAMEWORKS]
)
def test_what_a_readme_shows_imports_what_it_names(to):
    text = readme.text(
        gan_program(), to, name="p", folder="f", verdict="", lacking=(), weights=True, meta=""
    )
    shown = text.partition("```python\n")[2].partition("```")[0]
    assert "train_step(x, z)" in shown and "weights/" in shown
    lines = [n for n in ast.parse(shown).body if isinstance(n, ast.Import | ast.ImportFrom)]
    taken = {a.asname or a.name for line in lines for a in line.names}
    assert imports.used(shown) == taken | {"x", "z"}


def test_a_long_call_in_a_readme_stands_as_ruff_formats_it():
    assert readme._called("f", ["a", "b"]) == "f(a, b)"
    assert readme._called("f" * 90, ["a" * 10, "b"]) == f"{'f' * 90}(\n    {'a' * 10}, b\n)"
    words = ["a" * 60, "b" * 60]
    assert readme._called("f", words) == f"f(\n    {words[0]},\n    {words[1]},\n)"


def test_a_readme_counts_no_sum_of_losses_among_what_is_spelled_out():
    a, b, total, h = (d.Value(f"loss.{i}", () if i < 3 else (None, 3)) for i in range(4))
    sums = d.Node("op", (total,), (a, b), {"type": "AddV2"})
    program = d.Program("", {}, (), (), (), (), (d.Stage(0, (sums,), ()),), {})
    assert not readme._spelled(program, "keras")
    other = d.Node("op", (h,), (h, b), {"type": "AddV2"})
    program = replace(program, stages=(d.Stage(0, (sums, other), ()),))
    assert readme._spelled(program, "keras")[0].startswith("the step: AddV2: arithmetic")


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


@pytest.mark.parametrize(
    ("calls", "names"),
    [
        ([(1, ()), (2, ()), (2, (1,))], {1: "generator", 2: "discriminator"}),
        ([(2, ()), (1, (2,)), (1, ())], {2: "generator", 1: "discriminator"}),
        ([(1, ()), (2, (1,))], {}),  # an encoder and its decoder
        ([(1, ()), (2, (1,)), (1, (2,))], {}),  # each is given what the other makes
        ([(1, ()), (2, ()), (2, (1,)), (3, (2,))], {}),
    ],
)
def test_two_networks_without_names_are_called_after_their_places(calls, names):
    """golbin's `01 - GAN.py`: its variables are Variable, Variable_1 and so on."""
    said = [(f"network{n}", {f"network{m}" for m in makers}) for n, makers in calls]
    expected = {f"network{n}": name for n, name in names.items()}
    assert network_names.roles(said) == expected
    assert network_names.roles([("critic", ()), *said]) == {}
