"""Two reductions of one field, as a person compares them."""

import shutil

import numpy as np
import pytest
from astropy.io import fits

from jdaviz_stage3.demo import demo_folder

pytestmark = pytest.mark.browser


def reprocessed(mosaic, folder):
    """The same mosaic as another reduction would have it: other noise, brighter by a hundredth."""
    path = folder / mosaic.name
    shutil.copy(mosaic, path)
    rng = np.random.default_rng(7)
    with fits.open(path, mode="update") as hdus:
        hdus[0].header.update(
            CAL_VER="2.0.1", CRDS_CTX="jwst_1303.pmap", S_SKYMAT="SKIPPED", S_TWKREG="COMPLETE"
        )
        science = hdus["SCI"].data
        noise = 0.3 * hdus["ERR"].data * rng.normal(size=science.shape)
        hdus["SCI"].data = (1.01 * science + noise).astype("f4")
    return path


def test_two_mosaics_are_compared(start_server, start_browser, tmp_path):
    mosaic = next(demo_folder().glob("*_i2d.fits"))
    page = start_browser()
    page.open(start_server("open", str(mosaic), str(reprocessed(mosaic, tmp_path))).url)
    page.open_plugin("Compare Reductions")
    panel = ".v-expansion-panel--active"
    page.wait_for(lambda: page.find(f"{panel} .stage3-section-title"), "the panel")
    page.press("Compare")

    def said():
        found = page.find(".stage3-comparison-numbers")
        return found[0].text if found else ""

    page.wait_for(lambda: "in both" in said(), "the numbers")
    assert "median ratio 0.99" in said()
    page.wait_for(lambda: page.find(".stage3-comparison-plot .bqplot path.line"), "the histogram")
    rows = [row.text for row in page.find(".stage3-comparison-headers tbody tr")]
    assert any("jwst_1303.pmap" in row for row in rows), rows
    page.press("Add difference")
    page.wait_for(lambda: "Difference" in page.viewers(), "the difference")

    def grey():
        """The field is noise around one grey, and sources that are left: not all one colour."""
        picture = page.picture("Difference")
        return picture.size and picture.std() > 5

    page.wait_for(grey, "the picture of the difference")
    page.press("Show the other")
    page.wait_for(
        lambda: any("is shown." in e.text for e in page.find(f"{panel} .stage3-hint")), "the blink"
    )
    numbers = page.find(".stage3-comparison-numbers")[0]
    page.driver.execute_script("arguments[0].scrollIntoView({block: 'start'})", numbers)
    page.screenshot("comparison")
    found = page.complaints()
    assert found == [], "\n".join(t[:900] for t in found)
