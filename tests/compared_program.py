"""A small program, in every form that compare.py takes, and its port."""

import tensorflow.compat.v1 as tf
from script_runs import ROOT, call

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


def write_program(folder):
    """port.py, graph.py, and the graph as .meta, SavedModel and frozen graph."""
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


def refused(folder, *args):
    done = compare(folder, *args)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("error: ")
    return done.stderr


META = FORMS["meta"]
