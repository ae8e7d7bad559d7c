"""own_layers.py of written ports: what a framework lacks, apart from the networks that use it."""

import ast
import importlib
import sys
from dataclasses import replace

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from test_written_forms import written

from dcgan_v1.porting import description as d
from dcgan_v1.porting.reading import network_names, rows_beside
from dcgan_v1.porting.tensorflow import tf_ops
from dcgan_v1.porting.text import imports, own_layers_file

pytestmark = pytest.mark.graph
RNG = np.random.default_rng(0)
LACKING = {  # what stands for layers and functions of `conditional_gan`
    "keras": {"BatchNormAlone", "beside_pixels", "leaky_max"},
    "torch": {"beside_pixels", "leaky_max"},
    "tf2": {"BatchNormAlone", "beside_pixels", "leaky_max", "glorot"},
}
TARGETS = ("keras", pytest.param("torch", marks=pytest.mark.torch), "tf2")


def dense(x, units, name):
    with tf.variable_scope(name):
        return tf.matmul(x, tf.get_variable("w", [x.shape[1], units]))


def conditional_gan():
    """Labels beside each pixel, fused norms, a leaky ReLU of its own derivative at 0."""
    y, z = tf.placeholder(tf.float32, [4, 3], "y"), tf.placeholder(tf.float32, [4, 5], "z")
    maps = tf.reshape(dense(z, 32, "g/fc"), [4, 4, 4, 2])
    labels = tf.reshape(y, [4, 1, 1, 3]) * tf.ones([4, 4, 4, 3])
    maps = tf.concat([maps, labels], 3)
    kernel = tf.get_variable("g/conv/w", [3, 3, 5, 4])
    maps = tf.nn.conv2d(maps, kernel, [1, 1, 1, 1], "SAME")
    scale, shift = tf.get_variable("g/bn/gamma", [4]), tf.get_variable("g/bn/beta", [4])
    maps, _, _ = tf.nn.fused_batch_norm(maps, scale, shift)
    loss = tf.reduce_mean(tf.square(tf.maximum(maps, 0.2 * maps)))
    tf.train.GradientDescentOptimizer(0.1).minimize(loss)


@pytest.mark.parametrize("to", TARGETS)
def test_what_a_framework_lacks_has_a_file_of_its_own_and_networks_hold_networks_alone(to):
    texts = written(conditional_gan, to)
    own = set(own_layers_file.names(texts["own_layers.py"]))
    assert own == LACKING[to]
    tree = ast.parse(texts["networks.py"]).body
    assert own_layers_file.names(texts["networks.py"]) == ["Generator"]
    (taken,) = (n for n in tree if isinstance(n, ast.ImportFrom) and n.module == "own_layers")
    assert {a.name for a in taken.names} == own


def test_a_file_of_layers_holds_what_those_that_are_used_are_made_of_and_none_where_none_is():
    own = {"a": "class a:\n    pass\n", "b": "class b(a):\n    pass\n", "c": "def c():\n    b\n"}
    assert own_layers_file.text(own, ["x = self.b(b=1)"], "it") == ""
    text = own_layers_file.text(own, ["x = b()", "y = 1"], "it")
    assert "class a:" in text and "class b(a):" in text and "def c()" not in text


def test_what_code_binds_itself_is_imported_from_nowhere():
    code = "def f(layers, f2):\n    tf = keras.Model(layers)\n    return tf, math.pi, np, f2\n"
    lines = ["import math", "", "import keras", "import numpy as np"]
    own = {"own": ["f2", "f3"]}
    assert imports.lines(code, own) == lines
    assert imports.lines(f"{code}def g():\n    return f2\n", own) == [
        *lines,
        "",
        "from own import f2",
    ]
    assert imports.lines(f"f2 = 1\n{code}def g():\n    return f2\n", own) == lines


