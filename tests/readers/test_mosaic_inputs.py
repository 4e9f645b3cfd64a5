"""The exposures that a mosaic lists: their files, footprints, and single pixels of them."""

import shutil

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st
from make_exposures import CRVAL, SHAPE, distorted_gwcs, exposure, exposure_arrays, field, footprint
from make_products import mosaic

from jdaviz_stage3 import Stage3Error, UnreadableProductError, read
from jdaviz_stage3.analysis.exposures.footprints import corners_of_region, covers
from jdaviz_stage3.readers import mosaic_inputs
from jdaviz_stage3.readers.exposure_image import fits_wcs_of_exposure
from jdaviz_stage3.readers.mosaic_inputs import file_of_input, read_mosaic_inputs, read_pixel


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return field(tmp_path_factory.mktemp("field"))


def test_lists_what_the_mosaic_lists(made):
    image, exposures = made
    inputs = read_mosaic_inputs(image)
    assert [entry.name for entry in inputs] == [path.name for path in exposures]
    for entry, path in zip(inputs, exposures, strict=True):
        wcs = read(path).gwcs
        corners = corners_of_region(entry.region)
        x, y = [-0.5, SHAPE[1] - 0.5], [-0.5, SHAPE[0] - 0.5]
        expected = SkyCoord(*wcs(x, y, with_bounding_box=False), unit="deg")
        assert corners[[0, 2]].separation(expected).mas.max() < 0.01


def test_a_mosaic_without_the_list(tmp_path):
    with pytest.raises(UnreadableProductError, match="no HDRTAB extension"):
        read_mosaic_inputs(mosaic(tmp_path))


def test_a_list_without_names(made, tmp_path):
    path = shutil.copy(made[0], tmp_path / "jw_i2d.fits")
    with fits.open(path) as hdus:
        hdus["HDRTAB"].columns["FILENAME"].name = "OTHER"
        hdus.writeto(path, overwrite=True)
    with pytest.raises(UnreadableProductError, match="HDRTAB has no FILENAME"):
        read_mosaic_inputs(path)


# ---- files ----

STEM = "jw09997001001_02101_00001_nrcalong"


@pytest.mark.parametrize(
    ("listed", "there", "found"),
    [
        (f"{STEM}_cal.fits", [f"{STEM}_cal.fits", f"{STEM}_a3001_crf.fits"], f"{STEM}_cal.fits"),
        (f"{STEM}_cal.fits", [f"{STEM}_a3001_crf.fits"], f"{STEM}_a3001_crf.fits"),
        (f"{STEM}_a3001_crf.fits", [f"{STEM}_o001_crf.fits"], f"{STEM}_o001_crf.fits"),
        (f"{STEM}_crf.fits", [f"{STEM}_cal.fits"], f"{STEM}_cal.fits"),
        (f"{STEM}_crf.fits", [f"{STEM[:-4]}blong_crf.fits"], None),
        (f"{STEM}_crf.fits", [f"../{STEM}/{STEM}_cal.fits"], f"../{STEM}/{STEM}_cal.fits"),
        (f"{STEM}_crf.fits", [f"{STEM}_i2d.fits"], None),
    ],
)
def test_files_of_exposures(tmp_path, listed, there, found):
    folder = tmp_path / "mosaic"
    folder.mkdir()
    for name in there:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    path = file_of_input(folder / "jw_i2d.fits", [listed])[listed]
    assert (path and path.resolve()) == (found and (folder / found).resolve())


# ---- footprints ----


@given(
    ra=st.floats(0, 360), dec=st.floats(-85, 85), turn=st.floats(0, 360),
    x=st.floats(-40, 90), y=st.floats(-40, 70), reverse=st.booleans(),
)  # fmt: skip
def test_footprints_hold_what_lies_on_the_detector(ra, dec, turn, x, y, reverse):
    """Against the pixel that the position was made from, away from the rim."""
    wcs = distorted_gwcs(ra, dec, turn=turn, distortion=0.0)
    corners = corners_of_region(footprint(wcs))
    position = SkyCoord(*wcs(x, y, with_bounding_box=False), unit="deg")
    rims = [x + 0.5, SHAPE[1] - 0.5 - x, y + 0.5, SHAPE[0] - 0.5 - y]
    if min(abs(rim) for rim in rims) > 0.01:
        expected = min(rims) > 0
        assert covers([corners[::-1] if reverse else corners], position).tolist() == [expected]


