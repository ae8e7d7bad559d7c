"""A sixth system takes one file and one line: it trains, resumes, samples, converts."""

import shutil
import subprocess
import sys

import pytest
from script_runs import ENVIRONMENT, ROOT, SECONDS

pytestmark = pytest.mark.release

LINE = (
    ' System("toy", with_defaults(model="toy", batch_size=4)('
    'type("ToyConfig", (DigitSettings, EpochConfig), {})), '
    'counterparts={"tf2": "dcgan_v1.models.toy"})'
)
FILE = '''"""toy: one dense layer draws, one judges."""

import tensorflow.compat.v1 as tf

from dcgan_v1.nn import ops, optimizers, training_steps

START = {"w_initializer": tf.random_normal_initializer(stddev=0.02)}


def generator(z, is_training):
    with tf.variable_scope("toy/generator", reuse=tf.AUTO_REUSE):
        h = ops.linear(z, 784, "linear1", **START)
        gamma = tf.ones_initializer()
        h, updates = ops.batch_norm(
            h, is_training, "bn1", decay=0.99, epsilon=1e-3, gamma_initializer=gamma
        )
        return tf.tanh(tf.reshape(h, [-1, 28, 28, 1])), updates


def discriminator(images, is_training):
    with tf.variable_scope("toy/discriminator", reuse=tf.AUTO_REUSE):
        return ops.linear(tf.reshape(images, [-1, 784]), 1, "linear1", **START), []


def networks(config):
    return generator, discriminator


def training_step(config, generator, discriminator, real, z):
    adam = [
        optimizers.adam(2e-4, config.beta1, name=f"{net}_adam", dtype=real.dtype)
        for net in "dg"
    ]
    judges = (discriminator, discriminator)
    return training_steps.simultaneous(
        "toy", generator, *judges, real, z, d_adam=adam[0], g_adam=adam[1]
    )


class Gan:
    """The same in TF2."""

    def __init__(self):
        import keras

        layers = keras.layers
        self.generator = keras.Sequential(
            [
                keras.Input([100]),
                layers.Dense(784, use_bias=False, name="linear1"),
                layers.BatchNormalization(name="bn1"),
            ],
            name="generator",
        )
        self.discriminator = keras.Sequential(
            [keras.Input([784]), layers.Dense(1, use_bias=False, name="linear1")],
            name="discriminator",
        )
        self.optimizers = {
            f"{net}_adam": keras.optimizers.Adam(2e-4, beta_1=0.5) for net in "dg"
        }
        for name, network in (("d", self.discriminator), ("g", self.generator)):
            self.optimizers[f"{name}_adam"].build(network.trainable_variables)
'''
TRAIN = """
import sys
from pathlib import Path
from dcgan_v1 import commands

def run(name, *words):
    try:
        commands.run(name, [*words])
    except SystemExit as ended:
        assert not ended.code, (name, words)

short = ("--model", "toy", "--device", "cpu", "--samples", "4", "--sample-every", "2")
run("train_mnist", *short, "--steps", "4", "--run-dir", "straight")
run("train_mnist", *short, "--steps", "2", "--run-dir", "part")
run("train_mnist", "--restore", "--steps", "4", "--run-dir", "part")
run("sample", "--run-dir", "part", "--n", "4", "--out", "drawn")
run("verify_checkpoint", "part")
run("explore", "--run-dir", "part", "--export", "page")
assert "The weights: trained on" in Path("page/index.html").read_text()
from dcgan_v1.checkpoints import finding, reading
one, two = (reading.tensors(finding.resolve(run)) for run in ("straight", "part"))
assert len(one) == 19, sorted(one)
assert one.keys() == two.keys()
assert all(one[name].tobytes() == two[name].tobytes() for name in one)
"""
CONVERT = """
from dcgan_v1 import commands
from dcgan_v1.checkpoints import finding, reading

for words in (("part", "--to", "tf2", "--out", "port/gan"),
              ("port/gan", "--to", "tf1", "--out", "back/model")):
    try:
        commands.run("convert_checkpoint", [*words])
    except SystemExit as ended:
        assert not ended.code, words
one, two = (reading.tensors(finding.resolve(run)) for run in ("part", "back"))
assert one.keys() == two.keys()
assert all(one[name].tobytes() == two[name].tobytes() for name in one)
"""


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """A copy of the package with a sixth system in it."""
    folder = tmp_path_factory.mktemp("project")
    package = folder / "dcgan_v1"
    ignore = shutil.ignore_patterns("mnist_files", "__pycache__")
    shutil.copytree(ROOT / "dcgan_v1", package, ignore=ignore)
    (package / "data" / "mnist_files").symlink_to(ROOT / "dcgan_v1" / "data" / "mnist_files")
    (package / "models" / "toy.py").write_text(FILE)
    systems = (package / "systems.py").read_text()
    assert systems.count(" IMAGES96)") == 1
    (package / "systems.py").write_text(systems.replace(" IMAGES96)", f" IMAGES96,{LINE})"))
    return folder


def test_a_sixth_system_takes_one_file_and_one_line(project):
    for code in (TRAIN, CONVERT):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=project,
            env={**ENVIRONMENT, "PYTHONPATH": str(project)},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert (project / "drawn" / "grid.png").exists()
    assert (project / "part" / "training.gif").exists()
