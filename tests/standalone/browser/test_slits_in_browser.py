"""A 2-D spectrum above its x1d, with the pipeline's window, as a person at a browser meets it."""

from __future__ import annotations

import numpy as np
import pytest
from make_slits import Slit, extracted_slits, single_slit
from plots_in_browser import ticks_of, until

pytestmark = pytest.mark.browser

IMAGE, SPECTRUM = "2-D spectrum", "1D Spectrum"
# a prism: wavelengths far from even, and a window that is off the source by a pixel
WAVELENGTH = 0.6 + 4.6 * np.linspace(0, 1, 300) ** 2.2 + np.linspace(0, 0.1, 300)
SLIT = Slit(n_rows=25, n_wave=300, row=11.3, wavelength=WAVELENGTH)


@pytest.fixture(scope="module")
def page(start_server, start_browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("slit")
    paths = single_slit(folder, SLIT), extracted_slits(folder, [SLIT], width=7, factor=0.9)
    page = start_browser()
    page.open(start_server("open", *map(str, paths)).url)
    page.wait_for(lambda: page.picture(IMAGE).size and page.picture(SPECTRUM).size, "the viewers")
    page.wait_for(lambda: colored(page, IMAGE, (0xFF, 0x91, 0x00)).sum() > 300, "the window")
    return page


def colored(page, viewer, color):
    """Where the picture of a viewer has a colour, lines' rims aside."""
    picture = page.picture(viewer)
    if not picture.size:
        return np.zeros((0, 0), bool)
    return np.abs(picture - color).max(axis=-1) < 30


def hints(page):
    return " ".join(e.text for e in page.find(".v-expansion-panel--active .stage3-hint"))


def ticks(page, viewer):
    """Values and places of the ticks along x that have a text."""
    labelled = ticks_of(page, viewer, "x")
    return np.array([(float(text.replace("−", "-")), place) for text, place in labelled if text]).T


def ends(page, viewer):
    """The wavelengths at both ends of the axis, as its ticks say."""
    values, places = ticks(page, viewer)
    if viewer == IMAGE:  # whose axis is even in pixels
        values = np.interp(values, WAVELENGTH, np.arange(300))
    slope, zero = np.polyfit(places, values, 1)
    found = slope * np.array(page.box(viewer)[::2]) + zero
    return np.interp(found, np.arange(300), WAVELENGTH) if viewer == IMAGE else found


def test_it_lies_above_its_x1d(page):
    left, _, right, bottom = page.box(IMAGE)
    other_left, top, other_right, _ = page.box(SPECTRUM)
    assert bottom < top
    assert abs(left - other_left) < 2 and abs(right - other_right) < 2


def test_the_window_lies_where_the_pipeline_summed(page):
    orange = colored(page, IMAGE, (0xFF, 0x91, 0x00))
    rows = np.flatnonzero(orange.mean(axis=1) > 0.8)  # the solid lines
    per_row = orange.shape[0] / SLIT.n_rows
    edges = SLIT.n_rows - 0.5 - np.array([rows.min(), rows.max() + 1]) / per_row
    assert edges == pytest.approx([11.3 + 3.5, 11.3 - 3.5], abs=0.15)
    # and the bright pixels inside
    bright = page.picture(IMAGE).min(axis=-1) > 150
    source = SLIT.n_rows - 0.5 - np.flatnonzero(bright.mean(axis=1) > 0.3).mean() / per_row
    assert source == pytest.approx(11.3, abs=0.5)


def test_its_axis_has_wavelengths(page):
    texts, places = ticks(page, IMAGE)
    left, _, right, _ = page.box(IMAGE)
    pixels = np.interp(texts, WAVELENGTH, np.arange(300))
    expected = left + (pixels + 0.5) / 300 * (right - left)
    assert len(texts) >= 4
    np.testing.assert_allclose(places, expected, atol=2)


def test_the_panel(page):
    page.open_plugin("Pipeline Extraction")
    page.wait_for(lambda: "The pipeline summed 7 pixels along the slit" in hints(page), "sentence")
    page.press("Compare")
    page.wait_for(lambda: "median 1.111" in hints(page), "the ratio")
    page.wait_for(lambda: colored(page, SPECTRUM, (0xC7, 0x5D, 0x2C)).sum() > 300, "the sum")
    page.screenshot("pipeline_extraction")


def test_zooming_one_moves_the_other(page):
    """The wheel over the 1-D spectrum, with jdaviz's tool for it."""
    before = page.picture(IMAGE)
    stacks = page.find(".lm_stack")
    title = ".lm_title"
    stack = next(s for s in stacks if s.find_element("css selector", title).text == SPECTRUM)
    tools = stack.find_elements("css selector", ".v-toolbar button, .jdaviz-viewer-toolbar button")
    left, top, right, bottom = page.box(SPECTRUM)
    wheel = {"type": "mouseWheel", "deltaX": 0, "deltaY": -200}
    wheel |= {"x": left + 0.25 * (right - left), "y": (top + bottom) / 2}
    tools[4].click()
    for _ in range(3):
        page.driver.execute_cdp_cmd("Input.dispatchMouseEvent", wheel)
    until(lambda: not np.array_equal(page.picture(IMAGE), before), "the 2-D spectrum following")
    until(
        lambda: (
            np.allclose(ends(page, IMAGE), ends(page, SPECTRUM), atol=0.03)
            and np.ptp(ends(page, IMAGE)) < 4
        ),
        "one wavelength axis",
    )
    page.screenshot("slit_zoomed")
    assert page.complaints() == []
