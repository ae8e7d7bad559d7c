"""How the page of explore.py is used: loading, keyboard, phone, failures."""

import pytest
from browser import await_ready, expect, open_page, shown

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 800}


NAME_OF = "e => e.id || e.getAttribute('aria-label') || e.textContent"
FOCUSABLE = f"""[...document.querySelectorAll('button, input, select, a[href], [tabindex]')]
  .filter(e => !e.disabled && e.tabIndex >= 0 && e.checkVisibility()).map({NAME_OF})"""
HOLD = """const Real = Worker; window.held = [];
window.Worker = class extends Real {
  postMessage(message) { held.push(() => super.postMessage(message)); }
};"""


def test_while_it_loads_it_says_so_and_nothing_can_be_saved(page_of, tab):
    tab.add_init_script(HOLD)
    tab.goto(page_of("mnist_tutorial").as_uri())
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


def test_a_failure_is_said_and_forgotten(live_page, tab):
    """One request that gets no answer, for the grid and for the picture."""
    open_page(tab, live_page[1])
    failing = []

    def fail_once(route):
        failing.append(route) if len(failing) < 2 else None
        route.abort() if len(failing) < 2 else route.continue_()

    for act in (lambda: tab.click("#another"), lambda: tab.click("#grid button:nth-child(3)")):
        failing.clear()
        tab.route("**/draw", fail_once)
        act()
        expect(tab.locator("#status.failed")).to_contain_text("start explore.py again")
        tab.unroute("**/draw")
        tab.locator(".message.failed button", has_text="Try again").first.click()
        expect(tab.locator("#status.failed")).to_have_count(0)
        await_ready(tab)
        assert tab.locator(".message.failed").count() == 0
    tab.click("#grid button:nth-child(3)")
    shown(tab, (28, 28, 1))
    assert tab.get_attribute("#grid button:nth-child(3)", "aria-disabled") == "false"


def test_the_keyboard_is_enough(page_of, tab):
    open_page(tab, page_of("mnist_tutorial"))
    for _ in range(2):  # past the hint of the heading
        tab.keyboard.press("Tab")
    for key in ("ArrowRight", "ArrowDown", "Enter", "ArrowLeft", " "):
        tab.keyboard.press(key)
    pressed = tab.eval_on_selector_all(
        "#grid button", "all => all.map(one => one.getAttribute('aria-pressed'))"
    )
    columns = 8
    assert [i for i, yes in enumerate(pressed) if yes == "true"] == [columns, columns + 1]
    text = tab.text_content(f"#grid button:nth-child({columns + 2})")
    assert text.startswith(f"draw {columns + 2} chosen as A D's score")
    for key, draw in (("End", 24), ("Home", 1), ("ArrowLeft", 1)):
        tab.keyboard.press(key)
        focused = tab.evaluate("[...byId('grid').children].indexOf(document.activeElement) + 1")
        assert focused == draw
    every, reached = tab.evaluate(FOCUSABLE), set()
    for _ in range(len(every) + 2):
        reached.add(tab.evaluate(f"({NAME_OF})(document.activeElement)"))
        tab.keyboard.press("Tab")
    assert len(every) > 30 and set(every) <= reached, set(every) - reached
    tab.focus("#way")
    before = tab.input_value("#way")
    tab.keyboard.press("ArrowRight")
    assert tab.input_value("#way") > before
    tab.click("#grid button:nth-child(9)")  # one stop, wherever the mouse has been
    tab.keyboard.press("ArrowRight")
    assert tab.locator("#grid button[tabindex='0']").count() == 1


def test_it_fits_a_phone_and_each_control_has_a_name(page_of, browser):
    tab = browser.new_page(viewport=PHONE)
    open_page(tab, page_of("mnist_tutorial"))
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


def test_what_cannot_be_is_said_in_the_page(page_of, tab, tmp_path):
    open_page(tab, page_of("mnist_tutorial"))
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


def test_the_seed_is_drawn_anew_and_copied(page_of, browser):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    open_page(tab, page_of("mnist_tutorial"))
    tab.click("#another")
    await_ready(tab)
    seed = tab.input_value("#seed")
    assert int(seed) > 0 and f"--seed {seed} " in tab.inner_text("#command")
    tab.click("#copy")
    expect(tab.locator("#status")).to_have_text(f"Copied seed {seed}.")
    assert tab.evaluate("navigator.clipboard.readText()") == seed
    context.close()
