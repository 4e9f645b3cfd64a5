"""Real and simulated products of the pipeline, where the folder with them is at hand.

The folder is not part of the repository. It is looked for beside it, as ../shared/data.
"""

import gzip
import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from shared_data import DATA

from jdaviz_stage3.analysis import collapse_stack
from jdaviz_stage3.errors import Stage3Warning, UnsupportedProductError
from jdaviz_stage3.products import PRODUCT_TYPES, identify
from jdaviz_stage3.readers import read

if not DATA.is_dir():
    pytest.skip("the folder ../shared/data is not beside the repository", allow_module_level=True)

FILES = sorted(
    path.relative_to(DATA)
    for path in DATA.rglob("*")
    if path.name.lower().endswith((".fits", ".fits.gz", ".ecsv", ".json"))
)
SUFFIXES = {row.suffix for row in PRODUCT_TYPES}
STACKS = ("calints", "crfints", "psfstack", "psfalign", "psfsub")
READERS = {row.suffix for row in PRODUCT_TYPES if row.reader}

TSVIEW = DATA / "real/tsview/jw02783-o002_t001_miri_p750l-slitlessprism"
MAKER = DATA / "real/jwst-image-maker"
IMAGE3 = DATA / "simulated/image3/jw09999-o002_t001_nircam_clear-f444w-sub160p"
SOSS = DATA / "simulated/tso3/jw09999-o015_t002_niriss_clear-gr700xd-substrip256"
OLD_SOSS = (
    DATA / "simulated/old-layouts/jw09999-o025_t002_niriss_clear-gr700xd-substrip256_jwst1171"
)
LRS = DATA / "simulated/tso3/jw09999-o003_t002_miri_p750l-slitlessprism"


def expected_suffix(path: Path) -> str:
    """The last part of the name that is a suffix; every JSON file here is an association."""
    if path.suffix == ".json":
        return "asn"
    parts = path.name.split(".")[0].split("_")
    return next(part for part in reversed(parts) if part in SUFFIXES)


def of_type(*suffixes: str) -> list[Path]:
    return [path for path in FILES if expected_suffix(path) in suffixes]


def blank(path: Path) -> bool:
    return path.name.startswith("jw01492-o005_s00004")


@pytest.mark.parametrize("path", FILES, ids=str)
def test_identify(path):
    assert identify(DATA / path).suffix == expected_suffix(path)


@pytest.mark.parametrize("path", of_type(*(SUFFIXES - READERS)), ids=str)
def test_no_reader_yet(path):
    with pytest.raises(UnsupportedProductError, match="cannot read yet"):
        read(DATA / path)


@pytest.mark.parametrize("path", of_type("i2d", "segm"), ids=str)
def test_images_hold_the_science_array(path):
    image = read(DATA / path)
    np.testing.assert_array_equal(image.data, fits.getdata(DATA / path, "SCI"))
    assert image.wcs.has_celestial


@pytest.mark.parametrize("path", of_type("i2d"), ids=str)
def test_wcs_agrees_with_the_gwcs(path, tmp_path):
    """The keywords that the reader takes, against the pipeline's own WCS in the ASDF extension."""
    datamodels = pytest.importorskip("stdatamodels.jwst.datamodels")
    image = read(DATA / path)
    ny, nx = image.shape
    x, y = (
        grid.ravel() for grid in np.meshgrid(np.linspace(0, nx - 1, 5), np.linspace(0, ny - 1, 5))
    )
    content = (DATA / path).read_bytes()
    plain = tmp_path / "plain_i2d.fits"  # the data models do not open gzip data named .fits
    plain.write_bytes(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)
    with datamodels.ImageModel(plain) as model:
        ra, dec = model.meta.wcs(x, y)
    found = image.wcs.all_world2pix(ra, dec, 0)
    np.testing.assert_allclose(found, (x, y), atol=0.01)


