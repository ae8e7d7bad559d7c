"""A program is recorded here and on TensorFlow 1.15 alike; recordings are data, replayed here."""

import ast
import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from marks import TF1_15
from script_runs import call

from dcgan_v1.errors import UserError
from dcgan_v1.migration.recordings.recorder import Recorder, save_arrays, whole_steps
from dcgan_v1.migration.recordings.recording import Recording

pytestmark = pytest.mark.compare

ROOT = Path(__file__).resolve().parents[1]
LEGACY = ROOT / "tests" / "legacy"
RECORDER = ROOT / "dcgan_v1" / "migration" / "recordings" / "recorder.py"
QUICK = ("--dtype", "float64", "--timing-steps", 0, "--quiet")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """small_gan.py, recorded by run_legacy.py for three whole steps."""
    made = tmp_path_factory.mktemp("recorded")
    done = call(
        "run_legacy.py",
        "--run-dir",
        made / "run",
        "--record",
        made / "rec",
        "--whole-steps",
        3,
        LEGACY / "small_gan.py",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return made / "rec"


def words(text):
    return " ".join(text.split())


def test_a_recording_holds_what_each_run_was_fed_drew_and_gave(recorded):
    found = Recording(recorded)
    assert found.runs == [["Adam"], ["Adam_1"]]
    assert found.steps == [[0, 1], [2, 3], [4, 5]]
    assert found.made_on["tensorflow"].startswith("2.")
    first = found.run(0)
    assert first["feed/x"].shape == (8, 4)
    assert first["fetch/add"].shape == ()
    draws = [key for key in first if key.startswith("draw/")]
    assert len(draws) == 2  # dropout of the real and of the drawn
    assert {k.partition("|")[0] for k in first if k.startswith("gradient/")} == {
        "gradient/d/w",
        "gradient/d/b",
        "gradient/d/v",
    }
    fed = found.fed
    assert fed["z"].shape == fed["z@2"].shape == (3, 8, 3)
    assert not np.array_equal(fed["z"], fed["z@2"])
    assert "x@2" not in fed  # the same in both runs
    assert found.modes().keys() == {"train", "keep"}
    with np.load(recorded / "after.npz") as after:
        assert found.values.keys() == set(after.files)
        assert not np.array_equal(found.values["d/w"], after["d/w"])


def test_a_recorded_program_and_its_port_are_the_same(recorded):
    done = call("compare.py", "--recording", recorded, f"{LEGACY}/small_gan_port.py:new", *QUICK)
    assert done.returncode == 0, done.stdout + done.stderr
    said = words(done.stdout)
    assert "input z@2 float64 [8, 3] -> z_2" in said
    # on the same TensorFlow the replay is the recording, bit for bit
    assert "gradients of later runs: 0.0e+00 apart" in said
    assert "weights at the end: 0.0e+00 apart" in said


@pytest.mark.smoke
def test_from_an_unmodified_program_to_a_verdict_in_one_command(tmp_path):
    done = call(
        "compare.py",
        "--program",
        LEGACY / "small_gan.py",
        f"{LEGACY}/small_gan_port.py:other_decay",
        "--steps",
        2,
        *QUICK,
        "--report",
        tmp_path / "out",
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "a step keeps 0.9801 (0.99 in each of 2 passes) of the average, in TF1 0.81" in words(
        done.stdout
    )
    page = (tmp_path / "out" / "report.html").read_text()
    assert "As it was recorded, and here" in page


def test_a_recording_is_replayed_without_a_port(recorded):
    done = call("compare.py", "--recording", recorded)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 steps in float32" in done.stdout
    assert "slots at the end: 0.0e+00 apart" in done.stdout


def test_asking_for_more_steps_than_were_recorded_is_refused(recorded):
    done = call(
        "compare.py",
        "--recording",
        recorded,
        f"{LEGACY}/small_gan_port.py:new",
        "--steps",
        9,
        *QUICK,
    )
    assert done.returncode == 2
    assert "has 3 whole steps, not 9" in done.stderr


@pytest.mark.parametrize(
    "broken", ["unfinished", "none", "format", "pickle", "text", "types", "steps"]
)
def test_what_is_no_recording_is_refused_and_no_pickle_is_read(recorded, tmp_path, broken):
    folder = tmp_path / "rec"
    shutil.copytree(recorded, folder)
    if broken == "unfinished":
        (folder / "recording.json").unlink()
    elif broken == "none":
        shutil.rmtree(folder)
    elif broken == "format":
        (folder / "recording.json").write_text(json.dumps({"format": 99}))
    elif broken in ("types", "steps"):
        told = json.loads((folder / "recording.json").read_text())
        told |= {"made on": [1]} if broken == "types" else {"steps": [[0, 1], [99]]}
        (folder / "recording.json").write_text(json.dumps(told))
    elif broken == "text":
        (folder / "recording.json").write_text("{")
    else:
        np.savez(folder / "before.npz", x=np.array([object()], object))
    with pytest.raises(UserError) as error:
        _ = Recording(folder).values
    said = {
        "unfinished": "is not complete",
        "none": "is none",
        "text": "is no JSON",
        "format": "another format",
        "types": "do not fit",
        "steps": "do not fit",
        "pickle": "is not an .npz of arrays",
    }
    assert said[broken] in str(error.value)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("kinds", "alone", "steps"),
    [
        ("DGDGDG", False, [[0, 1], [2, 3], [4, 5]]),
        ("DGGDGGD", False, [[0, 1, 2], [3, 4, 5]]),
        ("DDDDDGDDDDDG", False, [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]),
        ("DDD", True, [[0], [1], [2]]),
        ("DDD", False, []),
        ("DG", False, []),
        ("DGDDG", False, [[0, 1]]),
        ("D" * 200, False, [[i] for i in range(200)]),
        ("", False, []),
    ],
)
def test_a_step_begins_where_the_first_kind_comes_again(kinds, alone, steps):
    assert whole_steps(list(kinds), alone) == steps


@pytest.mark.unit
def test_the_recorder_is_one_file_in_the_language_of_python_3_5():
    tree = ast.parse(RECORDER.read_text(), feature_version=(3, 5))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported == {
        "argparse",
        "atexit",
        "io",
        "json",
        "os",
        "platform",
        "re",
        "runpy",
        "sys",
        "threading",
        "time",
        "zipfile",
        "zlib",
        "numpy",
        "tensorflow",
    }
    assert not any(isinstance(node, ast.JoinedStr) for node in ast.walk(tree))


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
    assert len(found._described) == runs, done.stdout + done.stderr
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
sys.modules["dcgan_v1.migration.recordings.recorder"].LARGE = 5e6
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

        recorder = Recorder()
        recorder._plain = counted
        values = recorder._variables(session, without=["v1"])
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


@pytest.mark.release
@pytest.mark.tf115
def test_a_recording_of_1_15_is_compared_and_its_distance_said(tmp_path):
    shutil.copy(LEGACY / "small_gan.py", tmp_path)
    shutil.copy(RECORDER, tmp_path)  # taken to where the old program lives
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TF")}
    done = subprocess.run(
        [TF1_15, "-m", "recorder", "--record", "rec", "--steps", "6", "small_gan.py"],
        cwd=tmp_path,
        env={**clean, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    done = call(
        "compare.py", "--recording", tmp_path / "rec", f"{LEGACY}/small_gan_port.py:new", *QUICK
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "recorded on TensorFlow 1.15.5" in done.stdout
    rows = [line for line in done.stdout.splitlines() if " apart at most (" in line]
    apart = [float(line.partition(": ")[2].split()[0]) for line in rows]
    assert len(apart) == 7
    assert max(apart) < 1e-5
