"""scripts/train_celeba.py as a user runs it, on faces drawn by the project."""

import json

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from PIL import Image
from script_runs import call, refusal

from dcgan_v1 import pretrained
from dcgan_v1.checkpoints import reading
from dcgan_v1.commands import run_plan, train_celeba
from dcgan_v1.systems import CELEBA64
from originals import celeba64 as source_celeba64

pytestmark = pytest.mark.cli

SHORT = ["--data", "synthetic", "--limit", "20", "--width", "8", "--batch-size", "4"]
SHORT += ["--summary-every", "1", "--sample-every", "2", "--save-every", "2"]
SHORT += ["--sample-bn", "batch", "--device", "cpu"]


def train(run_dir, *args):
    done = call("train_celeba.py", *SHORT, "--run-dir", run_dir, *args)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("runs") / "a"
    return run_dir, train(run_dir, "--steps", 4, "--flip")


def test_a_run_leaves_pictures_metrics_events_and_checkpoints(run):
    run_dir, printed = run
    assert "20 images in synthetic: 5 batches of 4 per epoch, 0 images dropped" in printed
    with Image.open(run_dir / "samples" / "step_0000004.png") as image:
        assert image.mode == "RGB"
        assert image.size == (8 * 66 - 2, 8 * 66 - 2)
        assert np.asarray(image)[:64, :64].std() > 1
    header, *lines = (run_dir / "metrics.csv").read_text().splitlines()
    assert header.startswith("step,epoch,d_loss,d_loss_real,d_loss_fake")
    assert len(lines) == 4
    tags = set()
    (events,) = (run_dir / "tensorboard").iterdir()
    for event in tf.train.summary_iterator(str(events)):
        tags |= {value.tag for value in event.summary.value}
    assert {"losses/d_loss", "losses/g_loss", "samples", "speed/images_per_second"} <= tags
    for name in ("training.gif", "curves.png", "checkpoints/model-4.index"):
        assert (run_dir / name).exists()
    assert len(list((run_dir.parent / "cache").glob("*.npy"))) == 1


def test_stopped_and_restored_equals_straight_bit_for_bit(run, tmp_path):
    """Also without the cache, and over the end of an epoch."""
    train(tmp_path / "part", "--steps", 2, "--flip", "--no-cache")
    args = ("--restore", "--steps", 6, "--run-dir", tmp_path / "part", "--no-cache")
    printed = call("train_celeba.py", *args).stdout
    assert "resumed at step 2 of 6 (epoch 0, image 8 of 20)" in printed
    straight = tmp_path / "straight"
    train(straight, "--steps", 6, "--flip")
    a, b = (
        reading.tensors(str(path / "checkpoints" / "model-6"))
        for path in (straight, tmp_path / "part")
    )
    for name, value in a.items():
        assert value.tobytes() == b[name].tobytes(), name
    metrics = [(p / "metrics.csv").read_bytes() for p in (straight, tmp_path / "part")]
    assert metrics[0] == metrics[1]


def test_faithful_switches_everything_to_the_sources_behaviour(tmp_path):
    train(tmp_path / "r", "--steps", 1, "--faithful", "--resize", "area")
    config = json.loads((tmp_path / "r" / "config.json").read_text())
    assert config["init"] == "source"
    assert config["crop"] == "none"
    assert config["order"] == "file"
    assert config["resize"] == "area"  # what is said aloud wins


def test_a_run_goes_on_from_the_original_scripts_checkpoint_and_back(tmp_path):
    with tf.Graph().as_default(), tf.Session() as session:
        source_celeba64.graph(batch_size=4, width=8)
        session.run(tf.global_variables_initializer())
        original = tf.train.Saver().save(session, str(tmp_path / "old" / "model"))
    printed = train(tmp_path / "r", "--restore", original, "--steps", 1)
    assert "written by the original script" in printed
    out = tmp_path / "back" / "model"
    done = call("export_checkpoint.py", tmp_path / "r", "--legacy", "--out", out)
    assert done.returncode == 0, done.stderr
    assert reading.shapes(str(out)) == reading.shapes(original)


def test_restore_without_a_run_begins_from_pretrained_if_that_is_there(
    run, tmp_path, monkeypatch, capsys
):
    args = train_celeba.make_parser().parse_args(["--restore"])
    args.run_dir = str(tmp_path / "new")
    monkeypatch.setattr(pretrained, "PLACES", (tmp_path / "none",))
    plan = run_plan.decide(args, CELEBA64)
    assert plan.config.start == ""
    assert "starting one" in plan.note
    shipped = tmp_path / "pretrained" / "celeba64"
    done = call("export_checkpoint.py", run[0], "--out", shipped / "model")
    assert done.returncode == 0, done.stderr
    (shipped / "config.json").write_text((run[0] / "config.json").read_text())
    monkeypatch.setattr(pretrained, "PLACES", (tmp_path / "pretrained",))
    plan = run_plan.decide(args, CELEBA64)
    assert plan.config.width == 8  # the networks', not the default
    assert "beginning from" in plan.note
    printed = train(tmp_path / "r", "--restore", plan.config.start, "--steps", 1)
    assert "fresh optimiser slots, step 0" in printed


def test_without_data_the_three_ways_are_explained(tmp_path):
    done = call("train_celeba.py", "--run-dir", tmp_path / "r", cwd=tmp_path)
    assert done.returncode == 2
    for way in ("--data synthetic", "--download", "img_align_celeba.zip"):
        assert way in done.stderr
    assert not (tmp_path / "r").exists()


def test_data_is_found_where_it_usually_lies(run, tmp_path):
    folder = tmp_path / "data" / "celeba"
    folder.mkdir(parents=True)
    for i in range(4):
        Image.radial_gradient("L").resize((178, 218)).rotate(30 * i).save(folder / f"{i}.png")
    args = [a for a in SHORT if a not in ("--data", "synthetic")]
    done = call("train_celeba.py", *args, "--steps", 1, "--run-dir", tmp_path / "r", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"4 images in {folder}" in done.stdout


@pytest.mark.unit
@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        ("--width 12", "--width must be a multiple of 8"),
        ("--width 0", "--width must be at least 8"),
        ("--crop 10x", "--crop"),
        ("--resize lanczos", "--resize"),
        ("--limit 3", "fewer than one batch"),
        ("--data nowhere", "does not exist"),
        ("--data README.md", "neither an archive nor an image"),
        ("--data tests/legacy", "no images"),
        ("--restore pretrained", "has other settings than those given"),
    ],
)
def test_bad_options_are_refused_before_anything_is_made(tmp_path, args, complaint):
    assert complaint in refusal(
        "train_celeba.py", *SHORT, "--quiet", *args.split(), "--run-dir", tmp_path / "r"
    )
    assert not (tmp_path / "r").exists()


def test_changed_settings_are_refused_by_name(run):
    message = refusal("train_celeba.py", *SHORT, "--restore", "--width", 16, "--run-dir", run[0])
    assert "--width is 8 in the run, 16 was asked for" in message
