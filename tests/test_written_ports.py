"""Ports that write_port.py writes: of every kind of source, alone, and back to TF1."""

import json
import re
import subprocess
import sys

import foreign
import numpy as np
import pytest
import tensorflow as tf
from script_runs import ENVIRONMENT, ROOT, call, fresh, refusal

from dcgan_v1.migration.matching import map_file

pytestmark = pytest.mark.compare
DATA = ROOT / "tests" / "legacy" / "data"
TF1_GAN = ROOT / "docs" / "compare_your_own" / "tf1_gan.py"
# test_write_port_targets has the others: one loss in two parts, a dropout that draws by itself
PROGRAMS = ("contrib_layers", "ema_batch_norm", "slim_arg_scope")
TARGETS = ("keras", pytest.param("torch", marks=pytest.mark.torch), "tf2")
SYSTEMS = ("mnist_beginners", "mnist_tutorial", "mnist_keras", "celeba64", "images96")


def write(out, *words):
    done = call("write_port.py", "--out", out, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "compute the same function" in done.stdout
    return out


def alone(folder, code, *words):
    """Runs code in a port's folder, in a process that cannot find this project."""
    environment = {k: v for k, v in ENVIRONMENT.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        cwd=folder,
        env={**environment, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def assert_ruff_finds_nothing(folder):
    for command in (["check", "--no-cache", "--ignore", "INP001"], ["format", "--check"]):
        words = [sys.executable, "-m", "ruff", *command, "--config", ROOT / "pyproject.toml"]
        done = subprocess.run([*map(str, words), "."], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


FIRST_LOSSES = """
import json, sys
from pathlib import Path
import numpy as np
import train
training = train.Training()
train.restore(training, train.HERE / "weights")
with np.load(sys.argv[1]) as file:
    batch = {argument: file["0/" + name] for argument, name in json.loads(sys.argv[2]).items()}
losses = training.train_step(**train.given(batch))
shown = Path("README.md").read_text().partition("```python\\n")[2].partition("```")[0]
names = train.given(batch)
exec(shown, names)  # what the README shows; it draws itself what is drawn
assert np.isfinite([float(x) for x in names["losses"].values()]).all()
assert not any(name.startswith("dcgan_v1") for name in sys.modules)
print(json.dumps([float(x) for x in losses.values()]))
"""


@pytest.mark.parametrize(
    "name", ["wgan_gp", *(pytest.param(name, marks=pytest.mark.release) for name in PROGRAMS)]
)
def test_a_port_stands_alone_begins_with_the_recorded_losses_and_goes_back_bit_for_bit(
    name, tmp_path
):
    checkpoint = DATA / name
    port = write(tmp_path / "port", "--meta", f"{checkpoint}.meta", "--checkpoint", checkpoint)
    assert_ruff_finds_nothing(port)
    inputs = json.dumps(map_file.read(port / "map.toml").inputs)
    printed = alone(port, FIRST_LOSSES, DATA / f"{name}.npz", inputs)
    with np.load(DATA / f"{name}.npz") as file:
        for loss in file["losses/0"]:
            losses = json.loads(printed.splitlines()[-1])
            assert min(abs(loss - x) for x in losses) < 1e-5 * max(abs(loss), 1)
    back = tmp_path / "back.ckpt"
    words = [port / "weights", "--to", "tf1", "--out", back, "--map", port / "map.toml"]
    words += ["--port", f"{port}/port.py:new", "--meta", f"{checkpoint}.meta"]
    done = call("convert_checkpoint.py", *words)
    assert done.returncode == 0, done.stderr
    before, after = (tf.train.load_checkpoint(str(p)) for p in (checkpoint, back))
    for key in before.get_variable_to_shape_map():
        a, b = before.get_tensor(key), after.get_tensor(key)
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes(), key
    with np.load(port / "weights" / "tf1_only.npz") as file:  # what the port has no place for
        assert set(file.files) <= {"global_step"}


@pytest.mark.parametrize(
    "target", [TF1_GAN.name + ":build", pytest.param("port.py:old", marks=pytest.mark.release)]
)
def test_a_function_that_builds_a_program_or_returns_where_it_is(target, tmp_path):
    port = write(tmp_path / "port", f"{TF1_GAN.parent}/{target}")
    assert {"README.md", "original.meta", "train.py", "report.html"} <= {
        p.name for p in port.iterdir()
    }
    networks = (port / "networks.py").read_text()
    assert "layers.Dense(32" in networks
    assert re.search(r"BatchNorm\w*(\(|, )momentum=0.9, epsilon=1e-05", networks)
    assert (port / "README.md").read_text().splitlines()[2].startswith("same: ")
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "data.npz", images=rng.uniform(-1, 1, (40, 8, 8, 1)).astype("f4"))
    words = [tmp_path / "data.npz", tmp_path / "run"]
    code = "import sys; sys.argv[1:] = ['--data', sys.argv[1], '--out', sys.argv[2], "
    printed = alone(
        port, f"{code}'--steps', '3', '--batch-size', '16']\nimport train\ntrain.main()", *words
    )
    assert "step 3: d_loss" in printed
    assert (tmp_path / "run" / "samples_3.png").is_file()
    assert (tmp_path / "run" / "weights" / "generator.weights.h5").is_file()


@pytest.mark.release
@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_system_as_a_graph_without_names_is_written_and_proven(system, to, tmp_path):
    prefix = foreign.export(system, tmp_path)
    words = ("--meta", f"{prefix}.meta", "--checkpoint", prefix, "--to", to)
    assert_ruff_finds_nothing(write(tmp_path / "port", *words))


@pytest.mark.release
@pytest.mark.parametrize("to", TARGETS[1:])
def test_a_function_that_builds_a_program_is_written_for_every_target(to, tmp_path):
    port = write(tmp_path / "port", f"{TF1_GAN}:build", "--to", to)
    assert_ruff_finds_nothing(port)
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "data.npz", images=rng.uniform(-1, 1, (40, 8, 8, 1)).astype("f4"))
    words = ["--data", tmp_path / "data.npz", "--out", tmp_path / "run", "--steps", 3]
    code = "import train; train.main()"
    assert "step 3: d_loss" in alone(port, code, *words, "--batch-size", 16)
    assert (tmp_path / "run" / "samples_3.png").is_file()


@pytest.mark.release
def test_a_program_is_recorded_and_its_port_knows_how_it_was_fed(tmp_path):
    program = ROOT / "tests" / "legacy" / "small_gan.py"
    port = write(tmp_path / "port", "--program", program)
    train = (port / "train.py").read_text()
    assert '"z": ("uniform", (3,), -1.0, 1.0, "float32")' in train and "assumed" not in train
    assert "z_2" in train  # the second run of a step is fed noise of its own
    assert (port / "original" / "recording.json").is_file()


@pytest.mark.release
def test_a_frozen_generator_is_written_as_networks_alone(tmp_path):
    with tf.Graph().as_default() as graph, tf.compat.v1.Session() as session:
        z = tf.compat.v1.placeholder(tf.float32, [None, 10], "z")
        w = tf.compat.v1.get_variable("generator/fc/w", [10, 64])
        v = tf.compat.v1.get_variable("generator/out/w", [64, 16])
        y = tf.tanh(tf.matmul(tf.nn.relu(tf.matmul(z, w)), v), "images")
        session.run(tf.compat.v1.global_variables_initializer())
        frozen = tf.compat.v1.graph_util.convert_variables_to_constants(
            session, graph.as_graph_def(), [y.op.name]
        )
    (tmp_path / "frozen.pb").write_bytes(frozen.SerializeToString())
    done = fresh("write_port.py", "--frozen", tmp_path / "frozen.pb", "--out", tmp_path / "port")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no training step: the networks alone are written" in done.stdout
    names = {p.name for p in (tmp_path / "port").iterdir()}
    assert "networks.py" in names and not {"training.py", "train.py"} & names


WEIGHT = """
import train
training = train.Training()
train.restore(training, train.HERE / "weights")
print(float(abs(training.generator.fc.kernel.numpy()).sum()))
"""


@pytest.mark.release
def test_a_saved_model_is_written_with_its_values(tmp_path):
    names = {}
    exec(TF1_GAN.read_text(), names)
    with tf.Graph().as_default() as graph, tf.compat.v1.Session() as session:
        names["build"]()
        session.run(tf.compat.v1.global_variables_initializer())
        z, images = (graph.get_tensor_by_name(f"{n}:0") for n in ("z", "images"))
        folder = str(tmp_path / "saved")
        tf.compat.v1.saved_model.simple_save(session, folder, {"z": z}, {"images": images})
        kernel = session.run("generator/fc/w/Read/ReadVariableOp:0")
    port = write(tmp_path / "port", "--saved-model", folder)
    printed = alone(port, WEIGHT)
    assert float(printed.splitlines()[-1]) == pytest.approx(float(np.abs(kernel).sum()), rel=1e-5)


@pytest.mark.release
def test_a_recording_is_written_as_the_program_that_was_recorded(tmp_path):
    program = ROOT / "tests" / "legacy" / "small_gan.py"
    words = ["--run-dir", tmp_path / "run", "--record", tmp_path / "rec", "--whole-steps", 3]
    done = call("run_legacy.py", *words, program)
    assert done.returncode == 0, done.stdout + done.stderr
    port = write(tmp_path / "port", "--recording", tmp_path / "rec")
    assert '"z": ("uniform", (3,), -1.0, 1.0, "float32")' in (port / "train.py").read_text()
    assert not (port / "original").exists()  # the recording stays where it is


# ---- refusals ----


@pytest.mark.cli
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "name the original"),
        (["--meta", "g.meta", "--frozen", "f.pb"], "each name the TF1 side"),
        (["--meta", "g.meta", "--arguments", "x"], "--arguments: only with --program"),
        (["--meta", "nowhere.meta"], "cannot read"),
        (["nowhere.py:build"], "does not exist"),
        ([f"{TF1_GAN}:dense"], "dense failed"),
    ],
)
def test_a_source_that_is_none_is_refused_in_one_line(words, said, tmp_path):
    assert said in refusal("write_port.py", "--out", tmp_path / "port", *words)
    assert not (tmp_path / "port").exists()