@pytest.mark.parametrize("path", of_type("cat"), ids=str)
def test_catalogs_hold_every_row(path):
    table = read(DATA / path)
    lines = [line for line in (DATA / path).read_text().splitlines() if line[:1] != "#"]
    names = {name.split(".")[0] for name in lines[0].split()}
    assert len(table) == len(lines) - 1
    assert set(table.colnames) == names


@pytest.mark.parametrize("path", of_type("x1d", "c1d"), ids=str)
def test_spectra_hold_the_flux_of_the_file(path):
    sequence = read(DATA / path)
    if blank(path):
        with pytest.warns(Stage3Warning, match="no usable sample"):
            spectra = sequence.read_all()
    else:
        spectra = sequence.read_all()
    labels = [sequence.label(i) for i in range(len(sequence))]
    assert len(set(labels)) == len(labels)
    written = []
    with fits.open(DATA / path) as hdus:
        for hdu in hdus:
            if hdu.name in ("EXTRACT1D", "COMBINE1D"):
                rows = hdu.data if "SOURCE_ID" in hdu.columns.names else [hdu.data]
                written += [row for row in rows if np.isfinite(row["WAVELENGTH"]).any()]
        for spectrum, row in zip(spectra, written, strict=True):
            keep = np.isfinite(row["WAVELENGTH"]) & (row["WAVELENGTH"] != 0)
            expected = row[spectrum.meta["column"]][keep]
            np.testing.assert_array_equal(spectrum.flux.value, expected)
            assert spectrum.flux.unit in (u.Jy, u.MJy / u.sr)


@pytest.mark.parametrize("path", of_type("x1dints"), ids=str)
def test_time_series_hold_the_flux_of_the_file(path):
    series = read(DATA / path)
    with fits.open(DATA / path) as hdus:
        tables = [hdu for hdu in hdus if hdu.name == "EXTRACT1D"]
        for trace in series.traces:
            rows = [
                row
                for hdu in tables
                if hdu.header["SPORDER"] == trace.order
                for row in np.atleast_2d(hdu.data["FLUX"])
            ]
            np.testing.assert_array_equal(trace.flux.value, np.array(rows))
    assert trace.usable_flux().shape == trace.flux.shape
    assert np.all(np.diff(trace.time.mjd) > 0)


@pytest.mark.parametrize("path", of_type("whtlt"), ids=str)
def test_light_curves_hold_every_integration(path):
    series = read(DATA / path)
    assert np.isfinite(series.time.mjd).all()
    assert np.all(np.diff(series.time.mjd) > 0)


# ---- products that belong together ----


def test_catalog_positions_lie_where_the_mosaic_says():
    table, image = read(f"{IMAGE3}_cat.ecsv"), read(f"{IMAGE3}_i2d.fits")
    x, y = image.wcs.world_to_pixel(table["sky_centroid"])
    np.testing.assert_allclose(x, table["xcentroid"], atol=0.01)
    np.testing.assert_allclose(y, table["ycentroid"], atol=0.01)


def test_segmentation_labels_are_those_of_the_catalog():
    table, segmentation = read(f"{IMAGE3}_cat.ecsv"), read(f"{IMAGE3}_segm.fits")
    assert set(np.unique(segmentation.data)) - {0} == set(table["label"])
    assert segmentation.shape == read(f"{IMAGE3}_i2d.fits").shape


@pytest.mark.parametrize("product", [LRS, SOSS], ids=lambda path: path.parent.name)
def test_light_curve_and_spectra_have_the_same_times(product):
    curve, series = read(f"{product}_whtlt.ecsv"), read(f"{product}_x1dints.fits")
    for trace in series.traces:
        np.testing.assert_allclose(curve.time.mjd, trace.time.mjd, rtol=0, atol=1e-9)
        assert (curve.time.scale, curve.meta["time_system"]) == ("tdb", "BJD_TDB")


