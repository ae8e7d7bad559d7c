"""Kinds of programs that a comparison once got wrong.

Input pipelines, graphs for training alone, rates that keep, sparse updates, modes of modules,
torch's own L2."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from script_runs import ROOT, call

pytestmark = pytest.mark.compare

FOLDER = ROOT / "tests" / "compared_kinds"


def compare(old, new, *args):
    options = ("--dtype", "float64", "--timing-steps", 0, "--quiet", "--steps", 3)
    return call("compare.py", f"{FOLDER}/programs.py:{old}", f"{FOLDER}/{new}", *options, *args)


@pytest.mark.parametrize("name", ["pipeline", "keeping", "gate", "leaky"])
def test_what_is_the_same_is_called_so(name):
    done = compare(name, f"ports.py:{name}")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_graph_for_training_alone_is_compared_in_training_which_is_said():
    done = compare("training_alone", "ports.py:training_alone")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "it was built for training alone" in " ".join(done.stdout.split())


def test_a_rate_twice_as_high_is_told_from_an_epsilon():
    done = compare("leaky", "ports.py:hasty")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "steps of o are 2 times as long" in " ".join(done.stdout.split())


def test_sparse_updates_that_leave_moments_of_other_rows_are_refused():
    done = compare("sparse", "ports.py:leaky")
    assert done.returncode == 2, done.stdout
    assert "TF1 updates w sparsely" in done.stderr


def test_what_has_no_float64_kernel_is_named():
    from dcgan_v1.migration.runners.tf1.runner import GraphRunner
    from dcgan_v1.migration.specs import Tf1

    def build():
        x = tf.placeholder(tf.float32, [2, 4, 4, 3], "x")
        w = tf.get_variable("w", [3, 3, 3, 3])
        y = tf.nn.lrn(tf.nn.conv2d(x, w, 1, "SAME"))
        boxes = tf.image.crop_and_resize(y, [[0.0, 0, 1, 1]], [0], [2, 2])
        tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(boxes))

    side = GraphRunner(Tf1(function=build), "float64", 2)
    assert {"LRN", "LRNGrad"} <= set(side.left)
    assert any(op.startswith("CropAndResize") for op in side.left)


@pytest.mark.parametrize("forget", [0.0, 0.5])
def test_what_an_lstm_adds_to_its_forget_gate_is_read_off_the_graph(forget):
    from dcgan_v1.migration.matching import candidates
    from dcgan_v1.migration.records import Variable
    from dcgan_v1.migration.runners.tf1.reading import graph_ops

    with tf.Graph().as_default():
        bias = tf.get_variable("cell/bias", [8], use_resource=False)
        x = tf.placeholder(tf.float32, [3, 8])
        i, j, f, o = tf.split(tf.nn.bias_add(x, bias), 4, axis=1)
        tf.sigmoid(f + forget) + tf.sigmoid(i) * tf.tanh(j) * tf.sigmoid(o)
        other = tf.get_variable("dense/bias", [8], use_resource=False)
        tf.nn.relu(x + other)
        assert graph_ops.forget_bias(bias.op) == forget
        assert graph_ops.forget_bias(other.op) is None
    port = Variable([8], part="bias", gates="ifjo")
    assert candidates.layout_for(port, [8], forget).forget == forget
    assert candidates.layout_for(port, [8]).forget == 1.0


def test_a_critics_last_layer_is_looked_into_though_no_gradient_needs_it():
    """The mean of its outputs has the same gradient whatever they are, and no loss is fetched."""
    from dcgan_v1.compare import Tf1
    from dcgan_v1.migration.runners.tf1.runner import GraphRunner

    def dense(x, name, units):
        with tf.variable_scope(f"net/{name}", reuse=tf.AUTO_REUSE):
            w = tf.get_variable("w", [x.shape[1], units])
            return tf.matmul(x, w) + tf.get_variable("b", [units])

    def build():
        x, z = tf.placeholder(tf.float32, [4, 3], "x"), tf.placeholder(tf.float32, [4, 2], "z")
        real, made = dense(x, "d", 1), dense(dense(z, "g", 3), "d", 1)
        g, d = tf.trainable_variables("net/g"), tf.trainable_variables("net/d")
        descent = tf.train.GradientDescentOptimizer(0.1)
        d_loss = tf.reduce_mean(made) - tf.reduce_mean(real)
        descent.minimize(d_loss, var_list=d, name="d_train")
        descent.minimize(-tf.reduce_mean(made), var_list=g, name="g_train")

    side = GraphRunner(Tf1(function=build, runs=[["d_train"], ["g_train"]]), "float64", 2)
    for number, of_d in ((0, 2), (1, 1)):  # x is not fed to the generator's run
        reads = [side.fetches.reads[op] for op in side.fetches.step_layers[number]]
        assert sum("net/d/b" in names for names in reads) >= of_d
    names = {t.op.name for t in side.roles.inputs.values()}
    assert names == {"x", "z"}


def test_a_loss_is_that_of_the_run_that_lowers_it_though_a_later_one_computes_it_too():
    from dcgan_v1.compare import Tf1
    from dcgan_v1.migration.records import Batch
    from dcgan_v1.migration.runners.tf1.runner import GraphRunner

    def build():
        made = tf.placeholder(tf.float32, [4, 2], "z") * tf.get_variable("g", [], initializer=ones)
        on_made = made * tf.get_variable("d", [], initializer=ones)
        g, d = (tf.trainable_variables(name) for name in "gd")
        descent = tf.train.GradientDescentOptimizer(0.1)
        descent.minimize(tf.reduce_mean(on_made, name="d_loss"), var_list=d, name="d_train")
        descent.minimize(tf.reduce_mean(on_made**2, name="g_loss"), var_list=g, name="g_train")

    ones = tf.ones_initializer()
    side = GraphRunner(Tf1(function=build, runs=[["d_train"], ["g_train"]]), "float64", 2)
    side.load(side.initial())
    scalars = side.step(Batch({"z": np.ones((4, 2))})).scalars
    d = 1 - 0.1  # d_loss is 1, and has the gradient 1 by d
    assert scalars["d_loss"] == pytest.approx(1) and scalars["g_loss"] == pytest.approx(d**2)


@pytest.mark.parametrize("is_transposed", [False, True])
def test_another_padding_is_that_of_the_gradients_too(rng, is_transposed):
    """The oracle pads, or cuts off, by itself, and has TensorFlow's own gradients of that."""
    from dcgan_v1.migration.runners.tf1.graph import changes
    from dcgan_v1.migration.runners.tf1.reading import knobs
    from dcgan_v1.migration.sources import PaddingChange

    small, large = rng.normal(size=(2, 4, 4, 3)), rng.normal(size=(2, 8, 8, 3))
    fed, size = (small, [2, 8, 8, 3]) if is_transposed else (large, None)
    filters = rng.normal(size=(5, 5, 3, 3))

    def outputs(convolution):
        y = convolution()
        return y, *tf.gradients(tf.reduce_sum(y**3), [x, w])

    with tf.Graph().as_default() as graph:
        x, w = tf.placeholder(tf.float64, fed.shape, "x"), tf.placeholder(tf.float64, [5, 5, 3, 3])
        if is_transposed:
            first = outputs(lambda: tf.nn.conv2d_transpose(x, w, size, 2, "SAME"))
        else:
            first = outputs(lambda: tf.nn.conv2d(x, w, 2, "SAME"))
        names = [t.name for t in first]
        nodes = {node.name: node for node in graph.as_graph_def().node}
        (knob,) = knobs.of(first[0].op, nodes)["padding"]
        meta = tf.train.export_meta_graph()
        given = [x.name, w.name]
    changes.apply(meta, [PaddingChange(knob[0], (2, 1), (2, 1))])
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(meta.graph_def, name="")
        found = session.run(names, dict(zip(given, (fed, filters), strict=True)))
    with tf.Graph().as_default(), tf.Session() as session:
        x, w = tf.placeholder(tf.float64, fed.shape), tf.placeholder(tf.float64, [5, 5, 3, 3])
        if is_transposed:  # of maps of 11 rows: two ahead and one behind are cut off
            whole = [2, 11, 11, 3]
            wanted = outputs(lambda: tf.nn.conv2d_transpose(x, w, whole, 2, "VALID")[:, 2:10, 2:10])
        else:
            around = [[0, 0], [2, 1], [2, 1], [0, 0]]
            wanted = outputs(lambda: tf.nn.conv2d(tf.pad(x, around), w, 2, "VALID"))
        for a, b in zip(found, session.run(wanted, {x: fed, w: filters}), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-9)


