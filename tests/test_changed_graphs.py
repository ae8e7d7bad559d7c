"""Activations of a graph that become others: what is computed is what TensorFlow itself makes."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1.errors import UserError
from dcgan_v1.migration.runners.tf1.graph import changes
from dcgan_v1.migration.runners.tf1.reading import knobs
from dcgan_v1.migration.sources import PaddingChange, ThresholdChange, TypeChange

pytestmark = pytest.mark.compare

ACTIVATIONS = {
    "Relu": tf.nn.relu,
    "Relu6": tf.nn.relu6,
    "LeakyRelu": lambda x, name=None: tf.nn.leaky_relu(x, 0.3, name=name),
    "Elu": tf.nn.elu,
    "Softplus": tf.nn.softplus,
    "Sigmoid": tf.sigmoid,
    "Tanh": tf.tanh,
    "Identity": tf.identity,
}


@pytest.mark.parametrize("new", ACTIVATIONS)
def test_an_activation_that_becomes_another_has_the_gradient_of_one(new, rng):
    def graph(function):
        x = tf.placeholder(tf.float32, [9], "x")
        gradient = tf.gradients(tf.reduce_sum(function(x, name="y") ** 2), x)[0]
        tf.identity(gradient, "gradient")
        tf.sigmoid(x, "other")
        return tf.train.export_meta_graph().graph_def

    def values(graph_def):
        with tf.Graph().as_default(), tf.Session() as session:
            tf.import_graph_def(graph_def, name="")
            return session.run(["y:0", "gradient:0", "other:0"], {"x:0": fed})

    fed = 4 * rng.normal(size=9)
    with tf.Graph().as_default():
        wanted = values(graph(ACTIVATIONS[new]))
    for old in sorted(ACTIVATIONS.keys() - {new, "Identity", "Softplus"}):
        with tf.Graph().as_default():
            graph(ACTIVATIONS[old])
            meta = tf.train.export_meta_graph()
        changes.apply(meta, [TypeChange("y", new, 0.3)])
        for ours, theirs in zip(values(meta.graph_def), wanted, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, err_msg=old)


def renamed(meta, kept):
    """A graph whose ops have names that tell nothing, but for those that are kept."""
    names = {n.name: n.name if n.name in kept else f"op{i}" for i, n in enumerate(meta.node)}
    for node in meta.node:
        node.name = names[node.name]
        node.attr.pop("_class", None)  # where it is placed, by names
        for place, tensor in enumerate(node.input):
            name, colon, number = tensor.removeprefix("^").partition(":")
            waits = "^" if tensor.startswith("^") else ""
            node.input[place] = f"{waits}{names[name]}{colon}{number}"


def retyped(function, new, seed, changed="y"):
    """Gradients of a penalty on a gradient of an activation: TensorFlow's own of `function`, with
    the activation changed to another where one is named. No name of an op tells what it is."""
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float64, [9], "x")
        first = tf.gradients(tf.reduce_sum(function(x) ** 2), x)[0]
        tf.identity(tf.gradients(tf.reduce_sum(first**2), x)[0], "second")
        meta = tf.train.export_meta_graph()
    renamed(meta.graph_def, {"x", "y", "y2", "second"})
    if new:
        changes.apply(meta, [TypeChange(changed, new, 0.3)])
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(meta.graph_def, name="")
        return session.run("second:0", {"x:0": 4 * np.random.default_rng(seed).normal(size=9)})


@pytest.mark.parametrize("old", ["Relu", "Elu", "Tanh", "LeakyRelu"])
@pytest.mark.parametrize("new", ["LeakyRelu", "Relu", "Tanh", "Elu", "Sigmoid"])
def test_gradients_of_gradients_are_another_activations_or_it_is_refused(old, new):
    def of(name):
        return lambda x: ACTIVATIONS[name](x, name="y")

    if {old, new} <= {"Relu", "LeakyRelu"}:
        np.testing.assert_allclose(retyped(of(old), new, 0), retyped(of(new), "", 0), rtol=1e-12)
    else:
        with pytest.raises(UserError, match="the gradient has one of its own"):
            retyped(of(old), new, 0)


def test_an_activation_beside_one_of_the_same_input_is_no_other():
    def two(x):
        return tf.nn.leaky_relu(x, 0.3, name="y") * tf.nn.leaky_relu(x, 0.1, name="y2")

    with pytest.raises(UserError, match="is not the only LeakyRelu of x"):
        retyped(two, "Relu", 0)


def test_the_gradient_of_relu6_that_takes_its_input_is_changed_too():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [3], "x")
        tf.gradients(tf.nn.relu6(x, name="y"), x)
        meta = tf.train.export_meta_graph()
    (gradient,) = (n for n in meta.graph_def.node if n.op == "Relu6Grad")
    gradient.input[1] = "x"  # as early versions wrote it
    changes.apply(meta, [TypeChange("y", "Tanh", 0.0)])
    assert gradient.op == "TanhGrad" and gradient.input[0] == "y"


@pytest.mark.parametrize("version", [1, 2])
def test_a_softplus_that_waits_for_something_is_held_all_the_same(version):
    """Its gradient is an op of its own in TF1, a product with a sigmoid in TF2."""
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float64, [3], "x")
        with tf.control_dependencies([tf.no_op("dep")]):
            y = tf.nn.softplus(x, name="y")
            of_tf1 = tf.raw_ops.SoftplusGrad(gradients=tf.ones_like(y), features=x)
            gradient = (of_tf1 if version == 1 else tf.gradients(y, x)[0]).name
        meta = tf.train.export_meta_graph()
    changes.apply(meta, [ThresholdChange("y", 20.0)])
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.import_graph_def(meta.graph_def, name="")
        values, slopes = session.run(["y:0", gradient], {"x:0": [0.0, 1.0, 21.0]})
        assert [op.name for op in graph.get_operation_by_name("y").control_inputs] == ["dep"]
    assert values[2] == 21.0 and slopes[2] == 1.0
    assert values[0] == pytest.approx(np.log(2)) and slopes[0] == 0.5


@pytest.mark.parametrize("seed", range(3))
def test_a_padding_is_that_of_gradients_of_gradients_whatever_their_names(seed):
    """A penalty on the gradient by the images, of two convolutions of the same images: the oracle
    pads one of them by itself, to maps of the same size."""
    rng = np.random.default_rng(seed)
    images, kernels = rng.normal(size=(2, 8, 8, 1)), rng.normal(size=(2, 5, 5, 1, 3))
    before, after = ((0, 3), (2, 1), (3, 0))[seed]

    def graph(padded):
        x, w, v = (tf.placeholder(tf.float64, a.shape, n) for n, a in zip("xwv", fed, strict=True))
        if padded:
            around = [[0, 0], [before, after], [before, after], [0, 0]]
            y = tf.nn.conv2d(tf.pad(x, around), w, 2, "VALID")
        else:
            y = tf.nn.conv2d(x, w, 2, "SAME", name="y")
        other = tf.nn.conv2d(x, v, 2, "SAME")
        loss = tf.reduce_sum(tf.square(y)) + tf.reduce_sum(tf.square(other))
        slopes = tf.gradients(loss, x)[0]
        loss += tf.reduce_sum(slopes**2)
        for number, gradient in enumerate(tf.gradients(loss, [x, w, v])):
            tf.identity(gradient, f"gradient{number}")
        return tf.train.export_meta_graph()

    def run(meta):
        with tf.Graph().as_default(), tf.Session() as session:
            tf.import_graph_def(meta.graph_def, name="")
            named = {f"{n}:0": a for n, a in zip("xwv", fed, strict=True)}
            return session.run([f"gradient{i}:0" for i in range(3)], named)

    fed = (images, *kernels)
    with tf.Graph().as_default():
        wanted = graph(True)
    with tf.Graph().as_default():
        meta = graph(False)
    renamed(meta.graph_def, {*"xwvy", *(f"gradient{i}" for i in range(3))})
    changes.apply(meta, [PaddingChange("y", (before, after), (before, after))])
    for ours, theirs in zip(run(meta), run(wanted), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_the_second_gradient_s_convolution_is_no_copy_of_a_network():
    with tf.Graph().as_default() as graph:
        w = tf.get_variable("w", [5, 5, 1, 3], use_resource=False)
        x, z = (tf.placeholder(tf.float32, [2, 8, 8, 1]) for _ in range(2))
        y, _ = (tf.nn.conv2d(t, w, 2, "SAME", name=n) for t, n in ((x, "y"), (z, "copy")))
        slopes = tf.gradients(tf.reduce_sum(tf.tanh(y)), x)[0]
        tf.gradients(tf.reduce_sum(slopes**2), w)
        every = [op.name for op in graph.get_operations() if op.type == "Conv2D"]
        nodes = {node.name: node for node in graph.as_graph_def().node}
        found = knobs.of(y.op, nodes)["padding"]
    assert len(every) > 2 and sorted(name for name, _ in found) == ["copy", "y"]
