"""The page of explore.py, in a real browser."""

import json
import re
import signal

import numpy as np
import pytest
from browser import (
    await_ready,
    canvases,
    expect,
    levels,
    open_page,
    opened,
    read_png,
    redrawn,
    saved,
    shown,
    slide,
)
from PIL import Image
from script_runs import SECONDS, call
from test_explore_server import ask

from dcgan_v1 import pretrained, systems
from dcgan_v1.explore import directions, packing, page
from dcgan_v1.export import layers
from dcgan_v1.sample import draw_noise, interpolate, open_sampler

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 800}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("mnist_tutorial", marks=pytest.mark.smoke),
        "mnist_beginners",
        *(
            pytest.param(name, marks=pytest.mark.release)
            for name in ("mnist_keras", "celeba64", "images96")
        ),
    ],
)
def test_the_page_draws_what_sample_py_draws_of_a_seed(name, page_of, tab, tmp_path):
    open_page(tab, page_of(name))
    seed = int(np.random.SeedSequence().entropy % 2**31)
    print("seed", seed)
    tab.fill("#seed", str(seed))
    tab.press("#seed", "Enter")
    slide(tab, "#truncation", 0.7)
    await_ready(tab)
    shape = systems.get(name).image_shape
    words = tab.inner_text("#command").split()
    assert words[:2] == ["python", "scripts/sample.py"]
    done = call("sample.py", *words[2:], "--npz", tmp_path / "drawn.npz")
    assert done.returncode == 0, done.stderr
    expected = np.load(tmp_path / "drawn.npz")["images"]
    assert len(expected) == 24 and expected.std() > 10
    assert levels(canvases(tab, "#grid canvas", shape), expected) <= 1
    # and D says what it says there, under each and to who cannot see it
    system = systems.get(name)
    z = draw_noise(system.noise, 24, system.z_dim, seed, truncation=0.7)
    with open_sampler(pretrained.path_of(name), "ema", "cpu") as sampler:
        _, scores = sampler(z)
    found = tab.evaluate("state.draws.map(({ score }) => score)")
    np.testing.assert_allclose(found, scores, atol=packing.SCORES + 0.002)
    percents = tab.evaluate("state.draws.map(({ score }) => percent(score))")
    texts = tab.eval_on_selector_all("#grid button", "all => all.map(e => e.textContent)")
    for i, (text, percent) in enumerate(zip(texts, percents, strict=True)):
        assert text.startswith(f"draw {i + 1} ") and text.endswith(f"D's score {percent}")


def test_ways_directions_and_files(page_of, tab, tmp_path):
    """Two draws, a place between them, a direction: saved, and drawn again."""
    open_page(tab, page_of("mnist_tutorial"))
    shape = (28, 28, 1)
    for number in (3, 8):
        tab.click(f"#grid button:nth-child({number})")
    slide(tab, "#way", 0.25)
    before = shown(tab, shape)
    slide(tab, "#direction1", 2.5)
    picture = shown(tab, shape)
    assert levels(picture, before) > 100
    what = tab.inner_text("#what")  # all that was done
    assert what == (
        "25% of the way from A to B: from draw 3 of seed 0 to draw 8 of seed 0; Component 2 +2.5"
    )
    assert "real" in tab.inner_text("#score")
    tab.select_option("#size", "1")
    png = read_png(saved(tab, "#png", tmp_path / "a.png"))
    assert (png == picture).all()
    latents = saved(tab, "#json", tmp_path / "a.json")
    z = draw_noise("normal", 24, 100, seed=0)
    way = interpolate(z[2], z[7], 5)[1]
    found = json.loads(latents.read_text())
    with opened("mnist_tutorial") as network:
        vector = directions.principal(layers.read_layers(network))[1]
    np.testing.assert_allclose(found["z"][0], way + 2.5 * vector, atol=1e-12)
    assert (found["system"], found["bn"]) == ("mnist_tutorial", "ema")
    model = ("--pretrained", "mnist_tutorial")
    assert levels(redrawn(model, latents, tmp_path / "again"), picture) <= 1
    # the GIF goes along the way and back, each frame as the page draws it, 19 times as large
    tab.click("#reset")
    tab.select_option("#size", "19")
    with Image.open(saved(tab, "#gif", tmp_path / "a.gif")) as gif:
        assert (gif.n_frames, gif.info["loop"], gif.size) == (30, 0, (532, 532))
        frames = []
        for number in range(30):
            gif.seek(number)
            large = np.asarray(gif.convert("L"))[..., None]
            frames.append(large[::19, ::19])
            assert (large == frames[-1].repeat(19, 0).repeat(19, 1)).all()
    with open_sampler(pretrained.path_of("mnist_tutorial"), "ema", "cpu") as sampler:
        there, _ = sampler(interpolate(z[2], z[7], 16))
    assert levels(frames, [*there, *there[-2:0:-1]]) <= 1
    # and back into the page
    tab.set_input_files("#open", latents)
    expect(tab.locator("#status")).to_have_text("Opened a.json.")
    assert levels(shown(tab, shape), picture) == 0
    assert "a.json" in tab.inner_text("#what")


