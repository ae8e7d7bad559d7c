"""TF1 programs run as they are; their folder stays as it is, and failures take one line."""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from old_programs import digest, run, written
from script_runs import call

from dcgan_v1.migration.programs import stand_ins
from dcgan_v1.migration.programs.program import Program

pytestmark = pytest.mark.cli

LEGACY = Path(__file__).parent / "legacy"


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "program"
    made.mkdir()
    return made


def test_neither_the_programs_files_nor_the_data_can_be_written_over(folder, tmp_path):
    (folder / "big.npy").write_bytes(b"1" * 2_000_000)
    faces = tmp_path / "faces"
    faces.mkdir()
    (faces / "000001.jpg").write_bytes(b"face")
    program = written(
        folder,
        "main.py",
        """
import os
open("big.npy", "wb").write(b"x")
os.makedirs(os.path.join(os.path.dirname(os.path.abspath(__file__)), "results"))
os.makedirs("img_align_celeba", exist_ok=True)
open("img_align_celeba/sample.png", "w").write("x")
""",
    )
    before = digest(folder), digest(faces)
    done = run(program, "--data-dir", faces)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (digest(folder), digest(faces)) == before
    assert not (folder / "results").exists()


def test_a_second_start_sees_what_was_written_and_what_was_edited(folder):
    (folder / "settings.txt").write_text("first")
    program = written(
        folder,
        "main.py",
        """
import os
print(open("settings.txt").read(), os.path.exists("checkpoint"))
open("checkpoint", "w").write("x")
""",
    )
    assert "first False" in run(program).stdout
    (folder / "settings.txt").write_text("second")
    later = (folder / "settings.txt").stat().st_mtime + 5
    os.utime(folder / "settings.txt", (later, later))
    assert "second True" in run(program).stdout


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("tf.contrib.gan.estimator", "main.py:3: tf.contrib.gan; TF-GAN carries it"),
        ("from tensorflow.contrib import gan", "main.py:3: tf.contrib.gan; TF-GAN"),
        ("import tensorflow.contrib.gan as g", "main.py:3: tf.contrib.gan; TF-GAN"),
        ("from tensorflow.contrib.opt import X", "main.py:3: tf.contrib.opt"),
        ("import moviepy.editor as m; m.VideoClip()", "pip install moviepy"),
        ("tf.no_such_name()", "main.py:3: tf.no_such_name"),
        ("tf.losses.no_such_name()", "main.py:3: tf.losses.no_such_name"),
        ("import cv2; cv2.Canny(1, 2)", "main.py:3: cv2.Canny; pip install opencv-"),
        ("raise ValueError('its own')", "the program failed: ValueError: its own"),
        ("import sys; sys.exit(3)", "main.py ended itself: exit code 3"),
        ("def f(:", "main.py:3 is not Python 3"),
    ],
)
def test_what_cannot_be_had_is_said_in_one_line(folder, line, said):
    done = run(written(folder, "main.py", f"import tensorflow as tf\n\n{line}\n"), "--python", 3)
    assert done.returncode == 2, done.stdout
    (last,) = [x for x in done.stderr.splitlines() if x.startswith("error:")]
    assert said in last


@pytest.mark.unit
def test_what_a_program_does_without_is_not_there(tmp_path):
    """A stand-in would be taken for the package, and fail where it is called."""
    package = next(p for p in stand_ins.OPTIONAL if find_spec(p) is None)
    text = f"""
import {package}
try:
    from {package}.inner import name
    found = 1
except:
    found = 2
try:
    import os, {package}.inner
except (ValueError, ImportError):
    found += 10
try:
    import {package}.inner
except ValueError:
    pass
try:
    import json
except ImportError:
    found += 100
"""
    (tmp_path / "main.py").write_text(text)
    program = Program(tmp_path / "main.py", {package: stand_ins.StandIn(package)})
    names = {"__builtins__": program._builtins}
    exec(program.code(tmp_path / "main.py", text), names)
    assert names["found"] == 12


