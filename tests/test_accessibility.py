"""The pages that the project writes, as axe-core sees them."""

import json

import marks
import pytest
from browser import open_page

pytestmark = [pytest.mark.browser, pytest.mark.axe]

SIZES = {"desk": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
SCHEMES = ("light", "dark")


def serious(tab):
    """What axe-core finds of the kinds serious and critical, a line each."""
    tab.evaluate(marks.AXE.read_text("utf-8") + "; null")
    results = tab.evaluate("axe.run()")
    assert len(results["passes"]) > 10  # it has looked
    return [
        f"{found['id']}: {json.dumps(node['target'])}: {node['failureSummary']}"
        for found in results["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
def test_the_explorer_has_no_serious_fault_in_any_state(page_of, browser, size, scheme):
    tab = browser.new_page(viewport=SIZES[size], color_scheme=scheme)
    open_page(tab, page_of("mnist_tutorial"))
    assert not serious(tab)
    for number in (1, 2, 3):
        tab.click(f"#grid button:nth-child({number})")
    for hint in tab.locator(".hint").all():
        hint.click()
    tab.fill("#seed", "-1")
    tab.press("#seed", "Enter")
    assert not serious(tab)
    tab.context.close()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
def test_the_report_has_no_serious_fault(report, browser, size, scheme):
    tab = browser.new_page(viewport=SIZES[size], color_scheme=scheme)
    tab.goto(report.as_uri())
    assert not serious(tab)
    tab.context.close()