def test_real_light_curve_and_spectra_have_the_same_times():
    curve, series = read(f"{TSVIEW}_whtlt.ecsv"), read(f"{TSVIEW}_x1dints.fits.gz")
    [trace] = series.traces
    np.testing.assert_allclose(curve.time.mjd, trace.time_utc.mjd, rtol=0, atol=1e-9)
    # the light travels up to 8.3 minutes from the telescope to the barycentre; TDB - UTC is 69 s
    minutes = (trace.time.mjd - trace.time_utc.mjd) * 24 * 60
    assert np.all(np.abs(minutes - 69 / 60) < 8.5)


def test_stacked_orders_are_those_of_the_spectra():
    """Up to jwst 1.18 nothing in the table says how many orders there are."""
    curve, series = read(f"{OLD_SOSS}_whtlt.ecsv"), read(f"{OLD_SOSS}_x1dints.fits")
    fluxes = [name for name in curve.colnames if name.startswith("whitelight_flux")]
    assert len(fluxes) == len(series)
    assert len(curve) == series.traces[0].n_integrations


def test_both_layouts_of_one_observation_agree():
    """The same simulated exposure, extracted by jwst 1.17.1 and by 3.0.0."""
    old, new = read(f"{OLD_SOSS}_x1dints.fits"), read(f"{SOSS}_x1dints.fits")
    for one, other in zip(old.traces, new.traces, strict=True):
        assert one.order == other.order
        assert one.flux.shape == other.flux.shape
        np.testing.assert_allclose(one.time_utc.mjd, other.time_utc.mjd, rtol=0, atol=1e-9)
        np.testing.assert_allclose(one.wavelength.value, other.wavelength.value, rtol=1e-6)


def test_real_spectra_have_unflagged_nan():
    """Why flags are not enough: NaN with an error of 0 and a DQ of 0."""
    [trace] = read(f"{TSVIEW}_x1dints.fits.gz").traces
    bad = np.isnan(trace.flux.value)
    assert bad.any() and not trace.dq[bad].any()
    assert trace.mask()[bad].all()


def test_gzip_data_named_fits():
    for path in MAKER.glob("*_i2d.fits"):
        assert path.read_bytes()[:2] == b"\x1f\x8b"
        assert read(path).shape == (129, 137)


@pytest.mark.parametrize(
    "path", of_type("calints", "crfints", "psfstack", "psfalign", "psfsub"), ids=str
)
def test_stacks_hold_what_is_in_the_file(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Stage3Warning)  # the old psfalign has no unit, and no sky
        stack = read(DATA / path)
        wcs = stack.wcs
    with fits.open(DATA / path) as hdus:
        for name, found in (("SCI", stack.data), ("ERR", stack.uncertainty.array)):
            np.testing.assert_array_equal(found, hdus[name].data)
        unusable = (hdus["DQ"].data & 1 != 0) | ~np.isfinite(hdus["SCI"].data)
        np.testing.assert_array_equal(stack.mask, unusable)
        if "INT_TIMES" in hdus:
            times = hdus["INT_TIMES"].data
            np.testing.assert_array_equal(stack.times.mjd, times["int_mid_BJD_TDB"])
            np.testing.assert_array_equal(stack.times_utc.mjd, times["int_mid_MJD_UTC"])
            assert stack.int_num.tolist() == times["integration_number"].tolist()
    part = stack[0] if len(stack.axes) == 4 else stack
    usable = np.where(part.mask, np.nan, part.data)
    image = collapse_stack(part, "median")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # pixels that no image has
        np.testing.assert_allclose(image.data, np.nanmedian(usable, axis=0), rtol=1e-6)
    if wcs is not None and stack.gwcs is not None:
        y, x = np.mgrid[0:160:40, 0:160:40]
        sky = stack.gwcs(x, y)
        np.testing.assert_allclose(wcs.all_world2pix(*sky, 0), [x, y], atol=0.05)
