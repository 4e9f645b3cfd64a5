"""A companion comes out where it is on the sky: east of north, on its side.

A star and a companion that is shifted by whole pixels are put into the images that the pipeline's
ami_analyze starts from. Where on the sky that shift is, the pipeline's own WCS says.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from astropy import units as u
from astropy.wcs import WCS
from jwst.ami.instrument_data import NIRISS
from jwst.ami.lg_model import LgModel
from jwst.ami.nrm_core import FringeFitter
from jwst.assign_wcs.util import calc_rotation_matrix
from stdatamodels.jwst import datamodels

from jdaviz_stage3 import Stage3Warning
from jdaviz_stage3.analysis import binary_search
from jdaviz_stage3.readers import read_interferometry

PIXEL = 0.0656 / 3600  # degrees
FLUX_RATIO = 0.05
N_INT, SIZE = 3, 80
BANDPASS = np.array([(1.0, 3.78e-6), (1.0, 3.80e-6), (1.0, 3.82e-6)])
V3_TO_IDEAL = 0.57  # V3I_YANG, degrees

# jwst divides by the root of the number of integrations twice, which is said
pytestmark = pytest.mark.filterwarnings("ignore:.*errors of V:jdaviz_stage3.Stage3Warning")


def mask() -> SimpleNamespace:
    """The seven holes of NIRISS as the reference file has them (metres)."""
    holes = [(0, -2.64), (-2.28631, 0), (2.28631, -1.32), (-2.28631, 1.32), (-1.14315, 1.98),
             (2.28631, 1.32), (1.14315, 1.98)]  # fmt: skip
    places = {f"{'xy'[i]}_a{n + 1}": hole[i] for n, hole in enumerate(holes) for i in range(2)}
    return SimpleNamespace(**places, flat_to_flat=0.80, diameter=6.5, pupil_circumscribed=6.6)


def image(shift: tuple[int, int]) -> np.ndarray:
    """A star in the middle of the subarray, and its companion shifted by (x, y) pixels."""
    model = LgModel(mask(), np.radians(PIXEL), BANDPASS, over=3)
    star = np.zeros((SIZE, SIZE))
    star[9:74, 8:73] = model.simulate(65)
    return star + FLUX_RATIO * np.roll(star, shift[::-1], axis=(0, 1))


def exposure(shift: tuple[int, int], roll: float, vparity: int) -> datamodels.CubeModel:
    model = datamodels.CubeModel()
    rng = np.random.default_rng(3)
    one = image(shift)
    noise = rng.normal(size=(N_INT, SIZE, SIZE)) * 1e-4 * one.max()
    model.data = (one + noise).astype("f4")
    model.dq = np.zeros((N_INT, SIZE, SIZE), "u4")
    keywords = {"roll_ref": roll, "v3yangle": V3_TO_IDEAL, "vparity": vparity, "cdelt1": PIXEL,
                "cdelt2": PIXEL, "crpix1": 40.0, "crpix2": 40.0}  # fmt: skip
    for name, value in keywords.items():
        setattr(model.meta.wcsinfo, name, value)
    model.meta.instrument.name, model.meta.instrument.filter = "NIRISS", "F380M"
    model.meta.instrument.pupil = "NRM"
    model.meta.target.proposer_name = model.meta.target.catalog_name = "AB DOR"
    model.meta.target.ra, model.meta.target.dec = 82.187, -65.448
    model.meta.target.proper_motion_ra = model.meta.target.proper_motion_dec = 0.0
    model.meta.target.ra_uncertainty = model.meta.target.dec_uncertainty = 0.0
    model.meta.program.pi_name = "Nobody"
    model.meta.visit.start_time = "2026-04-01 09:36:00.0"
    model.meta.exposure.effective_exposure_time, model.meta.exposure.nints = 30.0, N_INT
    model.meta.filename = "jw01_calints.fits"
    return model


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


def analyzed(model: datamodels.CubeModel, path):
    """What the pipeline's ami_analyze writes of an exposure."""
    niriss = NIRISS("F380M", mask(), BANDPASS, run_bpfix=False)
    averaged, _, _ = FringeFitter(niriss, oversample=3).fit_fringes_all(model)
    averaged.meta.instrument.filter = "F380M"
    averaged.meta.calibration_software_version = "3.0.0"
    averaged.save(path)
    return path


@pytest.mark.parametrize(("shift", "roll"), [((2, 1), 35.0), ((-1, 2), 288.5)])
def test_a_companion_is_where_the_wcs_of_the_image_has_it(shift, roll, tmp_path):
    path = analyzed(exposure(shift, roll, -1), tmp_path / "jw01_t1_niriss_ami-oi.fits")
    found = binary_search(read_interferometry(path), n=41)
    east, north = on_the_sky(shift, roll, -1)
    assert found.best["east"].value == pytest.approx(east, abs=5)
    assert found.best["north"].value == pytest.approx(north, abs=5)
    assert found.best["flux_ratio"] == pytest.approx(FLUX_RATIO, rel=0.1)
    angle = np.degrees(np.arctan2(east, north)) % 360
    assert found.best["position_angle"].value == pytest.approx(angle, abs=2)
    assert found.significance > 5


def test_a_parity_that_niriss_has_not_is_said(tmp_path):
    path = analyzed(exposure((2, 1), 35.0, 1), tmp_path / "jw01_t1_niriss_ami-oi.fits")
    with pytest.warns(Stage3Warning, match="VPARITY is 1"):
        found = binary_search(read_interferometry(path), n=41)
    place = np.array([found.best["east"].value, found.best["north"].value])
    assert np.hypot(*(place - on_the_sky((2, 1), 35.0, 1))) > 50, "u and v are indeed wrong"
