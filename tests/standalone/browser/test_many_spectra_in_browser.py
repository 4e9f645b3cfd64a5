"""A folder of many spectra, as a person at a browser meets it."""

from __future__ import annotations

import numpy as np
import pytest
from make_spectra import one_source_each

pytestmark = pytest.mark.browser

VIEWER = "1D Spectrum"
N_FILES = 24


@pytest.fixture(scope="module")
def page(start_server, start_browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mos")
    one_source_each(folder, N_FILES)
    page = start_browser()
    page.open(start_server("open", str(folder)).url)
    page.wait_for(lambda: page.picture(VIEWER).size, "the viewer")
    return page


def lines_across(page) -> int:
    """How many lines cross a vertical one at a third of the viewer's width."""
    picture = page.picture(VIEWER)
    if not picture.size:
        return 0
    column = picture[:, picture.shape[1] // 3]
    drawn = np.abs(column - np.median(column, axis=0)).max(axis=1) > 40
    return int(np.sum(drawn[1:] & ~drawn[:-1]))


def test_twenty_are_drawn_and_the_others_named(page):
    said = "20 of 24 x1d files are loaded"
    page.wait_for(lambda: said in page.driver.page_source, "what is said of the others")
    # the outermost two lie on the edges of the plot
    page.wait_for(lambda: 18 <= lines_across(page) <= 20, "twenty lines")
    page.screenshot("many_spectra")
    assert not page.complaints()