def test_data_is_found_where_programs_look_without_copying(folder, tmp_path):
    faces = tmp_path / "some" / "faces"
    faces.mkdir(parents=True)
    (faces / "000001.jpg").write_bytes(b"none")
    program = written(
        folder,
        "main.py",
        """
import os
from glob import glob
from tensorflow.examples.tutorials.mnist import input_data
import numpy as np
data = input_data.read_data_sets("MNIST_data", one_hot=True, validation_size=10)
print(data.train.num_examples, data.train.labels.shape, np.float is float)
print(glob("data/celebA/*.jpg"), glob("./img_align_celeba/*.jpg"))
with open("data/mnist/train-labels-idx1-ubyte", "rb") as file:
    print(len(file.read()))
""",
    )
    done = run(program, "--data-dir", LEGACY / "data", "--data-dir", faces)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "50 (50, 10) True" in done.stdout
    assert "['data/celebA/000001.jpg'] ['./img_align_celeba/000001.jpg']" in done.stdout
    assert "\n68\n" in done.stdout
    done = run(program, "--data-dir", folder)
    assert done.returncode == 2
    assert "has neither train-images-idx3-ubyte.gz nor pictures" in done.stderr


def test_a_top_level_setting_is_overridden(folder):
    program = written(
        folder,
        "main.py",
        "is_training = False\nn = 1\nkind = 'GAN'\nprint('training', is_training, n, kind)\n",
    )
    done = run(program, "--set", "is_training=True", "--set", "n=2 + 3", "--set", "kind=WGAN-GP")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "training True 5 WGAN-GP" in done.stdout
    for wrong, said in (
        ("other=1", "no assignment to other"),
        ("n=(", "not a Python expression"),
        ("n", "NAME=VALUE"),
    ):
        done = run(program, "--set", wrong)
        assert done.returncode == 2
        assert said in done.stderr


def test_flags_and_slots_of_before_1_0(folder):
    program = written(
        folder,
        "main.py",
        """
import tensorflow as tf
flags = tf.app.flags
flags.DEFINE_integer("size", 1e5, "an integer whose default is a float")
flags.DEFINE_string("name", None, "none")
flags.DEFINE_string("name", "twice", "the later one wins")
FLAGS = flags.FLAGS

from tensorflow.models.rnn import rnn, rnn_cell

def main(_):
    FLAGS.depth = FLAGS.size or 3  # which nobody has defined
    print("flags", FLAGS.size, FLAGS.name, FLAGS.depth)
    y, _ = rnn.rnn(rnn_cell.GRUCell(2), [tf.zeros([1, 3])] * 2, dtype=tf.float32)
    print("rnn", y[-1].get_shape())
    w = tf.get_variable("w", [2])
    with tf.variable_scope("s", reuse=True):
        tf.train.AdamOptimizer().minimize(tf.reduce_sum(w * w), var_list=[w])
    print([v.op.name for v in tf.all_variables()])

if __name__ == "__main__":
    tf.app.run()
""",
    )
    done = call("run_legacy.py", "--run-dir", folder.parent / "run", program, "--size", 7)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "flags 7 twice 7" in done.stdout
    assert "rnn (1, 2)" in done.stdout
    assert "s/w/Adam" in done.stdout
    assert "not quite what it was: slots of variables made under reuse" in done.stdout


def test_recording_needs_to_know_how_much_and_a_run_to_record(folder, tmp_path):
    program = written(folder, "main.py", "print('nothing')\n")
    done = run(program, "--record", tmp_path / "rec")
    assert done.returncode == 2
    assert "--record needs --steps" in done.stderr
    done = run(program, "--record", tmp_path / "rec", "--steps", 3)
    assert done.returncode == 2
    assert "ended before any training run" in done.stderr
    done = run(folder / "absent.py")
    assert done.returncode == 2
    assert "absent.py does not exist" in done.stderr


def test_what_a_program_assigns_to_a_module_of_pythons_is_assigned_there(folder):
    text = """
import argparse, sys, time
class Both(object):
    def __init__(self, terminal, log): self.all = terminal, log
    def write(self, text): [each.write(text) for each in self.all]
    def flush(self): [each.flush() for each in self.all]
sys.stdout = Both(sys.stdout, open("log.txt", "w"))
print("in both")
sys.stdout.flush()
print("the log has", open("log.txt").read().strip())
sys.argv = ["main.py", "--n", "7"]
parser = argparse.ArgumentParser()
parser.add_argument("--n", type=int)
print("n", parser.parse_args().n)
time.clock = lambda: 5
print("clock", time.clock())
"""
    done = run(written(folder, "main.py", text))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the log has in both\nn 7\nclock 5\n" in done.stdout
