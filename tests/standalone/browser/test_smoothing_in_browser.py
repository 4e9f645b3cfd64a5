"""The Median Smooth plugin over the demo's c1d, as a person at a browser meets it."""

from __future__ import annotations

import time

import numpy as np
import pytest
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

import jdaviz_stage3 as stage3
from jdaviz_stage3.demo import demo_products
from jdaviz_stage3.readers.quality import excluded

pytestmark = pytest.mark.browser

VIEWER = "1D Spectrum"


@pytest.fixture(scope="module")
def path():
    return next(path for path in demo_products() if path.name.endswith("_c1d.fits"))


@pytest.fixture(scope="module")
def page(start_server, start_browser, path):
    """A browser with the demo's combined spectrum and the plugin open."""
    page = start_browser()
    page.open(start_server("open", str(path)).url)
    page.wait_for(lambda: page.picture(VIEWER).size, "the viewer")
    assert not orange(page).any()
    page.open_plugin("Median Smooth")
    page.wait_for(lambda: orange(page).sum() > 300, "the preview")
    wait_until_still(page)
    return page


def orange(page):
    """Where the viewer's picture has the colour of the preview (#c75d2c), lines' rims aside."""
    picture = page.picture(VIEWER)
    if not picture.size:
        return np.zeros((0, 0), bool)
    return np.abs(picture - (0xC7, 0x5D, 0x2C)).max(axis=-1) < 25


def wait_until_still(page):
    last = page.picture(VIEWER)

    def still():
        nonlocal last
        last, before = page.picture(VIEWER), last
        return last.shape == before.shape and np.array_equal(last, before)

    page.wait_for(still, "the end of the drawing")


def smoothed(path, width):
    """The medians of shrinking windows, one by one."""
    spectrum = stage3.read(path, quantity="flux")[0]  # the first source, as it is loaded
    flux = spectrum.flux.value
    bad = excluded(flux, spectrum.meta["dq"])
    flux = np.where(bad, np.nan, flux)
    half = width // 2
    return [np.nanmedian(flux[max(0, i - half) : i + half + 1]) for i in range(flux.size)]


def distance(page, curve):
    """How far the orange line is from a curve that fills the viewer's width, in screen pixels.

    What the flux axis shows is not known here, so the best straight line from flux to height is
    taken.
    """
    line = orange(page)
    columns = np.flatnonzero(line.any(axis=0))
    assert columns[0] < 5 and columns[-1] > line.shape[1] - 6  # over the whole spectrum
    rows = np.array([np.flatnonzero(line[:, column]).mean() for column in columns])
    place = (columns + 0.5) / line.shape[1] * (len(curve) - 1)
    expected = np.interp(place, np.arange(len(curve)), curve)
    slope, zero = np.polyfit(expected, rows, 1)
    assert slope < 0  # more flux is higher up
    return np.median(np.abs(rows - zero - slope * expected))


def type_width(page, width):
    field = page.field("Width")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(str(width))


def set_width(page, width):
    before = orange(page)
    type_width(page, width)
    page.wait_for(lambda: not np.array_equal(orange(page), before), "another line")
    wait_until_still(page)


def soon(condition, seconds=6):
    """Whether a condition holds within some seconds; `Page.wait_for` is more patient."""
    try:
        WebDriverWait(None, seconds, ignored_exceptions=[StaleElementReferenceException]).until(
            lambda _: condition()
        )
    except TimeoutException:
        return False
    return True


def texts(page, selector):
    return [element.text for element in page.find(selector)]


def layers(page):
    return len(page.find(".viewer-label"))


def test_the_preview_lies_over_the_spectrum(page, path):
    away = distance(page, smoothed(path, 11))
    assert away < 3  # its steep parts are several pixels high in each column
    assert away < distance(page, smoothed(path, 31)) / 2
    page.screenshot("smooth-preview")


