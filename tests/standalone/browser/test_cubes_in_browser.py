"""Cubes, the aperture of the pipeline and the bands of MRS, as a person at a browser meets them."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits
from make_cubes import CENTER, MRS_FACTORS, extracted, mrs_cubes

pytestmark = pytest.mark.browser

CUBE, SPECTRA = "3D Spectrum", "1D Spectrum"


@pytest.fixture(scope="module")
def page(start_server, start_browser, tmp_path_factory):
    """Three bands and the x1d of the first, in whose cube the source is beside the target."""
    folder = tmp_path_factory.mktemp("cubes")
    paths = mrs_cubes(folder, 60, (0, 1, 2), noise=4e-3)
    for key, value in zip(("TARG_RA", "TARG_DEC"), CENTER, strict=True):
        fits.setval(paths[0], key, value=value)
    spectrum = extracted(paths[0], folder, radius=(0.42, 0.5), ring=(0.9, 1.2))
    page = start_browser()
    page.open(start_server("open", *map(str, (*paths, spectrum))).url)
    page.wait_for(lambda: orange(page).sum() > 100, "the circle over the cube")
    return page


def orange(page):
    """Where the picture of the cube has the colour of the aperture (#ff9100)."""
    picture = page.picture(CUBE)
    if not picture.size:
        return np.zeros((0, 0), bool)
    return np.abs(picture - (0xFF, 0x91, 0x00)).max(axis=-1) < 40


def circle(page):
    """Middle and diameter of the circle, in pixels of the screen."""
    rows, columns = np.nonzero(orange(page))
    ends = (columns.min(), columns.max()), (rows.min(), rows.max())
    return *(sum(pair) / 2 for pair in ends), np.ptp(ends[0]) + 1


def test_the_aperture_is_round_and_beside_the_source(page):
    x, y, diameter = circle(page)
    rows, columns = np.nonzero(orange(page))
    assert np.ptp(rows) + 1 == pytest.approx(diameter, rel=0.05)
    top, left = int(y - diameter), int(x - diameter)
    around = page.picture(CUBE).sum(axis=-1)[top : top + int(2 * diameter), left:][
        :, : int(2 * diameter)
    ]
    bright = np.argwhere(around > 700)  # the source; east is left, and south down
    assert bright[:, 1].mean() < diameter - 5 and bright[:, 0].mean() > diameter + 3
    page.screenshot("cube-and-aperture")
    assert page.complaints() == []


def test_the_panel_says_where_it_is_and_compares(page):
    page.open_plugin("Pipeline Extraction")
    hints = ".v-expansion-panel--active .stage3-hint"
    text = page.wait_for(lambda: "".join(e.text for e in page.find(hints)), "the sentence")
    assert text.startswith('The pipeline summed a circle of radius 0.42" at 4.9 um to 0.5" at')
    assert "at the target" in text
    page.press("Compare")
    page.wait_for(
        lambda: any("median 1, scatter" in e.text for e in page.find(".stage3-hint")), "the ratio"
    )
    page.screenshot("cube-compared")


def test_the_circle_grows_with_the_slice(page):
    _, _, before = circle(page)
    page.open_plugin("Spectral Slice")

    page.wait_for(
        lambda: any(b.text.strip() == "skip_next" for b in page.find("button")), "the buttons"
    )
    page.press("skip_next")
    page.wait_for(lambda: circle(page)[2] > before * 1.05, "a larger circle")


def test_the_bands_are_stitched_and_their_offsets_listed(page):
    page.press("Stitch")  # the panel is still open
    rows = page.wait_for(
        lambda: [row for row in page.find(".stage3-offsets tbody tr") if row.text], "the offsets"
    )
    assert len(rows) == 2
    for row, first in zip(rows, (0, 1), strict=True):
        ratio = float(row.text.split("±")[0].split()[-1])
        # the aperture is beside the source, which it holds more of the wider the image is
        assert ratio == pytest.approx(MRS_FACTORS[first + 1] / MRS_FACTORS[first], abs=0.03)
    page.screenshot("cube-bands")
    assert page.complaints() == []
