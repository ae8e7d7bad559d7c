"""Races of a session call are named, and put in one order.

Which op reads what another writes is in the graph, and so is every edge that leaves no race."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from script_runs import call

from dcgan_v1.compare import Tf1
from dcgan_v1.migration.recordings.tf1_recording import Recording
from dcgan_v1.migration.records import Batch
from dcgan_v1.migration.runners.tf1.reading import races
from dcgan_v1.migration.runners.tf1.runner import GraphRunner

pytestmark = pytest.mark.graph
RATE = 0.5


@pytest.fixture(params=[False, True], ids=["references", "resources"])
def graph(request):
    was_new = tf.control_flow_v2_enabled()
    tf.disable_control_flow_v2()  # branches by Switch, as TF1 had them
    with tf.Graph().as_default() as made:
        tf.get_variable_scope().set_use_resource(request.param)
        yield made
    if was_new:
        tf.enable_control_flow_v2()


def variable(name, shape=(3, 1), trainable=True):
    return tf.get_variable(name, shape, initializer=tf.ones_initializer(), trainable=trainable)


def minimize(loss, *variables, name="step"):
    return tf.train.GradientDescentOptimizer(RATE).minimize(loss, var_list=variables, name=name)


def found(*fetches):
    """(kind, variable, first op, second op) of a session call, by parts of their names."""
    ops = [getattr(x, "op", x) for x in fetches]
    values = [x.op for x in fetches if hasattr(x, "op")]
    return {(r.kind, r.variable, r.first.name, r.second.type) for r in races.find(ops, values)}


def kinds(*fetches):
    return {(kind, of) for kind, of, *_ in found(*fetches)}


def x(n=4):
    return tf.placeholder(tf.float32, [n, 3], "x")


def test_a_loss_that_its_gradient_does_not_need_is_of_before_or_after_the_update(graph):
    b = variable("b", (3,))
    loss = tf.reduce_mean(x() + b)  # linear: its gradient reads no sum
    assert kinds(minimize(loss, b), loss) == {(races.VALUE, "b")}


def test_two_updates_of_one_variable_and_readers_of_each_others_are_a_race(graph):
    w, v = variable("w"), variable("v")
    first = minimize(tf.reduce_mean(tf.nn.sigmoid(tf.matmul(x(), w)) ** 2), w, name="first")
    other = tf.nn.sigmoid(tf.matmul(x(), w))  # reads w, and trains v
    both = minimize(tf.reduce_mean(other * tf.nn.sigmoid(v[0])), w, v, name="both")
    assert {(races.WRITES, "w"), (races.MOVES, "w")} == kinds(first, both)
    alone = minimize(tf.reduce_mean(other * tf.nn.sigmoid(v[0])), v, name="alone")
    assert kinds(first, alone) == {(races.MOVES, "w")}


def test_weights_that_are_clipped_beside_their_update_are_a_race_and_clipped_last(graph):
    w = variable("w")
    loss = tf.reduce_mean(tf.matmul(x(), w))
    clip = w.assign(tf.clip_by_value(w, -0.01, 0.01))
    step = minimize(loss, w)
    pairs = found(step, clip.op if hasattr(clip, "op") else clip)
    assert {kind for kind, *_ in pairs} == {races.WRITES, races.MOVES}
    assert all("ApplyGradientDescent" in first for _, _, first, _ in pairs)


def test_averages_beside_their_reader_and_a_weight_beside_its_average_are_a_race(graph):
    w, average = variable("w"), variable("average", (3,), trainable=False)
    h = x()
    move = tf.assign_sub(average, 0.1 * (average - tf.reduce_mean(h, 0)))
    test = tf.reduce_sum(h - average)  # what a sampler shows
    assert kinds(move.op, test) == {(races.VALUE, "average")}
    step = minimize(tf.reduce_mean(tf.square(tf.matmul(h, w))), w)
    ema = tf.train.ExponentialMovingAverage(0.9).apply([w])
    assert kinds(step, ema) == {(races.MOVES, "w")}


def test_what_edges_put_in_order_is_no_race(graph):
    w = variable("w")
    average = variable("average", (1,), trainable=False)
    count = tf.train.get_or_create_global_step()
    y = tf.matmul(x(), w)
    move = tf.assign_sub(average, 0.1 * (average - tf.reduce_mean(y, 0)))
    loss = tf.reduce_mean(tf.square(y))
    rate = tf.train.exponential_decay(0.1, count, 10, 0.9)
    with tf.control_dependencies([move]):
        step = tf.train.AdamOptimizer(rate).minimize(loss, count, var_list=[w])
    with tf.control_dependencies([step]):
        clip = w.assign(tf.clip_by_value(w, -0.01, 0.01))
    with tf.control_dependencies([clip]):
        ema = tf.train.ExponentialMovingAverage(0.9).apply([w])
    summary = tf.summary.histogram("w", w)
    assert not kinds(step, loss, rate, clip.op, ema, summary)


def test_branches_that_exclude_each_other_and_counters_are_no_race(graph):
    average = variable("average", (), trainable=False)
    flag = tf.placeholder(tf.bool, [])
    one = tf.cond(flag, lambda: tf.assign(average, 2.0) + 0.0, lambda: average + 1.0)
    two = tf.cond(flag, lambda: average * 1.0, lambda: tf.assign(average, 3.0) + 0.0)
    writes = {(kind, of) for kind, of in kinds(one, two) if kind == races.WRITES}
    assert not writes
    count = tf.train.get_or_create_global_step()
    assert not kinds(tf.assign_add(count, 1).op, tf.assign_add(count, 1).op)
    w = variable("w")
    assert not kinds(w.assign(w * 0.5).op, tf.shape(w), tf.zeros_like(w))


@pytest.mark.parametrize("inference", [False, True])
def test_a_writer_waits_for_a_reader_that_a_condition_may_leave_out(graph, inference):
    """As a batch norm in tf.cond, whose average is moved outside of it."""
    average, flag = variable("average", (3,), trainable=False), tf.placeholder(tf.bool, [])
    ones = tf.ones([4, 3])
    inner = lambda: tf.cond(tf.logical_not(flag), lambda: ones * 0.0, lambda: ones * average)  # noqa: E731
    y = tf.cond(flag, inner, lambda: ones + 0.0)
    move = tf.assign_sub(average, [0.5, 0.5, 0.5])
    (race,) = races.find([move.op, y.op], [y.op])
    assert races.impose([race], [[move.op, y.op]]).races == [race]
    with tf.Session(graph=graph) as session:
        session.run(tf.global_variables_initializer())
        values, _ = session.run([y, move.op], {flag: inference})
        np.testing.assert_array_equal(values, np.ones((4, 3)))  # of before the move
        np.testing.assert_array_equal(session.run(average), np.full(3, 0.5))


def test_what_the_mode_leaves_out_is_no_race(graph):
    """A batch norm by hand chooses the batch's moments in training and moves averages beside."""
    average, training = variable("average", (3,), trainable=False), tf.placeholder(tf.bool, [])
    mean = tf.reduce_mean(tf.ones([4, 3]), 0)
    chosen = tf.where_v2(training, mean, average * 1.0)
    branch = tf.cond(training, lambda: mean * 1.0, lambda: average * 1.0)
    ops = [tf.assign(average, mean).op, chosen.op, branch.op]
    assert not races.find(ops, ops, {training.op: True})
    assert {r.variable for r in races.find(ops, ops, {training.op: False})} == {"average"}