def test_the_preview_follows_the_width(page, path):
    before = layers(page)
    set_width(page, 101)
    assert distance(page, smoothed(path, 101)) < 1.5
    assert distance(page, smoothed(path, 31)) > 1.5
    assert layers(page) == before  # nothing is added


@pytest.mark.parametrize("width", [201, 151])
def test_a_width_that_is_typed_stays(page, path, width):
    """The slider, which ends before, must not put another in its place."""
    type_width(page, width)
    time.sleep(1)
    wait_until_still(page)
    assert page.field("Width").get_attribute("value") == str(width)
    assert distance(page, smoothed(path, width)) < 1.5


def test_a_bad_width_is_told_in_the_panel(page):
    type_width(page, 100)
    problems = ".v-expansion-panel--active .v-alert"
    assert soon(lambda: any("try 101" in text for text in texts(page, problems)))
    assert not orange(page).any()
    page.screenshot("smooth-problem")


def test_smooth_adds_a_layer(page, path):
    set_width(page, 31)
    before = layers(page)
    page.press("Smooth")
    page.wait_for(lambda: layers(page) > before, "the layer")
    page.open_plugin("Median Smooth")  # which closes it
    page.wait_for(lambda: not orange(page).any(), "the end of the preview")
    wait_until_still(page)
    page.screenshot("smooth-result")
    picture = page.picture(VIEWER)
    blue = (picture[..., 2] - picture[..., 0] > 60).sum(axis=0) > 0
    assert blue.mean() > 0.9  # the result is seen along the whole spectrum
    page.open_plugin("Median Smooth")
    set_width(page, 33)  # what is added already is not covered
    page.wait_for(lambda: orange(page).any(), "the preview again")


def test_the_residual_is_in_view(page):
    switch = [e for e in page.find(".v-expansion-panel--active .v-input--switch, "
                                   ".v-expansion-panel--active .v-row, "
                                   ".v-expansion-panel--active .row")
              if e.text.strip().startswith("Data minus result")]  # fmt: skip
    box = switch[0].find_element("css selector", "input")
    page.driver.execute_script("arguments[0].click()", box)

    def purple():
        picture = page.picture(VIEWER)
        return (np.abs(picture - (0x7B, 0x1F, 0xA2)).max(axis=-1) < 40).sum() > 100

    page.wait_for(purple, "the residual")
    wait_until_still(page)
    page.screenshot("smooth-residual")
    page.driver.execute_script("arguments[0].click()", box)


def test_a_folded_section_opens_by_key_and_stays_open(page):
    def header():
        titles = page.find(".v-expansion-panel--active .stage3-section-title")
        return next((e for e in titles if e.text.strip() == "Samples and edges"), None)

    def labels():
        return [e.text.split("\n")[0] for e in page.find(".v-expansion-panel--active .v-input")]

    assert "Edges" not in labels()
    page.driver.execute_script("arguments[0].focus()", header())
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait_for(lambda: {"Edges", "Exclude flagged samples"} <= set(labels()), "its controls")
    page.driver.switch_to.active_element.send_keys(Keys.SPACE)
    page.wait_for(lambda: "Edges" not in labels(), "the end of them")
    page.open_section("Samples and edges")
    page.open_plugin("Median Smooth")  # which closes it
    page.wait_for(lambda: not orange(page).any(), "the end of the preview")
    page.open_plugin("Median Smooth")
    page.wait_for(lambda: header() is not None, "the panel")
    assert header().get_attribute("aria-expanded") == "true" and "Edges" in labels()
    page.wait_for(lambda: orange(page).any(), "the preview again")


def test_the_python_code_is_shown(page):
    page.open_section("Export")
    page.press("Show as Python")
    page.wait_for(lambda: "plg.smooth()" in "".join(texts(page, ".stage3-code")), "the code")
    page.screenshot("smooth-python")


def test_the_browser_has_nothing_to_complain_about(page):
    assert page.complaints() == []
