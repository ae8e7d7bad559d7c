"""scripts/train_mnist.py as a user runs it, with its outputs looked at."""

import csv
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from PIL import Image
from script_runs import (
    ROOT,
    SECONDS,
    call,
    call_path,
    command,
    contents,
    has_lines,
    refusal,
    started,
    until,
)
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from dcgan_v1.checkpoints import reading

pytestmark = pytest.mark.cli

SHORT = ["--steps", "4", "--pretrain-steps", "2", "--batch-size", "8"]
SHORT += ["--sample-every", "3", "--summary-every", "1", "--save-every", "4"]
SHORT += ["--device", "cpu"]
END = 6  # global steps of SHORT


def train(run_dir, *args):
    done = call("train_mnist.py", *SHORT, "--run-dir", run_dir, *args)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """(run directory, what the script printed)."""
    run_dir = tmp_path_factory.mktemp("runs") / "a"
    return run_dir, train(run_dir, "--histograms")


# ---- what a run leaves behind ----


def test_the_line_after_the_datas_names_version_device_and_onednn(run):
    data, first, *_ = run[1].splitlines()
    assert data.startswith("pixel values of ")
    assert first.startswith(f"TensorFlow {tf.version.VERSION} | CPU")
    assert "oneDNN" in first


def test_metrics_csv_has_a_line_per_summary(run):
    with (run[0] / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == list(range(1, END + 1))
    assert [row["g_loss"] == "" for row in rows] == [True] * 2 + [False] * 4
    for row in rows:
        assert 0 < float(row["d_loss_real"]) < 10
        assert 0 < float(row["d_mean_fake"]) < 1


def test_sample_grids_show_something_from_step_0_on(run):
    paths = sorted((run[0] / "samples").glob("*.png"))
    assert [path.stem for path in paths] == [f"step_{n:07d}" for n in (0, 3, 6)]
    for path in paths:
        with Image.open(path) as image:
            assert image.mode == "L"
            assert image.size == (8 * 30 - 2, 8 * 30 - 2)
            assert np.asarray(image)[:28, :28].std() > 1


def test_gif_and_curves_are_made_at_the_end(run):
    with Image.open(run[0] / "training.gif") as gif:
        assert gif.n_frames == 3
    with Image.open(run[0] / "curves.png") as curves:
        assert np.asarray(curves.convert("L")).std() > 10


def test_event_files_hold_scalars_images_histograms_and_the_graph(run):
    (path,) = (run[0] / "tensorboard").iterdir()
    steps, has_graph, said = {}, False, {}
    for event in tf.train.summary_iterator(str(path)):
        has_graph |= event.HasField("graph_def")
        graph_def = tf.GraphDef.FromString(event.graph_def)
        assert not graph_def.library.function  # a box each, and nothing else
        for value in event.summary.value:
            steps.setdefault(value.tag, []).append(event.step)
            said.setdefault(value.tag, value.metadata.summary_description)
            if value.tag == "samples":
                assert value.image.encoded_image_string.startswith(b"\x89PNG")
    assert has_graph
    every = "losses/d_loss_real", "losses/d_loss_fake", "D's judgement/d_mean_real"
    for tag in (*every, "speed/images_per_second"):
        assert steps[tag] == list(range(1, END + 1)), tag
    assert steps["losses/g_loss"] == [3, 4, 5, 6]
    assert steps["samples"] == steps["D's judgement/d_mean_sample"] == [0, 3, 6]
    scalars = set(steps) - {"samples"} - {tag for tag in steps if tag.startswith("weights/")}
    assert all("/" in tag and said[tag].endswith(".") for tag in scalars), said
    assert steps["weights/mnist_beginners/generator/conv3/w"] == [0, 3, 6]


def test_checkpoints_carry_the_global_step(run):
    names = {path.name for path in (run[0] / "checkpoints").glob("*.index")}
    assert names == {"model-4.index", "model-6.index"}
    tensors = reading.tensors(str(run[0] / "checkpoints" / "model-6"))
    assert tensors["global_step"] == END


# ---- restoring ----


def test_stopped_and_restored_equals_straight_bit_for_bit(run, tmp_path):
    part = tmp_path / "part"
    train(part, "--steps", 1)
    printed = train(part, "--restore", "--steps", 4)
    assert f"resumed at step 3 of {END} (epoch 0, image 24 of 55000)" in printed
    straight = reading.tensors(str(run[0] / "checkpoints" / "model-6"))
    stopped = reading.tensors(str(part / "checkpoints" / "model-6"))
    assert set(straight) == set(stopped)
    for name, value in straight.items():
        assert value.tobytes() == stopped[name].tobytes(), name
    for name in ("metrics.csv", "samples/step_0000006.png"):
        assert (run[0] / name).read_bytes() == (part / name).read_bytes(), name


def test_only_the_newest_checkpoints_are_kept_also_across_a_restore(tmp_path):
    train(tmp_path / "r", "--save-every", 1, "--keep", 2, "--steps", 2)
    train(tmp_path / "r", "--restore", "--save-every", 1, "--keep", 2, "--steps", 3)
    left = {path.stem for path in (tmp_path / "r" / "checkpoints").glob("*.index")}
    assert left == {"model-4", "model-5"}


def test_restore_with_no_run_begins_from_the_pretrained_model_and_says_so(tmp_path):
    args = ("--restore", "--steps", 1, *SHORT[-2:])
    done = call_path(ROOT / "scripts" / "train_mnist.py", *args, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    printed = done.stdout
    assert printed.startswith("no run in runs/mnist_beginners yet: beginning from")
    assert f"beginning from {ROOT / 'pretrained' / 'mnist_beginners'}" in printed
    assert "resumed at step 0" in printed


def test_restart_moves_the_old_run_aside(tmp_path):
    train(tmp_path / "r", "--steps", 1)
    before = contents(tmp_path / "r")
    train(tmp_path / "r", "--restart", "--steps", 1, "--seed", 5)
    (aside,) = (path for path in tmp_path.iterdir() if path.name != "r")
    assert contents(aside) == before
    assert contents(tmp_path / "r")[Path("metrics.csv")] != before[Path("metrics.csv")]


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.release)]
)
def test_an_interrupted_run_saves_says_how_to_go_on_and_can(tmp_path, number):
    args = (*SHORT, "--steps", 5000, "--save-every", 5000, "--run-dir", tmp_path / "r")
    process = started(command("train_mnist.py", *args), stdout=subprocess.PIPE)
    until(lambda: has_lines(tmp_path / "r" / "metrics.csv", 5), process)
    process.send_signal(number)
    printed, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 128 + number
    assert "--restore" in printed
    (index,) = (tmp_path / "r" / "checkpoints").glob("*.index")
    step = int(index.stem.partition("-")[2])
    assert step >= 4
    printed = train(tmp_path / "r", "--restore", "--steps", step)
    assert f"resumed at step {step} of {step + 2}" in printed


