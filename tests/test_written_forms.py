"""Forms that public TF1 programs have, written as Keras has them: text alone, no run of it."""

import re
import tomllib
from dataclasses import replace

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1.migration.matching.map_file import Map
from dcgan_v1.migration.recordings.tf1_recording import Recording
from dcgan_v1.migration.runners.tf1 import describing
from dcgan_v1.migration.specs import Tf1
from dcgan_v1.porting import description as d
from dcgan_v1.porting import originals
from dcgan_v1.porting.text import writing

pytestmark = pytest.mark.graph


def written(build, to="keras", **modes):
    """Returns name -> text of the port of a function that builds a graph."""
    runner, original = originals.open_original(Tf1(function=build, **modes), Map(), "program")
    port = writing.port_of(runner, original, to=to, without=frozenset(), map_=(Map(), None))
    return port.texts


def dense(x, units, name):
    with tf.variable_scope(name):
        return tf.matmul(x, tf.get_variable("w", [x.shape[1], units]))


def auto_encoder():
    """Noise of the size of what the network makes, a rate that is worked out in float64."""
    x = tf.placeholder(tf.float32, [None, 16], "x")
    mean = dense(tf.nn.dropout(tf.nn.relu(dense(x, 8, "net/a")), 0.5), 2, "net/mean")
    z = mean + tf.random_normal(tf.shape(mean))
    loss = tf.reduce_mean(tf.square(x - tf.sigmoid(dense(z, 16, "net/out"))))
    step = tf.get_variable("step", [], tf.int32, tf.zeros_initializer(), trainable=False)
    tf.train.AdamOptimizer(0.01 * 0.9 ** (step / 100)).minimize(loss, global_step=step)


@pytest.mark.parametrize(
    ("to", "drawn"),
    [
        ("keras", "tf.random.normal([tf.shape(x)[0], 2]"),
        pytest.param("torch", "torch.randn", marks=pytest.mark.torch),
    ],
)
def test_noise_as_large_as_what_a_network_makes_has_the_rows_that_it_is_fed(to, drawn):
    texts = written(auto_encoder, to)
    assert drawn in texts["training.py"]
    networks = texts["networks.py"]
    assert "self.dropout(tf.nn.relu(self.a(x)))" in networks or "F.relu(self.a(x))" in networks


def judged(order):
    """A network that drops out, called on arrays in an order that is not that of its losses: one
    of them for a penalty on its gradient."""

    def build():
        xs = {name: tf.placeholder(tf.float32, [None, 8], name) for name in "abc"}
        outs = {}
        for name in order:
            with tf.variable_scope("d", reuse=tf.AUTO_REUSE):
                h = tf.nn.dropout(tf.nn.relu(dense(xs[name], 6, "in")), 0.5)
                outs[name] = dense(h, 1, "out")
        slope = tf.gradients(outs["c"], xs["c"])[0]
        loss = tf.reduce_mean(outs["b"]) - tf.reduce_mean(outs["a"])
        tf.train.AdamOptimizer(0.01).minimize(loss + tf.reduce_mean(tf.square(slope)))

    return build


@pytest.mark.parametrize("order", ["abc", "cab", "bca", "acb"])
@pytest.mark.parametrize("to", ["keras", pytest.param("torch", marks=pytest.mark.torch)])
def test_a_network_that_drops_out_is_called_in_tf1s_order(order, to):
    """What a comparison has for dropouts, it gives out in that order."""
    text = written(judged(order), to)["training.py"]
    assert "".join(re.findall(r"= self\.discriminator\((\w)", text)) == order


def normed(order):
    """A network that drops out and is normalised, called on a, b, c; its averages move in an order
    of their own."""

    def build():
        outs, moves = {}, {}
        for name in "abc":
            with tf.variable_scope("net", reuse=tf.AUTO_REUSE):
                x = tf.placeholder(tf.float32, [4, 8], name)
                h = tf.nn.dropout(tf.nn.relu(dense(x, 6, "in")), 0.5)
                outs[name] = dense(normalised(h, moves.setdefault(name, [])), 1, "out")
        before = []
        for name in order:
            with tf.control_dependencies(before):
                before = [tf.assign(v, 0.9 * v + 0.1 * now) for v, now in moves[name]]
        loss = tf.reduce_mean(outs["b"]) - tf.reduce_mean(outs["a"] * outs["c"])
        with tf.control_dependencies(before):
            tf.train.AdamOptimizer(0.01).minimize(loss)

    return build


def normalised(h, moves):
    """By the batch; (average, moment) are added to `moves`."""
    names = ("gamma", "beta", "mean", "variance")
    gamma, beta, *kept = (tf.get_variable(f"bn/{n}", [6], trainable=n in names[:2]) for n in names)
    moments = tf.nn.moments(h, [0])
    moves += zip(kept, moments, strict=True)
    return tf.nn.batch_normalization(h, *moments, beta, gamma, 1e-3)


