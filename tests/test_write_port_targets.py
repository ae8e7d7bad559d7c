"""Ports to PyTorch and to tf.Module: proven, standing alone, formatted, and caught where wrong."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from script_runs import ENVIRONMENT, ROOT, call

from dcgan_v1.porting.torch import layout as torch_layout

pytestmark = pytest.mark.unit
DATA = ROOT / "tests" / "legacy" / "data"
PROGRAMS = (
    *("wgan_clip", "wgan_gp", "contrib_layers", "ema_batch_norm", "layers", "slim_arg_scope"),
    "conditional_lstm",
)
TARGETS = ("torch", "tf2")
RELEASE = pytest.mark.release
# one of each target in `make check`, the rest before a release
FIRST = {("torch", "contrib_layers"), ("tf2", "wgan_gp")}
CASES = [
    pytest.param(to, name, marks=[] if (to, name) in FIRST else RELEASE)
    for to in TARGETS
    for name in PROGRAMS
]


def write(to, name, out, *more):
    graph_and_values = ("--meta", DATA / f"{name}.meta", "--checkpoint", DATA / name)
    return call("write_port.py", *graph_and_values, "--to", to, "--out", out, *more)


ALONE = """
import json, sys
from pathlib import Path
import numpy as np
port, recorded = Path(sys.argv[1]), np.load(sys.argv[2])
sys.path.insert(0, str(port))
sys.modules["dcgan_v1"] = None  # it cannot be imported
import train
from training import Training
arguments = json.loads(sys.argv[3])
training = Training()
train.restore(training, port / "weights")
batch = {name: recorded[f"0/{of}"] for name, of in arguments.items()}
losses = training.train_step(**train.given(batch))
print(json.dumps({name: float(loss) for name, loss in losses.items()}))
"""


def first_losses(port, name):
    """Losses of a port's first step on the recorded batch, in a process without this project."""
    arguments = {}
    for line in (port / "map.toml").read_text().partition("[inputs]")[2].splitlines()[1:]:
        if not line:
            break
        argument, _, of = line.partition(" = ")
        arguments[argument.strip('"')] = json.loads(of)
    words = [sys.executable, "-I", "-c", ALONE, port, DATA / f"{name}.npz", json.dumps(arguments)]
    done = subprocess.run(
        list(map(str, words)), cwd=port, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def ruff(*words):
    command = [sys.executable, "-m", "ruff", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.compare
@pytest.mark.torch
@pytest.mark.parametrize(("to", "name"), CASES)
def test_a_port_is_proven_stands_alone_and_ruff_changes_nothing(to, name, tmp_path):
    port = tmp_path / "port"
    done = write(to, name, port)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "compute the same function" in done.stdout
    for words in (["check"], ["format", "--check"]):
        found = ruff(*words, "--no-cache", str(port))
        assert found.returncode == 0, found.stdout
    # by this project's rules, too; what is third party differs with the place of the file
    rules = ("--config", str(ROOT / "pyproject.toml"), "--ignore", "I001")
    strict = ruff("check", "--no-cache", *rules, str(port))
    assert strict.returncode == 0, strict.stdout
    for path in port.glob("*.py"):
        assert path.name == "port.py" or "dcgan_v1" not in path.read_text()
    if name != "layers":  # its dropout draws what nobody gives it
        losses = list(first_losses(port, name).values())
        if name == "conditional_lstm":  # D's loss is of two parts there
            losses = [losses[0] + losses[1], losses[2]]
        recorded = np.load(DATA / f"{name}.npz")["losses/0"]
        np.testing.assert_allclose(losses[: len(recorded)], recorded, rtol=1e-4, atol=1e-6)
    assert_same_bits(port, name, tmp_path / "model.ckpt")


def assert_same_bits(port, name, out):
    """A port's weights, converted back, are the original's checkpoint."""
    words = ("--map", port / "map.toml", "--port", f"{port / 'port.py'}:new")
    meta = ("--meta", DATA / f"{name}.meta")
    done = call(
        "convert_checkpoint.py", port / "weights", "--to", "tf1", "--out", out, *words, *meta
    )
    assert done.returncode == 0, done.stdout + done.stderr
    before, after = (tf.train.load_checkpoint(str(path)) for path in (DATA / name, out))
    for variable in before.get_variable_to_shape_map():
        np.testing.assert_array_equal(after.get_tensor(variable), before.get_tensor(variable))
    with np.load(port / "weights" / "tf1_only.npz") as file:
        assert {n for n in file.files if not WITHOUT_PLACE.fullmatch(n)} == set()


# what a port has no place for: the step, and the momentum of an RMSProp that has none; all else,
# slots too, must be in its own files
WITHOUT_PLACE = re.compile(r"global_step|.*/RMSProp_1")
PLANTED = """
import sys
from dcgan_v1 import commands
from dcgan_v1.porting.tensorflow import tf_ops
from dcgan_v1.porting.keras import layers as keras_layers
from dcgan_v1.porting.tf2 import layers as tf2_layers
from dcgan_v1.porting.torch import norms as torch_norms
from dcgan_v1.porting.torch import ops as torch_ops
from dcgan_v1.porting.torch import optimizers as torch_optimizers
{fault}
sys.argv = ["write_port.py", *sys.argv[1:]]
commands.run("write_port")
"""
ORDER = """
from dcgan_v1.porting.text import step
plain = step.together
step.together = lambda effects: list(plain(effects))[::-1]
"""
MOMENTUM = """
plain = keras_layers._batch_norm
def wrong(*words):
    layer = plain(*words)
    layer.settings["momentum"] = "0.5"
    return layer
keras_layers._batch_norm = wrong
"""
FAULTS = {  # a wrong rule in a writer
    "torch slope": ("contrib_layers", "torch_ops.LEAKY = 'F.leaky_relu({}, 0.3)'"),
    "torch momentum": (
        "ema_batch_norm",
        "torch_norms.MOVES = torch_norms.MOVES.replace('self.mom', '2 * self.mom')",
    ),
    "torch root": (
        "wgan_clip",
        "own = torch_optimizers.OWN; own['RMSProp'] = own['RMSProp'].replace('.sqrt()', '')",
    ),
    "torch order": ("wgan_gp", ORDER),
    "tf2 slope": ("contrib_layers", "tf_ops.UNARY['relu'] = 'tf.nn.elu'"),
    "tf2 momentum": (
        "ema_batch_norm",
        "tf2_layers.BODY = tf2_layers.BODY.replace('(1 - self.', '(1.1 - self.')",
    ),
    "tf2 order": ("wgan_gp", ORDER),
    "keras slope": ("contrib_layers", "tf_ops.UNARY['relu'] = 'tf.nn.elu'"),
    "keras momentum": ("ema_batch_norm", MOMENTUM),
    "keras order": ("wgan_gp", ORDER),
}


@pytest.mark.compare
@pytest.mark.torch
@pytest.mark.release
@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_rule_makes_a_port_that_differs(fault, tmp_path):
    name, text = FAULTS[fault]
    code = PLANTED.format(fault=text)
    words = (
        "--meta",
        DATA / f"{name}.meta",
        "--to",
        fault.partition(" ")[0],
        "--out",
        tmp_path / "port",
    )
    command = [sys.executable, "-c", code, *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "differs: " in done.stdout and (tmp_path / "port" / "networks.py").is_file()


@pytest.mark.compare
@pytest.mark.torch
@pytest.mark.release
@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("pattern", ["kernel_layer", "reshape", "mean_loss"])
def test_a_pattern_that_is_switched_off_is_spelled_out_and_still_the_same(to, pattern, tmp_path):
    done = write(to, "contrib_layers", tmp_path / "port", "--without", pattern)
    assert done.returncode == 0, done.stdout + done.stderr


def save_decayed(prefix):
    """Saves a program whose rate is halved in 10 steps, after 7 of them."""
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 3], "x")
        w = tf.get_variable("net/w", [3, 2], use_resource=False)
        step = tf.train.get_or_create_global_step()
        rate = tf.train.exponential_decay(0.1, step, 10, 0.5)
        momentum = tf.train.MomentumOptimizer(rate, 0.9)
        train = momentum.minimize(tf.reduce_mean(tf.square(tf.matmul(x, w))), global_step=step)
        saver = tf.train.Saver()
        session.run(tf.global_variables_initializer())
        for i in range(7):
            session.run(train, {x: np.full((4, 3), i)})
        saver.save(session, str(prefix))


@pytest.mark.compare
@pytest.mark.parametrize(
    "to", [pytest.param("torch", marks=pytest.mark.torch), pytest.param("keras", marks=RELEASE)]
)
def test_a_decayed_rate_goes_on_where_the_checkpoint_stood(to, tmp_path):
    prefix = tmp_path / "model.ckpt"
    save_decayed(prefix)
    words = ("--meta", f"{prefix}.meta", "--checkpoint", prefix, "--to", to)
    port = tmp_path / "port"
    done = call("write_port.py", *words, "--out", port)
    assert done.returncode == 0, done.stdout + done.stderr
    if to == "torch":
        import torch

        state = torch.load(port / "weights" / "checkpoint.pt")["net_momentum"]
        assert state["param_groups"][0]["updates"] == 7


# ---- SAME ----


def window_starts(side, size, stride):
    """Where TensorFlow's SAME windows begin, by its documentation."""
    count = -(-side // stride)
    total = max((count - 1) * stride + size - side, 0)
    return [i * stride - total // 2 for i in range(count)], total


@pytest.mark.parametrize(("side", "size", "stride"), [(28, 5, 2), (7, 3, 2), (8, 4, 2), (5, 2, 3)])
def test_same_padding_puts_the_odd_pixel_after(side, size, stride):
    starts, total = window_starts(side, size, stride)
    before, after = torch_layout.same_padding(side, size, stride)
    assert before == max(-starts[0], 0)
    assert before + after == total