def wasserstein():
    """One call: the critic's update, its loss and its clip, with no edge between them."""
    real, fake = (tf.placeholder(tf.float32, [4, 3], name) for name in ("real", "fake"))
    w = tf.get_variable("w", [3, 1], initializer=tf.ones_initializer(), use_resource=False)
    tf.add(tf.reduce_mean(tf.matmul(fake, w)), -tf.reduce_mean(tf.matmul(real, w)), "loss")
    loss = tf.get_default_graph().get_tensor_by_name("loss:0")
    minimize(loss, w)
    tf.assign(w, tf.clip_by_value(w, -0.75, 0.75), name="clip")


def test_a_step_with_a_race_has_one_order_which_is_named():
    spec = Tf1(function=wasserstein, runs=[["step", "clip"]])
    runner = GraphRunner(spec, "float64", 2)
    said = " ".join(runner.describe().races)
    assert "ApplyGradientDescent and clip both write w" in said
    assert "here step/update_w/ApplyGradientDescent comes first" in said
    runner.load(runner.initial())
    rng = np.random.default_rng(0)
    w = np.ones((3, 1))
    for _ in range(8):
        real, fake = rng.normal(size=(2, 4, 3))
        loss = float((fake @ w).mean() - (real @ w).mean())  # of before the update
        w = np.clip(w - RATE * (fake.mean(0) - real.mean(0))[:, None], -0.75, 0.75)
        scalars = runner.step(Batch({"real": real, "fake": fake})).scalars
        assert scalars["loss"] == pytest.approx(loss, abs=1e-12)
        np.testing.assert_allclose(runner.variables.read()["w"], w, atol=1e-12)


