"""The page of explore.py, in a real browser."""

import json
import re
import signal
import subprocess

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
from script_runs import ENVIRONMENT, call, command
from test_explore_server import ask

from dcgan_v1 import pretrained, systems
from dcgan_v1.commands import explore as explore_command
from dcgan_v1.explore import directions, packing, page
from dcgan_v1.export import chain
from dcgan_v1.sample import draw_noise, interpolate, open_sampler

PHONE = {"width": 390, "height": 800}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """name -> the page of a pretrained model, written once."""
    made = {}

    def of(name):
        if name not in made:
            folder = tmp_path_factory.mktemp(name) / "page"
            done = call("explore.py", "--pretrained", name, "--export", folder)
            assert done.returncode == 0, done.stderr
            made[name] = folder / "index.html"
        return made[name]

    return of


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            marks=[]
            if name in ("mnist_tutorial", "mnist_beginners")
            else pytest.mark.long,
        )
        for name in systems.SYSTEMS
    ],
)
def test_the_page_draws_what_sample_py_draws_of_a_seed(name, exported, tab, tmp_path):
    open_page(tab, exported(name))
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


def test_ways_directions_and_files(exported, tab, tmp_path):
    """Two draws, a place between them, a direction: saved, and drawn again."""
    open_page(tab, exported("mnist_tutorial"))
    shape = (28, 28, 1)
    for number in (3, 8):
        tab.click(f"#grid button:nth-child({number})")
    slide(tab, "#way", 0.25)
    before = shown(tab, shape)
    slide(tab, "#direction1", 2.5)
    picture = shown(tab, shape)
    assert levels(picture, before) > 100
    png = read_png(saved(tab, "#png", tmp_path / "a.png"))
    assert (png == picture).all()
    latents = saved(tab, "#json", tmp_path / "a.json")
    z = draw_noise("normal", 24, 100, seed=0)
    way = interpolate(z[2], z[7], 5)[1]
    found = json.loads(latents.read_text())
    with opened("mnist_tutorial") as network:
        vector = directions.principal(chain.read(network))[1]
    np.testing.assert_allclose(found["z"][0], way + 2.5 * vector, atol=1e-12)
    assert (found["system"], found["bn"]) == ("mnist_tutorial", "ema")
    model = ("--pretrained", "mnist_tutorial")
    assert levels(redrawn(model, latents, tmp_path / "again"), picture) <= 1
    # the GIF goes along the way and back, each frame as the page draws it
    tab.click("#reset")
    with Image.open(saved(tab, "#gif", tmp_path / "a.gif")) as gif:
        assert (gif.n_frames, gif.info["loop"], gif.size) == (30, 0, (28, 28))
        frames = []
        for number in range(30):
            gif.seek(number)
            frames.append(np.asarray(gif.convert("L"))[..., None])
    with open_sampler(pretrained.path_of("mnist_tutorial"), "ema", "cpu") as sampler:
        there, _ = sampler(interpolate(z[2], z[7], 16))
    assert levels(frames, [*there, *there[-2:0:-1]]) <= 1
    # and back into the page
    tab.set_input_files("#open", latents)
    expect(tab.locator("#status")).to_have_text("Opened a.json.")
    assert levels(shown(tab, shape), picture) == 0
    assert "a.json" in tab.inner_text("#what")


def test_three_draws_are_first_less_second_plus_third(exported, tab, tmp_path):
    open_page(tab, exported("mnist_tutorial"))
    for number in (1, 2, 3):
        tab.click(f"#grid button:nth-child({number})")
    shown(tab, (28, 28, 1))
    assert tab.inner_text("#what") == "A − B + C"
    assert tab.is_disabled("#way")
    a, b, c = draw_noise("normal", 3, 100, seed=0)
    expected = a - b + c
    expected *= np.linalg.norm([a, b, c], axis=1).mean() / np.linalg.norm(expected)
    z = json.loads(saved(tab, "#json", tmp_path / "z.json").read_text())["z"]
    np.testing.assert_allclose(z, [expected], atol=1e-12)
    # chosen once more, a draw is let go; a fourth begins anew
    tab.click("#grid button:nth-child(2)")
    assert tab.inner_text("#what").endswith("of the way from A to B")
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
    assert "choose two" in tab.inner_text("#status.failed")
    for number in (1, 2):
        tab.click(f"#grid button:nth-child({number})")
    with Image.open(saved(tab, "#gif", tmp_path / "a.gif")) as gif:
        assert gif.n_frames == 30


