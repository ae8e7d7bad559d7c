"""Losses and slices of public programs, as ports write them: values beside TensorFlow's own."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from test_written_forms import dense, written

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison.pairs.pairing import Pairing
from dcgan_v1.migration.matching.fingerprints import Certificate
from dcgan_v1.migration.matching.map_file import Map
from dcgan_v1.migration.matching.matching import Matching
from dcgan_v1.migration.records import PortInfo
from dcgan_v1.migration.runners.tf1 import describing
from dcgan_v1.migration.runners.tf1.reading import updates
from dcgan_v1.migration.specs import Tf1
from dcgan_v1.porting import description as d
from dcgan_v1.porting import originals
from dcgan_v1.porting.reading.network_names import name_of
from dcgan_v1.porting.tensorflow import tf_ops
from dcgan_v1.porting.text.slicing import index_of

RNG = np.random.default_rng(0)


def losses_of_rows(penalty):
    """An update of a loss that has a number for each row, and perhaps a gradient inside it."""
    x = tf.placeholder(tf.float32, [6, 3], "x")
    y = dense(x, 1, "net")
    loss = tf.square(y) + 2.0 * y
    if penalty:
        loss += tf.square(tf.gradients(tf.tanh(y), x)[0])
    return x, loss, tf.train.GradientDescentOptimizer(0.1).minimize(loss)


@pytest.mark.graph
@pytest.mark.parametrize("penalty", [False, True])
def test_a_loss_of_a_number_a_row_is_the_sum_that_its_gradients_are_of(penalty):
    given = RNG.normal(size=(6, 3)).astype("f4")
    with tf.Graph().as_default() as graph, tf.Session() as session:
        x, loss, _ = losses_of_rows(penalty)
        (update,) = updates.find(graph)
        (found,) = updates.losses(update, graph)
        w = tf.trainable_variables()[0]
        ours = tf.gradients(found, w)[0]
        session.run(tf.global_variables_initializer())
        feed = {x: given}
        assert session.run(found, feed) == pytest.approx(session.run(loss, feed).sum(), rel=1e-5)
        theirs = session.run(update.applies[0].gradient, feed)
        np.testing.assert_allclose(session.run(ours, feed), theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.graph
@pytest.mark.parametrize(
    ("to", "said"),
    [("keras", "loss = tf.reduce_sum("), pytest.param("torch", ".sum()", marks=pytest.mark.torch)],
)
def test_a_loss_of_a_number_a_row_is_written_as_its_sum(to, said):
    assert said in written(lambda: losses_of_rows(False), to)["training.py"]


def _slice(x, begin, size):
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(tf.slice(x, begin, size))


@pytest.mark.unit
def test_a_slice_by_sizes_is_python_s_own():
    x = RNG.normal(size=(5, 4, 3))
    for _ in range(6):
        begin = [int(RNG.integers(0, n)) for n in x.shape]
        most = np.array(x.shape) - begin
        size = [int(RNG.choice([-1, RNG.integers(1, n + 1)])) for n in most]
        values = [d.Value(n, x.shape) for n in ("y.1", "x.0")]
        numbers = [d.Constant(np.array(n, np.int32)) for n in (begin, size)]
        node = d.Node("op", (values[0],), (values[1], *numbers), {"type": "Slice"})
        index = index_of(node)
        np.testing.assert_array_equal(eval(f"x[{index}]"), _slice(x, begin, size))
        assert not index.endswith(", :")
    assert "[" in tf_ops.Printer({"x.0": "x"}, str, "float32").expression(node)


def judged_by_classes():
    """What sugyan's form of a GAN has: two classes, and one of them for a whole batch."""
    x = tf.placeholder(tf.float32, [4, 3], "x")
    logits = dense(x, 2, "d")
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits
    tf.train.AdamOptimizer(0.1).minimize(
        tf.reduce_mean(entropy(labels=tf.ones([4], tf.int64), logits=logits))
    )


@pytest.mark.graph
@pytest.mark.parametrize(
    ("to", "line"),
    [
        ("keras", "tf.fill(tf.shape(on_x)[:-1], 1)"),
        ("tf2", "tf.fill(tf.shape(on_x)[:-1], 1)"),
        pytest.param(
            *("torch", "on_x.new_full(on_x.shape[:-1], 1, dtype=torch.long)"),
            marks=pytest.mark.torch,
        ),
    ],
)
def test_one_class_for_a_batch_is_a_number_a_row_and_not_one_a_logit(to, line):
    assert line in written(judged_by_classes, to)["training.py"]


@pytest.mark.graph
@pytest.mark.parametrize("batch", [4, None])
def test_what_a_queue_gives_has_the_shape_that_the_program_gave_it(batch):
    def build():
        queue = tf.FIFOQueue(9, [tf.float32], [[6, 5, 3]])
        x = queue.dequeue_many(4) if batch else queue.dequeue_up_to(4)
        w = tf.get_variable("net/conv/w", [3, 3, 3, 2])
        maps = tf.nn.conv2d(x, w, [1, 2, 2, 1], "SAME")
        tf.train.AdamOptimizer(0.1).minimize(tf.reduce_mean(maps))

    runner, _ = originals.open_original(Tf1(function=build), Map(), "program")
    maps = runner.graph.get_tensor_by_name("Conv2D:0")
    assert maps.shape.as_list() == [batch, 3, 3, 2]