def test_three_draws_are_first_less_second_plus_third(page_of, tab, tmp_path):
    open_page(tab, page_of("mnist_tutorial"))
    for number in (1, 2, 3):
        tab.click(f"#grid button:nth-child({number})")
    shown(tab, (28, 28, 1))
    assert tab.inner_text("#what") == (
        "A − B + C: draw 1 of seed 0 − draw 2 of seed 0 + draw 3 of seed 0"
    )
    assert tab.is_disabled("#way")
    a, b, c = draw_noise("normal", 3, 100, seed=0)
    expected = a - b + c
    expected *= np.linalg.norm([a, b, c], axis=1).mean() / np.linalg.norm(expected)
    z = json.loads(saved(tab, "#json", tmp_path / "z.json").read_text())["z"]
    np.testing.assert_allclose(z, [expected], atol=1e-12)
    # chosen once more, a draw is let go; a fourth begins anew
    tab.click("#grid button:nth-child(2)")
    assert "of the way from A to B" in tab.inner_text("#what")
    for number in (5, 6):
        tab.click(f"#grid button:nth-child({number})")
    assert tab.inner_text("#what") == "draw 6 of seed 0"


def test_without_directions_a_gif_wants_two_draws(tab, tmp_path):
    """As of a generator that no chain of layers describes and that has no judge."""
    with opened("mnist_tutorial") as network:
        packed = packing.pack(network)
    model = page.Model(systems.get("mnist_tutorial"), "--model x", [], "none")
    (tmp_path / "page.html").write_text(page.html(model, packed))
    open_page(tab, tmp_path / "page.html")
    tab.click("#gif")
    assert "choose two" in tab.inner_text("#files-message.failed")
    for number in (1, 2):
        tab.click(f"#grid button:nth-child({number})")
    with Image.open(saved(tab, "#gif", tmp_path / "a.gif")) as gif:
        assert gif.n_frames == 30


def test_no_request_leaves_the_page(page_of, tab, tmp_path):
    path = page_of("mnist_tutorial")
    open_page(tab, path)
    tab.click("#grid button:nth-child(4)")
    saved(tab, "#png", tmp_path / "a.png")
    own = (path.as_uri(), "blob:")
    assert tab.requests and all(url.startswith(own) for url in tab.requests)
    text = path.read_text()
    assert "connect-src 'none'" in text
    assert not re.search(r"""(src|href)=["'](?!data:)""", text.split("<script")[0])
    assert list(path.parent.iterdir()) == [path]


def test_live_the_picture_has_the_bits_that_sample_py_draws(live_page, tab, tmp_path):
    process, address = live_page
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{20,}/", address)
    open_page(tab, address)
    for number in (2, 5):
        tab.click(f"#grid button:nth-child({number})")
    slide(tab, "#direction0", 1.5)
    picture = shown(tab, (28, 28, 1))
    tab.select_option("#size", "1")
    assert all(url.startswith((address, "blob:")) for url in tab.requests)
    assert (read_png(saved(tab, "#png", tmp_path / "a.png")) == picture).all()
    latents = saved(tab, "#json", tmp_path / "a.json")
    model = ("--pretrained", "mnist_tutorial")
    assert (redrawn(model, latents, tmp_path / "again") == picture).all()
    # the grid is that of the seed
    done = call("sample.py", *model, "--n", 24, "--npz", tmp_path / "g.npz")
    assert done.returncode == 0, done.stderr
    grid = canvases(tab, "#grid canvas", (28, 28, 1))
    assert levels(grid, np.load(tmp_path / "g.npz")["images"]) <= 1
    with open_sampler(pretrained.path_of("mnist_tutorial"), "ema", "cpu") as sampler:
        _, scores = sampler(draw_noise("normal", 24, 100, seed=0))
    found = tab.evaluate("state.draws.map(({ score }) => score)")
    np.testing.assert_allclose(found, scores, atol=1e-4)
    # another user of the machine, who does not know the token
    port = int(address.split(":")[2].split("/")[0])
    assert ask(port, "GET", "/")[0] == 404
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0 and out.endswith("ended\n") and not err
    tab.click("#grid button:nth-child(3)")
    expect(tab.locator("#status.failed")).to_contain_text("start explore.py again")