@pytest.mark.parametrize("order", ["abc", "cab", "bca", "acb"])
@pytest.mark.parametrize("to", ["keras", pytest.param("torch", marks=pytest.mark.torch)])
def test_masks_are_given_to_dropouts_in_the_order_in_which_a_port_calls_them(order, to):
    """It calls as TF1 moves averages; its map says what each call drops out by."""
    texts = written(normed(order), to)
    calls = re.findall(r"= self\.net\((\w)", texts["training.py"])
    assert "".join(calls) == order
    scopes = {"a": "net", "b": "net_1", "c": "net_2"}
    named = tomllib.loads(texts["map.toml"]).get("step", {}).get("dropouts")
    wanted = [f"{scopes[name]}/dropout/random_uniform/RandomUniform" for name in order]
    assert named == (None if order == "abc" else wanted)


def clipped_with_its_averages():
    """A critic all of whose variables are clipped: its weights, averages and RMSProp's slots."""
    moves = []
    with tf.variable_scope("d"):
        x = tf.placeholder(tf.float32, [4, 8], "x")
        out = dense(normalised(dense(x, 6, "in"), moves), 1, "out")
    update = tf.train.RMSPropOptimizer(0.01).minimize(tf.reduce_mean(out))
    with tf.control_dependencies([update]):
        before = [tf.assign(v, 0.9 * v + 0.1 * now) for v, now in moves]
    with tf.control_dependencies(before):
        for v in tf.global_variables("d/"):
            tf.assign(v, tf.clip_by_value(v, -0.01, 0.01), name="clip")


@pytest.mark.parametrize(
    ("to", "each"),
    [
        ("keras", "for v in self.discriminator.weights:"),
        pytest.param(
            "torch", "self.discriminator.buffers() if b.is_floating", marks=pytest.mark.torch
        ),
    ],
)
def test_averages_that_tf1_clips_are_clipped_and_what_it_does_to_slots_is_said(to, each):
    with tf.Graph().as_default():
        clipped_with_its_averages()
        clips = [op.name for op in tf.get_default_graph().get_operations() if "clip" in op.name]
    clips = [name for name in clips if re.fullmatch(r"clip(_\d+)?", name)]
    text = written(clipped_with_its_averages, to, runs=[clips])["training.py"]
    assert each in text
    assert "# Not as in TF1: the clips of 8 variables of optimisers, d/bn/beta/RMSProp" in text


def dropping_encoder():
    """Noise as large as what comes after a dropout whose rate is fed, in no shape."""
    x, keep = tf.placeholder(tf.float32, [None, 16], "x"), tf.placeholder(tf.float32, name="keep")
    mean = dense(tf.nn.dropout(tf.nn.relu(dense(x, 8, "net/a")), keep), 2, "net/mean")
    made = dense(mean + tf.random_normal(tf.shape(mean)), 16, "net/out")
    tf.train.AdamOptimizer(0.01).minimize(tf.reduce_mean(tf.square(x - made)))


def test_noise_after_a_dropout_whose_rate_is_fed_has_the_rows_of_what_is_fed():
    modes = {"training": {"keep": 0.75}, "inference": {"keep": 1.0}}
    texts = written(dropping_encoder, **modes)
    assert "tf.random.normal([tf.shape(x)[0], 2]" in texts["training.py"]
    assert "layers.Dropout(0.25" in texts["networks.py"]


def mixing():
    """A number for each row, of a shape that is put together."""
    x, z = (
        tf.placeholder(tf.float32, [None, 4, 4, 3], "x"),
        tf.placeholder(tf.float32, [None, 5], "z"),
    )
    made = tf.reshape(dense(z, 48, "g/a"), [-1, 4, 4, 3])
    part = tf.random_uniform(tf.concat([tf.shape(x)[0:1], [1, 1, 1]], 0))
    mixed = tf.reshape(x + part * (made - x), [-1, 48])
    tf.train.AdamOptimizer(0.01).minimize(tf.reduce_mean(dense(mixed, 1, "d/a")))


@pytest.mark.parametrize(
    ("to", "drawn"),
    [
        ("keras", "tf.random.uniform([tf.shape(x)[0], 1, 1, 1]"),
        pytest.param("torch", "torch.rand([x.shape[0], 1, 1, 1])", marks=pytest.mark.torch),
    ],
)
def test_a_number_for_each_row_is_drawn_for_the_rows_that_are_fed(to, drawn):
    assert drawn in written(mixing, to)["training.py"]


