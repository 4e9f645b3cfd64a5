"""A 2-D spectrum above its x1d, with the pipeline's window, as a person at a browser meets it."""

from __future__ import annotations

import numpy as np
import pytest
from make_slits import Slit, extracted_slits, single_slit

pytestmark = pytest.mark.browser

IMAGE, SPECTRUM = "2-D spectrum", "1D Spectrum"
SLIT = Slit(n_rows=25, n_wave=300, row=11.3, low=1.0, high=1.9)


@pytest.fixture(scope="module")
def page(start_server, start_browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("slit")
    paths = single_slit(folder, SLIT), extracted_slits(folder, [SLIT], width=7)
    page = start_browser()
    page.open(start_server("open", *map(str, paths)).url)
    page.wait_for(lambda: page.picture(IMAGE).size and page.picture(SPECTRUM).size, "the viewers")
    page.wait_for(lambda: orange(page).sum() > 300, "the window")
    return page


def orange(page):
    """Where the viewer's picture has the colour of the window (#ff9100)."""
    picture = page.picture(IMAGE)
    if not picture.size:
        return np.zeros((0, 0), bool)
    return np.abs(picture - (0xFF, 0x91, 0x00)).max(axis=-1) < 30


def hints(page):
    return [element.text for element in page.find(".v-expansion-panel--active .stage3-hint")]


def test_it_lies_above_its_x1d(page):
    page.wait_for(lambda: "The pipeline summed" in "".join(hints(page)), "the sentence")