@pytest.mark.cli
def test_a_map_that_names_what_is_not_there_is_refused(tmp_path):
    (tmp_path / "m.toml").write_text('[inputs]\nnoise = "zz"\n[optimizers]\nAdamW = "a"\n')
    words = ["--meta", DATA / "wgan_gp.meta", "--map", tmp_path / "m.toml"]
    said = refusal("write_port.py", "--out", tmp_path / "port", *words)
    assert "the input zz" in said and "the optimiser AdamW" in said
    assert not (tmp_path / "port").exists()


def test_what_a_map_calls_them_the_parts_of_a_port_are_called(tmp_path):
    names = {"fc/kernel": "first/kernel", "fc/bias": "first/bias"}
    names |= {"up/kernel": "up/kernel", "up/bias": "up/bias"}
    rows = [f'[[variables]]\ntf1 = "gen/{a}"\nport = "painter/{b}"\n' for a, b in names.items()]
    (tmp_path / "m.toml").write_text('[inputs]\nnoise = "z"\n' + "".join(rows))
    words = ["--meta", DATA / "wgan_gp.meta", "--map", tmp_path / "m.toml"]
    port = write(tmp_path / "port", *words)
    assert "class Painter(" in (port / "networks.py").read_text()
    assert "self.first = layers.Dense(" in (port / "networks.py").read_text()
    assert "def train_step(self, noise, real" in (port / "training.py").read_text()