def test_a_rate_that_is_worked_out_in_float64_is_a_decay():
    decay = "ExponentialDecay(0.01, 100, 0.9, staircase=False)"
    assert decay in written(auto_encoder)["training.py"]


def critic():
    """A penalty whose gradient has a name of its own, an Adam whose beta is a whole number."""
    x = tf.placeholder(tf.float32, [4, 3], "x")
    score = dense(tf.nn.tanh(dense(x, 5, "critic/a")), 1, "critic/b")
    (slope,) = tf.gradients(score, [x], name="slope")
    loss = tf.reduce_mean(score) + tf.reduce_mean(tf.square(slope))
    tf.train.AdamOptimizer(0.01, beta1=0).minimize(loss)


def test_a_gradient_of_any_name_is_one_in_a_loss_and_a_beta_may_be_a_whole_number():
    text = written(critic)["training.py"]
    assert "inner.gradient(" in text and "raw_ops" not in text
    assert "beta_1=0.0" in text


def drawing():
    x = tf.placeholder(tf.float32, [4, 3], "x")
    noise = tf.random_uniform([4, 3], name="noise")
    tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(dense(x * noise, 1, "net/a")))


def test_what_a_later_run_draws_anew_is_an_argument_of_its_own():
    spec = Tf1(function=drawing, runs=[["GradientDescent"]] * 2)
    runner, original = originals.open_original(spec, Map(), "program")
    told = runner.describe()
    (drawn,) = told.random
    recorded = replace(told, random={**told.random, f"{drawn}@2": told.random[drawn]})
    runner.describe = lambda: recorded  # as a recording of such a step has it
    port = writing.port_of(runner, original, to="keras", without=frozenset(), map_=(Map(), None))
    assert "def train_step(self, x, noise=None, noise_2=None)" in port.texts["training.py"]


def test_a_recording_shows_how_many_axes_an_input_has():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, name="x")
        number = describing._input(x, True, "x", {"x": np.zeros(5)})
        rows = describing._input(x, True, "x", {"x": np.zeros((5, 4, 3))})
    assert (number.shape, rows.shape) == ([], [None, 3])
    assert describing._input(x, True, "x", {}).shape is None


def test_a_rate_that_was_fed_as_float32_is_the_decimal_that_it_was_written_as():
    recording = object.__new__(Recording)
    fed = {"rate": np.full(3, 1e-4, "f4"), "is_training": np.ones(3, bool), "k": np.arange(3.0)}
    recording.__dict__["fed"] = fed
    assert recording.modes() == {"rate": 1e-4, "is_training": True}


def of_both():
    """Noise of the size of what is made of reals and fakes, one below the other."""
    x = tf.placeholder(tf.float32, [None, 16], "x")
    z = tf.placeholder(tf.float32, [None, 8], "z")
    both = tf.concat([x, dense(z, 16, "g/a")], 0)
    loss = tf.reduce_mean(dense(both + tf.random_normal(tf.shape(both)), 1, "net/a"))
    tf.train.GradientDescentOptimizer(0.1).minimize(loss)


def test_noise_as_large_as_two_batches_is_not_written_with_the_rows_of_one():
    with pytest.raises(d.Refused, match="random numbers in a network"):
        written(of_both)


def rows_normalised(x, units, name):
    """A fused norm of rows, given to the kernel as maps of one pixel, as slim has it."""
    with tf.variable_scope(name, reuse=tf.AUTO_REUSE):
        h = dense(x, units, "fc")
        parts = [tf.get_variable(n, [units]) for n in ("gamma", "beta")]
        y, mean, variance = tf.nn.fused_batch_norm(tf.reshape(h, [-1, 1, 1, units]), *parts)
        for part, of in (("mean", mean), ("variance", variance)):
            average = tf.get_variable(f"moving_{part}", [units], trainable=False)
            move = tf.assign_sub(average, (average - of) * 0.1)
            tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, move)
        return tf.reshape(y, [-1, units])


def beside_the_loss():
    """Two networks; the second's call on x is there for its averages alone."""
    x, z = (tf.placeholder(tf.float32, [4, 3], n) for n in "xz")
    rows_normalised(rows_normalised(x, 5, "body"), 2, "head")
    loss = tf.reduce_mean(rows_normalised(rows_normalised(z, 5, "body"), 2, "head") ** 2)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        for name in ("body", "head"):
            own = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, f"{name}/")
            tf.train.GradientDescentOptimizer(0.1).minimize(loss, var_list=own, name=f"{name}_step")


def test_a_norm_of_rows_that_is_called_for_its_averages_alone_is_one_norm():
    text = written(beside_the_loss)["training.py"]
    assert "moves its averages" in text and text.count("self.body(x, training=True)") >= 1
