"""Reading mosaics and segmentation maps."""

import shutil

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData, StdDevUncertainty
from make_overlays import tangent_gwcs
from make_products import (
    CRPIX,
    CRVAL,
    PIXEL_DEG,
    ROLL_DEG,
    compressed,
    image_of,
    label_image,
    mosaic,
    mosaic_arrays,
    segmentation,
)

from jdaviz_stage3.errors import Stage3Warning, UnreadableProductError
from jdaviz_stage3.readers import read
from jdaviz_stage3.readers.image import image_extensions, read_image, read_segmentation
from jdaviz_stage3.summary import summarize


@pytest.fixture(scope="module")
def i2d(built):
    return built("i2d", "ImageModel")


def gnomonic(ra: np.ndarray, dec: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixel (0-based) of a position, from the textbook's tangent-plane formulae."""
    ra, dec, ra0, dec0 = (np.radians(angle) for angle in (ra, dec, *CRVAL))
    cos_c = np.sin(dec0) * np.sin(dec) + np.cos(dec0) * np.cos(dec) * np.cos(ra - ra0)
    xi = np.cos(dec) * np.sin(ra - ra0) / cos_c
    eta = (np.cos(dec0) * np.sin(dec) - np.sin(dec0) * np.cos(dec) * np.cos(ra - ra0)) / cos_c
    angle = np.radians(ROLL_DEG)
    matrix = np.array([[-np.cos(angle), np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    x, y = np.tensordot(np.linalg.inv(matrix), np.degrees([xi, eta]), 1) / PIXEL_DEG
    return x + CRPIX[0] - 1, y + CRPIX[1] - 1


# ---- mosaics ----


def test_values_unit_and_mask(i2d):
    image = read(i2d)
    expected = mosaic_arrays()
    assert isinstance(image, CCDData)
    np.testing.assert_array_equal(image.data, expected["data"])
    assert image.data.dtype == np.float32 and image.data.dtype.isnative
    assert image.unit == u.MJy / u.sr
    assert image.mask.sum() == 15  # the unexposed corner of 3 x 5 pixels
    np.testing.assert_array_equal(image.mask, np.isnan(expected["data"]))


def test_uncertainty_is_the_error_plane(i2d):
    image = read_image(i2d)
    assert isinstance(image.uncertainty, StdDevUncertainty)
    np.testing.assert_array_equal(image.uncertainty.array, mosaic_arrays()["err"])
    assert image.uncertainty.unit == u.MJy / u.sr
    assert read_image(i2d, uncertainty=False).uncertainty is None


def test_wcs_is_the_tangent_plane_of_the_keywords(i2d):
    wcs = read_image(i2d).wcs
    x, y = np.meshgrid([0, 13.5, 39], [0, 7.25, 29])
    sky = wcs.pixel_to_world(x, y)
    found = gnomonic(sky.ra.deg, sky.dec.deg)
    np.testing.assert_allclose(found, (x, y), atol=0.01)


def test_wcs_turns_as_it_should(i2d):
    """At position angle 30 degrees, +y is north through west by 30."""
    wcs = read_image(i2d).wcs
    x, y = CRPIX[0] - 1, CRPIX[1] - 1
    centre, above, right = wcs.pixel_to_world([x, x, x + 10], [y, y + 10, y])
    assert centre.ra.deg == pytest.approx(CRVAL[0], abs=1e-9)
    assert centre.position_angle(above).deg == pytest.approx(ROLL_DEG, abs=1e-3)
    assert centre.separation(above).deg == pytest.approx(10 * PIXEL_DEG, rel=1e-5)
    # east is to the left: the mosaic is not mirrored
    assert (centre.position_angle(right).deg - ROLL_DEG) % 360 == pytest.approx(270, abs=1e-3)


def test_meta_holds_the_keywords_but_not_the_layout(i2d):
    meta = read_image(i2d).meta
    assert meta["TELESCOP"] == "JWST"
    assert meta["CAL_VER"] == "3.0.0"
    assert meta["BUNIT"] == "MJy/sr"
    assert not {"NAXIS1", "BITPIX", "XTENSION", "PCOUNT"} & set(meta)


@pytest.mark.parametrize(
    ("extension", "key"),
    [("ERR", "err"), ("WHT", "wht"), ("VAR_POISSON", "var_poisson"), ("CON", "con")],
)
def test_another_extension(i2d, extension, key):
    image = read_image(i2d, extension=extension)
    expected = np.squeeze(mosaic_arrays()[key])
    np.testing.assert_array_equal(image.data, expected)
    assert image.data.dtype == expected.dtype and image.data.dtype.isnative
    assert image.uncertainty is None
    assert image.wcs is not None, "the planes of a mosaic share its WCS"


def test_context_plane_is_flat_and_unmasked(i2d):
    """CON is (1, ny, nx) in the file, integers, and without a unit."""
    image = read_image(i2d, extension="CON")
    assert image.shape == (30, 40)
    assert image.unit == u.dimensionless_unscaled
    assert image.mask is None


def test_image_extensions_start_with_the_science(i2d):
    found = image_extensions(i2d)
    assert found[0] == "SCI"
    assert set(found) == {"SCI", "ERR", "CON", "WHT", "VAR_POISSON"}


def test_several_context_planes_are_no_image(tmp_path):
    """More than 32 input exposures: CON has a second plane, and is not offered."""
    arrays = mosaic_arrays()
    arrays["con"] = np.ones((2, 30, 40), "i4")
    path = mosaic(tmp_path, arrays)
    assert "CON" not in image_extensions(path)
    with pytest.raises(UnreadableProductError, match="CON is not a 2-D image .*2 × 30 × 40"):
        read_image(path, extension="CON")


@pytest.mark.parametrize("name", ["packed_i2d.fits", "packed_i2d.fits.gz"])
def test_compressed(tmp_path, name):
    path = compressed(mosaic(tmp_path), name)
    image = read(path)
    np.testing.assert_array_equal(image.data, mosaic_arrays()["data"])
    np.testing.assert_array_equal(image.uncertainty.array, mosaic_arrays()["err"])


def test_oldest_generation(built):
    image = read(built("i2d", "DrizProductModel"))
    np.testing.assert_array_equal(image.data, mosaic_arrays()["data"])


def test_arrays_outlive_the_file(tmp_path):
    path = mosaic(tmp_path)
    image = read(path)
    path.write_bytes(b"")
    assert np.nanmean(image.data) == pytest.approx(np.nanmean(mosaic_arrays()["data"]))


def test_no_celestial_keywords_warns(tmp_path):
    path = mosaic(tmp_path, wcs=False)
    with pytest.warns(Stage3Warning, match="no celestial WCS"):
        image = read(path)
    assert image.wcs is None
    assert image.shape == (30, 40)


@pytest.mark.parametrize("keyword", ["CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2", "CDELT1", "CDELT2"])
def test_a_part_of_the_wcs_keywords_is_no_wcs(tmp_path, keyword):
    """wcslib takes 0 for a reference position that is not there, and 1 degree for a pixel."""
    path = mosaic(tmp_path)
    fits.delval(path, keyword, extname="SCI")
    with pytest.warns(Stage3Warning, match=f"no .*{keyword}.*; positions are in pixels only"):
        image = read(path)
    assert image.wcs is None


@pytest.mark.parametrize("keyword", ["CTYPE1", "CTYPE2"])
def test_one_celestial_axis_without_the_other_is_no_wcs(tmp_path, keyword):
    """wcslib refuses it; the pixels can be shown all the same."""
    path = mosaic(tmp_path)
    expected = read(path).data
    fits.delval(path, keyword, extname="SCI")
    with pytest.warns(Stage3Warning, match="do not fit together .*; positions are in pixels only"):
        image = read(path)
    assert image.wcs is None
    np.testing.assert_array_equal(image.data, expected)


def test_the_gwcs_where_keywords_are_missing(tmp_path):
    """The one that the file holds beside the keywords."""
    exact = tangent_gwcs(30, 1e-5, (20.5, 14.25), (30, 40))
    path = mosaic(tmp_path, gwcs=exact)
    expected = exact(3, 4)
    fits.delval(path, "CRVAL1", extname="SCI")
    with pytest.warns(Stage3Warning, match="no CRVAL1; positions are by the gwcs"):
        image = read(path)
    found = image.wcs.pixel_to_world_values(3, 4)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3 * 1e-5)


def test_no_finite_pixel_warns(tmp_path):
    path = mosaic(tmp_path, {"data": np.full((4, 5), np.nan, "f4")})
    with pytest.warns(Stage3Warning, match="no finite pixel"):
        assert read(path).mask.all()


def test_empty_error_plane(tmp_path):
    """A mosaic made without an error array still has ERR's header, for its BUNIT."""
    path = mosaic(tmp_path, {"data": np.ones((4, 5), "f4")})
    assert fits.getheader(path, "ERR")["NAXIS"] == 0
    assert read(path).uncertainty is None


def test_no_error_plane(tmp_path):
    path = mosaic(tmp_path)
    with fits.open(path, mode="update") as hdus:
        del hdus["ERR"]
    assert read(path).uncertainty is None


@pytest.mark.parametrize(("unit", "meant"), [("MJy/sr", u.MJy / u.sr), ("DN/s", u.DN / u.s),
                                             ("ELECTRONS/S", u.electron / u.s)])  # fmt: skip
def test_units(tmp_path, unit, meant):
    path = mosaic(tmp_path)
    fits.setval(path, "BUNIT", value=unit, extname="SCI")
    assert read(path).unit == meant


def test_unit_that_means_nothing_warns_and_is_dropped(tmp_path):
    path = mosaic(tmp_path)
    fits.setval(path, "BUNIT", value="foo/bar", extname="SCI")
    with pytest.warns(Stage3Warning, match=r"i2d.fits\[SCI\].*'foo/bar'"):
        image = read(path)
    assert image.unit == u.dimensionless_unscaled
    np.testing.assert_array_equal(image.data, mosaic_arrays()["data"])


# ---- segmentation maps ----


def test_segmentation_labels(built):
    image = read(built("segm", "SegmentationMapModel"))
    assert image.data.dtype == np.uint32 and image.data.dtype.isnative
    np.testing.assert_array_equal(image.data, label_image())
    assert set(np.unique(image.data)) == {0, 1, 17, 2**31 + 5}
    assert image.unit == u.dimensionless_unscaled
    assert image.wcs.has_celestial


def test_segmentation_without_wcs_is_silent(tmp_path):
    """Older ones have none; it is then that of their mosaic."""
    assert read_segmentation(segmentation(tmp_path, wcs=False)).wcs is None


def test_segmentation_compressed(tmp_path):
    path = compressed(segmentation(tmp_path), "packed_segm.fits")
    np.testing.assert_array_equal(read(path).data, label_image())


@pytest.mark.parametrize("quantize", [0, 16])
def test_tile_compressed(i2d, tmp_path, quantize):
    """fpack makes tables of the images: they are as large as their tables, not as their pixels."""
    path = tmp_path / "packed_i2d.fits"
    with fits.open(i2d) as hdus:
        packed = [
            fits.CompImageHDU(hdu.data, hdu.header, hdu.name, "GZIP_2", quantize_level=quantize)
            if hdu.is_image and hdu.data is not None and hdu.data.ndim == 2
            else hdu
            for hdu in hdus
        ]
        fits.HDUList(packed).writeto(path)
    image = read(path)
    with fits.open(path) as hdus:
        np.testing.assert_array_equal(image.data, hdus["SCI"].data)
        np.testing.assert_array_equal(image.uncertainty.array, hdus["ERR"].data)
    assert image_extensions(path)[:2] == ["SCI", "ERR"]
    assert summarize(path).problem == ""
    assert "30 × 40" in summarize(path).shape


# ---- broken files ----


def without_science(folder):
    path = mosaic(folder)
    fits.setval(path, "EXTNAME", value="DATA", extname="SCI")
    return path


def test_no_science_extension(tmp_path):
    with pytest.raises(UnreadableProductError, match="i2d.fits: no SCI extension .found DATA, ERR"):
        read(without_science(tmp_path))


def test_no_extensions_at_all(i2d, tmp_path):
    with fits.open(i2d) as hdus:
        hdus[0].writeto(tmp_path / "bare_i2d.fits")
    with pytest.raises(UnreadableProductError, match="no extensions at all"):
        read(tmp_path / "bare_i2d.fits")


def test_extension_that_is_not_there(i2d):
    with pytest.raises(UnreadableProductError, match="no VAR_FLAT extension .*WHT"):
        read_image(i2d, extension="VAR_FLAT")


def test_a_cube_is_no_image(tmp_path):
    path = image_of("CubeModel", "psfsub", (2, 4, 5), tmp_path)
    with pytest.raises(UnreadableProductError, match="SCI is not a 2-D image .*2 × 4 × 5"):
        read_image(path)


def test_an_empty_science_extension_is_no_image(i2d, tmp_path):
    path = shutil.copy(i2d, tmp_path / "a_i2d.fits")
    with fits.open(path, mode="update") as hdus:
        hdus["SCI"].data = None
    with pytest.raises(UnreadableProductError, match="SCI is not a 2-D image"):
        read(path)


@pytest.mark.parametrize("extension", ["SCI", "ERR"])
def test_truncated(i2d, tmp_path, extension):
    """Cut in the middle of an array: an error, never an image that is part zeros."""
    with fits.open(i2d) as hdus:
        info = hdus[extension].fileinfo()
    cut = tmp_path / "cut_i2d.fits"
    cut.write_bytes(i2d.read_bytes()[: info["datLoc"] + 1000])
    with pytest.raises(UnreadableProductError, match="cut_i2d.fits: truncated .*download it again"):
        read(cut)


def test_truncated_gzip(tmp_path):
    whole = compressed(mosaic(tmp_path), "w.gz")
    cut = tmp_path / "cut_i2d.fits"
    cut.write_bytes(whole.read_bytes()[:4000])
    with pytest.raises(UnreadableProductError, match="cut_i2d.fits"):
        read(cut)


@pytest.mark.filterwarnings("ignore::astropy.utils.exceptions.AstropyWarning")  # on damage
@pytest.mark.parametrize("where", [3000, 80_000])
@pytest.mark.parametrize("reader", [read_image, image_extensions])
def test_damaged_gzip(tmp_path, reader, where):
    """Bytes changed on the way: the decompressor stops, or what it gives is no FITS."""
    counts = np.random.default_rng(5).integers(0, 50, (400, 400)).astype("f4")
    content = bytearray(compressed(mosaic(tmp_path, {"data": counts}), "w.gz").read_bytes())
    content[where : where + 40] = b"\xff" * 40
    path = tmp_path / "damaged_i2d.fits"
    path.write_bytes(content)
    with pytest.raises(UnreadableProductError, match="damaged_i2d.fits.*download it again"):
        reader(path)
