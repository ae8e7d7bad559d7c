"""MNIST is found wherever an old program looks for it: without --data-dir the files that ship with
the project, unpacked and packed, as a pickle, as Keras's archive, as a download."""

from pathlib import Path

import pytest
from script_runs import call

from dcgan_v1.migration.programs import mnist_files

pytestmark = pytest.mark.cli
LEGACY = Path(__file__).parent / "legacy"
SHIPS = "MNIST as it ships with dcgan_v1 (--data-dir names another)"


def run(folder, text, *args):
    (folder / "program").mkdir(exist_ok=True)
    program = folder / "program" / "main.py"
    program.write_text(text)
    done = call("run_legacy.py", "--run-dir", folder / "run", *args, program)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_keras_and_the_tutorial_read_the_folder_of_data_dir(tmp_path):
    text = """
import tensorflow as tf
from keras.datasets import mnist
from tensorflow.examples.tutorials.mnist import input_data

(x, y), (x_test, y_test) = mnist.load_data()
(a, b), _ = tf.keras.datasets.mnist.load_data()
print(x.shape, y.shape, x_test.shape, x.dtype, (a == x).all())
data = input_data.read_data_sets("elsewhere", validation_size=10)
print(data.train.images.shape, data.train.labels[:3].dtype)
"""
    printed = run(tmp_path, text, "--data-dir", LEGACY / "data")
    assert "(60, 28, 28) (60,) (20, 28, 28) uint8 True" in printed
    assert "(50, 784) uint8" in printed
    assert SHIPS not in printed


def test_files_are_found_under_whatever_folder_a_program_names(tmp_path):
    text = """
import gzip, os, pickle
import numpy as np
import tensorflow as tf
import urllib.request

with open(os.path.join("data", "train-images-idx3-ubyte"), "rb") as f:
    print(np.fromfile(f, np.uint8)[16:].reshape(-1, 28, 28).shape)
labels = "my/own/t10k-labels.idx1-ubyte"
print(os.path.exists(labels), os.path.getsize(labels))
print("fashion", os.path.exists("fashion/t10k-labels-idx1-ubyte"))
for name in ("/tmp/mnist.pkl.gz", "mnist.pkl.gz"):
    with gzip.open(name, "rb") as f:
        train, valid, test = pickle.load(f, encoding="latin1")
    print(train[0].shape, train[0].dtype, valid[1].dtype, test[0].shape, train[0].max())
opened = tf.gfile.Open("a/train-labels-idx1-ubyte", "rb")
print(sorted(np.load("data/mnist.npz").files), len(opened.read()))
url = "http://yann.lecun.com/exdb/mnist/train-labels-idx1-ubyte.gz"
print(urllib.request.urlretrieve(url, "labels.gz")[0], os.path.getsize("labels.gz") > 60)
"""
    printed = run(tmp_path, text, "--data-dir", LEGACY / "data")
    assert "(60, 28, 28)\nTrue 28\nfashion False\n" in printed
    assert printed.count("(50, 784) float32 int64 (20, 784) 0.99609375") == 2
    assert "['x_test', 'x_train', 'y_test', 'y_train'] 68\nlabels.gz True" in printed
    assert not Path("/tmp/mnist.pkl.gz").exists()
    assert (tmp_path / "run" / "mnist_files" / "mnist.pkl.gz").is_file()


def test_what_ships_is_used_without_data_dir_and_said_once(tmp_path):
    text = """
import os
from tensorflow.examples.tutorials.mnist import input_data
data = input_data.read_data_sets("MNIST_data", one_hot=True)
print(data.train.num_examples, data.test.labels.shape, os.path.getsize("x/t10k-labels-idx1-ubyte"))
"""
    printed = run(tmp_path, text)
    assert f"MNIST_data: {SHIPS}" in printed
    assert printed.count(SHIPS) == 1
    assert "55000 (10000, 10) 10008" in printed


@pytest.mark.unit
@pytest.mark.parametrize(
    "name", ["fashion_mnist/train-images-idx3-ubyte", "a/other-images-idx3-ubyte", "mnist.txt"]
)
def test_other_data_sets_are_left_alone(tmp_path, name):
    assert mnist_files.available(str(tmp_path / name)) == str(tmp_path / name)
