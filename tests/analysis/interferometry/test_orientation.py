"""A companion comes out where it is on the sky: east of north, on its side.

A star and a companion that is shifted by whole pixels are put into the images that the pipeline's
ami_analyze starts from. Where on the sky that shift is, the pipeline's own WCS says.
"""

import numpy as np
import pytest
from astropy import units as u
from astropy.wcs import WCS
from jwst.assign_wcs.util import calc_rotation_matrix
from pipeline_ami_process import run_ami

from jdaviz_stage3 import Stage3Warning
from jdaviz_stage3.analysis import binary_search
from jdaviz_stage3.readers import read_interferometry

PIXEL = 0.0656 / 3600  # degrees
FLUX_RATIO = 0.05
V3_TO_IDEAL = 0.57  # V3I_YANG, degrees
SKIES = [((2, 1), 35.0), ((-1, 2), 288.5)]  # shift in pixels, roll in degrees

# jwst divides by the root of the number of integrations twice, which is said
pytestmark = pytest.mark.filterwarnings("ignore:.*errors of V:jdaviz_stage3.Stage3Warning")


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """The ami-oi of each sky and parity, as the pipeline's fringe fit has it."""
    wanted = [(*sky, -1) for sky in SKIES] + [(*SKIES[0], 1)]
    paths = {key: tmp_path_factory.mktemp("ami") / "jw01_t1_niriss_ami-oi.fits" for key in wanted}
    run_ami(
        *(
            {"shift": shift, "roll": roll, "vparity": vparity, "path": path}
            for (shift, roll, vparity), path in paths.items()
        )
    )
    return paths


def on_the_sky(shift: tuple[int, int], roll: float, vparity: int) -> tuple[float, float]:
    """East and north of a shift in mas, by the WCS that the pipeline gives images."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.cdelt = ["RA---TAN", "DEC--TAN"], [PIXEL, PIXEL]
    wcs.wcs.crpix, wcs.wcs.crval = [1, 1], [82.187, -65.448]
    turned = calc_rotation_matrix(np.radians(roll), np.radians(V3_TO_IDEAL), vparity=vparity)
    wcs.wcs.pc = np.reshape(turned, (2, 2))
    star, companion = wcs.pixel_to_world([0, shift[0]], [0, shift[1]])
    east, north = star.spherical_offsets_to(companion)
    return east.to_value(u.mas), north.to_value(u.mas)


@pytest.mark.parametrize(("shift", "roll"), SKIES)
def test_a_companion_is_where_the_wcs_of_the_image_has_it(shift, roll, fitted):
    found = binary_search(read_interferometry(fitted[shift, roll, -1]), n=41)
    east, north = on_the_sky(shift, roll, -1)
    assert found.best["east"].value == pytest.approx(east, abs=5)
    assert found.best["north"].value == pytest.approx(north, abs=5)
    assert found.best["flux_ratio"] == pytest.approx(FLUX_RATIO, rel=0.1)
    angle = np.degrees(np.arctan2(east, north)) % 360
    assert found.best["position_angle"].value == pytest.approx(angle, abs=2)
    assert found.significance > 5


def test_a_parity_that_niriss_has_not_is_said(fitted):
    path = fitted[(2, 1), 35.0, 1]
    with pytest.warns(Stage3Warning, match="VPARITY is 1"):
        found = binary_search(read_interferometry(path), n=41)
    place = np.array([found.best["east"].value, found.best["north"].value])
    assert np.hypot(*(place - on_the_sky((2, 1), 35.0, 1))) > 50, "u and v are indeed wrong"
