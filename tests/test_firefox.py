"""The page of explore.py in Firefox: stock Firefox, driven by its own protocol."""

import json
import time

import marks
import numpy as np
import pytest

from dcgan_v1 import pretrained
from dcgan_v1.sample import draw_noise, open_sampler

pytestmark = pytest.mark.firefox

PIXELS = """return [...document.querySelectorAll(arguments[0])].map((canvas) =>
  [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data]
    .filter((_, i) => i % 4 === 0));"""


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    from marionette_driver.marionette import Marionette

    folder = tmp_path_factory.mktemp("firefox")
    driver = Marionette(
        bin=marks.FIREFOX,
        headless=True,
        startup_timeout=120,
        workspace=str(folder),
        gecko_log=str(folder / "gecko.log"),
    )
    driver.start_session()
    yield driver
    driver.quit()


def run(driver, script, *arguments):
    return driver.execute_script(script, script_args=arguments, sandbox=None)


def wait_for(driver, condition):
    deadline = time.monotonic() + 60
    while not run(driver, f"return {condition};"):
        assert time.monotonic() < deadline, run(driver, "return document.body.innerText;")
        time.sleep(0.05)


def images(driver, selector):
    return np.array(run(driver, PIXELS, selector), np.uint8).reshape(-1, 28, 28, 1)


def press(driver, selector, keys):
    from marionette_driver import By

    driver.find_element(By.CSS_SELECTOR, selector).send_keys(keys)


def test_the_page_works_in_firefox(firefox, page_of):
    """Draws, keyboard, messages, the address, files, the training."""
    from marionette_driver import Keys

    firefox.navigate(page_of("mnist_tutorial").as_uri())
    ready = "document.getElementById('status').textContent.startsWith('Ready')"
    wait_for(firefox, ready)
    z = draw_noise("normal", 24, 100, seed=0)
    with open_sampler(pretrained.path_of("mnist_tutorial"), "ema", "cpu") as sampler:
        expected, scores = sampler(z)
    assert np.abs(images(firefox, "#grid canvas").astype(int) - expected).max() <= 1
    labels = run(
        firefox, "return [...document.querySelectorAll('#grid .score')].map(e => e.innerText);"
    )
    assert abs(int(labels[0].split()[-1].strip("%<>")) - 100 * scores[0]) < 2
    # two draws by keyboard, and back again
    press(firefox, "#grid button", Keys.END)
    press(firefox, "#grid button:last-child", Keys.ENTER)
    press(firefox, "#grid button:last-child", Keys.HOME)
    press(firefox, "#grid button", Keys.ENTER)
    what = "return document.getElementById('what').textContent;"
    assert (
        run(firefox, what)
        == "50% of the way from A to B: from draw 24 of seed 0 to draw 1 of seed 0"
    )
    wait_for(firefox, "location.hash.includes('chosen=24%2C0&chosen=1%2C0')")
    press(firefox, "#grid button", Keys.ESCAPE)
    assert run(firefox, what) == "draw 1 of seed 0"
    press(firefox, "#seed", "-" + Keys.ENTER)
    beside = "return document.getElementById('seed-message').textContent;"
    assert "whole number" in run(firefox, beside)
    press(firefox, "#seed", Keys.ESCAPE)
    assert run(firefox, beside) == ""
    # a GIF and a PNG are made, and no script has failed on the way
    for button in ("gif", "png"):
        run(firefox, f"document.getElementById('{button}').click();")
        saved = f"Saved mnist_tutorial.{button}, 532 × 532"
        message = "document.getElementById('files-message').textContent"
        wait_for(firefox, f"{message}.startsWith({json.dumps(saved)})")
    press(firefox, "#step", Keys.HOME)
    assert "Step 0 of 30000" in run(firefox, "return document.getElementById('when').textContent;")
    assert run(firefox, "return document.documentElement.scrollWidth <= innerWidth;")
