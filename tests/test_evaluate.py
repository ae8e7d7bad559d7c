"""evaluate.py: figures that get worse when samples do, floors, errors in a line."""

import json
import re

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from PIL import Image, ImageFilter
from rounding import assert_close
from script_runs import ROOT, call, refusal, tool

from dcgan_v1.data import mnist
from dcgan_v1.errors import UserError
from dcgan_v1.metrics import features, image_metrics, real_images
from dcgan_v1.systems import Celeba64Config

pytestmark = [pytest.mark.cli, pytest.mark.numerical]

N = 400


@pytest.fixture(scope="session")
def figures():
    """What evaluation finds of real digits, spoilt in several ways."""
    test = mnist.load(part="t10k")
    reference, good = test.images[:N], test.images[N : 2 * N]
    rng = np.random.default_rng(0)
    noise = np.clip(good + rng.normal(0, 60, good.shape), 0, 255).astype(np.uint8)
    blur = np.stack(
        [np.asarray(Image.fromarray(x[..., 0]).filter(ImageFilter.GaussianBlur(1.5))) for x in good]
    )[..., None]
    few = test.images[2 * N :][test.labels[2 * N :] < 5][:N]
    found = {"good": good, "noise": noise, "blur": blur, "few": few}
    with features.open_extractor("mnist_tutorial") as look:
        for name, images in found.items():
            sets = image_metrics.Sets(images, good, images, reference, reference, True, False)
            one = image_metrics.compute(sets, {"classifier": look}, lambda _: None)
            found[name] = one["samples"]
    return found


FIGURES = [  # figure, what makes it worse, whether worse is more
    ("Frechet distance (classifier)", ("noise", "blur", "few"), 1),
    ("precision (classifier)", ("noise",), -1),
    ("recall (classifier)", ("noise", "blur", "few"), -1),
    ("inception score", ("noise", "few"), -1),
    ("modes of 10", ("few",), -1),
    ("stacked modes of 1000", ("few",), -1),
    ("KL of classes from uniform", ("few",), 1),
    ("SWD, 28 pixels", ("noise", "blur"), 1),
    ("SWD, 14 pixels", ("noise", "blur", "few"), 1),
    ("SWD, mean", ("noise", "blur", "few"), 1),
    ("MS-SSIM of pairs", ("blur",), 1),
    ("nearest-neighbour ratio", ("noise",), 1),
]


@pytest.mark.release  # test_metrics.py has each figure by hand
def test_every_figure_gets_worse_when_the_samples_do(figures):
    for figure, worse, sense in FIGURES:
        for kind in worse:
            found, real = figures[kind][figure], figures["good"][figure]
            assert sense * (found - real) > 0, (figure, kind, found, real)
    few = figures["few"]
    assert few["modes of 10"] in (5, 6)  # the classifier may take one for another
    assert few["stacked modes of 1000"] < 200
    assert sum(few["class histogram"][:5]) > 0.98 * N
    assert few["KL of classes from uniform"] == pytest.approx(np.log(2), abs=0.05)


def test_figures_of_faces_get_worse_when_the_faces_do(monkeypatch):
    monkeypatch.setattr(real_images, "MIN_IMAGES", 60)
    config = Celeba64Config(data="synthetic", limit=120, cache=False)
    reference, good, training = real_images.load(config, None, 60, 0)
    rng = np.random.default_rng(0)
    noise = np.clip(good + rng.normal(0, 60, good.shape), 0, 255).astype(np.uint8)
    blurred = [Image.fromarray(x).filter(ImageFilter.GaussianBlur(3)) for x in good]
    few = np.repeat(good[:4], 15, axis=0)
    kinds = {"noise": noise, "blur": np.stack(blurred), "few": few}
    with features.open_extractor("celeba64") as look:
        for kind, worse in kinds.items():
            sets = image_metrics.Sets(worse, good, worse, reference, training, False, True)
            found = image_metrics.compute(sets, {"random": look}, lambda _: None)
            samples, real = found["samples"], found["real"]
            for figure in ("Frechet distance (random)", "SWD, mean"):
                assert samples[figure] > real[figure], (kind, figure)
            assert samples["recall (random)"] < real["recall (random)"], kind
            assert real["nearest-neighbour ratio"] == 1
            if kind == "few":
                assert samples["MS-SSIM of pairs"] > real["MS-SSIM of pairs"]
                assert samples["nearest-neighbour ratio"] < 0.01  # training images


