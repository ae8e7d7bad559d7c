"""What a visitor of explore.py's page meets: messages, links, files to share, the training."""

import io
import re
from urllib.parse import quote

import numpy as np
import pytest
from browser import await_ready, expect, open_page, read_png, saved, shown, slide
from PIL import Image

pytestmark = pytest.mark.browser

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
IN_VIEW = """selector => { const { top, bottom } =
  document.querySelector(selector).getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight; }"""


@pytest.fixture
def digits(page_of, tab):
    """The page of mnist_tutorial in a window as laptops have it."""
    tab.set_viewport_size(DESK)
    open_page(tab, page_of("mnist_tutorial"))
    return tab


def test_a_refused_seed_is_said_beside_it_and_until_it_is_answered(digits):
    tab = digits
    tab.fill("#seed", "42")
    tab.press("#seed", "Enter")  # a drawing is under way
    tab.fill("#seed", "-1")
    tab.press("#seed", "Enter")
    message = tab.locator("#seed-message.failed")
    expect(message).to_contain_text("whole number, 0 or more")
    assert tab.evaluate(IN_VIEW, "#seed-message")
    while tab.locator("#grid button[aria-disabled='true']").count():
        tab.wait_for_timeout(20)
    tab.wait_for_timeout(200)  # "Ready" would be said by now
    expect(message).to_contain_text("whole number")
    expect(tab.locator("#status.failed")).to_contain_text("whole number")
    assert tab.get_attribute("#seed", "aria-describedby") == "seed-message"
    tab.press("#seed", "Escape")  # back to the seed that is shown
    assert tab.input_value("#seed") == "42" and message.count() == 0
    assert tab.get_attribute("#seed", "aria-invalid") == "false"
    tab.fill("#seed", "x")
    tab.press("#seed", "Enter")
    expect(message).to_have_count(1)
    tab.fill("#seed", "7")
    tab.press("#seed", "Enter")
    await_ready(tab)
    assert message.count() == 0


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_picture_stays_in_view_and_hides_nothing_that_has_the_focus(page_of, browser, size):
    tab = browser.new_page(viewport=size)
    open_page(tab, page_of("mnist_tutorial"))
    assert tab.evaluate("document.documentElement.scrollWidth") <= size["width"]
    tab.focus("#seed")
    for _ in range(40):
        tab.keyboard.press("Tab")
        inside, hidden = tab.evaluate(
            """() => { const e = document.activeElement.getBoundingClientRect();
            const pane = byId('pane').getBoundingClientRect();
            const under = e.left < pane.right && e.top < pane.bottom - 1 && e.bottom > pane.top;
            return [byId('controls').contains(document.activeElement), under]; }"""
        )
        assert not (inside and hidden), tab.evaluate("document.activeElement.outerHTML")
    tab.evaluate("scrollTo(0, byId('training-title').offsetTop)")
    assert tab.evaluate(IN_VIEW, "#picture") and tab.evaluate(IN_VIEW, "#what")
    tab.context.close()


def test_the_first_sentence_says_what_it_is_and_terms_have_hints(digits):
    tab = digits
    assert "drawn by a neural network" in tab.inner_text("header p")
    hints = tab.locator(".hint").all()
    assert len(hints) >= 6
    for hint in hints:
        text = tab.locator(f"#{hint.get_attribute('aria-controls')}")
        assert hint.get_attribute("aria-label").startswith("What is ")
        hint.click()
        expect(text).to_be_visible()
        assert len(text.inner_text()) > 40
        tab.keyboard.press("Escape")
        expect(text).to_be_hidden()


