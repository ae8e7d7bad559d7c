"""Graphs whose ops are unknown or touch the machine; train ops that train nothing."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from compared_program import GRAPH, compare, refused, write_program
from tensorflow.python.framework import function

from dcgan_v1.checkpoints import reading
from dcgan_v1.errors import UserError
from dcgan_v1.migration.runners.tf1.graph import opening
from dcgan_v1.migration.specs import Tf1

pytestmark = pytest.mark.compare


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_program(tmp_path_factory.mktemp("program"))


def write_meta(path, change):
    """The folder's graph with its first MatMul changed."""
    meta = tf.MetaGraphDef()
    meta.ParseFromString((path.parent / "model.meta").read_bytes())
    change(meta.graph_def)
    path.write_bytes(meta.SerializeToString())


@pytest.mark.graph
def test_unknown_ops_are_named_with_the_file_that_had_them(folder):
    path = folder / "unknown.meta"
    write_meta(path, lambda g: g.node.add(name="q", op="PeriodicResample"))
    with pytest.raises(UserError) as error:
        opening.open_program(Tf1(meta=str(path)))
    said = str(error.value)
    assert "needs 1 ops that TensorFlow" in said
    assert "PeriodicResample" in said
    assert "Tf1(libraries=" in said
    assert "_periodic_resample_op.so" in said


def unsafe_meta(folder, op):
    """A graph with an op that touches the machine, which no step runs."""
    path = folder / f"{op}.meta"

    def add(graph_def):
        name = graph_def.node.add(name="file", op="Const")
        name.attr["dtype"].type = tf.string.as_datatype_enum
        name.attr["value"].tensor.CopyFrom(tf.make_tensor_proto("/nowhere"))
        node = graph_def.node.add(name="unsafe", op=op)
        if op == "PyFunc":
            node.attr["token"].s = b"pyfunc_0"
            node.attr["Tin"].list.type[:] = []
            node.attr["Tout"].list.type[:] = [1]
        else:
            node.input.extend(["file", "file"] if op == "WriteFile" else ["file"])

    write_meta(path, add)
    return path


@pytest.mark.graph
@pytest.mark.parametrize("op", ["ReadFile", "WriteFile", "PyFunc"])
def test_ops_that_touch_the_machine_are_refused_unless_trusted(folder, op):
    path = unsafe_meta(folder, op)
    with pytest.raises(UserError) as error:
        opening.open_program(Tf1(meta=str(path)))
    assert f"holds ops that touch the machine: {op} (unsafe); --trust" in str(error.value)
    opening.open_program(Tf1(meta=str(path), trust=True))


def test_a_graph_that_is_trusted_is_compared(folder):
    path = unsafe_meta(folder, "WriteFile")
    args = ("--meta", path, "--checkpoint", "model", "port.py:new")
    assert "holds ops that touch the machine" in refused(folder, *args)
    done = compare(folder, *args, "--trust")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not Path("/nowhere").exists()


@pytest.mark.graph
def test_a_function_of_a_graph_that_writes_files_is_refused(tmp_path):
    """Which functions a step calls nothing tells."""
    out = tmp_path / "written"

    @function.Defun(tf.float32)
    def write(x):
        saved = tf.raw_ops.SaveV2(
            prefix=str(out), tensor_names=["x"], shape_and_slices=[""], tensors=[x]
        )
        with tf.control_dependencies([saved]):
            return tf.identity(x)

    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 4], "x")
        write(x)
        tf.train.export_meta_graph(str(tmp_path / "function.meta"))
    with pytest.raises(UserError, match="holds ops that touch the machine: SaveV2"):
        opening.open_program(Tf1(meta=str(tmp_path / "function.meta")))
    assert not out.exists()


def test_a_train_op_whose_rate_is_nothing_is_named(folder, tmp_path):
    file = tmp_path / "still.py"
    file.write_text(GRAPH.replace("Optimizer(0.1)", "Optimizer(0.0)"))
    done = compare(folder, f"{file}:old", "port.py:new")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "trains nothing: the gradient is there, the weight does not move" in (
        " ".join(done.stdout.split())
    )


DEAD = """
import tensorflow.compat.v1 as tf
from dcgan_v1.compare import Tf1

def build():
    tf.disable_resource_variables()
    tf.disable_control_flow_v2()
    x = tf.placeholder(tf.float32, [None, 4], "x")
    y = tf.placeholder(tf.float32, [None, 3], "y")
    w = tf.get_variable("fc/w", [4, 3])
    b = tf.get_variable("fc/b", [3], initializer=tf.ones_initializer())
    zero = tf.zeros_initializer()
    average = tf.get_variable("m", [], initializer=zero, trainable=False)
    h = tf.matmul(x, w) + b
    _, h = tf.while_loop(
        lambda i, _: i < 3, lambda i, s: (i + 1, tf.tanh(s) + h), [tf.constant(0), h]
    )
    loss = tf.reduce_mean(tf.square(h - y))
    with tf.control_dependencies([tf.assign(average, average * 0.9 + 0.1)]):
        tf.train.AdamOptimizer(0.1).minimize(loss)

def old():
    return Tf1(function=build)
"""


def test_a_train_op_that_trains_nothing_is_named(folder, tmp_path):
    """Reference variables, a loop, and minimize behind an assignment: TF1 runs it
    without a word."""
    (tmp_path / "dead.py").write_text(DEAD)
    said = refused(folder, f"{tmp_path / 'dead.py'}:old", "port.py:new")
    assert "TF1's train op Adam trains nothing: the gradient of fc/w has no value" in said


EMA = """
import tensorflow.compat.v1 as tf
from dcgan_v1.compare import Tf1

def build():
    x = tf.placeholder(tf.float32, [None, 4], "x")
    w = tf.get_variable("fc/w", [4, 3])
    b = tf.get_variable("fc/b", [3], initializer=tf.ones_initializer())
    ema = tf.train.ExponentialMovingAverage(0.9)
    ema.apply([w, b])
    tf.add(tf.matmul(x, ema.average(w)), ema.average(b), "out")

def old():
    return Tf1(function=build, checkpoint="averaged")
"""


def test_averages_of_weights_that_the_port_does_not_read_are_named(folder):
    (folder / "ema.py").write_text(EMA)
    rng = np.random.default_rng()
    values = {
        f"fc/{name}{ending}": rng.normal(size=shape).astype(np.float32)
        for name, shape in (("w", (4, 3)), ("b", (3,)))
        for ending in ("", "/ExponentialMovingAverage")
    }
    reading.write(folder / "averaged", values)
    done = compare(folder, "ema.py:old", "port.py:forward_only")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "TF1 reads the moving averages of the weights" in " ".join(done.stdout.split())
