"""What compare.py is given: every form of a TF1 program, and whatever is wrong with it."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from script_runs import ROOT, call, refusal
from tensorflow.python.framework import function

from dcgan_v1.checkpoints import reading
from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison import batches
from dcgan_v1.migration.matching import identify, map_file
from dcgan_v1.migration.matching.map_file import VariableRow
from dcgan_v1.migration.records import Input, PortInfo, Tf1Info, Variable
from dcgan_v1.migration.runners.tf1 import opening
from dcgan_v1.migration.runners.tf1.runner import GraphRunner
from dcgan_v1.migration.specs import Tf1

pytestmark = pytest.mark.compare

DATA = ROOT / "tests" / "legacy" / "data"
PORT = """
import keras, tensorflow as tf
from dcgan_v1.compare import Keras, Tf1

def model():
    return keras.Sequential([keras.Input([4]), keras.layers.Dense(3, name="fc")])

def new():
    m, sgd = model(), keras.optimizers.SGD(0.1)
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(m(x, training=True) - y))
        sgd.apply(tape.gradient(loss, m.trainable_variables), m.trainable_variables)
        return loss
    return Keras({"m": m}, {"sgd": sgd}, step)

def compiled():
    m = model()
    m.compile(keras.optimizers.SGD(0.1), "mse")
    return Keras({"m": m})

def forward_only():
    return Keras({"m": model()}, forward={"m": ["x"]})

def silent():
    made = new()
    step = made.step
    made.step = lambda x, y: step(x, y) and None
    return made

def not_a_number():
    made = new()
    made.step = lambda x, y: made.models["m"](x)[0, 0] * float("nan")
    return made

def nothing():
    return None

def other_arguments():
    made = new()
    made.step = lambda a, b, c: 0.0
    return made

def broken():
    raise RuntimeError("no such luck")
"""
GRAPH = """
import tensorflow.compat.v1 as tf

def build():
    x = tf.placeholder(tf.float32, [None, 4], "x")
    y = tf.placeholder(tf.float32, [None, 3], "y")
    w = tf.get_variable("fc/w", [4, 3])
    b = tf.get_variable("fc/b", [3], initializer=tf.ones_initializer())
    out = tf.add(tf.matmul(x, w), b, "out")
    loss = tf.reduce_mean(tf.square(out - y), name="loss")
    tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    return out

def old():
    from dcgan_v1.compare import Tf1
    return Tf1(function=build)
