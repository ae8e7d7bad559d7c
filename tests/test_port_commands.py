"""write_port.py from a graph of TensorFlow 1.15 to a proven folder, and what it refuses."""

import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow.compat.v1 as tf
from script_runs import ENVIRONMENT, ROOT, fresh, refusal

pytestmark = pytest.mark.unit
RELEASE = ("conditional_lstm", "contrib_layers", "ema_batch_norm", "layers", "slim_arg_scope")
RELEASE += ("wgan_gp",)


DATA = ROOT / "tests" / "legacy" / "data"


def write(name, out, *more):
    graph_and_values = ("--meta", DATA / f"{name}.meta", "--checkpoint", DATA / name)
    return fresh("write_port.py", *graph_and_values, "--out", out, *more)


@pytest.mark.compare
@pytest.mark.parametrize(
    "name", ["wgan_clip", *(pytest.param(n, marks=pytest.mark.release) for n in RELEASE)]
)
def test_a_port_of_a_program_of_1_15_is_written_and_proven(name, tmp_path):
    done = write(name, tmp_path / "port")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "compute the same function" in done.stdout
    files = {path.name for path in (tmp_path / "port").iterdir()}
    assert files >= {"networks.py", "training.py", "port.py", "map.toml", "report.html"}
    networks = (tmp_path / "port" / "networks.py").read_text()
    assert "layers.Dense(" in networks or "layers.Conv2D(" in networks
    assert "(keras.Model)" in networks


@pytest.mark.compare
@pytest.mark.release
@pytest.mark.parametrize("pattern", ["activation", "kernel_layer"])
def test_a_pattern_that_is_switched_off_is_spelled_out_and_still_the_same(pattern, tmp_path):
    done = write("wgan_clip", tmp_path / "port", "--without", pattern)
    assert done.returncode == 0, done.stdout + done.stderr


def adagrad(loss):
    tf.train.AdagradOptimizer(0.1).minimize(loss)


def fed_rate(loss):
    tf.train.AdamOptimizer(tf.placeholder(tf.float32, [], "rate")).minimize(loss)


def rate_that_is_set_now_and_then(loss):
    rate = tf.get_variable("rate", [], trainable=False)
    rate.assign(rate * 0.95)  # run once an epoch, say
    tf.train.AdamOptimizer(rate).minimize(loss)


def decayed_and_clipped(loss):
    adam = tf.train.AdamOptimizer(0.1)
    pairs = [(g + 0.01 * v, v) for g, v in adam.compute_gradients(loss)]
    adam.apply_gradients([(tf.clip_by_value(g, -1.0, 1.0), v) for g, v in pairs])


def scattered(loss):
    centres = tf.get_variable("centres", [4, 2], trainable=False, use_resource=False)
    with tf.control_dependencies([tf.scatter_add(centres, [0], [[1.0, 2.0]])]):
        tf.train.AdamOptimizer(0.1).minimize(loss + 0.0)


def looked_up(loss):
    table = tf.get_variable("table", [4, 2])
    rows = tf.nn.embedding_lookup(table, tf.placeholder(tf.int32, [None], "words"))
    tf.train.AdamOptimizer(0.1).minimize(loss + tf.reduce_mean(tf.square(rows)))


def shared(loss):
    g = tf.get_variable("g/b", [2])
    (layer,) = [op for op in loss.graph.get_operations() if op.type == "MatMul"]
    of_both = tf.reduce_mean(tf.square(layer.outputs[0] + g))
    (w,) = [v for v in tf.trainable_variables() if v is not g]
    tf.train.AdamOptimizer(0.1, name="first").minimize(loss, var_list=[w])
    tf.train.AdamOptimizer(0.1, name="second").minimize(of_both, var_list=[g])


@pytest.mark.cli
@pytest.mark.parametrize(
    ("train", "said"),
    [
        (shared, "g/b of g, which net uses, too"),
        (adagrad, "the optimiser Adagrad"),
        (fed_rate, "the learning rate of"),
        (rate_that_is_set_now_and_then, "the learning rate of"),
        (decayed_and_clipped, "what is done to the gradients"),
        (scattered, "which a step does beside its updates"),
        (looked_up, "the sparse update of table, by rows looked up"),
    ],
)
def test_what_would_be_written_wrong_is_refused(train, said, tmp_path):
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 3], "x")
        w = tf.get_variable("net/w", [3, 2])
        train(tf.reduce_mean(tf.square(tf.matmul(x, w))))
        tf.train.export_meta_graph(str(tmp_path / "g.meta"), graph=graph)
    words = ("--meta", tmp_path / "g.meta", "--out", tmp_path / "port")
    assert said in refusal("write_port.py", *words)
    assert not (tmp_path / "port").exists()


@pytest.mark.cli
def test_a_folder_that_holds_something_is_refused(tmp_path):
    (tmp_path / "file").touch()
    used = ("--meta", DATA / "wgan_clip.meta", "--out", tmp_path)
    assert "is not empty" in refusal("write_port.py", *used)


WITHOUT_SITE = """
import runpy, sys
sys.path.append(sys.argv[1])
sys.argv = [sys.argv[2], *sys.argv[3:]]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.cli
def test_a_target_that_is_not_installed_is_refused_in_one_line_and_nothing_is_written(tmp_path):
    """In an environment of all packages here but PyTorch."""
    packages = tmp_path / "packages"
    packages.mkdir()
    for place in Path(pytest.__file__).parents[1].iterdir():
        if not place.name.startswith("torch") and place.suffix != ".pth":
            (packages / place.name).symlink_to(place)
    words = [sys.executable, "-S", "-c", WITHOUT_SITE, packages, ROOT / "scripts/write_port.py"]
    words += ["--meta", DATA / "wgan_gp.meta", "--to", "torch", "--out", tmp_path / "port"]
    done = subprocess.run(list(map(str, words)), env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: --to torch needs PyTorch: pip install")
    assert len(done.stderr.splitlines()) == 1 and not done.stdout
    assert not (tmp_path / "port").exists()
