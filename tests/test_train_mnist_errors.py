"""Bad input to scripts/train_mnist.py: one line, exit code 2, nothing touched."""

import argparse
import os
import shutil
import subprocess
from importlib import import_module

import pytest
from idx_files import random_images, write_dataset
from script_runs import ENVIRONMENT, ROOT, SECONDS, call, command, contents, fresh, refusal

pytestmark = pytest.mark.cli

SHORT = ["--steps", "2", "--pretrain-steps", "1", "--batch-size", "8"]
END = 3  # global steps of SHORT


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """A finished run's directory."""
    run_dir = tmp_path_factory.mktemp("runs") / "a"
    done = call("train_mnist.py", *SHORT, "--run-dir", run_dir)
    assert done.returncode == 0, done.stderr
    return run_dir


@pytest.mark.unit
@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        ("--steps 0", "--steps must be at least 1"),
        ("--steps -3", "--steps must be at least 1"),
        ("--steps many", "--steps"),
        ("--batch-size 0", "--batch-size must be at least 1"),
        ("--batch-size 60000", "--batch-size 60000 is larger than the data: 55000"),
        ("--validation 60000", "--validation 60000 leaves nothing"),
        ("--keep 0", "--keep must be at least 1"),
        ("--seed -1", "--seed must be at least 0"),
        ("--device tpu", "--device"),
        ("--sample-bn none", "--sample-bn"),
        ("--stepz 4", "--stepz"),
        ("--data-dir nowhere", "nowhere"),
        ("--restore --restart", "--restart"),
        ("--data-dir=", "--data-dir"),
        ("--restore=", "--restore"),
    ],
)
def test_bad_options_are_refused_before_anything_is_made(tmp_path, args, complaint):
    message = refusal("train_mnist.py", *args.split(" "), "--run-dir", tmp_path / "r")
    assert complaint in message
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_that_is_not_there_is_refused_before_anything_is_made(tmp_path):
    """In a process of its own, which shows that nothing else comes with the line."""
    restored = ("--restore", "no/such/checkpoint", "--run-dir", tmp_path / "r")
    message = refusal("train_mnist.py", *restored, run=fresh)
    assert "no/such/checkpoint.index does not exist" in message
    assert not list(tmp_path.iterdir())


@pytest.mark.unit
@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        ("", "--model is needed: one of mnist_beginners, celeba64"),
        ("--model mnist_keras --faithful", "mnist_keras has no --faithful"),
        ("--model images96 --download", "images96 has no --download"),
        ("--model celeba64 --classifier", "celeba64 has no --classifier"),
        ("--model celeba64 --epochs 3", "celeba64 has no setting --epochs"),
        ("--model images96", "--data is needed"),
        ("--model celeba64 --download --data there", "leave --data out"),
    ],
)
def test_what_a_system_has_not_is_refused(tmp_path, args, complaint):
    assert complaint in refusal("train.py", *args.split(), "--run-dir", tmp_path / "r")
    assert not list(tmp_path.iterdir())


@pytest.mark.unit
def test_a_damaged_data_file_is_refused(tmp_path):
    folder = write_dataset(tmp_path / "data", random_images(20))
    path = folder / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-5])
    message = refusal("train_mnist.py", "--data-dir", folder, "--run-dir", tmp_path / "r")
    assert "truncated" in message
    assert not (tmp_path / "r").exists()


def test_a_used_run_directory_is_refused_naming_its_step_and_two_ways_on(run):
    before = contents(run)
    message = refusal("train_mnist.py", "--run-dir", run)
    for part in (f"step {END}", "--restore", "--restart"):
        assert part in message
    assert contents(run) == before


def test_changed_settings_are_refused_by_name(run, tmp_path):
    before = contents(run)
    message = refusal(
        "train_mnist.py", "--restore", "--seed", 3, "--batch-size", 4, "--run-dir", run
    )
    assert "--seed is 0 in the run, 3 was asked for" in message
    assert "--batch-size is 8 in the run, 4 was asked for" in message
    folder = write_dataset(tmp_path / "data", random_images(5100))
    message = refusal("train_mnist.py", "--restore", "--data-dir", folder, "--run-dir", run)
    assert "training images" in message
    assert contents(run) == before


@pytest.mark.unit
@pytest.mark.parametrize("kind", ["file", "full", "full restart", "other system", "broken config"])
def test_a_run_directory_that_is_not_ours_is_left_alone(tmp_path, kind):
    path, args = tmp_path / "r", ()
    if kind == "file":
        path.write_text("precious")
    else:
        path.mkdir()
        (path / "thesis.txt").write_text("precious")
    if kind == "full restart":
        args = ("--restart",)
    if kind == "other system":
        (path / "config.json").write_text('{"model": "celeba64"}')
        args = ("--restore",)
    if kind == "broken config":
        (path / "config.json").write_text("{")
        args = ("--restore",)
    before = contents(tmp_path)
    refusal("train_mnist.py", *args, "--run-dir", path)
    assert contents(tmp_path) == before


@pytest.mark.skipif(
    os.geteuid() == 0 and not shutil.which("setpriv"), reason="root, and no setpriv"
)
def test_a_directory_without_permission_is_refused(tmp_path):
    """Also for root, whose special rights are dropped for the test."""
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed").chmod(0)
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    if os.geteuid() != 0:
        drop = []
    for args in (
        ("--run-dir", tmp_path / "closed" / "r"),
        ("--run-dir", tmp_path / "r", "--data-dir", tmp_path / "closed" / "d"),
        ("--run-dir", tmp_path / "r", "--restore", tmp_path / "closed" / "model"),
        ("--run-dir", tmp_path / ("r" * 300)),
    ):
        done = subprocess.run(
            [*drop, *command("train_mnist.py", "--steps", 1, *args)],
            cwd=ROOT,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 2, done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
    assert not (tmp_path / "r").exists()


def test_a_run_directory_that_cannot_be_made_is_refused():
    assert "cannot write" in refusal("train_mnist.py", "--steps", 1, "--run-dir", "/proc/r")


def test_debug_shows_the_traceback():
    done = call("train_mnist.py", "--debug", "--steps", 0)
    assert done.returncode == 2
    assert "Traceback" in done.stderr


@pytest.mark.parametrize("name", ["train", "train_mnist", "train_celeba", "train_images"])
def test_help_explains_every_option_with_its_default(name):
    actions = import_module(f"dcgan_v1.commands.{name}").make_parser()._actions
    assert len(actions) > 18
    for action in actions:
        if action.dest != "help" and action.help != argparse.SUPPRESS:
            assert "default" in action.help, action.dest
    text = call(f"{name}.py", "--help").stdout
    steps = {
        "train_mnist": "mnist_beginners: 100000, mnist_keras: by epochs",
        "train_celeba": "10000)",
        "train": "mnist_beginners: 100000, celeba64: 10000, mnist_keras: by epochs",
        "train_images": "by epochs)",
    }[name]
    assert f"(default {steps}" in " ".join(text.split())


def test_export_refuses_what_is_no_checkpoint_of_ours(original_checkpoint, tmp_path):
    out = tmp_path / "out"
    for path in (tmp_path / "nothing", original_checkpoint):
        refusal("export_checkpoint.py", path, "--out", out)
    assert not list(tmp_path.iterdir())