def test_the_shipped_classifier_is_right_on_992_of_1000_test_digits():
    test = mnist.load(part="t10k")
    with features.open_extractor("mnist_keras") as look:
        found, probabilities = look(test.images)
    assert found.shape == (10_000, 128) and found.min() >= 0
    assert_close(probabilities.sum(1), 1, terms=10)
    assert (probabilities.argmax(1) == test.labels).mean() >= 0.992


@pytest.mark.unit
def test_the_shipped_classifier_is_small():
    files = list((ROOT / "pretrained" / "mnist_classifier").glob("model.*"))
    assert len(files) == 2 and sum(f.stat().st_size for f in files) < 2e6


@pytest.mark.graph
def test_random_features_are_the_same_each_time(rng):
    images = rng.integers(0, 256, (300, 64, 64, 3), np.uint8)  # more than a chunk
    found = []
    for _ in range(2):
        with features.open_extractor("celeba64") as look:
            found.append(look(images)[0])
    assert found[0].shape == (300, 512)
    np.testing.assert_array_equal(*found)
    assert (found[0].std(0) > 0).mean() > 0.9


@pytest.mark.unit
def test_inception_is_the_graph_of_the_given_file(tmp_path, rng):
    with tf.Graph().as_default() as graph:
        images = tf.placeholder(tf.float32, [None, None, None, 3], "ExpandDims")
        tf.reduce_mean(images, [1, 2], keepdims=True, name="pool_3")
    path = tmp_path / "graph.pb"
    path.write_bytes(graph.as_graph_def().SerializeToString())
    images = rng.integers(0, 256, (5, 8, 8, 3), np.uint8)
    with features.open_inception(path) as look:
        assert_close(look(images)[0], images.mean((1, 2)), terms=8 * 8)
    with tf.Graph().as_default() as graph:
        tf.constant(1.0)
    path.write_bytes(graph.as_graph_def().SerializeToString())
    with pytest.raises(UserError, match="another graph"), features.open_inception(path):
        pass
    path.write_bytes(b"\xff\xff")
    with pytest.raises(UserError, match="not a TensorFlow graph"), features.open_inception(path):
        pass


@pytest.mark.unit
def test_halves_of_a_folder_share_no_image(tmp_path, rng, monkeypatch):
    for i in range(20):
        pixels = rng.integers(0, 256, (64, 64, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    config = Celeba64Config(batch_size=4, crop="none", cache=False)
    monkeypatch.setattr(real_images, "MIN_IMAGES", 10)
    reference, others, training = real_images.load(config, str(tmp_path), 10, 0)
    assert len(reference) == len(others) == 10
    kept = {image.tobytes() for image in (*reference, *others)}
    assert kept == {image.tobytes() for image in training} and len(kept) == 20


# ---- the script ----


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("run") / "run"
    model = ("--model", "mnist_tutorial", "--batch-size", 4)
    args = (*model, "--steps", 2, "--save-every", 1, "--quiet")
    assert call("train_mnist.py", *args, "--run-dir", run_dir).returncode == 0
    return run_dir


def test_the_table_and_the_file_hold_every_figure_with_floor_and_ceiling(run, tmp_path):
    out, picture = tmp_path / "figures.json", tmp_path / "near.png"
    done = call("evaluate.py", "--run-dir", run, "--n", 200, "--json", out, "--neighbours", picture)
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text())
    assert (found["model"], found["n"]) == ("mnist_tutorial", 200)
    figures = found["figures"]
    assert set(figures) == {"samples", "real", "untrained"}
    name = "Frechet distance (classifier)"
    assert figures["real"][name] < figures["samples"][name] / 10
    for figure in figures["samples"]:
        assert re.search(rf"^. {re.escape(figure)} ", done.stdout, re.MULTILINE), figure
    with Image.open(picture) as image:
        assert image.size == (298, 298)  # ten rows of ten


def test_the_curve_measures_every_checkpoint(run, tmp_path):
    out = tmp_path / "a.run"  # a name with a dot keeps it
    done = tool("quality_curve.py", "--run-dir", run, "--n", 200, "--out", out)
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "a.run.csv").read_text().splitlines()
    header, *rows = [line.split(",") for line in lines]
    assert header == ["step", "Frechet distance of 200 samples"]
    assert [row[0] for row in rows] == ["1", "2", "other real images"]
    first, second, floor = (float(row[1]) for row in rows)
    assert 0 < floor < min(first, second) / 10 and first != second
    best = 1 if first < second else 2
    assert f"best: step {best} with" in done.stdout
    assert (tmp_path / "a.run.png").stat().st_size > 1000
    line = refusal("quality_curve.py", "--run-dir", run, "--n", 200, "--out", out, run=tool)
    assert "is there already" in line


