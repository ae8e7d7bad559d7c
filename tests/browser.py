"""Pages in a real browser: headless Chromium, driven by Playwright."""

import numpy as np
from PIL import Image
from script_runs import call

from dcgan_v1 import pretrained
from dcgan_v1.checkpoints.checkpoint import open_checkpoint
from dcgan_v1.explore import page
from dcgan_v1.export import networks

try:
    from playwright.sync_api import expect
except ImportError:  # the tests that need it are skipped
    expect = None


def open_page(tab, address):
    """Opens a page and waits until it has drawn all."""
    tab.goto(address if "://" in str(address) else address.as_uri())
    await_ready(tab)


def canvases(tab, selector, shape):
    """uint8 [N, H, W, C] of the canvases that a selector finds."""
    pixels = tab.evaluate(
        """selector => [...document.querySelectorAll(selector)].map(canvas =>
        [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
        .data])""",
        selector,
    )
    height, width, channels = shape
    rgba = np.array(pixels, np.uint8).reshape(-1, height, width, 4)
    assert (rgba[..., 3] == 255).all()
    return rgba[..., :channels]


def shown(tab, shape):
    """The large picture, once nothing more is being drawn for it."""
    while tab.evaluate("drawing || again"):
        tab.wait_for_timeout(10)
    return canvases(tab, "#picture", shape)[0]


def slide(tab, selector, value):
    tab.locator(selector).fill(str(value))


def saved(tab, button, path):
    with tab.expect_download() as download:
        tab.click(button)
    download.value.save_as(path)
    return path


def redrawn(model, latents, folder):
    """What sample.py --latents draws of a file."""
    done = call("sample.py", *model, "--latents", latents, "--individual", "--out", folder)
    assert done.returncode == 0, done.stderr
    return read_png(folder / "sample_00000.png")


def read_png(path):
    with Image.open(path) as image:
        picture = np.asarray(image)
    return picture.reshape(*picture.shape[:2], -1)[..., :3]


def levels(a, b):
    return np.abs(np.asarray(a).astype(int) - b).max()


def script(*names):
    return "\n".join((page.FOLDER / name).read_text() for name in names)


def await_ready(tab):
    expect(tab.locator("#status")).to_contain_text("Ready", timeout=60_000)


def opened(name):
    return networks.open_network(open_checkpoint(pretrained.path_of(name)), "generator")
