"""Names of files and targets with a script in them: the page shows them, and runs none."""

from __future__ import annotations

import pytest
from astropy.io import fits
from make_spectra import combined

pytestmark = pytest.mark.browser

SCRIPT = "<img src=x onerror=window.ran=1>"
_POINT_AT_EVERYTHING = """
document.querySelectorAll('.jdaviz span, .jdaviz button, .jdaviz div').forEach(
    each => each.dispatchEvent(new MouseEvent('mouseenter')));
"""


@pytest.fixture
def products(tmp_path):
    paths = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = combined(folder)
        fits.setval(path, "TARGNAME", value=f"T{number} {SCRIPT}")
        fits.setval(path, "FILENAME", value=f"{SCRIPT}_c1d.fits")
        paths.append(path.rename(folder / f"jw09997-o00{number}_{SCRIPT}_c1d.fits"))
    return paths


def test_names_are_text(products, start_own_server, start_own_browser):
    page = start_own_browser()
    page.open(start_own_server("open", *map(str, products)).url)
    page.wait_for(lambda: len(page.viewers()) == 2, "the viewers")
    assert any("T2 ‹img" in name for name in page.viewers())
    icon = page.wait_for(lambda: page.find(".viewer-label button"), "the layers' icons")[0]
    page.driver.execute_script("arguments[0].click()", icon)
    page.wait_for(lambda: page.find(".menuable__content__active"), "the list")
    page.driver.execute_script(_POINT_AT_EVERYTHING)
    page.wait_for(
        lambda: any(SCRIPT in each.text for each in page.find(".v-tooltip__content")), "a tooltip"
    )
    for number in range(3):  # the info, with the header's values; the plugins
        page.find(".v-toolbar__items button")[number].click()
    page.driver.execute_script(_POINT_AT_EVERYTHING)
    page.screenshot("hostile_names")
    assert page.driver.execute_script("return window.ran") is None
    assert page.driver.execute_script("return document.querySelectorAll('img[src=x]').length") == 0