def test_a_folder_for_pretrained_is_made_of_a_run(run, tmp_path):
    curve, out = tmp_path / "curve", tmp_path / "out"
    done = tool("quality_curve.py", "--run-dir", run, "--n", 200, "--out", curve)
    assert done.returncode == 0, done.stderr
    made = ("--run-dir", run, "--step", 2, "--curve", curve, "--n", 200)
    done = tool("make_pretrained.py", *made, "--out", out)
    assert done.returncode == 0, done.stderr
    folder = out / "mnist_tutorial"
    assert [path.name for path in out.iterdir()] == ["mnist_tutorial"]
    names = ("model.index", "grid.png", "training.gif", "curve.png", "config.json")
    for name in (*names, "training.json"):
        assert (folder / name).stat().st_size > 0
    assert json.loads((folder / "figures.json").read_text())["n"] == 200
    assert "--model mnist_tutorial --batch-size 4" in (folder / "README.md").read_text()
    assert "is there already" in refusal("make_pretrained.py", *made, "--out", out, run=tool)


@pytest.mark.release
def test_a_folder_for_pretrained_is_made_of_a_run_on_faces(tmp_path):
    run, curve, out = tmp_path / "run", tmp_path / "curve", tmp_path / "out"
    faces = ("--data", "synthetic", "--limit", 400, "--width", 8, "--flip")
    steps = ("--steps", 2, "--batch-size", 4, "--save-every", 1, "--quiet")
    done = call("train_celeba.py", *faces, *steps, "--run-dir", run)
    assert done.returncode == 0, done.stderr
    done = tool("quality_curve.py", "--run-dir", run, "--n", 200, "--out", curve)
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "curve.csv").read_text().splitlines()
    assert lines[0] == "step,sliced Wasserstein distance of 200 samples"
    made = ("--run-dir", run, "--step", 2, "--curve", curve, "--out", out)
    done = tool("make_pretrained.py", *made)
    assert done.returncode == 0, done.stderr
    folder = out / "celeba64"
    assert [path.name for path in out.iterdir()] == ["celeba64"]
    config = json.loads((folder / "config.json").read_text())
    assert (config["limit"], config["data"], config["flip"]) == (400, "", True)
    found = json.loads((folder / "figures.json").read_text())
    assert found["n"] == 200  # half of the images, though 10 000 were asked for
    figures = found["figures"]
    assert figures["real"]["nearest-neighbour ratio"] == 1
    assert figures["samples"]["SWD, 64 pixels"] > figures["real"]["SWD, 64 pixels"]
    assert "--limit 400" in (folder / "README.md").read_text()
    with Image.open(folder / "training.gif") as gif:
        assert gif.n_frames == 2
    assert "is there already" in refusal("make_pretrained.py", *made, run=tool)
    other = ("--run-dir", run, "--step", 2, "--curve", curve, "--out", tmp_path / "new")
    done = tool("make_pretrained.py", *other, "--data", tmp_path / "nothing")
    assert done.returncode == 2 and "say with --data where they are" in done.stderr
    assert list((tmp_path / "new").iterdir()) == []
    line = refusal("make_pretrained.py", *other, "--against-tf2", curve, run=tool)
    assert "is about mnist_tutorial" in line


def test_what_cannot_be_measured_is_refused_in_a_line(run, tmp_path):
    assert "--n must be" in refusal("evaluate.py", "--run-dir", run, "--n", 10)
    there = tmp_path / "there.json"
    there.write_text("mine")
    line = refusal("evaluate.py", "--run-dir", run, "--json", there)
    assert "is there already" in line and there.read_text() == "mine"
    line = refusal("evaluate.py", "--run-dir", run, "--json", there / "deeper.json")
    assert "is a file" in line
    two = ("--json", tmp_path / "new", "--neighbours", tmp_path / "new")
    assert "is meant for two" in refusal("evaluate.py", "--run-dir", run, *two)
    line = refusal("evaluate.py", "--run-dir", run, "--inception", "x.pb")
    assert "for colour images" in line
    line = refusal("evaluate.py", "--run-dir", run, "--classifier", run)
    assert "is not an MNIST classifier" in line
    line = refusal("evaluate.py", "--run-dir", run, "--data", tmp_path)
    assert "train-images" in line
    assert "no pretrained model" in refusal("evaluate.py", "--pretrained", "nothing")
    assert "holds no run" in refusal(
        "quality_curve.py", "--run-dir", tmp_path, "--out", tmp_path / "c", run=tool
    )