def test_no_request_leaves_the_page(exported, tab, tmp_path):
    path = exported("mnist_tutorial")
    open_page(tab, path)
    tab.click("#grid button:nth-child(4)")
    saved(tab, "#png", tmp_path / "a.png")
    own = (path.as_uri(), "blob:")
    assert tab.requests and all(url.startswith(own) for url in tab.requests)
    text = path.read_text()
    assert "connect-src 'none'" in text
    assert not re.search(r"""(src|href)=["'](?!data:)""", text.split("<script")[0])
    assert list(path.parent.iterdir()) == [path]


HOLD = """const Real = Worker; window.held = [];
window.Worker = class extends Real {
  postMessage(message) { held.push(() => super.postMessage(message)); }
};"""


def test_while_it_loads_it_says_so_and_nothing_can_be_saved(exported, tab):
    tab.add_init_script(HOLD)
    tab.goto(exported("mnist_tutorial").as_uri())
    expect(tab.locator("#grid canvas")).to_have_count(24)
    assert tab.inner_text("#status") == "Loading the model …"
    for button in ("#png", "#gif", "#json"):
        assert tab.is_disabled(button)
    tab.click("#grid button:nth-child(2)", force=True)  # it shows nothing yet
    assert tab.inner_text("#slots") == ""
    tab.evaluate("for (const send of held.splice(0)) send()")
    while "Ready" not in tab.inner_text("#status"):  # each answer asks for more
        tab.evaluate("for (const send of held.splice(0)) send()")
        tab.wait_for_timeout(10)
    assert tab.is_enabled("#png")


def test_a_failure_is_said_and_forgotten(live, tab):
    """One request that gets no answer, for the grid and for the picture."""
    open_page(tab, live[1])
    failing = []

    def fail_once(route):
        failing.append(route) if len(failing) < 2 else None
        route.abort() if len(failing) < 2 else route.continue_()

    for act in (
        lambda: tab.click("#another"),
        lambda: tab.click("#grid button:nth-child(3)"),
    ):
        failing.clear()
        tab.route("**/draw", fail_once)
        act()
        expect(tab.locator("#status.failed")).to_contain_text("start explore.py again")
        tab.unroute("**/draw")
        tab.click("#another")
        await_ready(tab)
        assert tab.locator("#status.failed").count() == 0
    tab.click("#grid button:nth-child(3)")
    shown(tab, (28, 28, 1))
    assert tab.get_attribute("#grid button:nth-child(3)", "aria-disabled") == "false"


def test_the_keyboard_is_enough(exported, tab):
    open_page(tab, exported("mnist_tutorial"))
    tab.keyboard.press("Tab")
    for key in ("ArrowRight", "ArrowDown", "Enter", "ArrowLeft", " "):
        tab.keyboard.press(key)
    pressed = tab.eval_on_selector_all(
        "#grid button", "all => all.map(one => one.getAttribute('aria-pressed'))"
    )
    columns = 4
    assert [i for i, yes in enumerate(pressed) if yes == "true"] == [
        columns,
        columns + 1,
    ]
    label = tab.get_attribute(f"#grid button:nth-child({columns + 2})", "aria-label")
    assert label == f"draw {columns + 2}, chosen as A"
    reached = set()
    for _ in range(30):
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate("document.activeElement.id"))
    ids = {"seed", "another", "copy", "truncation", "way", "direction0", "reset"}
    assert ids | {"png", "gif", "json", "open"} <= reached
    tab.focus("#way")
    before = tab.input_value("#way")
    tab.keyboard.press("ArrowRight")
    assert tab.input_value("#way") > before
    tab.click("#grid button:nth-child(9)")  # one stop, wherever the mouse has been
    tab.keyboard.press("ArrowRight")
    assert tab.locator("#grid button[tabindex='0']").count() == 1


