"""Where the target is, which mask hides it, how wide a point source is."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from hypothesis import given
from hypothesis import strategies as st
from shared_data import DATA

from jdaviz_stage3.analysis import (
    diffraction_fwhm,
    filter_wavelength,
    lambda_over_d,
    north_and_east,
    occulter_of,
    pixel_scale_of,
    target_position,
)
from jdaviz_stage3.errors import Stage3Error

SHAPE = (80, 100)
FOLDER = DATA / "simulated" / "coron3"


def make_wcs(roll=20.0, crpix=(41.5, 30.0), scale=0.063, flip=-1):
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [93.2, -9.1]
    wcs.wcs.crpix = crpix
    c, s = np.cos(np.deg2rad(roll)), np.sin(np.deg2rad(roll))
    wcs.wcs.cd = scale / 3600 * np.array([[flip * c, s], [-flip * s, c]])
    wcs.wcs.set()
    return wcs


def test_the_target_is_found_by_its_coordinates():
    wcs = make_wcs()
    sky = wcs.pixel_to_world(55.25, 12.75)
    meta = {"TARG_RA": sky.ra.deg, "TARG_DEC": sky.dec.deg, "MU_RA": 3.0, "MU_DEC": -2.0}
    found = target_position(meta, wcs, SHAPE)
    # proper motion is in TARG_RA already
    assert found.xy == pytest.approx((55.25, 12.75), abs=1e-6)
    assert found.how == "TARG_RA, TARG_DEC" and found.sky.separation(sky).mas < 1e-3


@pytest.mark.parametrize(
    ("meta", "wcs", "how", "xy", "said"),
    [
        ({}, make_wcs(), "CRPIX", (40.5, 29), "are not given"),
        ({"TARG_RA": 93.3, "TARG_DEC": -9.1}, make_wcs(), "CRPIX", (40.5, 29), "outside the image"),
        ({"TARG_RA": "", "TARG_DEC": None}, make_wcs(), "CRPIX", (40.5, 29), "are not given"),
        ({"TARG_RA": 93.2, "TARG_DEC": np.nan}, None, "frame", (49.5, 39.5), "no CRPIX"),
        (
            {"TARG_RA": 93.2, "TARG_DEC": -9.1, "CRPIX1": 3, "CRPIX2": 4}, None, "CRPIX", (2, 3),
            "no celestial WCS",
        ),
        ({}, make_wcs(crpix=(-60, 20)), "frame", (49.5, 39.5), "CRPIX lies outside"),
    ],
)  # fmt: skip
def test_the_next_way_is_taken_and_said(meta, wcs, how, xy, said):
    found = target_position(meta, wcs, SHAPE)
    assert found.how == how and said in found.words
    assert found.xy == pytest.approx(xy)


@given(st.floats(-180, 180), st.sampled_from([-1, 1]))
def test_north_and_east(roll, flip):
    wcs = make_wcs(roll, flip=flip)
    north, east = north_and_east(wcs, 40, 30)
    here = wcs.pixel_to_world(40, 30)
    for direction, angle in ((north, 0), (east, 90)):
        there = wcs.pixel_to_world(40 + 5 * direction[0], 30 + 5 * direction[1])
        turned = (here.position_angle(there).deg - angle + 180) % 360 - 180
        assert abs(turned) < 0.01 and np.hypot(*direction) == pytest.approx(1)
    assert north_and_east(None, 1, 1) is None


def test_pixels_have_a_side_or_are_refused():
    assert pixel_scale_of(make_wcs(), 40, 30).to_value("arcsec/pix") == pytest.approx(0.063)
    assert pixel_scale_of(None, 0, 0) is None
    wcs = make_wcs()
    wcs.wcs.cd = wcs.wcs.cd * [[1.2, 1], [1.2, 1]]
    with pytest.raises(Stage3Error, match="expected squares"):
        pixel_scale_of(wcs, 40, 30)


@pytest.mark.parametrize(
    ("meta", "kind", "angle"),
    [
        ({"CORONMSK": "MASKA335R"}, "round mask", 0.63),
        ({"CORONMSK": "MASK210R "}, "round mask", 0.40),
        ({"CORONMSK": "maska430r"}, "round mask", 0.81),
        ({"CORONMSK": "MASKALWB"}, "bar", None),
        ({"CORONMSK": "4QPM_1140"}, "four-quadrant phase mask", 0.36),
        ({"CORONMSK": "4QPM", "FILTER": "F1550C"}, "four-quadrant phase mask", 0.49),
        ({"CORONMSK": "LYOT", "FILTER": "F2300C"}, "Lyot spot", 2.16),
        ({"CORONMSK": "LYOT"}, "unknown", None),
        ({"CORONMSK": "NONE"}, "none", None),
        ({"CORONMSK": "MASKX"}, "unknown", None),
        ({}, "unknown", None),
    ],
)
def test_masks_and_their_inner_working_angles(meta, kind, angle):
    found = occulter_of(meta)
    assert found.kind == kind and found.words
    assert (found.inner_angle is None) == (angle is None)
    if angle is not None:
        assert found.inner_angle.to_value(u.arcsec) == angle and found.source
    if kind == "bar":
        assert found.angles[0] < found.angles[1]
    if kind == "unknown":
        assert "not known" in found.words


def test_every_mask_of_the_keyword_dictionary_is_known():
    from stdatamodels.jwst.datamodels import CubeModel

    masks = CubeModel().schema["properties"]["meta"]["properties"]["instrument"]["properties"]
    named = {name for part in masks["coronagraph"]["anyOf"] for name in part["enum"]}
    unnumbered = {"4QPM", "LYOT", "NONE"}
    assert {"MASKA335R", "4QPM_1065"} <= named
    for name in named - unnumbered:
        assert occulter_of({"CORONMSK": name}).angles is not None, name


def test_round_masks_are_six_lambda_over_d():
    """Which is how JDox says their sizes."""
    for mask, wavelength in (("MASK210R", 2.1), ("MASK335R", 3.35), ("MASK430R", 4.1)):
        inner = occulter_of({"CORONMSK": mask}).inner_angle
        in_widths = (inner / lambda_over_d(wavelength * u.um)).to_value(u.one)
        assert in_widths == pytest.approx(6, abs=0.3)


def test_widths_at_the_diffraction_limit():
    assert filter_wavelength({"FILTER": "F444W", "PUPIL": "MASKRND"}) == 4.44 * u.um
    assert filter_wavelength({"FILTER": "F444W", "PUPIL": "F470N"}) == 4.70 * u.um
    assert filter_wavelength({"FILTER": "F1065C"}) == 10.65 * u.um
    assert filter_wavelength({"FILTER": "F322W2", "PUPIL": "MASKBAR"}) == 3.22 * u.um
    assert filter_wavelength({"FILTER": "F150W2"}) is None  # its name is 10 % off
    assert filter_wavelength({"FILTER": "CLEAR"}) is None and filter_wavelength({}) is None
    angle = (4.44e-6 / 6.5) * 206264.806 * u.arcsec
    assert u.isclose(lambda_over_d(4.44 * u.um), angle)
    assert u.isclose(diffraction_fwhm(4.44 * u.um, 5.2 * u.m), 1.029 * angle * 6.5 / 5.2)
    for wrong in (0 * u.um, -3 * u.um, 3 * u.s, 4.4):
        with pytest.raises(Stage3Error, match="wavelength is"):
            lambda_over_d(wrong)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the shared data are not beside the checkout")
def test_the_shared_coronagraphic_products():
    for path in sorted(FOLDER.glob("*.fits")):
        with fits.open(path) as hdus, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            header = hdus["SCI"].header
            wcs = WCS(header, naxis=2)
            meta = dict(hdus[0].header) | dict(header)
            shape = hdus["SCI"].shape[-2:]
        found = target_position(meta, wcs, shape)
        assert found.how == "TARG_RA, TARG_DEC"
        sky = SkyCoord(meta["TARG_RA"], meta["TARG_DEC"], unit="deg")
        assert wcs.pixel_to_world(*found.xy).separation(sky).mas < 0.01
        assert occulter_of(meta).inner_angle == 0.63 * u.arcsec
        north, east = north_and_east(wcs, *found.xy)
        assert north @ east == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("place", [(263.0, 70.0), (83.0, 20.0), (83.0, -69.9)])
def test_a_target_far_from_a_distorted_image_is_said_without_warnings(place):
    header = fits.Header()
    header.update(
        CTYPE1="RA---TAN-SIP", CTYPE2="DEC--TAN-SIP", CRVAL1=83.0, CRVAL2=-70.0, CRPIX1=160.5,
        CRPIX2=160.5, CD1_1=-1.2e-5, CD1_2=1.2e-5, CD2_1=1.2e-5, CD2_2=1.2e-5, A_ORDER=2,
        B_ORDER=2, A_2_0=1e-5, B_0_2=-2e-5, A_1_1=3e-6,
    )  # fmt: skip
    meta = {"TARG_RA": place[0], "TARG_DEC": place[1]}
    found = target_position(meta, WCS(header), (320, 320))
    assert found.how == "CRPIX" and "outside the image" in found.words
    assert "nan" not in found.words
