"""mnist_keras, mnist_tutorial and images96 in their scripts: epochs, exact resume, what is left."""

import csv
import json

import numpy as np
import pytest
from idx_files import random_images, write_dataset
from PIL import Image
from script_runs import call, refusal

from dcgan_v1.checkpoints import reading

pytestmark = pytest.mark.cli

MNIST = ("mnist_keras", "mnist_tutorial")
EPOCH = 3  # steps: 20 images in batches of 8, 8 and 4


@pytest.fixture(scope="session")
def digits(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("idx"), random_images(20))


def train_mnist(model, digits, run_dir, *args):
    done = call(
        "train_mnist.py",
        "--model",
        model,
        "--data-dir",
        digits,
        "--batch-size",
        8,
        "--summary-every",
        1,
        "--device",
        "cpu",
        "--run-dir",
        run_dir,
        *args,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def train_images(run_dir, *args):
    done = call(
        "train_images.py",
        "--data",
        "synthetic",
        "--limit",
        20,
        "--batch-size",
        8,
        "--width",
        8,
        "--summary-every",
        1,
        "--device",
        "cpu",
        "--run-dir",
        run_dir,
        *args,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_same_end(a, b, step):
    """Checkpoints, metrics and the last picture of two runs are the same bytes."""
    name = f"checkpoints/model-{step}"
    ours, theirs = (reading.tensors(str(run / name)) for run in (a, b))
    assert set(ours) == set(theirs)
    for name, value in ours.items():
        assert value.tobytes() == theirs[name].tobytes(), name
    for name in ("metrics.csv", f"samples/step_{step:07d}.png"):
        assert (a / name).read_bytes() == (b / name).read_bytes(), name


TUTORIAL = pytest.param(MNIST[1], marks=pytest.mark.smoke)
BOTH = pytest.mark.parametrize("mnist_run", [MNIST[0], TUTORIAL], indirect=True)
# what knows nothing of a system's own order of updates
ONE = pytest.mark.parametrize(
    "mnist_run", [pytest.param(MNIST[0], marks=pytest.mark.release), TUTORIAL], indirect=True
)


@pytest.fixture(scope="session")
def mnist_run(request, digits, tmp_path_factory):
    """Two epochs of one of the MNIST systems: (system, run directory, output)."""
    run_dir = tmp_path_factory.mktemp(request.param) / "run"
    epochs = ("--epochs", 2, "--save-epochs", 1)
    return request.param, run_dir, train_mnist(request.param, digits, run_dir, *epochs)


@ONE
def test_samples_and_checkpoints_come_with_the_epochs(mnist_run):
    _, run_dir, _ = mnist_run
    samples = sorted(path.stem for path in (run_dir / "samples").glob("*.png"))
    assert samples == [f"step_{n:07d}" for n in (0, EPOCH, 2 * EPOCH)]
    saved = {path.stem for path in (run_dir / "checkpoints").glob("*.index")}
    assert saved == {f"model-{EPOCH}", f"model-{2 * EPOCH}"}
    with Image.open(run_dir / "samples" / f"{samples[-1]}.png") as image:
        assert image.size == (4 * 30 - 2, 4 * 30 - 2)  # 16 of 28x28
        assert np.asarray(image)[:28, :28].std() > 1
    with Image.open(run_dir / "training.gif") as gif:
        assert gif.n_frames == 3
    assert (run_dir / "curves.png").exists()


@BOTH
def test_metrics_say_the_epoch_and_ds_accuracy_where_the_source_does(mnist_run):
    model, run_dir, _ = mnist_run
    with (run_dir / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [0, 0, 1, 1, 1, 2]
    assert ("d_accuracy" in rows[0]) == (model == "mnist_keras")
    for row in rows:
        assert 0 < float(row["d_loss"]) < 10
        assert 0 <= float(row.get("d_accuracy", 0)) <= 1


@ONE
def test_the_config_keeps_epochs_so_that_more_of_them_can_be_asked_for(mnist_run, digits, tmp_path):
    model, run_dir, _ = mnist_run
    config = json.loads((run_dir / "config.json").read_text())
    assert (config["epochs"], config["steps"]) == (2, 0)
    part = tmp_path / "part"
    train_mnist(model, digits, part, "--epochs", 1)
    done = call("train_mnist.py", "--restore", "--epochs", 2, "--run-dir", part)
    assert done.returncode == 0, done.stderr  # it knows its system and settings
    assert f"resumed at step {EPOCH} of {2 * EPOCH} (epoch 1, image 0" in done.stdout
    assert_same_end(run_dir, part, 2 * EPOCH)


@BOTH
def test_a_run_stopped_within_an_epoch_goes_on_bit_for_bit(mnist_run, digits, tmp_path):
    model, run_dir, _ = mnist_run
    part = tmp_path / "part"
    train_mnist(model, digits, part, "--steps", 4, "--sample-every", 3)
    train_mnist(model, digits, part, "--restore", "--steps", 6)
    assert_same_end(run_dir, part, 2 * EPOCH)


@ONE
def test_samples_are_drawn_from_a_run(mnist_run, tmp_path):
    done = call("sample.py", "--run-dir", mnist_run[1], "--n", 3, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "grid.png").exists()


@pytest.mark.release  # celeba64 is of the same kind: test_train_celeba.py
def test_images96_trains_on_any_images_and_resumes_bit_for_bit(tmp_path):
    straight, part = tmp_path / "straight", tmp_path / "part"
    printed = train_images(straight, "--epochs", 2)  # two steps each
    assert "2 batches of 8 per epoch, 4 images dropped each time" in printed
    with Image.open(straight / "samples" / "step_0000004.png") as image:
        assert image.size == (8 * 98 - 2, 8 * 98 - 2)
        assert np.asarray(image.convert("L")).std() > 1
    train_images(part, "--epochs", 1)
    train_images(part, "--epochs", 2, "--restore")
    assert_same_end(straight, part, 4)
    done = call("sample.py", "--run-dir", straight, "--n", 2, "--out", tmp_path / "s")
    assert done.returncode == 0, done.stderr


def test_a_folder_of_grey_images_of_any_shape_becomes_square_rgb(tmp_path, rng):
    """The source's are slices of MRI scans. The shorter side becomes 96, the rest of
    the longer one is cut off evenly."""
    folder = tmp_path / "slices"
    folder.mkdir()
    wide = np.zeros((120, 200), np.uint8)
    wide[:, 40:160] = 200  # exactly the square in the middle
    for i in range(9):
        Image.fromarray(wide).save(folder / f"{i}.png")
    run = tmp_path / "run"
    options = ("--width", 8, "--epochs", 1, "--run-dir", run, "--allow-uniform")
    done = call("train_images.py", "--data", folder, "--batch-size", 8, *options)
    assert done.returncode == 0, done.stderr
    assert "1 batches of 8 per epoch, 1 images dropped each time" in done.stdout
    (cache,) = (tmp_path / "cache").glob("*.npy")
    images = np.load(cache)
    assert images.shape == (9, 96, 96, 3)
    assert (images[:, :, 2:-2] == 200).all()  # at the edge what was cut off shines in
    assert images.min() > 150


@pytest.mark.unit
@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--model", "mnist_keras", "--validation", 5), "no setting --validation"),
        (("--epochs", 5), "mnist_beginners has no setting --epochs"),
        (("--model", "mnist_tutorial", "--init", "paper"), "no setting --init"),
        (("--model", "mnist_keras", "--epochs", 0), "--epochs must be at least 1"),
    ],
)
def test_what_a_system_does_not_have_is_refused_by_name(args, message, tmp_path):
    assert message in refusal("train_mnist.py", "--run-dir", tmp_path / "r", *args)
    assert not (tmp_path / "r").exists()


@pytest.mark.unit
def test_images_without_data_are_refused(tmp_path):
    run_dir = ("--run-dir", tmp_path / "r")
    assert "--data is needed" in refusal("train_images.py", *run_dir)
    restore = ("--restore", "pretrained", "--data", "synthetic", "--width", 8)
    assert "has other settings" in refusal("train_images.py", *run_dir, *restore)
    assert not (tmp_path / "r").exists()


@ONE
def test_a_run_of_another_system_is_refused(mnist_run):
    model, run_dir, _ = mnist_run
    other = MNIST[1 - MNIST.index(model)]
    args = ("--model", other, "--restore", "--run-dir", run_dir)
    assert f"holds a run of {model}, not of {other}" in refusal("train_mnist.py", *args)
