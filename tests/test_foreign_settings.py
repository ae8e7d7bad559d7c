"""Settings of other tools, in the environment or the home folder, change nothing here.

They neither crash a script nor change what it computes; and TensorFlow's own notes stay away."""

import json
import subprocess
import sys

import pytest
from script_runs import ENVIRONMENT, call, command, fresh

from dcgan_v1.checkpoints import finding, reading

pytestmark = pytest.mark.cli

FOREIGN = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "MATPLOTLIBRC": "/nonexistent/matplotlibrc",
    "KERAS_BACKEND": "jax",
    "TF_USE_LEGACY_KERAS": "1",
    "TF_XLA_FLAGS": "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit",
    "XLA_FLAGS": "--no_such_flag",
    "ONEDNN_DEFAULT_FPMATH_MODE": "BF16",
    "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "cpp",
    "PILLOW_BLOCK_SIZE": "nonsense",
    "TQDM_DISABLE": "1",
    "TF_VAR_region": "of Terraform",
}
SHORT = ("--model", "mnist_keras", "--steps", 2, "--batch-size", 4, "--samples", 4)
SHORT += ("--device", "cpu")


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """A run without anything foreign: (run directory, what was printed)."""
    run_dir = tmp_path_factory.mktemp("plain") / "run"
    done = fresh("train_mnist.py", *SHORT, "--run-dir", run_dir)
    assert done.returncode == 0, done.stderr
    return run_dir, done


def disturbed(home):
    """An environment and a home in which other tools have been at work."""
    (home / ".keras").mkdir(parents=True)
    settings = {"floatx": "float16", "image_data_format": "channels_first"}
    settings |= {"backend": "torch", "epsilon": 0.5}
    (home / ".keras" / "keras.json").write_text(json.dumps(settings))
    (home / ".config" / "matplotlib").mkdir(parents=True)
    rc = home / ".config" / "matplotlib" / "matplotlibrc"
    rc.write_bytes(b"backend: nonsense\ntext.usetex: True\nfont.family: \xff\n")
    (rc.parent / "stylelib").mkdir()
    (rc.parent / "stylelib" / "mine.mplstyle").write_bytes(b"font.family: \xff\n")
    return {**ENVIRONMENT, **FOREIGN, "HOME": str(home)}


def test_a_training_has_the_same_bits_in_a_disturbed_environment(run, tmp_path):
    env = disturbed(tmp_path / "home")
    (tmp_path / "matplotlibrc").write_text("savefig.dpi: 7\nfigure.dpi: 7\n")
    done = fresh("train_mnist.py", *SHORT, "--run-dir", "r", cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    _, ignored, *_ = done.stdout.splitlines()
    for name in ("ONEDNN_DEFAULT_FPMATH_MODE", "TF_XLA_FLAGS", "XLA_FLAGS"):
        assert name in ignored  # said to be so
    assert "MPLBACKEND" not in done.stdout and "TF_VAR" not in done.stdout
    before = reading.tensors(finding.resolve(run[0]))
    after = reading.tensors(finding.resolve(tmp_path / "r"))
    for name, value in before.items():
        assert value.tobytes() == after[name].tobytes(), name
    for name in ("metrics.csv", "training.gif", "curves.png"):
        assert (run[0] / name).read_bytes() == (tmp_path / "r" / name).read_bytes()


def test_keras_goes_by_its_own_defaults_whatever_keras_json_says(run, tmp_path):
    env = disturbed(tmp_path / "home")
    out = tmp_path / "gan.weights.h5"
    args = (run[0], "--to", "keras", "--out", out)
    done = fresh("convert_checkpoint.py", *args, env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    back = tmp_path / "back"
    args = (out, "--to", "tf1", "--out", back)
    done = fresh("convert_checkpoint.py", *args, env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    before, after = (reading.tensors(finding.resolve(p)) for p in (run[0], back))
    assert {k: v.tobytes() for k, v in before.items()} == {k: v.tobytes() for k, v in after.items()}


def test_a_script_says_what_it_has_to_say_and_tensorflow_nothing(run):
    done = run[1]
    assert done.stderr == ""
    data, first, *rest = done.stdout.splitlines()
    assert data.startswith("pixel values of ")
    first = first.removesuffix(" | ignored: ONEDNN_MAX_CPU_ISA")  # which `make numerical` may set
    assert first.startswith("TensorFlow ") and first.endswith(("oneDNN on", "oneDNN off"))
    assert all(line.startswith(("starting", "step", "done")) for line in rest)


def test_debug_lets_tensorflow_speak(tmp_path):
    args = ("--pretrained", "mnist_tutorial", "--n", 1, "--out", tmp_path / "o")
    done = fresh("sample.py", "--debug", *args)
    assert done.returncode == 0
    assert "tensorflow" in done.stderr.lower() or "onednn" in done.stderr.lower()


def test_a_plain_locale_and_a_deleted_folder_are_places_to_start_from(tmp_path):
    env = {**ENVIRONMENT, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
    assert fresh("sample.py", "--help", env=env).returncode == 0
    here, out = tmp_path / "here", tmp_path / "out"
    here.mkdir()
    words = command("sample.py", "--pretrained", "mnist_tutorial", "--n", 1, "--out", out)
    code = "import os, sys; os.rmdir(os.getcwd()); os.execv(sys.argv[1], sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=here, env=env)
    assert done.returncode == 0 and (out / "grid.png").exists()


@pytest.mark.release
def test_a_bar_that_is_switched_off_does_not_end_the_measuring(run, tmp_path):
    env = {**ENVIRONMENT, "TQDM_DISABLE": "1"}
    args = ("--run-dir", run[0], "--n", 200, "--json", tmp_path / "figures.json")
    done = call("evaluate.py", *args, env=env)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "figures.json").exists()
