"""Light curves as tables: times to the microsecond, and what their meta say."""

import numpy as np
import pytest
from astropy import units as u
from astropy.stats import mad_std
from astropy.table import QTable
from astropy.time import Time
from astropy.timeseries import TimeSeries

from jdaviz_stage3.analysis.light_curves.spectra_in_time import median_over_time
from jdaviz_stage3.analysis.light_curves.table import LightCurveColumns, light_curve_table
from jdaviz_stage3.analysis.scatter import sigma_of_deviations
from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.readers.time_systems import TIME_SYSTEMS, time_system_of

N = 12


def series(system="BJD_TDB", missing=(), n_bands=None):
    days = np.ma.masked_array(np.arange(N) * 0.3 / 86400, np.isin(np.arange(N), missing))
    scale = TIME_SYSTEMS[system].scale
    time = Time(2460000.0, 0.7 + days, format="jd", scale=scale)
    found = TimeSeries(time=time, meta={"time_system": system, "remarks": ["none"]})
    shape = (N,) if n_bands is None else (N, n_bands)
    found["flux"] = np.arange(np.prod(shape), dtype=float).reshape(shape) * u.Jy
    found["flux_err"] = 0.1 * found["flux"]
    found["int_num"] = np.arange(1, N + 1)
    return found


@pytest.mark.parametrize("missing", [(), (0, 5)])
@pytest.mark.parametrize("system", TIME_SYSTEMS)
def test_times_come_back_to_the_microsecond(system, missing):
    curve = series(system, missing)
    table = light_curve_table(curve, flux_err="flux_err")
    columns = LightCurveColumns.of(table.meta)
    assert (columns.time_system, columns.zero) == (system, 2460000.0)
    assert table[columns.date].unit == u.day
    there = ~np.isin(np.arange(N), missing)
    days = table[columns.time].value
    assert np.isfinite(days).tolist() == there.tolist()
    scale = TIME_SYSTEMS[columns.time_system].scale
    times = Time(columns.zero, days[there], format="jd", scale=scale)
    assert np.abs((times - curve.time[there]).to_value(u.us)).max() < 1e-4


def test_the_meta_are_plain_values_that_a_file_can_hold(tmp_path):
    table = light_curve_table(series(), "flux", "Flux of a star", flux_err="flux_err")
    table.write(tmp_path / "curve.ecsv")
    again = QTable.read(tmp_path / "curve.ecsv")
    assert LightCurveColumns.of(again.meta) == LightCurveColumns.of(table.meta)
    assert LightCurveColumns.of(again.meta).words == {"flux": "Flux of a star"}


@pytest.mark.parametrize("meta", [{}, {"light_curve": "mine"}, {"light_curve": {"mine": 1}}])
def test_meta_of_others_say_nothing_of_a_light_curve(meta):
    assert LightCurveColumns.of(meta) is None


def test_one_of_several_bands():
    curve = series(n_bands=3)
    table = light_curve_table(curve, flux_err="flux_err", band=1, columns=["int_num"])
    assert table.colnames == ["time", "flux", "flux_err", "int_num", "BJD_TDB"]
    np.testing.assert_array_equal(table["flux"], curve["flux"][:, 1])
    np.testing.assert_array_equal(table["flux_err"], curve["flux_err"][:, 1])


@pytest.mark.parametrize(
    ("scale", "name"), [("tdb", "BJD_TDB"), ("tt", "BJD_TDB"), ("utc", "MJD_UTC")]
)
def test_the_time_system_of_a_scale(scale, name):
    assert time_system_of(Time(60000.0, format="mjd", scale=scale)).name == name


def test_times_of_no_time_system_are_refused():
    with pytest.raises(Stage3Error, match="scale 'tai'"):
        time_system_of(Time(60000.0, format="mjd", scale="tai"))


def test_sigma_is_that_of_astropy():
    values = np.random.default_rng(3).normal(5, 2, (4, 501))
    values[1, 7] = np.nan
    deviations = values - np.nanmedian(values, axis=-1, keepdims=True)
    expected = mad_std(values, axis=-1, ignore_nan=True)
    np.testing.assert_allclose(sigma_of_deviations(deviations), expected, rtol=1e-12)


def test_the_median_over_time_and_its_error():
    flux = np.random.default_rng(4).normal(3, 1, (41, 300))
    flux[5, 7], flux[:, 9], flux[1:, 200] = np.nan, np.nan, np.nan
    median, error = median_over_time(flux)
    for channel in range(300):
        values = flux[:, channel][np.isfinite(flux[:, channel])]
        if values.size < 2:
            assert np.isnan(error[channel])
            continue
        assert median[channel] == np.median(values)
        expected = 1.2533 * mad_std(values) / np.sqrt(values.size)
        assert error[channel] == pytest.approx(expected, rel=1e-12)
