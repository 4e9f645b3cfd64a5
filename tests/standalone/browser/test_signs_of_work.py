"""What takes longer than a moment is seen to be worked at before it is done.

The order is looked at, not the time: at each change of the page, first for the result. A sign that
comes with the result, or after it, is none.
"""

from __future__ import annotations

import pytest

from jdaviz_stage3.demo import demo_products

pytestmark = pytest.mark.browser

_RECORD = """
const [sign, result] = [...arguments].slice(0, 2).map(text => new Function(text));
const seen = window.seen = [];
const note = (name, found) => { if (found && !seen.includes(name)) seen.push(name); };
const look = () => { note('result', result()); note('sign', sign()); };
look();
window.recorder = new MutationObserver(look);
window.recorder.observe(
    document.body, {subtree: true, childList: true, attributes: true, characterData: true});
"""
PANEL = "return document.querySelector('.v-expansion-panel--active .stage3-working');"
TITLE = "return [...document.querySelectorAll('.lm_title')].some(e => e.innerText === {!r});"
TEXT = "return document.querySelector('.v-expansion-panel--active').innerText.includes({!r});"


@pytest.fixture(scope="module")
def paths():
    endings = ("_x1dints.fits", "_c1d.fits", "_i2d.fits")
    return {path.name.rsplit("_", 1)[1].split(".")[0]: path
            for path in demo_products() if path.name.endswith(endings)}  # fmt: skip


@pytest.fixture(scope="module")
def page(start_server, start_browser, paths):
    """A browser with the demo's time series and a spectrum."""
    page = start_browser()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JDAVIZ_START_DIR", str(paths["i2d"].parent))
        server = start_server("open", str(paths["x1dints"]), str(paths["c1d"]))
    page.open(server.url)
    page.wait_for(lambda: "1D Spectrum" in page.viewers(), "the last product")
    return page


def in_order(page, act, sign, result):
    """Do something, wait until it is done, and look that the sign came first, and went."""
    page.driver.execute_script(_RECORD, sign, result)
    act()
    page.wait_for(lambda: "result" in page.driver.execute_script("return window.seen"), result)
    assert page.driver.execute_script("return window.seen") == ["sign", "result"]
    page.driver.execute_script("window.recorder.disconnect()")
    page.wait_for(lambda: not page.driver.execute_script(sign), "the end of the sign")
    assert page.complaints() == []


def test_a_panel_that_opens(page):
    in_order(page, lambda: page.open_plugin("White Light Curve"), PANEL,
             TITLE.format("White light curve"))  # fmt: skip


def test_a_curve_that_is_added(page):
    page.wait_for(lambda: page.driver.execute_script(TEXT.format("channels")), "the curve")
    in_order(page, lambda: page.press("Add to data"), PANEL, TITLE.format("Light curves"))


def test_a_spectrum_that_is_smoothed(page):
    page.open_plugin("White Light Curve")  # closes it
    page.wait_for(lambda: not page.find(".v-expansion-panel--active"), "its end")
    page.open_plugin("Median Smooth")
    page.wait_for(lambda: page.driver.execute_script(TEXT.format("Will be added")), "the panel")
    in_order(page, lambda: page.press("Smooth"), PANEL, TEXT.format("Added as"))


def test_a_product_that_is_picked(page, paths):
    page.find(".v-toolbar__items button")[0].click()
    name = paths["i2d"].name
    files = page.wait_for(
        lambda: [e for e in page.find(".v-list-item, li") if e.text.split(" - ")[0] == name],
        "the file in the list",
    )
    page.driver.execute_script("arguments[0].click()", files[-1])
    buttons = page.wait_for(
        lambda: [e for e in page.find("button") if e.text.strip().upper() == "IMPORT"], "the button"
    )
    in_order(
        page,
        lambda: page.driver.execute_script("arguments[0].click()", buttons[-1]),
        "return document.querySelector('.v-card .v-btn .v-progress-circular');",
        TITLE.format("Image"),
    )
    page.screenshot("signs-picked")
