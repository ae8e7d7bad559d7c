"""Programs of every habit are recorded whole, and no more of them than is needed."""

import zipfile

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from script_runs import call

from dcgan_v1.migration.recordings.tf1_recorder.files import save_arrays
from dcgan_v1.migration.recordings.tf1_recorder.values import variable_values
from dcgan_v1.migration.recordings.tf1_recording import Recording

pytestmark = pytest.mark.compare


def record(tmp_path, text, *args):
    (tmp_path / "program").mkdir(exist_ok=True)
    program = tmp_path / "program" / "main.py"
    program.write_text(HEAD + text)
    return call(
        "run_legacy.py", "--run-dir", tmp_path / "run", "--record", tmp_path / "rec", *args, program
    )


HEAD = """
import threading
import tensorflow as tf
x = tf.placeholder(tf.float32, [2, 3], "x")
w = tf.get_variable("w", [3, 1])
v = tf.get_variable("v", [2, 1])
feed = {x: [[1, 2, 3], [4, 5, 6]]}
loss = tf.reduce_mean(tf.square(tf.matmul(x, w) - v), name="loss")
one = tf.train.GradientDescentOptimizer(0.01).minimize(loss, var_list=[w], name="one")
two = tf.train.GradientDescentOptimizer(0.01).minimize(loss, var_list=[v], name="two")
init = tf.global_variables_initializer()
"""


@pytest.mark.parametrize(
    ("text", "args", "runs", "steps"),
    [
        # a graph that is finished, as a session of tf.train's has it
        (
            "with tf.train.MonitoredTrainingSession() as s:\n    while True: s.run(one, feed)\n",
            ["--steps", 3],
            3,
            1,
        ),
        # a thread that waits in another call of the session
        (
            "q = tf.FIFOQueue(1, tf.float32, [[]])\n"
            "with tf.Session() as s:\n"
            "    s.run(init); s.run(q.enqueue(1.0)); put = q.enqueue(1.0)\n"
            "    def wait():\n"
            "        try: s.run(put)\n"
            "        except Exception: pass\n"
            "    threading.Thread(target=wait, daemon=True).start()\n"
            "    for i in range(9): s.run(one, feed)\n",
            ["--steps", 4],
            4,
            1,
        ),
        # fewer runs than were asked for
        (
            "with tf.Session() as s:\n    s.run(init)\n"
            "    for i in range(2): s.run(one, feed); s.run(two, feed)\n",
            ["--steps", 9],
            4,
            2,
        ),
        # a step unlike the first ends it
        (
            "with tf.Session() as s:\n    s.run(init)\n"
            "    for op in [one, two, one, two, one, one, two] * 9: s.run(op, feed)\n",
            ["--whole-steps", 5],
            6,
            2,
        ),
        # a bare except takes the end for an error
        (
            "with tf.Session() as s:\n    s.run(init)\n"
            "    for i in range(99):\n"
            "        try: s.run(one, feed)\n"
            "        except: pass\n",
            ["--steps", 3],
            3,
            1,
        ),
        # an update that is written by hand
        (
            "by_hand = tf.assign_sub(w, 0.01 * tf.gradients(loss, w)[0])\n"
            "with tf.Session() as s:\n    s.run(init)\n"
            "    for i in range(5): s.run(by_hand, feed)\n",
            ["--steps", 2],
            2,
            1,
        ),
    ],
)
def test_programs_of_every_habit_are_recorded_whole(tmp_path, text, args, runs, steps):
    done = record(tmp_path, text, *args)
    assert done.returncode == 0, done.stdout + done.stderr
    found = Recording(tmp_path / "rec")
    assert len(found._entries) == runs, done.stdout + done.stderr
    assert len(found.steps) == steps
    with np.load(tmp_path / "rec" / "after.npz") as after:
        assert "w" in after.files


COUNTS = """
count = tf.Variable(0, name="count")
rate = tf.Variable(0.1, name="rate")
more, lower = tf.assign_add(count, 1), tf.assign_sub(rate, 0.01)
with tf.Session() as s:
    s.run(tf.global_variables_initializer())
    for i in range(3): s.run(one, feed); s.run(more); s.run([lower])
"""