def drawing():
    """Truncated noise under TF1's own name, which is that of a function of PyTorch ports."""
    made = dense(tf.truncated_normal([4, 5]), 3, "g")
    tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(tf.square(made)))


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("build", [drawing, conditional_gan])
def test_files_of_a_port_import_each_other_and_draw_what_they_are_not_given(
    build, to, tmp_path, monkeypatch
):
    texts = written(build, to)
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        monkeypatch.delitem(sys.modules, name.removesuffix(".py"), raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    given = {"y": np.ones((4, 3), "f4"), "z": np.ones((4, 5), "f4")}
    if to == "torch":
        torch = pytest.importorskip("torch")
        given = {name: torch.tensor(rows) for name, rows in given.items()}
    with tf.Graph().as_default():  # TF's are built and not run: these tests have no eager mode
        training = importlib.import_module("training").Training()
        assert training.train_step(**(given if build is conditional_gan else {}))
    assert (
        build is not drawing or "fake = self.generator(truncated_normal_)" in texts["training.py"]
    )
    for name in texts:
        monkeypatch.delitem(sys.modules, name.removesuffix(".py"), raising=False)


def test_no_value_of_a_port_has_the_name_of_what_the_port_is_written_with():
    from dcgan_v1.porting.tf2 import networks as tf2_networks
    from dcgan_v1.porting.torch import networks as torch_networks

    program = d.Program("", {}, (), (), (), (), (), {})
    own = {*tf2_networks.own_layers(program), *torch_networks.own_layers(program)}
    for name in {*own, *imports.STANDARD, *imports.PACKAGES, "apply", "clip_by_norm", "list"}:
        assert network_names.value_name(name) != name
    assert network_names.value_name("Labels") == "labels"


def test_rows_beside_pixels_are_a_product_with_ones_in_tf1():
    maps, rows = RNG.normal(size=(2, 4, 3, 5)), RNG.normal(size=(2, 6))
    names = {"tf": tf}
    exec(tf_ops.OWN["beside_pixels"], names)
    with tf.Graph().as_default(), tf.Session() as session:
        given = tf.constant(maps), tf.constant(rows)
        in_tf1 = tf.concat(
            [given[0], tf.reshape(given[1], [2, 1, 1, 6]) * tf.ones_like(maps[..., :1])], 3
        )
        made, wanted = session.run([names["beside_pixels"](*given), in_tf1])
    np.testing.assert_array_equal(made, wanted)
    torch = pytest.importorskip("torch")
    from dcgan_v1.porting.torch import networks as torch_networks

    names = {"torch": torch}
    exec(torch_networks.FUNCTIONS["beside_pixels"], names)
    made = names["beside_pixels"](torch.tensor(np.moveaxis(maps, 3, 1)), torch.tensor(rows))
    np.testing.assert_array_equal(np.moveaxis(made.numpy(), 1, 3), wanted)


def repeated(times, axis=-1, is_kept=False):
    """Nodes that repeat rows over a map and put them beside another, and what is needed of them."""
    y, x = d.Value("y", (None, 3)), d.Value("x", (None, 4, 4, 2))
    pixel, tiled = d.Value("a", (None, 1, 1, 3)), d.Value("b", (None, 4, 4, 3))
    made = d.Value("c", (None, 4, 4, 5))
    nodes = [
        d.Node("reshape", (pixel,), (y,), {"shape": (1, 1, 3)}),
        d.Node("op", (tiled,), (pixel, d.Constant(np.asarray(times))), {"type": "Tile"}),
        d.Node("concat", (made,), (x, tiled), {"axis": axis}),
    ]
    return nodes, [made, tiled] if is_kept else [made]


def test_rows_that_are_repeated_otherwise_stay_as_they_are():
    kinds = [n.kind for n in rows_beside.folded(*repeated([1, 4, 4, 1]))]
    assert kinds == [rows_beside.KIND]
    for nodes, outputs in (
        repeated([1, 4, 2, 1]),
        repeated([2, 4, 4, 1]),
        repeated([1, 4, 4, 1], 1),
    ):
        assert rows_beside.folded(nodes, outputs) == tuple(nodes)
    nodes, outputs = repeated([1, 4, 4, 1])
    turned = replace(nodes[2], inputs=nodes[2].inputs[::-1])
    assert rows_beside.folded([*nodes[:2], turned], outputs) == (*nodes[:2], turned)


def test_repeated_rows_that_something_else_needs_are_made_as_well():
    kinds = [n.kind for n in rows_beside.folded(*repeated([1, 4, 4, 1], is_kept=True))]
    assert kinds == ["reshape", "op", rows_beside.KIND]
