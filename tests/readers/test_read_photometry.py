"""Reading time-series photometry of every generation."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.table import MaskedColumn, QTable
from astropy.time import Time
from astropy.timeseries import TimeSeries
from hypothesis import given
from hypothesis import strategies as st
from make_tables import save_table

from jdaviz_stage3.errors import Stage3Warning, UnreadableProductError
from jdaviz_stage3.readers import read
from jdaviz_stage3.readers.photometry import read_photometry

N = 6
DAYS = 60000.25 + np.arange(N) / 500
BARYCENTRIC = DAYS + 0.003
FLUX = np.array([1.0, 1.01, 0.99, 0.98, 1.0, 1.02])
SUMS = ("aperture_sum", "annulus_sum", "annulus_mean", "aperture_bkg", "net_aperture_sum")


def columns_of(version, unit=u.Jy):
    """The columns that a version of the pipeline writes."""
    columns = {"MJD": DAYS}
    if version == "2.0":
        columns["BJD_TDB"] = BARYCENTRIC
    for index, name in enumerate(SUMS):
        columns[name] = FLUX * (index + 1) * unit
        columns[f"{name}_err"] = FLUX * (index + 1) / 99 * unit
    if version != "1.11":
        for name in ("aperture_x", "aperture_y", "centroid_x", "centroid_y", "psf_width_x"):
            columns[name] = FLUX * u.pix
        columns["aperture_ra_icrs"] = columns["aperture_dec_icrs"] = FLUX * u.deg
        columns["psf_flux"] = FLUX * unit
    return columns


def phot(folder, columns, **meta):
    return save_table(QTable(columns, meta=meta), folder / "jw09997-o001_t001_nircam_phot.ecsv")


@pytest.mark.parametrize("unit", [u.Jy, u.electron], ids=str)
@pytest.mark.parametrize("version", ["1.11", "1.20", "2.0"])
def test_every_generation(tmp_path, version, unit):
    columns = columns_of(version, unit)
    series = read(phot(tmp_path, columns, target_name="DEMO-EB"))
    assert isinstance(series, TimeSeries)
    assert series.meta["target_name"] == "DEMO-EB"
    assert series.meta["default_column"] == "net_aperture_sum"
    values = {name for name in columns if name not in ("MJD", "BJD_TDB")}
    assert {name for name in series.colnames if not name.startswith("time")} == values
    for name in values:
        assert type(series[name]) is u.Quantity
        assert series[name].unit == columns[name].unit
        np.testing.assert_array_equal(series[name].value, columns[name].value)
        assert series[name].info.description
    if version == "2.0":
        assert series.meta["time_system"] == "BJD_TDB"
        assert series.time.scale == "tdb"
        np.testing.assert_array_equal(series.time.mjd, BARYCENTRIC)
        np.testing.assert_array_equal(series["time_utc"].mjd, DAYS)
        assert series["time_utc"].scale == "utc"
    else:
        assert series.meta["time_system"] == "MJD_UTC"
        assert series.time.scale == "utc"
        np.testing.assert_array_equal(series.time.mjd, DAYS)
        assert "time_utc" not in series.colnames


def test_barycentric_time_is_not_half_a_day_off(tmp_path):
    columns = {"BJD_TDB": [59989.977], "aperture_sum": [1.0] * u.Jy, "net_aperture_sum": [1] * u.Jy}
    series = read(phot(tmp_path, columns))
    assert isinstance(series.time, Time)
    assert series.time.jd[0] == pytest.approx(2459990.477, abs=1e-9)


def test_each_error_stands_beside_its_value(tmp_path):
    columns = columns_of("1.11")
    shuffled = {name: columns[name] for name in sorted(columns, reverse=True)}
    names = read(phot(tmp_path, shuffled)).colnames
    for name in SUMS:
        assert names.index(f"{name}_err") == names.index(name) + 1


def test_a_column_of_text_is_left_out_and_an_unknown_one_kept(tmp_path):
    columns = columns_of("1.20") | {"note": ["good"] * N, "ghost_err": FLUX, "bad": [True] * N}
    series = read(phot(tmp_path, columns))
    assert "note" not in series.colnames and "bad" not in series.colnames
    assert series["ghost_err"].unit == u.dimensionless_unscaled


# ---- values that are missing ----


@pytest.mark.parametrize("missing", ["nan", "absent"])
def test_without_background_the_aperture_sum_is_taken_with_a_warning(tmp_path, missing):
    """SUB64P with WLP8: the annulus does not fit, and its columns are all NaN."""
    columns = columns_of("2.0")
    for name in [name for name in columns if "aperture_sum" not in name and name in SUMS]:
        columns[name] = columns[f"{name}_err"] = np.full(N, np.nan) * u.Jy
    if missing == "nan":
        columns["net_aperture_sum"] = np.full(N, np.nan) * u.Jy
    else:
        del columns["net_aperture_sum"], columns["net_aperture_sum_err"]
    path = phot(tmp_path, columns)
    with pytest.warns(Stage3Warning, match=r"phot.ecsv: .*background is not subtracted") as caught:
        series = read(path)
    assert len(caught) == 1 and "\n" not in str(caught[0].message)
    assert series.meta["default_column"] == "aperture_sum"
    assert ("net_aperture_sum" in series.colnames) == (missing == "nan")


def test_no_finite_flux_warns(tmp_path):
    columns = columns_of("2.0")
    columns |= {name: np.full(N, np.nan) * u.Jy for name in SUMS}
    path = phot(tmp_path, columns)
    with pytest.warns(Stage3Warning, match="no finite flux in net_aperture_sum or aperture_sum"):
        series = read(path)
    assert series.meta["default_column"] == "net_aperture_sum"


def test_one_finite_net_flux_is_enough(tmp_path):
    columns = columns_of("2.0")
    columns["net_aperture_sum"] = np.where(np.arange(N) == 3, FLUX, np.nan) * u.Jy
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(phot(tmp_path, columns)).meta["default_column"] == "net_aperture_sum"


def test_masked_values_are_nan_and_missing_times_are_masked(tmp_path):
    columns = columns_of("1.11")
    columns["MJD"] = np.where(np.arange(N) == 1, np.nan, DAYS)
    columns["aperture_x"] = MaskedColumn(FLUX, mask=np.arange(N) == 2, unit="pix")
    series = read(phot(tmp_path, columns))
    found = np.ma.filled(series.time.mjd, np.nan)
    np.testing.assert_array_equal(found, columns["MJD"])
    np.testing.assert_array_equal(np.isnan(series["aperture_x"].value), np.arange(N) == 2)


def test_barycentric_times_that_are_all_missing_give_way_to_utc(tmp_path):
    columns = columns_of("2.0") | {"BJD_TDB": np.full(N, np.nan)}
    series = read(phot(tmp_path, columns))
    assert series.meta["time_system"] == "MJD_UTC"
    np.testing.assert_array_equal(series.time.mjd, DAYS)


# ---- errors ----


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"MJD": None}, r"no times \(BJD_TDB or MJD\) in the table .found aperture_sum, "),
        ({"MJD": np.full(N, np.nan)}, "no finite time in 6 rows"),
        ({"MJD": ["x"] * N}, r"no times \(BJD_TDB or MJD\)"),
        ({"aperture_sum": None, "net_aperture_sum": None}, "no aperture_sum in the table"),
    ],
)
def test_a_table_that_lacks_something(tmp_path, change, words):
    columns = columns_of("1.11") | change
    path = phot(tmp_path, {name: x for name, x in columns.items() if x is not None})
    with pytest.raises(UnreadableProductError, match=f"phot.ecsv: {words}") as caught:
        read_photometry(path)
    assert "\n" not in str(caught.value) and "expected" in str(caught.value)


def test_no_rows(tmp_path):
    columns = {name: column[:0] for name, column in columns_of("2.0").items()}
    with pytest.raises(UnreadableProductError, match="phot.ecsv: no rows in the table"):
        read(phot(tmp_path, columns))


@given(keep=st.floats(0.02, 0.98), garbage=st.binary(max_size=20))
def test_a_damaged_file_is_unreadable_or_read(tmp_path_factory, keep, garbage):
    """Whatever is left of the file, nothing but our own error comes out."""
    path = phot(tmp_path_factory.mktemp("cut"), columns_of("2.0"))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)] + garbage)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            series = read_photometry(path)
        except UnreadableProductError as err:
            assert path.name in str(err) and "\n" not in str(err)
        else:
            assert len(series) <= N
