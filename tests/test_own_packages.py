"""Which files a TF1 program imports: its own, the original's folders, TF1 for these alone."""

import pytest
from old_programs import written
from script_runs import ENVIRONMENT, call, fresh

pytestmark = pytest.mark.cli
TF1 = """
import sys
import tensorflow as tf
import library
import own

x = tf.placeholder(tf.float32, [2, 3])
w = tf.get_variable("w", [3, 1])
loss = tf.reduce_mean(tf.matmul(x, w))
step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
print("here", tf.__version__, sys.modules["tensorflow"].__version__)
print("library", library.version())
import importlib
print("own", own.version(), importlib.import_module("tensorflow").__version__)
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    for i in range(50):
        session.run([step, loss], {x: [[1, 2, 3], [4, 5, 6]]})
        print("step", i)
"""


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "program"
    made.mkdir()
    return made


def test_tensorflow_means_tf1_for_the_programs_files_alone(folder, tmp_path):
    for place in ("library", "own"):
        (tmp_path / place).mkdir()
        written(
            tmp_path / place,
            f"{place}.py",
            "import tensorflow as tf\n\ndef version():\n    return tf.__version__\n",
        )
    text = TF1.replace("import sys\n", f"import sys\nsys.path.append({str(tmp_path / 'own')!r})\n")
    done = fresh(
        "run_legacy.py",
        "--run-dir",
        tmp_path / "run",
        "--steps",
        3,
        written(folder, "main.py", text),
        env={**ENVIRONMENT, "PYTHONPATH": str(tmp_path / "library")},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "here 1.15.5 2." in done.stdout
    assert "library 2." in done.stdout
    assert "own 1.15.5 1.15.5" in done.stdout  # what the program adds to the path is its
    assert "step 1" in done.stdout
    assert "step 2" not in done.stdout  # the third run is the last
    assert "3 training runs; the last one fetched" in done.stdout


def test_a_package_above_the_program_is_its_own(tmp_path):
    (tmp_path / "root" / "launchers").mkdir(parents=True)
    (tmp_path / "root" / "pack").mkdir()
    written(
        tmp_path / "root" / "pack",
        "net.py",
        "from tensorflow.examples.tutorials.mnist import input_data\n",
    )
    program = written(
        tmp_path / "root" / "launchers",
        "main.py",
        "from pack.net import input_data\nprint('had it')\n",
    )
    done = fresh(
        "run_legacy.py",
        "--run-dir",
        tmp_path / "run",
        program,
        env={**ENVIRONMENT, "PYTHONPATH": str(tmp_path / "root")},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "had it" in done.stdout


def test_folders_above_that_a_program_puts_on_its_path_are_those_of_the_original(tmp_path):
    for name in ("sub", "lib"):
        (tmp_path / "root" / name).mkdir(parents=True)
    text = "from tensorflow.examples.tutorials.mnist import input_data\n"
    written(tmp_path / "root" / "lib", "helper.py", text)
    written(tmp_path / "root", "above.py", text)
    text = """
import os, sys
sys.path.append(os.path.join(os.path.dirname(__file__), "..", "lib"))
sys.path.append("..")
from helper import input_data
import above
print("both", above.input_data is input_data)
"""
    program = written(tmp_path / "root" / "sub", "main.py", text)
    done = call("run_legacy.py", "--run-dir", tmp_path / "run", program)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "both True" in done.stdout
