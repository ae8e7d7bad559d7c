"""ELU and SELU in float64 to the last place, where TensorFlow's kernels leave rounding alone."""

import importlib
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from tensorflow.python.ops import gen_nn_ops

from dcgan_v1.migration.recordings.port_recorder.exact_elus import spell_elus_out
from dcgan_v1.migration.runners.keras import exact
from dcgan_v1.migration.runners.tf1.graph import precision

pytestmark = pytest.mark.graph
ROUNDING = 1e-15  # relative, of a value to the last place or two
FACTORS = {  # of what is not below 0, of exp(x) - 1
    "elu": ("1", "1"),  # Clevert et al. 2015
    # Klambauer et al. 2017; the second is the product of their two
    "selu": ("1.0507009873554804934193349852946", "1.7580993408473768599402175208123"),
}


@pytest.fixture
def x(rng):
    """[N, 3] values of every size, and 0."""
    drawn = rng.normal(size=(400, 3)) * 10.0 ** rng.integers(-14, 2, (400, 3))
    return np.concatenate([np.zeros([1, 3]), drawn])


def true_values(name, x):
    """y and dy/dx of x, in numpy's extended precision."""
    wide = x.astype(np.longdouble)
    assert np.finfo(wide.dtype).eps < 1e-18, "this machine has no extended precision"
    scale, low = map(np.longdouble, FACTORS[name])
    below = np.minimum(wide, 0)
    is_low = wide < 0
    y = np.where(is_low, low * np.expm1(below), scale * wide)
    return y, np.where(is_low, low * np.exp(below), scale)


def off(y, true):
    """Largest relative distance of what is not 0."""
    return float(np.max(np.abs(y - true) / np.maximum(np.abs(true), 1e-300)))


@pytest.fixture
def put_back():
    """Puts the ops' functions back behind a test, wherever they are."""
    plain = [
        (module, name, vars(module)[name])
        for module in list(sys.modules.values())
        for name in ("elu", "selu", "Elu", "Selu")
        if name in getattr(module, "__dict__", {}) and "tensorflow" in module.__name__
    ]
    yield
    for module, name, function in plain:
        setattr(module, name, function)


def session_value(tensors, feed):
    with tf.Session() as session:
        return session.run(tensors, feed)


@pytest.mark.parametrize("name", FACTORS)
def test_a_tf1_graphs_elu_is_exact_in_float64_and_its_gradient_the_same(name, x):
    with tf.Graph().as_default():
        fed = tf.placeholder(tf.float32, [None, 3], "x")
        y = getattr(tf.nn, name)(fed)
        tf.identity(y, "y"), tf.identity(tf.gradients(y, fed)[0], "dy")
        meta = precision.to_double(tf.train.export_meta_graph()).meta
    with tf.Graph().as_default():
        tf.import_graph_def(meta.graph_def, name="")
        y, dy = session_value(["y:0", "dy:0"], {"x:0": x})
        plain = session_value(getattr(tf.nn, name)(tf.constant(x)), {})
    true, slope = true_values(name, x)
    assert off(y, true) < ROUNDING < 1e-6 < off(plain, true)
    # the kernel is off by what rounding leaves of numbers of the size of 1: its factors are these
    np.testing.assert_allclose(plain, true.astype(np.float64), rtol=ROUNDING, atol=ROUNDING)
    np.testing.assert_allclose(dy, slope.astype(np.float64), rtol=0, atol=2 * ROUNDING)


def functions(name):
    """where -> a function that a port may call."""
    v1, v2 = tf.nn, sys.modules["tensorflow"].nn
    raw = getattr(tf.raw_ops, name.capitalize())
    found = {"tf.nn": getattr(v2, name), "tf.compat.v1.nn": getattr(v1, name)}
    found |= {"gen_nn_ops": getattr(gen_nn_ops, name), "raw_ops": lambda x: raw(features=x)}
    for keras in ("keras", "tf_keras"):
        activations = importlib.import_module(keras).activations
        found[keras] = activations.get(name)
    return found


@pytest.mark.parametrize("name", FACTORS)
@pytest.mark.parametrize("side", ["port", "recorder"])
def test_a_ports_elu_is_as_exact_wherever_it_has_it_from_and_that_is_said(name, x, side, put_back):
    """Keras 2 and `tf.compat.v1` hold functions of their own, beside `tf.nn`'s."""
    pytest.importorskip("tf_keras")
    said = []
    with tf.Graph().as_default():
        if side == "port":
            exact.exact_elus(said)
        else:
            spell_elus_out(said.append)
        single = getattr(tf.nn, name)(tf.constant(x, tf.float32))
        assert not said and single.op.type == name.capitalize()
        fed = tf.constant(x)
        values = {}
        for where, function in functions(name).items():
            y = function(fed)
            values[where] = y, tf.gradients(y, fed)[0]
        values = session_value(values, {})
    assert len(set(said)) == 1 and f"{name} is spelled out" in said[0].lower()
    true, slope = true_values(name, x)
    for where, (y, dy) in values.items():
        assert off(y, true) < ROUNDING, where
        np.testing.assert_allclose(dy, slope.astype(np.float64), rtol=0, atol=2 * ROUNDING)
