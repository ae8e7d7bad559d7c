"""MNIST is found wherever an old program looks for it, with and without --data-dir.

The files that ship with the project, unpacked and packed, as a pickle, as Keras's archive, as a
download."""

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
for name in ("/elsewhere/mnist.pkl.gz", "mnist.pkl.gz"):
    with gzip.open(name, "rb") as f:
        train, valid, test = pickle.load(f, encoding="latin1")
    print(train[0].shape, train[0].dtype, valid[1].dtype, test[0].shape, train[0].max())
opened = tf.gfile.Open("a/train-labels-idx1-ubyte", "rb")
print(sorted(np.load("data/mnist.npz").files), len(opened.read()))
url = "http://yann.lecun.com/exdb/mnist/train-labels-idx1-ubyte.gz"
print(urllib.request.urlretrieve(url, "labels.gz")[0], os.path.getsize("labels.gz") > 60)
"""
    outside = tmp_path / "elsewhere" / "mnist.pkl.gz"  # as programs have /tmp/mnist.pkl.gz
    text = text.replace("/elsewhere/mnist.pkl.gz", str(outside))
    printed = run(tmp_path, text, "--data-dir", LEGACY / "data")
    assert "(60, 28, 28)\nTrue 28\nfashion False\n" in printed
    assert printed.count("(50, 784) float32 int64 (20, 784) 0.99609375") == 2
    assert "['x_test', 'x_train', 'y_test', 'y_train'] 68\nlabels.gz True" in printed
    assert not outside.exists()
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


def test_downloads_by_any_library_are_copies_of_what_is_here(tmp_path):
    text = """
import os, subprocess
import requests, six, wget
import tensorflow as tf
import six.moves.urllib as moved
from pathlib import Path
from six.moves import urllib, xrange
from keras.utils.data_utils import get_file
from tensorflow.contrib.learn.python.learn.datasets import base, mnist
from tensorflow.python.platform import gfile

url = "http://yann.lecun.com/exdb/mnist/t10k-labels-idx1-ubyte.gz"
print("six", urllib.request.urlretrieve(url, "a.gz")[0], len(moved.request.urlopen(url).read()))
print("hook", urllib.request.urlretrieve(url, "b.gz", lambda *sizes: print(sizes))[0])
stream = requests.get(url, stream=True)
parts = [len(part) for part in stream.iter_content(50)]
whole = requests.Session().get(url).content
print("requests", stream.status_code, sum(parts), len(parts), len(whole))
print("wget", wget.download(url, "c.gz"), wget.download(url))
print("keras", Path(get_file("mnist.npz", origin="https://x.org/mnist.npz")).name)
path = base.maybe_download("t10k-images-idx3-ubyte.gz", "folder", mnist.SOURCE_URL)
with open(path, "rb") as f:
    print("learn", path, mnist.extract_images(f).shape)
with gfile.Open(base.maybe_download("t10k-labels-idx1-ubyte.gz", "folder", url), "rb") as f:
    print("labels", mnist.extract_labels(f, one_hot=True).shape)
subprocess.call(["curl", url, "-o", "d.gz"])
os.system("wget -q " + url + " -P inner")
print("shell", os.path.getsize("d.gz"), os.listdir("inner"), subprocess.check_output(["echo", "1"]))
raw = tf.data.FixedLengthRecordDataset("raw/t10k-labels-idx1-ubyte", 1, header_bytes=8)
with tf.Session() as sess:
    print("records", len(sess.run(raw.batch(50).make_one_shot_iterator().get_next())))
print("path", Path("p/t10k-labels-idx1-ubyte").exists(), Path("p").is_file())
"""
    lines = run(tmp_path, text, "--data-dir", LEGACY / "data").splitlines()
    size = (LEGACY / "data" / "t10k-labels-idx1-ubyte.gz").stat().st_size
    assert f"six a.gz {size}" in lines
    assert f"(1, {size}, {size})" in lines
    assert f"requests 200 {size} 2 {size}" in lines
    assert "wget c.gz t10k-labels-idx1-ubyte.gz" in lines
    assert "keras mnist.npz" in lines
    assert "learn folder/t10k-images-idx3-ubyte.gz (20, 28, 28, 1)" in lines
    assert "labels (20, 10)" in lines
    assert f"shell {size} ['t10k-labels-idx1-ubyte.gz'] b'1\\n'" in lines
    assert "records 20" in lines
    assert "path True False" in lines


def test_what_is_no_download_of_mnist_runs_as_it_is(tmp_path):
    text = """
import subprocess, urllib.request
process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
print(process.communicate(b"through")[0], subprocess.run("exit 3", shell=True).returncode)
print(urllib.request.urlopen("file://" + __file__).read()[:11])
"""
    printed = run(tmp_path, text)
    assert "b'through' 3\nb'\\nimport sub'" in printed