def test_the_epsilon_of_a_batch_norm_in_a_cond_is_found_in_both_modes(monkeypatch):
    from tensorflow.python.ops import control_flow_util

    from dcgan_v1.migration.runners.tf1.reading import knobs

    monkeypatch.setattr(control_flow_util, "ENABLE_CONTROL_FLOW_V2", False)  # as in TF1
    with tf.Graph().as_default() as graph:
        x, is_training = tf.placeholder(tf.float32, [2, 4, 4, 3]), tf.placeholder(tf.bool)
        one, zero = tf.ones([3]), tf.zeros([3])

        def norm(mode):
            return lambda: tf.nn.fused_batch_norm(x, one, zero, zero, one, 1e-3, is_training=mode)

        y = tf.cond(is_training, norm(True), norm(False))[0]
        nodes = {node.name: node for node in graph.as_graph_def().node}
        found = knobs.of(y.op, nodes)["epsilon"]
    assert {nodes[name].op for name, _ in found} == {"FusedBatchNormV3"}
    assert {nodes[name].attr["is_training"].b for name, _ in found} == {True, False}
    assert all(setting == "epsilon" for _, setting in found)


@pytest.mark.smoke
@pytest.mark.torch
def test_torchs_own_l2_is_part_of_the_gradient():
    done = compare("decayed", "torch_ports.py:decayed")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.torch