DECAY = 0.5


def reals_and_fakes():
    """A step of two calls: reals and fakes move one average in the first, fakes alone in the
    second, as a batch norm of tf.contrib that a discriminator's loss and a generator's wait for."""
    average = tf.get_variable(
        "average", (3,), initializer=tf.zeros_initializer(), trainable=False, use_resource=False
    )
    w = tf.get_variable("w", (3,), initializer=tf.ones_initializer(), use_resource=False)
    v = tf.get_variable("v", (3,), initializer=tf.ones_initializer(), use_resource=False)
    losses = []
    for name in ("real", "fake"):
        x = tf.placeholder(tf.float32, [4, 3], name)
        mean = tf.reduce_mean(x, 0)
        with tf.control_dependencies([tf.assign_sub(average, (1 - DECAY) * (average - mean))]):
            losses.append(tf.reduce_mean(tf.square(x - w * tf.identity(mean)) * v))
    minimize(losses[0] + losses[1], w, name="d_step")
    minimize(losses[1], v, name="g_step")


def test_what_one_call_runs_in_an_order_another_may_run_alone():
    spec = Tf1(function=reals_and_fakes, runs=[["d_step"], ["g_step"]])
    runner = GraphRunner(spec, "float64", 2)
    runner.load(runner.initial())
    assert "no order" not in " ".join(runner.describe().races)
    rng, average = np.random.default_rng(0), np.zeros(3)
    for _ in range(20):
        real, fake = rng.normal(size=(2, 4, 3))
        runner.step(Batch({"real": real, "fake": fake}))
        for x in (real, fake, fake):
            average = DECAY * average + (1 - DECAY) * x.mean(0)
        np.testing.assert_allclose(runner.variables.read()["average"], average, atol=1e-12)


PROGRAM = """
import sys
import numpy as np
import tensorflow as tf
x, z = tf.placeholder(tf.float32, [4, 3], "x"), tf.placeholder(tf.float32, [4, 3], "z")
w = tf.get_variable("w", [3, 1])
v = tf.get_variable("v", [3, 3])
loss = tf.reduce_mean(tf.matmul(tf.matmul(z, v), w)) - tf.reduce_mean(tf.matmul(x, w))
critic = tf.train.GradientDescentOptimizer(0.1).minimize(loss, var_list=[w], name="critic")
other = tf.train.GradientDescentOptimizer(0.1).minimize(-loss, var_list=[v], name="other")
clip = [p.assign(tf.clip_by_value(p, -0.3, 0.3)) for p in [w]]
with tf.Session() as s:
    s.run(tf.global_variables_initializer())
    for i in range(20):
        feed = {x: np.random.randn(4, 3), z: np.random.randn(4, 3)}
        if "apart" in sys.argv:
            s.run([critic, loss], feed)
            s.run(clip)
        else:
            s.run([critic, loss, clip], feed)
        s.run([other, loss], feed)
"""


@pytest.fixture
def record(tmp_path):
    def run(*args):
        (tmp_path / "program").mkdir()
        (tmp_path / "program" / "main.py").write_text(PROGRAM)
        into = ("--run-dir", tmp_path / "run", "--record", tmp_path / "rec", "--steps", 7)
        done = call("run_legacy.py", *into, tmp_path / "program" / "main.py", *args)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout, tmp_path / "rec"

    return run


@pytest.mark.compare
def test_recording_and_replay_name_the_race_of_an_unmodified_program(record):
    printed, folder = record()
    assert "race: critic/update_w/ApplyGradientDescent and Assign" in printed
    assert Recording(folder).runs[0] == ["critic", "Assign"]
    done = call("compare.py", "--recording", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    said = " ".join(done.stdout.split())
    assert "ApplyGradientDescent comes first" in said
    assert "these distances are the race's" in said


@pytest.mark.compare
def test_a_clip_in_a_call_of_its_own_is_recorded_and_no_training_run(record):
    printed, folder = record("apart")
    assert "7 training runs" in printed
    assert "both write" not in printed
    found = Recording(folder)
    assert found.runs == [["critic"], ["Assign"], ["other"]]
    assert len(found.steps) == 3
    done = call("compare.py", "--recording", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "gradients of later runs: 0.0e+00 apart" in done.stdout