"""


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """port.py, graph.py, and the graph as .meta, SavedModel and frozen graph."""
    folder = tmp_path_factory.mktemp("program")
    (folder / "port.py").write_text(PORT)
    (folder / "graph.py").write_text(GRAPH)
    space = {}
    exec(GRAPH, space)
    with tf.Graph().as_default() as graph, tf.Session() as session:
        out = space["build"]()
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, str(folder / "model"), write_state=False)
        x = graph.get_tensor_by_name("x:0")
        tf.saved_model.simple_save(session, str(folder / "saved"), {"x": x}, {"out": out})
        frozen = tf.graph_util.convert_variables_to_constants(
            session, graph.as_graph_def(), ["out"]
        )
        (folder / "frozen.pb").write_bytes(frozen.SerializeToString())
    return folder


def compare(folder, *args):
    quick = ("--dtype", "float64", "--timing-steps", 0, "--quiet")
    return call("compare.py", *args, *quick, cwd=folder)


FORMS = {
    "meta": ("--meta", "model.meta", "--checkpoint", "model"),
    "function": ("graph.py:old",),
    "saved_model": ("--saved-model", "saved"),
}


BOTH_ONCE = ("meta", "new"), ("function", "compiled"), ("saved_model", "new")


@pytest.mark.parametrize(
    ("form", "port"),
    [
        pytest.param(form, port, marks=[] if (form, port) in BOTH_ONCE else pytest.mark.release)
        for port in ("new", "compiled")
        for form in FORMS
    ],
)
def test_every_form_of_a_program_is_compared_in_training(folder, form, port):
    done = compare(folder, *FORMS[form], f"port.py:{port}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "compute the same function" in done.stdout
    assert "gradients of the first step" in done.stdout


def test_a_frozen_graph_is_compared_in_the_forward_pass_which_is_said(folder):
    done = compare(folder, "--frozen", "frozen.pb", "port.py:forward_only")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "in the forward pass, which is all that was compared" in done.stdout
    assert "gradients of the first step" not in done.stdout


def test_a_port_without_a_step_is_compared_in_the_forward_pass(folder):
    done = compare(folder, *FORMS["meta"], "port.py:forward_only")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the port has no step" in done.stdout


def test_inputs_and_map_files_are_used_and_a_written_map_reads_back(folder, tmp_path):
    inputs = tmp_path / "batch.npz"
    rng = np.random.default_rng()
    np.savez(inputs, x=rng.normal(size=(5, 7, 4)), y=rng.normal(size=(7, 3)))
    out = tmp_path / "map.toml"
    args = (*FORMS["meta"], "port.py:new", "--inputs", inputs, "--steps", 5)
    done = compare(folder, *args, "--write-map", out)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "batch size: 7" in " ".join(done.stdout.split())
    text = out.read_text()
    assert 'tf1 = "fc/w"\nport = "m/fc/kernel"' in text
    done = compare(folder, *args, "--map", out)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "matched 2 by map" in done.stdout


def refused(folder, *args):
    done = compare(folder, *args)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("error: ")
    return done.stderr


META = FORMS["meta"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--meta", "nowhere.meta", "port.py:new"), "cannot read nowhere.meta"),
        ((*META, "port.py:silent"), "the port's step returned NoneType, and no single number"),
        ((*META, "port.py:not_a_number"), "the port computes NaN"),
        ((*META, "port.py:nothing"), "returned NoneType; it must return"),
        ((*META, "port.py:broken"), "failed: RuntimeError: no such luck"),
        ((*META, "port.py:missing"), "has no function missing; it has model, new"),
        ((*META, "elsewhere.py:new"), "elsewhere.py does not exist"),
        ((*META, "port.py:other_arguments"), "the port's step takes a, b, c"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(folder, args, message):
    assert message in refused(folder, *args)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("port.py:new",), "name the old side"),
        ((*META, "port.py:new", "--inputs", __file__), "is not an .npz of arrays"),
        ((*META, "port.py:new", "--map", __file__), "is not TOML"),
        ((*META, "port.py:new", "--steps", 0), "--steps must be at least 1"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_a_program_is_opened(args, message):
    assert message in refusal("compare.py", *args, "--quiet")


@pytest.mark.graph
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"meta": "port.py"}, "port.py is no MetaGraphDef"),
        ({"meta": "model.meta", "checkpoint": "no"}, "no checkpoint at no"),
        ({"meta": "model.meta", "checkpoint": str(DATA / "layers")}, "is of another graph"),
    ],
)
def test_a_graph_or_checkpoint_that_is_none_is_refused(folder, monkeypatch, fields, message):
    monkeypatch.chdir(folder)
    with pytest.raises(UserError, match=message):
        opening.open_program(Tf1(**fields))


@pytest.mark.unit
@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"x": (5, 4), "y": (6, 3)}, "batches of unequal size: x has 5 rows, y has 6"),
        ({"z": (5, 4)}, "--inputs has z, which is no placeholder"),
        ({"x": (5, 9)}, "--inputs has x of shape [5, 9], the placeholder has [None, 4]"),
        ({"x": (2, 5, 4)}, "--inputs has 2 batches of x, too few for 3 steps"),
        ({}, "the placeholder w has no shape: give its data"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(shapes, message):
    wanted = {"x": Input([None, 4], "float32"), "y": Input([None, 3], "float32")}
    if not shapes:
        wanted["w"] = Input(None, "float32")
    given = {name: np.zeros(shape) for name, shape in shapes.items()}
    with pytest.raises(UserError, match=re.escape(message)):
        batches.make(wanted, given, 3, None, 0)


@pytest.mark.graph
def test_a_placeholder_of_a_program_may_have_no_shape():
    program = {}
    exec(GRAPH.replace('[None, 3], "y"', 'None, "y"'), program)
    runner = GraphRunner(Tf1(function=program["build"]), "float32", 1)
    inputs = runner.describe().inputs
    with pytest.raises(UserError, match="the placeholder y has no shape: give its data"):
        batches.make(inputs, {}, 1, None, 0)


@pytest.mark.unit
def test_labels_of_reals_and_fakes_are_twice_the_rows_of_a_batch():
    wanted = {"x": Input([None, 4], "float32"), "y": Input([None], "int32")}
    given = {"y": np.arange(12), "x": np.ones((6, 4))}
    (batch,) = batches.make(wanted, given, 1, None, 0)
    assert (batch["x"].shape, batch["y"].shape) == ((6, 4), (12,))
    small = batches.small(batch, wanted)
    assert len(small["y"]) == 2 * len(small["x"]) == 2 * batches.SMALL
    wanted["z"] = Input([None, 3], "float32")  # no label: it needs the rows of x
    with pytest.raises(UserError, match="batches of unequal size: x has 6 rows, z has 12"):
        batches.make(wanted, given | {"z": np.ones((12, 3))}, 1, None, 0)


def test_a_nan_in_the_tf1_program_is_named(folder, tmp_path):
    path = tmp_path / "batch.npz"
    np.savez(path, x=np.full((5, 4), np.nan))
    said = refused(folder, *META, "port.py:new", "--inputs", path)
    assert "the TF1 program computes NaN" in said


ROW = '[[variables]]\ntf1 = "fc/w"'


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('[[variables]]\ntf1 = "fc/q"\nport = "m/fc/kernel"', "the TF1 has not: fc/"),
        ('[step]\nruns = [["nowhere"]]', "the graph has no op nowhere"),
        ('[inputs]\nx = "q"', "the map gives the port's x q, which the TF1"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(folder, tmp_path, lines, message):
    path = tmp_path / "map.toml"
    path.write_text(lines)
    assert message in refused(folder, *META, "port.py:new", "--map", path)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("[nonsense]", "has [nonsense]; a map has [inputs]"),
        (ROW, "needs tf1 and port"),
        ('[step]\nrun = [["train"]]', "[step] has run; it takes runs"),
        (
            ROW + '\nport = "m/fc/kernel"\nlayouts = "plain"',
            "a [[variables]] has layouts; it takes tf1, port, layout",
        ),
        ('[variables]\ntf1 = "fc/w"', "variables are tables of their own, [[variables]]"),
    ],
)
def test_a_map_that_is_none_is_refused_as_it_is_read(tmp_path, lines, message):
    path = tmp_path / "map.toml"
    path.write_text(lines)
    with pytest.raises(UserError, match=re.escape(message)):
        map_file.read(path)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("fc/b", "m/fc/kernel", ""), "the shapes do not fit"),
        (("fc/w", "m/fc/kernel", "upside down"), "the map has the layout"),
    ],
)
def test_a_row_of_a_map_that_does_not_fit_is_refused(row, message):
    old = Tf1Info(variables={"fc/w": Variable([4, 3]), "fc/b": Variable([3])})
    new = PortInfo(variables={"m/fc/kernel": Variable([4, 3]), "m/fc/bias": Variable([3])})
    with pytest.raises(UserError, match=message):
        identify.identify(old, new, [VariableRow(*row)])


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


def test_the_library_imports_no_framework_until_it_compares():
    code = (
        "import sys; from dcgan_v1.compare import compare, Tf1, Keras, Torch; "
        "import importlib, pkgutil, dcgan_v1.migration as m; "
        "[importlib.import_module(x.name) for p in ('comparison', 'matching', 'explanation') "
        "for x in pkgutil.iter_modules([m.__path__[0] + '/' + p], f'dcgan_v1.migration.{p}.')]; "
        "from dcgan_v1.migration.recordings import recording; "
        "from dcgan_v1.migration.reporting import tables; "
        "assert not {'tensorflow', 'keras', 'torch'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
