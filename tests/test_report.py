"""report.html: what a reader who knows neither side sees."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from dcgan_v1 import image_files, pretrained, systems
from dcgan_v1.migration.reporting.report import in_plain_words
from dcgan_v1.ports import inputs
from dcgan_v1.sample import open_sampler

FINDING = {"where": "d/conv1", "cause": "padding is VALID, TF1's is SAME", "name": ""}


@pytest.mark.unit
@pytest.mark.parametrize(
    ("findings", "accepted", "words"),
    [
        ([], [], "The port computes what the TensorFlow 1 program computes: all"),
        ([], [FINDING], "computes, but for what was accepted below: all"),
        ([FINDING], [], "does not compute .* One difference was found in d/conv1: padding"),
        ([FINDING] * 3, [], "3 differences were found, the first in d/conv1: padding is VALID"),
    ],
)
def test_the_first_line_says_in_plain_words_what_came_out(findings, accepted, words):
    report = {"same": not findings, "findings": findings, "accepted": accepted, "compared": ""}
    assert re.search(words, in_plain_words(report))


@pytest.mark.compare
def test_its_pictures_are_drawn_by_trained_weights_where_there_are_some(report):
    html = report.read_text()
    assert "Drawn by the weights of pretrained/mnist_tutorial." in html
    system = systems.get("mnist_tutorial")
    (z,) = inputs.make(system.config(batch_size=4), 1)["z"]
    with open_sampler(pretrained.path_of(system.name), "ema", "cpu") as sampler:
        expected, _ = sampler(z)
    for side in ("TF1's samples", "the port's samples"):
        data = re.search(f'alt="{side}" src="data:image/png;base64,([^"]+)"', html)[1]
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            drawn = image_files.tiles(np.asarray(image)[..., None], 28)
        assert np.abs(drawn.astype(int) - expected).max() <= 1


@pytest.mark.browser
def test_it_fits_a_phone_and_is_dark_where_the_reader_wants_it(report, browser):
    tab = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    tab.goto(report.as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    colors = tab.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    paper, ink = (sum(map(int, re.findall(r"\d+", color)[:3])) for color in colors)
    assert paper < 150 and ink > 600
    tab.emulate_media(color_scheme="light")
    paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    tab.context.close()
