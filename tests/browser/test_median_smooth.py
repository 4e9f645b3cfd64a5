"""The Median Smooth plugin over the demo's c1d, as a person at a browser meets it."""

from __future__ import annotations

import numpy as np
import pytest
from selenium.webdriver.common.keys import Keys

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
    [spectrum] = stage3.read(path)
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


def set_width(page, width):
    before = orange(page)
    field = page.field("Width")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(str(width))
    page.wait_for(lambda: not np.array_equal(orange(page), before), "another line")
    wait_until_still(page)


def texts(page, selector):
    return [element.text for element in page.find(selector)]


def layers(page):
    return len(page.find(".layer-viewer-icon, .viewer-label"))


def test_the_preview_lies_over_the_spectrum(page, path):
    assert distance(page, smoothed(path, 11)) < 1.5
    page.screenshot("smooth-preview")


def test_the_preview_follows_the_width(page, path):
    before = layers(page)
    set_width(page, 101)
    assert distance(page, smoothed(path, 101)) < 1.5
    assert distance(page, smoothed(path, 11)) > 1.5
    assert layers(page) == before  # nothing is added


def test_a_bad_width_is_told_in_the_panel(page):
    set_width(page, 100)
    assert not orange(page).any()
    [problem] = [text for text in texts(page, ".v-expansion-panel--active .v-alert") if text]
    assert "try 101" in problem
    page.screenshot("smooth-problem")
    set_width(page, 31)
    assert orange(page).any()


def test_smooth_adds_a_layer(page, path):
    before = layers(page)
    page.press("Smooth")
    page.wait_for(lambda: layers(page) > before, "the layer")
    page.wait_for(
        lambda: any("Smoothed 1 spectrum" in text for text in texts(page, ".v-snack__content")),
        "the message",
    )
    assert distance(page, smoothed(path, 31)) < 1.5  # the preview stays
    page.screenshot("smooth-result")


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


def test_the_python_code_is_shown(page):
    page.press("Show as Python")
    page.wait_for(lambda: "plg.smooth()" in "".join(texts(page, ".stage3-code")), "the code")
    page.screenshot("smooth-python")


def test_the_browser_has_nothing_to_complain_about(page):
    assert page.complaints() == []
