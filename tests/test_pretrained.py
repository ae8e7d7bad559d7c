"""What lies in pretrained/ can be drawn from, and its card says what was measured."""

import json
import re

import numpy as np
import pytest
from PIL import Image
from script_runs import ROOT, call

from dcgan_v1 import pretrained
from dcgan_v1.checkpoints import finding, reading
from dcgan_v1.config.config_json import from_json
from dcgan_v1.metrics import frechet, real_images
from dcgan_v1.metrics.features import open_extractor
from dcgan_v1.nn.optimizers import is_optimizer_variable
from dcgan_v1.sample import draw_noise, open_sampler
from dcgan_v1.systems import SYSTEMS
from tools import card

pytestmark = pytest.mark.release

N = 2000  # samples: fewer are farther from the real ones
PRETRAINED = ROOT / "pretrained"
NAMES = sorted(path.parent.name for path in PRETRAINED.glob("*/config.json"))


def test_every_system_has_a_model():
    assert sorted(SYSTEMS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_two_networks_in_less_than_45_mb(name):
    folder = PRETRAINED / name
    arrays = reading.tensors(finding.resolve(folder))
    assert not [n for n in arrays if is_optimizer_variable(n) or "Exponential" in n]
    assert {n.split("/")[1] for n in arrays} == {"generator", "discriminator"}
    assert not reading.not_finite(arrays)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 45e6


@pytest.mark.parametrize("name", NAMES)
def test_a_card_shows_the_figures_and_the_command(name):
    folder = PRETRAINED / name
    text = (folder / "README.md").read_text()
    figures = json.loads((folder / "figures.json").read_text())["figures"]
    for figure, value in figures["samples"].items():
        (row,) = re.findall(rf"^\| {re.escape(figure)} \| ([^|]*) \|", text, re.M)
        if not isinstance(value, list):
            assert float(row) == pytest.approx(value, rel=1e-3)
    config = from_json((folder / "config.json").read_text(), name)
    example = pretrained.example_of(folder, SYSTEMS[name])
    assert card.command(config, example) in text
    for picture in re.findall(r"\]\((\w+\.(?:png|gif|csv))\)", text):
        assert (folder / picture).exists()
    found = json.loads((folder / "figures.json").read_text())
    assert config == card.published(config, found["training_images"])


@pytest.mark.parametrize("name", NAMES)
def test_a_card_is_what_the_figures_and_the_curve_give(name):
    folder = PRETRAINED / name
    text = (folder / "README.md").read_text()
    config = from_json((folder / "config.json").read_text(), name)
    step = int(re.search(r"\| steps \| (\d+) ", text)[1])
    time = re.search(r"\| time \| (.*?) \|", text)[1]
    assert card.text(folder, config, step=step, time=time) == text


@pytest.mark.parametrize("name", NAMES)
def test_a_pretrained_model_draws_the_grid_of_its_card(name, tmp_path):
    done = call("sample.py", "--pretrained", name, "--n", 64, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    with (
        Image.open(tmp_path / "grid.png") as drawn,
        Image.open(PRETRAINED / name / "grid.png") as shown,
    ):
        drawn, shown = (np.asarray(image, np.float64) for image in (drawn, shown))
    assert drawn.shape == shown.shape
    assert np.abs(drawn - shown).mean() < 0.5  # other processors round differently


@pytest.mark.parametrize("name", [name for name in NAMES if SYSTEMS[name].data == "digits"])
def test_a_shipped_model_is_as_good_as_its_card_says(name):
    found = json.loads((PRETRAINED / name / "figures.json").read_text())
    figures = found["figures"]["samples"]
    reference, _, _ = real_images.load(SYSTEMS[name].config(), None, N, seed=1)
    with open_sampler(PRETRAINED / name) as sampler, open_extractor(name) as look:
        z = draw_noise(sampler.system.noise, N, sampler.system.z_dim, seed=1)
        drawn, probabilities = look(sampler(z)[0])
        distance = frechet.distance(drawn, look(reference)[0])
    assert 0.9 < distance / figures["Frechet distance (classifier)"] < 1.6
    expected = np.array(figures["class histogram"]) / found["n"]
    counts = np.bincount(probabilities.argmax(1), minlength=10)
    spread = np.sqrt(expected * (1 - expected) / N)
    assert (np.abs(counts / N - expected) < 5 * spread + 0.01).all(), counts
