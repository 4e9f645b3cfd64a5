"""Exposures on detector pixels (crf): pixels, flags, positions."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from make_exposures import (
    DO_NOT_USE,
    OUTLIER,
    PIXEL,
    SATURATED,
    SHAPE,
    distorted_gwcs,
    exposure,
    exposure_arrays,
    ifu_exposure,
)  # fmt: skip
from schemas_once import datamodels
from stdatamodels.jwst.datamodels.dqflags import pixel

from jdaviz_stage3 import Stage3Error, Stage3Warning, UnreadableProductError, read
from jdaviz_stage3.readers.exposures import read_exposure_planes
from jdaviz_stage3.readers.quality import dq_names


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return exposure(tmp_path_factory.mktemp("crf"))


@pytest.fixture(scope="module")
def crf(path):
    return read(path)


def offsets(image, wcs):
    """Distances of the corners and inner pixels from where the gwcs has them, in pixels."""
    y, x = np.mgrid[0 : SHAPE[0] : 6, 0 : SHAPE[1] : 6]
    exact = SkyCoord(*wcs(x, y), unit="deg")
    return (image.wcs.pixel_to_world(x, y).separation(exact).deg / PIXEL).max()


def without_distortion(path):
    """Leave the keywords that a linear fit would have."""
    with fits.open(path, mode="update") as hdus:
        header = hdus["SCI"].header
        for key in [key for key in header if key[:2] in ("A_", "B_", "AP", "BP")]:
            del header[key]
        header["CTYPE1"], header["CTYPE2"] = "RA---TAN", "DEC--TAN"
    return path


def test_pixels_are_those_of_the_file(crf):
    arrays = exposure_arrays(seed=1)
    np.testing.assert_array_equal(crf.data, arrays["data"])
    np.testing.assert_array_equal(crf.uncertainty.array, arrays["err"])
    np.testing.assert_array_equal(crf.flags, arrays["dq"])
    assert crf.unit == u.MJy / u.sr and crf.data.dtype.isnative and crf.flags.dtype == np.uint32


def test_mask_is_flagged_or_not_finite(crf, path):
    dq = exposure_arrays(seed=1)["dq"]
    np.testing.assert_array_equal(crf.mask, dq & DO_NOT_USE != 0)
    saturated = read(path, dq_bits="SATURATED")
    expected = (dq & SATURATED != 0) | ~np.isfinite(saturated.data)
    np.testing.assert_array_equal(saturated.mask, expected)


def test_flags_by_name(crf):
    dq = exposure_arrays(seed=1)["dq"]
    np.testing.assert_array_equal(crf.flagged("OUTLIER"), dq & OUTLIER != 0)
    both = dq & (OUTLIER | SATURATED) != 0
    np.testing.assert_array_equal(crf.flagged("OUTLIER", "SATURATED"), both)
    np.testing.assert_array_equal(crf.flagged("REFERENCE_PIXEL"), dq >> 31 == 1)
    with pytest.raises(Stage3Error, match="OUTLYER"):
        crf.flagged("OUTLYER")


@pytest.mark.parametrize("value", [1, 17, 2**31 + 1, 2**10 + 2**4, 0])
def test_names_of_flags_are_those_of_the_datamodels(value):
    assert sum(pixel[name] for name in dq_names(value)) == value


def test_gwcs_is_the_one_of_the_file(crf, path):
    with datamodels.open(path) as model:
        np.testing.assert_array_equal(crf.gwcs(7, 9), model.meta.wcs(7, 9))


def test_keywords_are_as_good_as_the_gwcs(crf):
    assert offsets(crf, distorted_gwcs()) < 0.01


def test_gwcs_of_a_file_that_was_written_anew(tmp_path):
    path = exposure(tmp_path)
    image = read(path)
    fits.setval(path, "TARGNAME", value="other")
    with pytest.raises(UnreadableProductError, match="written anew"):
        _ = image.gwcs


def test_what_is_made_of_an_exposure_has_no_gwcs(crf):
    assert crf.multiply(2).gwcs is None


def test_keywords_without_distortion(tmp_path):
    """Older pipelines wrote the linear part only; the corners were off by pixels."""
    path = without_distortion(exposure(tmp_path, wcs=distorted_gwcs(distortion=3e-3)))
    with pytest.warns(Stage3Warning, match=r"keywords of SCI are up to \d.* pixels off the gwcs"):
        image = read(path)
    assert offsets(image, distorted_gwcs(distortion=3e-3)) < 0.02


def test_keywords_from_before_the_alignment(tmp_path):
    path = exposure(tmp_path)
    fits.setval(path, "CRVAL1", value=53.16 + 2e-5, extname="SCI")
    with pytest.warns(Stage3Warning, match="off the gwcs in the file; positions are by"):
        image = read(path)
    assert offsets(image, distorted_gwcs()) < 0.02


def test_without_keywords(tmp_path):
    path = exposure(tmp_path, sip=False)
    with pytest.warns(Stage3Warning, match="no celestial WCS keywords; positions are by the gwcs"):
        image = read(path)
    assert offsets(image, distorted_gwcs()) < 0.02


def test_with_neither(tmp_path):
    path = exposure(tmp_path, sip=False)
    with fits.open(path) as hdus:
        del hdus["ASDF"]
        hdus.writeto(path, overwrite=True)
    with pytest.warns(Stage3Warning, match="neither WCS keywords nor a gwcs"):
        assert read(path).wcs is None


def test_without_gwcs(tmp_path):
    path = exposure(tmp_path)
    with fits.open(path) as hdus:
        del hdus["ASDF"]
        hdus.writeto(path, overwrite=True)
    image = read(path)
    assert image.wcs.has_celestial
    with pytest.warns(Stage3Warning, match="the file holds no gwcs"):
        assert image.gwcs is None


def test_a_gwcs_of_a_version_that_cannot_be_read(tmp_path):
    path = exposure(tmp_path)
    with fits.open(path) as hdus:
        stored = hdus["ASDF"].data["ASDF_METADATA"].tobytes()
        other = stored.replace(b"!<tag:stsci.edu:gwcs/wcs-", b"!<tag:stsci.edu:gwcs/wcz-")
        assert other != stored
        hdus["ASDF"].data["ASDF_METADATA"][0] = np.frombuffer(other, "u1")
        hdus.writeto(path, overwrite=True)
    told = "gwcs is of a version that the installed gwcs cannot read"
    with pytest.warns(Stage3Warning, match=f"{told}; positions are by the WCS keywords of SCI"):
        image = read(path)
    assert offsets(image, distorted_gwcs()) < 0.02
    with pytest.warns(Stage3Warning, match=told):
        assert image.gwcs is None


def test_keywords_of_a_cube_to_come_are_no_positions(tmp_path):
    """A detector image of an integral field unit has the axes of its cube in the header."""
    assert read(ifu_exposure(tmp_path)).wcs is None


def test_planes_alone(path):
    arrays = exposure_arrays(seed=1)
    planes = dict(read_exposure_planes(path, ["SCI", "DQ", "VAR_POISSON"]))
    for name, key in {"SCI": "data", "DQ": "dq", "VAR_POISSON": "var_poisson"}.items():
        np.testing.assert_array_equal(planes[name].data, arrays[key])
        assert planes[name].wcs.has_celestial


@pytest.mark.parametrize("name", ["DQ", "ERR"])
def test_another_shape(name, tmp_path):
    path = exposure(tmp_path)
    with fits.open(path) as hdus:
        hdus[name].data = hdus[name].data[:-1]
        hdus.writeto(path, overwrite=True)
    with pytest.raises(UnreadableProductError, match=f"{name} has 31 × 48 pixels, but SCI 32 × 48"):
        read(path)


def test_without_dq(tmp_path):
    path = exposure(tmp_path)
    with fits.open(path) as hdus:
        del hdus["DQ"]
        hdus.writeto(path, overwrite=True)
    with pytest.warns(Stage3Warning, match="no DQ extension"):
        image = read(path)
    np.testing.assert_array_equal(image.mask, ~np.isfinite(image.data))
    assert image.flags is None and not image.flagged("OUTLIER").any()


def test_without_a_good_pixel(tmp_path):
    arrays = exposure_arrays()
    arrays["dq"][:] = DO_NOT_USE
    with pytest.warns(Stage3Warning, match="no finite pixel"):
        read(exposure(tmp_path, arrays=arrays))


def rebuilt(tmp_path, change):
    """A crf of which each extension is replaced by what a function makes of it; None drops it."""
    path = exposure(tmp_path)
    with fits.open(path) as hdus:
        kept = [hdu for hdu in map(change, hdus) if hdu is not None]
        fits.HDUList(kept).writeto(path, overwrite=True)
    return path


def test_without_flags_planes_say_so(tmp_path):
    path = rebuilt(tmp_path, lambda hdu: None if hdu.name == "DQ" else hdu)
    with pytest.warns(Stage3Warning, match="no DQ extension"):
        read_exposure_planes(path, ["SCI"])
    read_exposure_planes(path, ["ERR"])


@pytest.mark.parametrize("planes", [["SCI"], ["SCI", "DQ"], None])
@pytest.mark.parametrize("name", ["SCI", "DQ"])
def test_what_is_no_image_is_named(name, planes, tmp_path):
    cube = fits.ImageHDU(np.zeros((2, *SHAPE), "i4"), name=name)
    path = rebuilt(tmp_path, lambda hdu: cube if hdu.name == name else hdu)
    message = f"{path.name}: {name} is not a 2-D image .shape 2 × 32 × 48"
    with pytest.raises(UnreadableProductError, match=message):
        read(path) if planes is None else read_exposure_planes(path, planes)


def test_positions_by_text_are_not_taken(tmp_path):
    """wcslib would take 0 for what is no number."""
    path = exposure(tmp_path)
    fits.setval(path, "CRVAL1", value="here", extname="SCI")
    with pytest.warns(Stage3Warning, match="CRVAL1 = 'here', which is no number.*by the gwcs"):
        found = read(path)
    assert offsets(found, distorted_gwcs()).max() < 0.02