@pytest.mark.graph
def test_a_step_in_float32_waits_for_no_queue_that_it_is_fed_the_batches_of():
    def build():
        x = tf.FIFOQueue(9, [tf.float32], [[6, 5, 3]]).dequeue_many(4)
        w = tf.get_variable("net/conv/w", [3, 3, 3, 2])
        maps = tf.nn.conv2d(x, w, [1, 2, 2, 1], "SAME")  # its gradient asks for the shape of x
        tf.train.AdamOptimizer(0.1).minimize(tf.reduce_mean(maps))

    runner, _ = originals.open_original(Tf1(function=build), Map(), "program")
    runner.load(runner.initial())
    (x,) = runner.roles.inputs.values()
    within = tf.RunOptions(timeout_in_ms=5000)
    loss = runner.roles.losses[0][0]
    given = RNG.normal(size=(4, 6, 5, 3)).astype("f4")
    assert np.isfinite(runner.session.run([loss, *runner.roles.runs], {x: given}, within)[0])


def debiased():
    """A batch norm as one has it who leaves assign_moving_average its default."""
    from tensorflow.python.training import moving_averages

    x = tf.placeholder(tf.float32, [8, 3], "x")
    mean = tf.get_variable("net/mean", [3], trainable=False)
    loss = tf.reduce_mean(tf.square(dense(x, 1, "net")))
    moved = moving_averages.assign_moving_average(mean, tf.reduce_mean(x, 0), 0.9)
    with tf.control_dependencies([moved]):
        tf.train.GradientDescentOptimizer(0.1).minimize(loss)


@pytest.mark.graph
def test_an_average_without_the_bias_of_its_zeros_is_refused_by_what_it_is():
    with pytest.raises(UserError, match=r"without the bias of their zeros, net/mean first \(assi"):
        written(debiased)


@pytest.mark.unit
def test_a_network_whose_scope_is_a_letter_has_the_name_that_it_stands_for():
    beside = ["g/a/w", "gan/G/a/w", "d_/a/w", "deep/a/w"]
    own = [[name, name.replace("/a/", "/b/")] for name in beside]
    words = ["generator", "generator", "discriminator", "deep"]
    assert [name_of(names, beside) for names in own] == words


@pytest.mark.graph
def test_what_noise_makes_is_a_fake_though_the_noise_is_scaled_before():
    def build():
        z = tf.random_uniform([4, 3], -1.0, 1.0)
        x = tf.placeholder(tf.float32, [4, 2], "x")
        fake = dense(dense(z, 3, "g/a"), 2, "g/b")
        for name, loss in (("d", dense(x, 1, "d/b")), ("g", fake)):
            tf.train.AdamOptimizer(0.1).minimize(
                tf.reduce_mean(loss), var_list=tf.get_collection("trainable_variables", f"{name}/")
            )

    assert "fake = self.generator(h)" in written(build)["training.py"]


@pytest.mark.graph
def test_a_head_that_no_loss_is_made_of_is_not_missing_where_the_port_trains_without_it():
    def build():
        h = dense(tf.placeholder(tf.float32, [4, 3], "x"), 3, "d/a")
        dense(h, 2, "d/classes")
        tf.train.AdamOptimizer(0.1).minimize(tf.reduce_mean(dense(h, 1, "d/b")))

    runner, _ = originals.open_original(Tf1(function=build), Map(), "program")
    old = describing.describe(runner)
    left = Matching([], old_only=list(old.variables))
    certificate = Certificate(None, 0)
    pairings = [Pairing(old, PortInfo(), left, certificate, trains=t) for t in (True, False)]
    assert pairings[0].missing == ["d/a/w", "d/b/w"]
    assert pairings[1].missing == ["d/a/w", "d/classes/w", "d/b/w"]


@pytest.mark.graph
@pytest.mark.parametrize(
    ("to", "trained"),
    [
        ("keras", "[self.net.a.kernel, self.net.b.kernel]"),
        pytest.param("torch", "[self.net.a.weight, self.net.b.weight]", marks=pytest.mark.torch),
    ],
)
def test_weights_of_a_norm_that_no_update_trains_are_left_alone(to, trained):
    def build():
        h = dense(tf.placeholder(tf.float32, [4, 3], "x"), 3, "net/a")
        gamma, beta = (tf.get_variable(f"net/bn/{n}", [3]) for n in ("gamma", "beta"))
        h = tf.nn.batch_normalization(h, *tf.nn.moments(h, [0]), beta, gamma, 1e-3)
        loss = tf.reduce_mean(dense(tf.nn.relu(h), 1, "net/b"))
        kernels = [v for v in tf.trainable_variables() if v.op.name.endswith("/w")]
        tf.train.AdamOptimizer(0.1).minimize(loss, var_list=kernels)

    assert trained in written(build, to)["training.py"]