def test_chosen_draws_are_put_back_singly_also_after_a_new_seed(digits):
    tab = digits
    for number in (2, 5, 9):
        tab.click(f"#grid button:nth-child({number})")
    tab.fill("#seed", "3")
    tab.press("#seed", "Enter")
    await_ready(tab)
    assert tab.locator("#grid button[aria-pressed='true']").count() == 0
    tab.click("[aria-label='Put back B, draw 5 of seed 0']")
    assert "from draw 2 of seed 0 to draw 9 of seed 0" in tab.inner_text("#what")
    assert "Put back B" in tab.evaluate("document.activeElement.getAttribute('aria-label')")
    tab.keyboard.press("Enter")
    assert tab.inner_text("#what") == "draw 2 of seed 0"
    tab.keyboard.press("Escape")  # all of them
    assert tab.locator("#slots > span").count() == 0
    assert tab.inner_text("#what") == "draw 1 of seed 3"


def test_a_link_shows_the_same(digits, page_of, tmp_path):
    tab = digits
    tab.fill("#seed", "12")
    tab.press("#seed", "Enter")
    slide(tab, "#truncation", 0.8)
    await_ready(tab)
    tab.click("#grid button:nth-child(4)")
    slide(tab, "#truncation", 3)
    await_ready(tab)
    tab.set_input_files("#open", files=[_latent(tab)])
    expect(tab.locator("#files-message")).to_contain_text("Opened")
    tab.click("#grid button:nth-child(7)")
    slide(tab, "#way", 0.3)
    slide(tab, "#direction2", -1.5)
    slide(tab, "#step", 5)
    picture, what = shown(tab, (28, 28, 1)), tab.inner_text("#what")
    expect(tab).to_have_url(re.compile("step=3500$"))
    other = tab.context.browser.new_page()
    open_page(other, tab.url)
    assert (shown(other, (28, 28, 1)) == picture).all()
    assert other.inner_text("#what") == what and "a b.json" in what
    assert other.input_value("#seed") == "12" and other.input_value("#step") == "5"
    assert other.locator("#grid button[aria-pressed='true']").count() == 1
    # and as it is followed in the same tab
    other.evaluate("location.hash = 'seed=5&chosen=1,5,0.7&chosen=2,9'")
    expect(other.locator("#what")).to_contain_text("draw 1 of seed 5, truncation 0.7 to draw 2 of")
    other.context.close()


def _latent(tab):
    text = tab.evaluate("JSON.stringify({system: model.system, z: [[...state.draws[3].z]]})")
    return {"name": "a b.json", "mimeType": "application/json", "buffer": text.encode()}


def test_an_address_that_says_nonsense_is_refused_or_left_out(tab, page_of):
    words = "seed=-4&chosen=99,1&chosen=1,x&chosen=latent,a,%21&way=7&truncation=x&direction0=e"
    tab.goto(f"{page_of('mnist_tutorial').as_uri()}#{words}")
    expect(tab.locator("#seed-message.failed")).to_contain_text(quote("-4"))
    expect(tab.locator("#what")).to_have_text("draw 1 of seed 0")
    assert tab.locator("#slots > span").count() == 0
    tab.press("#seed", "Escape")
    await_ready(tab)


def test_pictures_are_saved_sharp_or_smooth_at_a_size_to_share(digits, tmp_path):
    tab = digits
    small = shown(tab, (28, 28, 1))
    large = read_png(saved(tab, "#png", tmp_path / "a.png"))  # by default
    assert large.shape[:2] == (532, 532)
    assert (large == small.repeat(19, 0).repeat(19, 1)).all()
    assert "532 × 532" in tab.inner_text("#files-message")
    tab.select_option("#edges", "smooth")
    smooth = read_png(saved(tab, "#png", tmp_path / "b.png"))
    assert smooth.shape == large.shape
    steps = [np.abs(np.diff(a[..., 0].astype(int))) for a in (large, smooth)]
    assert steps[1].max() < 0.3 * steps[0].max()  # no edges are left
    means = [a.reshape(28, 19, 28, 19, -1).mean((1, 3)) for a in (large, smooth)]
    assert np.abs(means[0] - means[1]).mean() < 10  # but it is the same picture
    tab.select_option("#size", label="280 × 280")
    for number in (1, 2):
        tab.click(f"#grid button:nth-child({number})")
    with Image.open(saved(tab, "#gif", tmp_path / "a.gif")) as gif:
        assert gif.size == (280, 280) and gif.n_frames == 30
        frame = np.asarray(gif.convert("L")).astype(int)
    assert np.abs(np.diff(frame)).max() < 200