def test_a_second_interrupt_ends_at_once_whatever_is_running():
    """Python runs no handler of its own before a long operation has returned."""
    code = (
        "import os, signal, sys, time\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from dcgan_v1.training.signals import Interruption\n"
        "with Interruption() as interruption:\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    assert interruption.signal == signal.SIGINT\n"
        "    print('once', flush=True)\n"
        "    sum(range(10 ** 12))\n"  # in C, for hours
    )
    process = started([sys.executable, "-c", code, str(ROOT)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == "once\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=SECONDS) == -signal.SIGINT


def test_a_run_that_died_before_its_first_checkpoint_begins_where_it_began(run, tmp_path):
    part = tmp_path / "part"
    start = run[0] / "checkpoints" / "model-4"
    train(part, "--restore", start)
    shutil.rmtree(part / "checkpoints")
    (part / "checkpoints").mkdir()
    printed = train(part, "--restore")
    assert f"restored {start}" in printed
    assert "resumed at step 4" in printed
    straight = reading.tensors(str(run[0] / "checkpoints" / "model-6"))
    again = reading.tensors(str(part / "checkpoints" / "model-6"))
    for name, value in straight.items():
        assert value.tobytes() == again[name].tobytes(), name


def test_fewer_steps_than_are_done_is_refused(run):
    before = contents(run[0])
    message = refusal("train_mnist.py", "--restore", "--steps", 1, "--run-dir", run[0])
    assert f"is at step {END}, past the 3 that --steps 1 makes" in message
    assert contents(run[0]) == before


def test_a_restore_leaves_no_gap_and_no_step_twice_in_tensorboard(tmp_path):
    train(tmp_path / "r", "--steps", 1)
    train(tmp_path / "r", "--restore", "--steps", 4)
    accumulator = EventAccumulator(str(tmp_path / "r" / "tensorboard"), size_guidance={"images": 0})
    accumulator.Reload()
    steps = [event.step for event in accumulator.Scalars("losses/d_loss_real")]
    assert steps == list(range(1, END + 1))
    assert [event.step for event in accumulator.Images("samples")] == [0, 3, 6]


def test_the_last_picture_is_of_the_last_weights(tmp_path):
    printed = train(tmp_path / "r", "--steps", 2)
    assert "step_0000004.png" in printed.splitlines()[-1]
    assert (tmp_path / "r" / "samples" / "step_0000004.png").exists()


def test_config_is_written_before_step_0(tmp_path):
    """A run killed as soon as its directory appears can be continued."""
    words = command("train_mnist.py", *SHORT, "--run-dir", tmp_path / "r", "--quiet")
    process = started(words)
    until((tmp_path / "r").exists, process)
    time.sleep(0.2)
    process.kill()
    process.wait()
    assert (tmp_path / "r" / "config.json").exists()
    train(tmp_path / "r", "--restore")


# ---- the original's checkpoints ----


def test_a_run_goes_on_from_the_original_scripts_checkpoint_and_back(original_checkpoint, tmp_path):
    printed = train(tmp_path / "r", "--restore", original_checkpoint, "--steps", 1)
    assert "written by the original script" in printed
    assert "resumed at step 2 of 3" in printed  # pre-training lies behind it
    out = tmp_path / "back" / "model"
    args = (tmp_path / "r", "--legacy", "--out", out)
    done = call("export_checkpoint.py", *args)
    assert done.returncode == 0, done.stderr
    assert reading.shapes(str(out)) == reading.shapes(original_checkpoint)
    done = call("export_checkpoint.py", *args)
    assert done.returncode == 2
    assert "is there already" in done.stderr


def test_the_networks_alone_are_exported_and_taken_up(run, tmp_path):
    out = tmp_path / "weights"
    assert call("export_checkpoint.py", run[0], "--out", out).returncode == 0
    names = set(reading.shapes(str(out)))
    assert not any("adam" in name or name == "global_step" for name in names)
    printed = train(tmp_path / "r", "--restore", out, "--steps", 1)
    assert "fresh optimiser slots" in printed
    assert "resumed at step 0" in printed
