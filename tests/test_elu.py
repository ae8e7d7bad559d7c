"""ELU in float64: exp(x) - 1 to the last place, where TensorFlow's kernel leaves rounding alone."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1.migration.recordings.port_recorder.tensorflow_casts import TensorFlowCasts
from dcgan_v1.migration.runners.keras import exact
from dcgan_v1.migration.runners.tf1.graph import precision

pytestmark = pytest.mark.graph
ROUNDING = 1e-15  # relative, of a value to the last place or two


@pytest.fixture
def x(rng):
    """[N, 3] values of every size, and 0."""
    drawn = rng.normal(size=(400, 3)) * 10.0 ** rng.integers(-14, 2, (400, 3))
    return np.concatenate([np.zeros([1, 3]), drawn])


def off(y, x):
    """Largest relative distance from exp(x) - 1 in numpy's extended precision."""
    wide = x.astype(np.longdouble)
    assert np.finfo(wide.dtype).eps < 1e-18, "this machine has no extended precision"
    true = np.where(wide >= 0, wide, np.expm1(np.minimum(wide, 0)))
    return float(np.max(np.abs(y - true) / np.maximum(np.abs(true), 1e-300)))


def session_value(tensors, feed):
    with tf.Session() as session:
        return session.run(tensors, feed)


def test_a_tf1_graphs_elu_is_exact_in_float64_and_its_gradient_the_same(x):
    with tf.Graph().as_default():
        fed = tf.placeholder(tf.float32, [None, 3], "x")
        y = tf.nn.elu(fed)
        tf.identity(y, "y"), tf.identity(tf.gradients(y, fed)[0], "dy")
        meta = precision.to_double(tf.train.export_meta_graph()).meta
    with tf.Graph().as_default():
        tf.import_graph_def(meta.graph_def, name="")
        y, dy = session_value(["y:0", "dy:0"], {"x:0": x})
        plain = session_value(tf.raw_ops.Elu(features=tf.constant(x)), {})
    assert off(y, x) < ROUNDING < 1e-6 < off(plain, x)
    np.testing.assert_allclose(dy, np.exp(np.minimum(x, 0)), rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("side", ["port", "recorder"])
def test_a_keras_ports_elu_is_as_exact_and_that_is_said(x, side, monkeypatch):
    nn, said = (exact.tf.nn if side == "port" else tf.nn), []
    monkeypatch.setattr(nn, "elu", nn.elu)  # put back behind the test
    with tf.Graph().as_default():
        if side == "port":
            exact.exact_elu(said)
        else:
            casts = TensorFlowCasts.__new__(TensorFlowCasts)
            casts.tf, casts.double = tf, tf.float64
            casts.recorder = SimpleNamespace(note=said.append)
            casts._exact_elu()
        single = nn.elu(tf.constant(x, tf.float32))
        assert not said and single.op.type == "Elu"
        fed = tf.constant(x)
        y = nn.elu(fed)
        y, dy = session_value([y, tf.gradients(y, fed)[0]], {})
    assert off(y, x) < ROUNDING and len(said) == 1
    np.testing.assert_allclose(dy, np.exp(np.minimum(x, 0)), rtol=0, atol=ROUNDING)