def test_a_counter_that_goes_up_is_no_training_run(tmp_path):
    done = record(tmp_path, COUNTS, "--steps", 9)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 training runs" in done.stdout
    assert Recording(tmp_path / "rec").runs == [["one"]] * 3


LARGE = """
import sys
sys.modules["dcgan_v1.migration.recordings.tf1_recorder.recorder"].LARGE = 5e6
big = tf.get_variable("big", [1300, 1000], initializer=tf.random_normal_initializer())
ADAM = tf.train.AdamOptimizer(0.01).minimize(tf.reduce_sum(big[:, :1] ** 2), name="adam")
with tf.Session() as s:
    s.run(tf.global_variables_initializer())
    for i in range(3): s.run(ADAM)
"""


def test_of_a_large_network_no_more_is_recorded_than_is_needed(tmp_path):
    done = record(tmp_path, LARGE, "--steps", 3)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "variables of 16 MB, twice, and gradients of 5 MB once" in done.stdout
    assert "recorded run 1 of 3, " in done.stdout
    found = Recording(tmp_path / "rec")
    assert found.run(0)["gradient/big|adam/update_big/ApplyAdam"].shape == (1300, 1000)
    assert not any(key.startswith("gradient/") for key in found.run(1))
    with np.load(tmp_path / "rec" / "after.npz") as after:
        assert "big" in after.files
        assert "big/Adam" not in after.files
    assert found.values["big/Adam_1"].shape == (1300, 1000)
    sizes = {p.name: p.stat().st_size for p in (tmp_path / "rec").iterdir()}
    assert sizes["before.npz"] < 5.5e6  # slots of zeros are nearly nothing
    done = call("compare.py", "--recording", tmp_path / "rec")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "weights at the end: 0.0e+00 apart" in done.stdout


@pytest.mark.unit
@pytest.mark.parametrize("without_values", [(), (3,), (0, 5, 9)])
def test_variables_are_read_in_one_call_where_all_have_values(without_values):
    """TensorFlow 1.15 optimises the whole graph anew for each call of other tensors."""
    with tf.Graph().as_default(), tf.Session() as session:
        chosen = [tf.get_variable(f"v{i}", initializer=float(i)) for i in range(10)]
        session.run([v.initializer for i, v in enumerate(chosen) if i not in without_values])
        calls = []

        def counted(session, fetches):
            calls.append(fetches)
            return session.run(fetches)

        values = variable_values(counted, session, without=["v1"])
    kept = set(range(10)) - {1, *without_values}
    assert values == {f"v{i}": float(i) for i in kept}
    assert len(calls) == 1 if not without_values else len(calls) < 20


def test_arrays_are_compressed_where_they_become_smaller(tmp_path):
    arrays = {
        "weights": np.random.default_rng(1).normal(size=50000).astype(np.float32),
        "zeros": np.zeros((40, 5000), np.float32),
        "bytes": np.arange(40000, dtype=np.int64) % 3,
        "few": np.float64(3.5),
        "nothing": np.zeros((0, 3)),
    }
    save_arrays(str(tmp_path / "a.npz"), arrays)
    with np.load(tmp_path / "a.npz") as read:
        for name, array in arrays.items():
            assert np.array_equal(read[name], array), name
    with zipfile.ZipFile(tmp_path / "a.npz") as file:
        kinds = {info.filename: info.compress_type for info in file.infolist()}
    assert kinds["weights.npy"] == zipfile.ZIP_STORED
    assert kinds["zeros.npy"] == kinds["bytes.npy"] == zipfile.ZIP_DEFLATED


def test_other_files_of_a_folder_are_left_alone(tmp_path):
    (tmp_path / "rec").mkdir()
    (tmp_path / "rec" / "run_all.sh").write_text("mine")
    done = record(
        tmp_path, "with tf.Session() as s:\n    s.run(init)\n    s.run(one, feed)\n", "--steps", 1
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "rec" / "run_all.sh").read_text() == "mine"