def test_a_module_in_the_wrong_mode_is_compared_as_it_is():
    done = compare("training_alone", "torch_ports.py:asleep")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "m/1 (TF1: " in done.stdout  # the batch norm, and nothing before it
    done = compare("training_alone", "torch_ports.py:awake")
    assert "m/1 (TF1: " not in done.stdout, done.stdout + done.stderr


@pytest.mark.torch
def test_everything_in_which_torchs_rmsprop_is_another_is_named_and_nothing_else():
    """TF1: decay 0.9, epsilon 1e-10 inside the root, squares that begin at 1, a step kept as a slot
    without momentum. torch: 0.99, 1e-8 outside, 0, no slot."""
    done = compare("squares", "torch_ports.py:squares")
    text = " ".join(done.stdout.split())
    assert done.returncode == 1, done.stdout + done.stderr
    verdict = text.partition("differs: ")[2].partition("not compared:")[0]
    assert verdict.count("o (first seen in fc/w): ") == 2, verdict
    assert "o's rho is 0.99, TF1's 0.9 (with TF1's: " in verdict
    assert "o's epsilon 1e-08 is added outside the root, TF1's 1e-10 inside" in verdict
    assert "o: ms begins at 0, TF1's at 1" in verdict
    assert not any(word in verdict for word in ("otherwise", "gradient", "cause that was not"))


def test_supplying_keras_leaves_a_programs_graph_as_it_was():
    """A program may ask its graph what it is to be fed."""
    import tf_keras

    from dcgan_v1.migration.programs.families import keras_arguments

    with tf.Graph().as_default() as graph:
        keras_arguments._smallest(tf_keras)
        assert not graph.get_operations()