def test_opposite_side_of_the_sky():
    corners = corners_of_region(footprint(distorted_gwcs(10, 20)))
    assert not covers([corners], SkyCoord(190, -20, unit="deg")).any()


@pytest.mark.parametrize("end", ["", " 10 20"])
def test_corners_are_told_once(end):
    corners = corners_of_region(f"POLYGON ICRS  10 20 11 20 11 21 10 21{end}")
    assert len(corners) == 4


@pytest.mark.parametrize(
    "region",
    ["", "CIRCLE ICRS 10 20 3", "POLYGON ICRS 1 2 3 4", "POLYGON ICRS 1 2 3 4 5", "POLYGON a b",
     "POLYGON ICRS 1 91 3 4 5 6", "POLYGON ICRS 1 2 3 4 5 e", "POLYGON ICRS 1 2 3 4 5 1e999"],
)  # fmt: skip
def test_no_polygon(region):
    with pytest.raises(Stage3Error, match="expected 'POLYGON ICRS ra dec"):
        corners_of_region(region)


@pytest.mark.parametrize(
    "region", ["1 1 1 1 1 1", "10 20 10 20 10 21", "0 0 120 0 240 0", "10 20 10 21 10 22 10 20"]
)
def test_no_area(region):
    with pytest.raises(Stage3Error, match="has no area"):
        corners_of_region(f"POLYGON ICRS {region}")


def test_the_narrowest_of_slits_has_an_area():
    corners = corners_of_region("POLYGON ICRS 10 0 10.0013 0 10.0013 0.00001 10 0.00001")
    assert covers([corners], SkyCoord(10.0006, 0.000005, unit="deg")).all()


# ---- pixels ----


def test_pixels_are_those_of_the_arrays(tmp_path):
    path, wcs, arrays = exposure(tmp_path), distorted_gwcs(), exposure_arrays(seed=1)
    for x, y in [(7, 5), (11.3, 9.8), (0, 0), (47.4, 31.4), (20, 12)]:
        found = read_pixel(path, SkyCoord(*wcs(x, y), unit="deg"))
        place = round(y), round(x)
        assert (found.x, found.y) == pytest.approx((x, y), abs=0.01)
        assert found.value == pytest.approx(float(arrays["data"][place]), nan_ok=True)
        assert found.error == pytest.approx(float(arrays["err"][place]))
        assert found.unit == "MJy / sr"
    assert read_pixel(path, SkyCoord(*wcs(7, 5), unit="deg")).flags == ("DO_NOT_USE", "OUTLIER")


def test_beside_the_detector(tmp_path):
    wcs = distorted_gwcs()
    for x, y in [(-0.6, 5), (48, 5), (5, -1), (5, 31.6)]:
        position = SkyCoord(*wcs(x, y, with_bounding_box=False), unit="deg")
        assert read_pixel(exposure(tmp_path), position) is None


def test_a_file_without_positions(built):
    with pytest.raises(UnreadableProductError, match="no celestial WCS"):
        read_pixel(built("crf", "IFUImageModel"), SkyCoord(*CRVAL, unit="deg"))


def test_nothing_but_one_pixel_is_read(tmp_path, monkeypatch):
    path = exposure(tmp_path)
    monkeypatch.setattr(fits.ImageHDU, "data", property(lambda _: pytest.fail("an array is read")))
    assert np.isfinite(read_pixel(path, SkyCoord(*distorted_gwcs()(20, 12), unit="deg")).value)


def test_positions_are_found_once_and_anew_in_another_file(tmp_path, monkeypatch):
    found = []

    def counted(*arguments):
        found.append(arguments)
        return fits_wcs_of_exposure(*arguments)

    monkeypatch.setattr(mosaic_inputs, "fits_wcs_of_exposure", counted)
    path, position = exposure(tmp_path), SkyCoord(*distorted_gwcs()(20, 12), unit="deg")
    first = [read_pixel(path, position).x for _ in range(3)]
    assert first == pytest.approx([20] * 3, abs=0.01) and len(found) == 1
    exposure(tmp_path, wcs=distorted_gwcs(CRVAL[0] + 1e-4))  # degrees: five pixels
    assert read_pixel(path, position).x != pytest.approx(20, abs=1) and len(found) == 2