def test_it_fits_a_phone_and_each_control_has_a_name(exported, browser):
    tab = browser.new_page(viewport=PHONE)
    open_page(tab, exported("mnist_tutorial"))
    assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    small = tab.evaluate(
        """[...document.querySelectorAll('body *')].filter(one =>
        one.textContent.trim() && !['SCRIPT', 'NOSCRIPT'].includes(one.tagName)
        && parseFloat(getComputedStyle(one).fontSize) < 12).length"""
    )
    assert small == 0
    nameless = tab.evaluate(
        """[...document.querySelectorAll('input, button, canvas[role]')].filter(one =>
        !(one.labels?.length || one.textContent.trim()
          || one.getAttribute('aria-label'))).length"""
    )
    assert nameless == 0
    tab.context.close()


def test_what_cannot_be_is_said_in_the_page(exported, tab, tmp_path):
    open_page(tab, exported("mnist_tutorial"))
    for text, complaint in (
        ('{"system": "celeba64", "z": [[1, 2]]}', "These latents are of celeba64"),
        ('{"system": "mnist_tutorial", "z": [[1, 2]]}', "no latent of 100 numbers"),
        ("nonsense", "no JSON file"),
        ("null", "of no system"),
    ):
        (tmp_path / "z.json").write_text(text)
        tab.set_input_files("#open", tmp_path / "z.json")
        expect(tab.locator("#status.failed")).to_contain_text(complaint)
    tab.fill("#seed", "-1")
    tab.press("#seed", "Enter")
    assert "whole number" in tab.inner_text("#status.failed")
    assert tab.get_attribute("#seed", "aria-invalid") == "true"


def test_the_seed_is_drawn_anew_and_copied(exported, browser):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    open_page(tab, exported("mnist_tutorial"))
    tab.click("#another")
    await_ready(tab)
    seed = tab.input_value("#seed")
    assert int(seed) > 0 and f"--seed {seed} " in tab.inner_text("#command")
    tab.click("#copy")
    expect(tab.locator("#status")).to_have_text(f"Copied seed {seed}.")
    assert tab.evaluate("navigator.clipboard.readText()") == seed
    context.close()


@pytest.fixture
def live():
    """The process of `explore.py --pretrained mnist_tutorial`, and its address."""
    process = subprocess.Popen(
        command("explore.py", "--pretrained", "mnist_tutorial"),
        env={k: v for k, v in ENVIRONMENT.items() if k not in explore_command.DISPLAYS},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a job in the background ignores Ctrl-C, and its children do
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("no browser"):
            break
    address = re.search(r"^(http\S+) shows the page", "".join(lines), re.M)
    assert address, process.communicate()[1]
    yield process, address[1]
    process.kill()
    process.communicate()


def test_live_the_picture_has_the_bits_that_sample_py_draws(live, tab, tmp_path):
    process, address = live
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{20,}/", address)
    open_page(tab, address)
    for number in (2, 5):
        tab.click(f"#grid button:nth-child({number})")
    slide(tab, "#direction0", 1.5)
    picture = shown(tab, (28, 28, 1))
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
    # another user of the machine, who does not know the token
    port = int(address.split(":")[2].split("/")[0])
    assert ask(port, "GET", "/")[0] == 404
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0 and out.endswith("ended\n") and not err
    tab.click("#grid button:nth-child(3)")
    expect(tab.locator("#status.failed")).to_contain_text("start explore.py again")
