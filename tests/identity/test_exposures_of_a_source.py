"""Single exposures of a source: which it is on, and what is read of them."""

import make_exposures
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from make_fields import indexed, observed
from make_tables import catalog_table, save_table
from scipy.optimize import root

from jdaviz_stage3.errors import Stage3Error, UnreadableProductError
from jdaviz_stage3.viewers.source_figures import SourceFigures

OFFSETS = ((0, 0), (10, 4), (-40, 30))  # the last one is off the first source


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    """Three exposures, a catalog of what lies at the middle of the first and of the last."""
    folder = tmp_path_factory.mktemp("exposures")
    _, paths = make_exposures.field(folder, OFFSETS)
    for path in paths:
        fits.setval(path, "EXP_TYPE", value="NRC_IMAGE")
    table = catalog_table(2)
    ra, dec = make_exposures.CRVAL
    east = np.array([0, -40]) * make_exposures.PIXEL / np.cos(np.radians(dec))
    north = np.array([0, 30]) * make_exposures.PIXEL
    table["label"] = [4, 6]
    table["sky_centroid"] = SkyCoord(ra + east, dec + north, unit="deg")
    save_table(table, folder / "jw09997-o001_t001_nircam_f444w_cat.ecsv")
    return folder, paths


def test_only_exposures_that_it_is_on(field):
    folder, paths = field
    index, said = indexed(folder)
    assert said == [] and set(index.exposures) == set(paths)
    assert set(index.labelled(4).exposures) == set(paths[:2])
    assert index.labelled(6).exposures == (paths[2],)
    assert index.labelled(4).exposure_cutout(paths[2]) is None
    assert index.labelled(4).products == ()  # an exposure of the field is of no source alone


def test_pixels_are_those_of_the_detector_at_the_place(field):
    """By the gwcs of the file; flagged pixels are NaN."""
    folder, paths = field
    source = indexed(folder)[0].labelled(4)
    for path in source.exposures:
        with fits.open(path) as hdus:
            data, dq = hdus["SCI"].data.astype(float), hdus["DQ"].data
        number = paths.index(path)
        dx, dy = np.array(OFFSETS[number]) * make_exposures.PIXEL
        ra, dec = make_exposures.CRVAL
        wcs = make_exposures.distorted_gwcs(ra + dx / np.cos(np.radians(dec)), dec + dy)
        here = source.position.ra.deg, source.position.dec.deg
        found = root(lambda xy, wcs=wcs, here=here: 1e5 * np.subtract(wcs(*xy), here), (20, 15))
        assert found.success
        x, y = found.x
        cutout = source.exposure_cutout(path, 1.5 * u.arcsec)
        left, bottom = round(x - cutout.x), round(y - cutout.y)
        assert abs(x - cutout.x - left) < 0.05 and abs(y - cutout.y - bottom) < 0.05
        expected = np.full(cutout.values.shape, np.nan)
        for row in range(expected.shape[0]):
            for column in range(expected.shape[1]):
                i, j = row + bottom, column + left
                if 0 <= i < data.shape[0] and 0 <= j < data.shape[1] and not dq[i, j] & 1:
                    expected[row, column] = data[i, j]
        np.testing.assert_array_equal(cutout.values, expected)
        assert np.isfinite(expected).any() and cutout.unit == u.Unit("MJy/sr")


def test_flagged_pixels_that_have_a_value_are_left_out(field, tmp_path):
    """A cal keeps the values of pixels that are flagged."""
    arrays = make_exposures.exposure_arrays()
    arrays["data"] = np.where(np.isnan(arrays["data"]), np.float32(9e9), arrays["data"])
    path = make_exposures.exposure(tmp_path, arrays=arrays, suffix="cal")
    fits.setval(path, "EXP_TYPE", value="NRC_IMAGE")
    (tmp_path / "jw1_cat.ecsv").write_bytes(next(field[0].glob("*cat.ecsv")).read_bytes())
    source = indexed(tmp_path)[0].labelled(4)
    assert source.exposures == (path,)
    values = source.exposure_cutout(path, 9 * u.arcsec).values
    assert np.nanmax(values) < 1 and np.isfinite(values).sum() == np.sum(arrays["dq"] & 1 == 0)


def test_of_a_cal_and_a_crf_of_one_exposure_the_crf(field, tmp_path):
    folder, paths = field
    for suffix in ("o001_crf", "cal"):
        made = tmp_path / f"jw09997001001_02101_00001_nrcalong_{suffix}.fits"
        made.write_bytes(paths[0].read_bytes())
    (tmp_path / "jw1_cat.ecsv").write_bytes(next(folder.glob("*cat.ecsv")).read_bytes())
    [one] = indexed(tmp_path)[0].labelled(4).exposures
    assert one.name.endswith("o001_crf.fits")


@pytest.mark.parametrize(
    ("model", "suffix", "expected"),
    [
        ("MultiExposureModel", "cal", {4: [1, 2, 3]}),
        ("MultiSlitModel", "crf", {4: [1, 2], 7: [3]}),
    ],
)
def test_the_slits_of_a_source(tmp_path, model, suffix, expected):
    numbers = [number for number, levels in expected.items() for _ in levels]
    slits = [("S1", n, (6, 9 + k)) for k, n in enumerate(numbers)]
    made = make_exposures.slit_exposures(model, suffix, tmp_path, slits)
    path = observed(
        made, f"jw09997-o001_s000000001_nirspec_{suffix}.fits",
        EXP_TYPE="NRS_MSASPEC", FILTER="CLEAR",
    )  # fmt: skip
    index, _ = indexed(tmp_path)
    assert index.labels == list(expected)
    for label, levels in expected.items():
        products = index.labelled(label).of_type(suffix)
        images = [product.image() for product in products]
        with fits.open(path) as hdus:
            for product, image in zip(products, images, strict=True):
                np.testing.assert_array_equal(image.data, hdus[product.table.extension].data)
        assert [float(np.nanmax(image.data)) for image in images] == levels
        assert all(image.mask[0, 0] and image.mask.sum() == 1 for image in images)
    with pytest.raises(Stage3Error, match="is no spectrum of one source"):
        products[0].spectrum()


def test_files_that_are_gone_or_broken_are_said(field, tmp_path):
    """They may go, or be cut, between the index and the picture."""
    folder, paths = field
    for path in (*paths[:2], next(folder.glob("*cat.ecsv")), next(folder.glob("*_i2d.fits"))):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    source = indexed(tmp_path)[0].labelled(4)
    first, second = source.exposures
    first.unlink()
    second.write_bytes(second.read_bytes()[:20000])
    for path, what in ((first, "not there"), (second, "truncated")):
        with pytest.raises(UnreadableProductError, match=what):
            source.exposure_cutout(path)
    [mosaic] = source.images
    mosaic.unlink()
    with pytest.raises(UnreadableProductError, match="not there"):
        source.cutout()
    figures = SourceFigures()
    figures.show(source, 2 * u.arcsec, exposures=True)
    assert len(figures.notes) == 4 and "no exposure" in figures.notes[-1]
