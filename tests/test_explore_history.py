"""A training as the page has it: read off a run, or off a folder of pretrained/."""

import csv
import io

import numpy as np
import pytest
from PIL import Image

from dcgan_v1 import image_files, pretrained, systems
from dcgan_v1.explore import history
from dcgan_v1.nn import randomness
from dcgan_v1.sample import open_sampler

pytestmark = pytest.mark.unit


def picture(png):
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image)


@pytest.fixture
def run(tmp_path, rng):
    """A run's folder: 50 grids of 64 images, 900 lines of metrics."""
    (tmp_path / "samples").mkdir()
    for step in range(0, 5000, 100):
        grid = np.full((8 * 66 - 2, 8 * 66 - 2, 3), step // 20, np.uint8)
        path = tmp_path / "samples" / f"step_{step:07d}.png"
        path.write_bytes(image_files.png_bytes(grid))
    lines = [f"{step},0,{step / 10},{'' if step % 2 else 'nan'}" for step in range(1, 901)]
    (tmp_path / "metrics.csv").write_text("step,epoch,d_loss,g_loss\n" + "\n".join(lines) + "\n")
    return tmp_path


def test_a_runs_grids_are_thinned_out_evenly_and_cut_to_whole_images(run):
    (run / "samples" / "step_0000100.png").write_bytes(b"\x89PNG damaged")
    frames = history.read(run, side=64).frames
    steps = [step for step, _ in frames]
    assert steps[0] == 0 and steps[-1] == 4900 and steps == sorted(steps)
    assert 100 not in steps and len(steps) == history.FRAMES - 1
    for step, png in frames:
        pixels = picture(png)
        assert pixels.shape == (262, 262, 3)  # four images and three gaps
        assert (pixels == step // 20).all()


def test_a_runs_curves_keep_the_first_and_last_line_and_leave_out_nan(run):
    read = history.read(run, side=64)
    assert [(curve.name, curve.group) for curve in read.curves] == [("d_loss", "losses")]
    points = read.curves[0].points
    assert points[0] == (1, 0.1) and points[-1] == (900, 90.0)
    assert len(points) <= history.POINTS + 1
    assert all(value == step / 10 for step, value in points)
    assert "every 3rd line" in read.note


def test_a_folder_without_pictures_has_no_training(tmp_path):
    assert history.read(tmp_path, side=28) is None
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "step_0000000.png").write_bytes(b"damaged")
    assert history.read(tmp_path, side=28) is None


@pytest.mark.parametrize("name", systems.SYSTEMS)
def test_a_pretrained_models_curve_is_that_of_its_csv(name):
    folder = pretrained.path_of(name)
    read = history.read(folder, systems.get(name).image_shape[0])
    with Image.open(folder / "training.gif") as gif:
        assert len(read.frames) == gif.n_frames
    steps = [step for step, _ in read.frames]
    assert steps[0] == 0 and steps == sorted(set(steps))
    rows = [r for r in csv.reader((folder / "curve.csv").open()) if r[0].isdecimal()]
    (curve,) = read.curves
    assert curve.points == [(int(step), float(value)) for step, value in rows]
    assert curve.reference[0] == "other real images"


@pytest.mark.graph
@pytest.mark.parametrize(
    "name",
    [
        "mnist_tutorial",
        *(pytest.param(n, marks=pytest.mark.release) for n in ("mnist_beginners", "mnist_keras")),
    ],
)
def test_the_last_picture_is_what_the_last_weights_draw_of_the_runs_noise(name, session):
    """Of these three the last picture's step is the checkpoint's."""
    folder = pretrained.path_of(name)
    seed = 1  # of the cards' command lines
    z = session.run(randomness.noise(systems.get(name).noise, [64, 100], seed, "z_samples", 0))
    with open_sampler(folder) as sampler:
        images, _ = sampler(z)
    _, png = history.read(folder, 28).frames[-1]
    shown = image_files.tiles(picture(png)[..., None], 28)  # 8 rows of 8
    apart = np.abs(shown.astype(int) - images).max()
    assert apart <= 4, apart  # another processor's rounding, and the GIF's colours
