"""Drawing from a restored generator, as a library and as a script."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from PIL import Image
from script_runs import call, refusal

from dcgan_v1.sample import draw_noise, interpolate, open_sampler
from dcgan_v1.systems import SYSTEMS
from originals import celeba64 as source_celeba64

pytestmark = [pytest.mark.cli, pytest.mark.numerical]


@pytest.mark.graph
@pytest.mark.parametrize("name", ["mnist_beginners", "celeba64"])
@pytest.mark.parametrize("bn", ["ema", "batch"])
@pytest.mark.parametrize("n", [1, 70])
def test_any_number_of_images_from_any_system(trained, name, bn, n):
    with open_sampler(trained(name), bn) as sampler:
        z = draw_noise(sampler.system.noise, n, 100, seed=3)
        drawn, scores = sampler(z)
    assert drawn.shape == (n, *SYSTEMS[name].image_shape)
    assert drawn.dtype == np.uint8
    if bn == "batch":  # mnist_beginners' averages need thousands of steps to settle
        assert drawn.std() > 1
    assert scores.shape == (n,)
    assert ((scores >= 0) & (scores <= 1)).all()


@pytest.mark.graph
def test_by_the_averages_an_image_does_not_depend_on_its_company(trained):
    with open_sampler(trained("celeba64"), "ema") as sampler:
        z = draw_noise("uniform", 5, 100, seed=3)
        together, alone = sampler(z)[0], sampler(z[2:3])[0]
    assert np.abs(together[2].astype(int) - alone[0]).max() <= 1


@pytest.mark.graph
def test_the_width_is_read_off_the_checkpoint_also_an_originals(tmp_path):
    with tf.Graph().as_default(), tf.Session() as session:
        source_celeba64.graph(batch_size=2, width=16)
        session.run(tf.global_variables_initializer())
        prefix = tf.train.Saver().save(session, str(tmp_path / "model"))
    with open_sampler(prefix) as sampler:
        assert sampler(draw_noise("uniform", 2, 100, 0))[0].shape == (2, 64, 64, 3)


@pytest.mark.unit
def test_noise_is_a_function_of_the_seed_and_its_first_rows_of_that_alone():
    for kind in ("normal", "uniform"):
        few, many = (draw_noise(kind, n, 100, seed=3) for n in (5, 50))
        np.testing.assert_array_equal(few, many[:5])
        assert (draw_noise(kind, 5, 100, seed=4) != few).all()


@pytest.mark.unit
def test_truncation_bounds_the_noise():
    assert np.abs(draw_noise("normal", 500, 100, 0)).max() > 3
    truncated = draw_noise("normal", 500, 100, 0, truncation=0.7)
    assert 0.69 < np.abs(truncated).max() <= 0.7
    truncated = draw_noise("uniform", 500, 100, 0, truncation=0.7)
    assert 0.69 < np.abs(truncated).max() <= 0.7


@pytest.mark.unit
def test_interpolation_goes_from_end_to_end_on_the_sphere(rng):
    a, b = rng.normal(size=(2, 100))
    way = interpolate(a, b, 9)
    np.testing.assert_allclose(way[0], a, rtol=1e-9)
    np.testing.assert_allclose(way[-1], b, rtol=1e-9)
    lengths = np.linalg.norm(way, axis=1)
    np.testing.assert_allclose(
        lengths, np.linspace(np.linalg.norm(a), np.linalg.norm(b), 9), rtol=1e-9
    )
    unit = way / lengths[:, None]
    angles = np.arccos(np.clip((unit[1:] * unit[:-1]).sum(1), -1, 1))
    np.testing.assert_allclose(angles, angles[0], rtol=1e-6)  # even steps
    np.testing.assert_allclose(interpolate(a, a, 3), [a, a, a])


# ---- the script ----


@pytest.mark.smoke
def test_grid_files_array_and_scores_agree(trained, tmp_path):
    args = ("--checkpoint", trained("celeba64"), "--n", 6, "--out", tmp_path / "o")
    args += ("--bn", "batch")
    args += ("--npz", tmp_path / "a.npz", "--individual", "--grid", "--scores")
    done = call("sample.py", *args)
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "a.npz") as arrays:
        drawn = arrays["images"]
    assert drawn.shape == (6, 64, 64, 3)
    assert drawn.dtype == np.uint8
    for i in range(6):
        with Image.open(tmp_path / "o" / f"sample_{i:05d}.png") as image:
            np.testing.assert_array_equal(np.asarray(image), drawn[i])
    with Image.open(tmp_path / "o" / "grid.png") as grid:
        assert grid.size == (3 * 66 - 2, 2 * 66 - 2)
    rows = (tmp_path / "o" / "scores.csv").read_text().splitlines()[1:]
    scores = [float(row.split(",")[1]) for row in rows]
    assert len(scores) == 6
    # keeping the better half; scores are rounded in the table
    limit = sum(sorted(scores)[2:4]) / 2
    args = ("--checkpoint", trained("celeba64"), "--n", 6, "--out", tmp_path / "p")
    args += ("--bn", "batch")
    done = call("sample.py", *args, "--individual", "--min-score", limit)
    kept = {int(path.stem[-5:]) for path in (tmp_path / "p").glob("*.png")}
    assert kept == {i for i, score in enumerate(scores) if score > limit}
    assert len(kept) == 3
    before = {path: path.read_bytes() for path in (tmp_path / "p").iterdir()}
    assert "already" in call("sample.py", *args, "--individual").stderr
    assert before == {path: path.read_bytes() for path in (tmp_path / "p").iterdir()}


def test_interpolation_writes_a_strip_and_a_gif(trained, tmp_path):
    done = call(
        "sample.py",
        "--checkpoint",
        trained("mnist_beginners"),
        "--out",
        tmp_path / "o",
        "--interpolate",
        1,
        2,
        "--frames",
        5,
    )
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "o" / "interpolation.png") as strip:
        assert strip.size == (5 * 28, 28)
    with Image.open(tmp_path / "o" / "interpolation.gif") as gif:
        assert gif.n_frames == 8  # there and back


@pytest.mark.unit
@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        ("--run-dir nowhere", "no checkpoint at"),
        ("--pretrained nothing", "no pretrained model"),
        ("--checkpoint README.md", "no checkpoint at"),
        ("--checkpoint x --n 0", "--n must be at least 1"),
        ("--checkpoint x --truncation 0", "--truncation must be at least 0.01"),
        ("--checkpoint x --interpolate 1", "--interpolate"),
        ("", "required"),
    ],
)
def test_bad_input_is_refused_in_one_line(tmp_path, args, complaint):
    assert complaint in refusal("sample.py", *args.split(), "--out", tmp_path / "o")
    assert not (tmp_path / "o").exists()


def test_a_run_with_averages_draws_from_them_unless_the_latest_are_wanted(tmp_path):
    run = tmp_path / "run"
    model = ("--model", "mnist_tutorial", "--batch-size", 4, "--steps", 3)
    done = call("train_mnist.py", *model, "--ema-decay", 0.9, "--run-dir", run)
    assert done.returncode == 0, done.stderr
    drawn = []
    for i, latest in enumerate([(), ("--latest",)]):
        out = tmp_path / f"{i}.npz"
        args = ("--run-dir", run, "--n", 4, "--npz", out, *latest)
        done = call("sample.py", *args)
        assert done.returncode == 0, done.stderr
        drawn.append(np.load(out)["images"])
    assert (drawn[0] != drawn[1]).any()


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{}", "holds no latents"),
        ("", "holds no latents"),
        ("[" * 100_000, "holds no latents"),
        ('{"system": "mnist_tutorial", "z": [[1], [1, 2]]}', "holds no latents"),
        ('{"system": "mnist_tutorial", "z": [1, 2]}', "rows of finite numbers"),
        ('{"system": "mnist_tutorial", "z": [[NaN]]}', "rows of finite numbers"),
        ('{"system": "mnist_tutorial", "bn": "x", "z": [[1]]}', "must be one of"),
        ('{"system": "mnist_tutorial", "z": [[1]]}', "has 100 numbers, not 1"),
        ('{"system": "celeba64", "z": [[1]]}', "holds latents of 'celeba64'"),
    ],
)
def test_latents_of_another_kind_are_refused_in_one_line(text, complaint, tmp_path):
    (tmp_path / "z.json").write_text(text)
    line = refusal(
        "sample.py",
        "--pretrained",
        "mnist_tutorial",
        "--latents",
        tmp_path / "z.json",
        "--out",
        tmp_path / "out",
    )
    assert complaint in line
    assert not (tmp_path / "out").exists()


@pytest.mark.unit
def test_latents_stand_alone(tmp_path):
    line = refusal(
        "sample.py", "--pretrained", "mnist_tutorial", "--latents", tmp_path / "z.json", "--seed", 3
    )
    assert "leave out" in line