def test_the_slider_goes_through_the_training_and_is_linked_with_the_curves(history_page, tab):
    open_page(tab, history_page)
    frames = tab.evaluate("model.training.frames.map(({ url }) => url)")
    assert tab.inner_text("#when") == "Step 400 of 400, picture 4 of 4."
    slide(tab, "#step", 2)
    assert tab.get_attribute("#frame", "src") == frames[2]
    assert tab.get_attribute("#step", "aria-valuetext") == "step 200 of 400"
    assert tab.locator(".mark").get_attribute("x1") == "300"  # of 600
    values = tab.locator(".legend output").all_inner_texts()
    assert values == ["3", "3"]  # 1 + step / 100, by arithmetic
    assert "real: 0.5" in tab.inner_text(".legend")
    # a point of a curve leads to the nearest picture
    box = tab.locator(".plot .frame svg").bounding_box()
    tab.mouse.click(box["x"] + 0.2 * box["width"], box["y"] + 10)
    assert tab.input_value("#step") == "1"
    # by keyboard, and by itself
    tab.press("#step", "Home")
    assert tab.get_attribute("#frame", "src") == frames[0]
    tab.click("#play")
    expect(tab.locator("#when")).to_contain_text("picture 4 of 4", timeout=5000)
    expect(tab.locator("#play")).to_have_text("Play")


def test_the_exported_page_has_the_training_of_a_pretrained_model(page_of, tab):
    """The frames of its GIF, pixel by pixel, at the steps that were written down."""
    from dcgan_v1 import pretrained

    open_page(tab, page_of("mnist_tutorial"))
    frames = tab.evaluate("model.training.frames")
    with Image.open(pretrained.path_of("mnist_tutorial") / "training.gif") as gif:
        assert len(frames) == gif.n_frames
        for number, frame in enumerate(frames):
            gif.seek(number)
            png = tab.evaluate(
                "async url => [...new Uint8Array(decode64(url))]".replace(
                    "decode64(url)", "Uint8Array.from(atob(url.split(',')[1]), c => c.charCodeAt())"
                ),
                frame["url"],
            )
            with Image.open(io.BytesIO(bytes(png))) as image:
                assert (np.asarray(image.convert("L")) == np.asarray(gif.convert("L"))).all()
    assert [frames[0]["step"], frames[-1]["step"]] == [0, 30000]
    assert tab.inner_text("#training-note").startswith("The losses of this training were not kept")
    curve, note = (tab.locator(name).bounding_box() for name in ("#plots", "#training-note"))
    assert note["y"] + note["height"] <= curve["y"]  # it is read before they are looked for
    slide(tab, "#step", 23)
    assert tab.locator(".legend output").inner_text() == "5.16"  # of curve.csv


CONTRAST = """() => {
  const light = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).map((x) => x / 255)
      .map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll('button:enabled, input:not([type=range]), select, .button')]
    .filter((e) => e.checkVisibility({ opacityProperty: true }))
    .map((e) => light(getComputedStyle(e).borderTopColor))
    .map((line) => (Math.max(line, paper) + 0.05) / (Math.min(line, paper) + 0.05));
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_borders_of_controls_stand_out_three_to_one(page_of, browser, scheme):
    tab = browser.new_page(color_scheme=scheme)
    open_page(tab, page_of("mnist_tutorial"))
    ratios = tab.evaluate(CONTRAST)
    assert len(ratios) > 30 and min(ratios) >= 3
    tab.context.close()
