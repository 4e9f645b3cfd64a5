"""Light curves in lightkurve's class and in ECSV files."""

import os
import sys
import warnings
from types import ModuleType

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Column
from astropy.time import Time
from astropy.timeseries import TimeSeries

from jdaviz_stage3.analysis import to_lightkurve, write_light_curve
from jdaviz_stage3.errors import Stage3Error, Stage3Warning

DAYS = 59989.977342540794 + np.arange(6) * 1e-5
META = {
    "time_system": "BJD_TDB", "band": [1.0, 2.5], "band_unit": "um", "n_channels": 40,
    "dq_flags": ["DO_NOT_USE"], "errors": "random", "normalization": "median",
    "normalization_factor": 3.25e-3, "normalization_unit": "Jy", "outlier_sigma": None,
    "file": "jw1_x1dints.fits", "trace": "order 1", "package": "jdaviz_stage3 0.1",
    "remarks": ["1 integration without a time stamp: kept", "a jump of 3.2 h, with # and 'quotes'"],
}  # fmt: skip


def curve_of(missing=(), n_bands=None, scale="tdb", unit=u.dimensionless_unscaled):
    """A light curve as white_light_curve returns it; times of these indices are missing."""
    mask = np.isin(np.arange(6), missing)
    time = Time(np.ma.masked_array(DAYS, mask) if len(missing) else DAYS, format="mjd", scale=scale)
    time.format = "jd" if scale == "tdb" else "mjd"
    shape = (6,) if n_bands is None else (6, n_bands)
    flux = 1 + np.arange(np.prod(shape)).reshape(shape) / 7
    flux.flat[-1] = np.nan
    curve = TimeSeries(time=time)
    curve["hours"] = (DAYS - DAYS[0]) * 24 * u.hour
    curve["flux"], curve["flux_err"] = flux * unit, flux / 99 * unit
    curve["outlier"] = np.zeros(shape, dtype=bool)
    curve["outlier"][2] = True
    curve["int_num"] = np.arange(1, 7)
    curve["n_filled"] = np.zeros(shape, dtype=int)
    curve.meta.update(META)
    if n_bands:
        curve.meta.update(bands=[[1.0 + n, 2.0 + n] for n in range(n_bands)])
    return curve


# ---- ECSV ----


@pytest.mark.parametrize("scale", ["tdb", "utc"])
@pytest.mark.parametrize("missing", [(), (1, 4)])
@pytest.mark.parametrize("n_bands", [None, 3])
@pytest.mark.parametrize("unit", [u.dimensionless_unscaled, u.Jy, u.Unit("DN / s")])
def test_round_trip(tmp_path, scale, missing, n_bands, unit):
    curve = curve_of(missing, n_bands, scale, unit)
    path = write_light_curve(curve, tmp_path / "curve.ecsv")
    assert path == tmp_path / "curve.ecsv"
    again = TimeSeries.read(path, format="ascii.ecsv")
    assert again.colnames == curve.colnames
    assert (again.time.scale, again.time.format) == (curve.time.scale, curve.time.format)
    np.testing.assert_array_equal(again.time.mask, curve.time.mask)
    for part in ("jd1", "jd2"):  # to the last bit
        np.testing.assert_array_equal(
            np.ma.filled(getattr(again.time, part), 0), np.ma.filled(getattr(curve.time, part), 0)
        )
    for name in curve.colnames[1:]:
        assert again[name].dtype == curve[name].dtype and again[name].shape == curve[name].shape
        assert getattr(again[name], "unit", None) == getattr(curve[name], "unit", None)
        assert type(again[name]) is type(curve[name])
        np.testing.assert_array_equal(
            getattr(again[name], "value", again[name]), getattr(curve[name], "value", curve[name])
        )
    assert dict(again.meta) == dict(curve.meta)


def test_writing_leaves_the_curve_alone(tmp_path):
    curve = curve_of()
    before = dict(curve.time.info.serialize_method)
    write_light_curve(curve, tmp_path / "curve.ecsv")
    assert curve.time.info.serialize_method == before


def test_an_existing_file_is_kept_unless_told(tmp_path):
    path = tmp_path / "curve.ecsv"
    path.write_text("precious")
    with pytest.raises(Stage3Error, match="curve.ecsv: is there already"):
        write_light_curve(curve_of(), path)
    assert path.read_text() == "precious"
    write_light_curve(curve_of(), str(path), overwrite=True)
    assert len(TimeSeries.read(path, format="ascii.ecsv")) == 6
    assert os.listdir(tmp_path) == ["curve.ecsv"]


def test_a_curve_that_cannot_be_written_changes_nothing(tmp_path):
    """What ECSV cannot hold is found while writing; the file that was there stays whole."""
    path = tmp_path / "curve.ecsv"
    path.write_text("precious")
    curve = curve_of()
    curve["odd"] = Column([object() for _ in range(6)], dtype=object)
    with pytest.raises(Stage3Error, match=r"curve.ecsv: cannot be written \(") as caught:
        write_light_curve(curve, path, overwrite=True)
    assert "\n" not in str(caught.value)
    assert path.read_text() == "precious"
    assert os.listdir(tmp_path) == ["curve.ecsv"]


def test_a_full_disk_leaves_no_half_file(tmp_path, monkeypatch):
    def write_half(self, path, **keywords):
        path.write_text("# %ECSV 1.0\n")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(TimeSeries, "write", write_half)
    with pytest.raises(Stage3Error, match=r"cannot be written \(No space left on device\)"):
        write_light_curve(curve_of(), tmp_path / "curve.ecsv")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("where", ["nowhere/curve.ecsv", "file/curve.ecsv", "folder"])
def test_places_where_nothing_can_be_written(tmp_path, where):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(Stage3Error, match="cannot be written"):
        write_light_curve(curve_of(), tmp_path / where, overwrite=True)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


# ---- lightkurve ----


@pytest.fixture
def lightkurve():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it imports itself
        return pytest.importorskip("lightkurve", reason="lightkurve is not installed")


def test_lightkurve_has_times_fluxes_units_and_meta(lightkurve):
    curve = curve_of(unit=u.Jy)
    found = to_lightkurve(curve)
    assert isinstance(found, lightkurve.LightCurve)
    assert found.time.scale == "tdb" and found.time.format == "jd"
    np.testing.assert_array_equal((found.time - curve.time).to_value("s"), 0)
    for name in ("flux", "flux_err", "hours"):
        assert found[name].unit == curve[name].unit
        np.testing.assert_array_equal(found[name].value, curve[name].value)
    np.testing.assert_array_equal(found["quality"], [0, 0, 1, 0, 0, 0])
    assert found["quality"].dtype.kind == "i"
    np.testing.assert_array_equal(found["int_num"], curve["int_num"])
    assert found.meta["normalization_factor"] == 3.25e-3
    assert found.meta["LABEL"] == "jw1_x1dints.fits order 1 1-2.5 um"
    assert found.meta["NORMALIZED"] is True
    assert dict(curve.meta) == META


def test_lightkurve_can_work_with_it(lightkurve):
    """What its users do next: drop NaN, fold, bin, select by quality."""
    found = to_lightkurve(curve_of())
    assert len(found.remove_nans()) == 5
    assert len(found[found.quality == 0]) == 5
    folded = found.fold(period=2e-5 * u.day, epoch_time=found.time[0])
    assert len(folded) == 6
    assert len(found.remove_nans().bin(time_bin_size=2.5e-5 * u.day)) == 2


def test_lightkurve_without_missing_times(lightkurve):
    curve = curve_of(missing=(1, 4))
    with pytest.warns(Stage3Warning, match="2 points without a time left out"):
        found = to_lightkurve(curve)
    np.testing.assert_array_equal(found["int_num"], [1, 3, 4, 6])
    assert not found.time.masked
    np.testing.assert_array_equal(found["quality"], [0, 1, 0, 0])
    with pytest.raises(Stage3Error, match="no times; lightkurve needs them"):
        to_lightkurve(curve_of(missing=range(6)))


def test_lightkurve_of_one_band(lightkurve):
    curve = curve_of(n_bands=3)
    found = to_lightkurve(curve, band=1)
    np.testing.assert_array_equal(found["flux"].value, curve["flux"][:, 1].value)
    np.testing.assert_array_equal(found["n_filled"], curve["n_filled"][:, 1])
    assert found.meta["LABEL"].endswith("2-3 um")
    for band in (None, 3):
        with pytest.raises(Stage3Error, match="has 3 bands and band is .*choose one from 0 to 2"):
            to_lightkurve(curve, band=band)


def test_lightkurve_of_a_binned_or_bare_curve(lightkurve):
    curve = curve_of()["time", "flux"]
    curve.meta.clear()
    found = to_lightkurve(curve)
    assert np.isnan(found["flux_err"]).all() and not found["quality"].any()
    assert found.meta["LABEL"] == "" and found.meta["NORMALIZED"] is False
    with pytest.raises(Stage3Error, match="no column flux; it has time, hours"):
        to_lightkurve(curve_of()["time", "hours"])


def test_without_lightkurve_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightkurve", None)
    with pytest.raises(Stage3Error, match="pip install lightkurve"):
        to_lightkurve(curve_of())


def test_what_lightkurve_is_given(monkeypatch):
    """Where it is not installed: a class that takes what its constructor takes."""

    class LightCurve(TimeSeries):
        def __init__(self, *, time, flux, flux_err, meta):
            super().__init__({"flux": flux, "flux_err": flux_err}, time=time, meta=meta)

    module = ModuleType("lightkurve")
    module.LightCurve = LightCurve
    monkeypatch.setitem(sys.modules, "lightkurve", module)
    with pytest.warns(Stage3Warning, match="1 point without a time left out"):
        found = to_lightkurve(curve_of(missing=(0,)))
    assert found.colnames == ["time", "flux", "flux_err", "quality", "hours", "int_num", "n_filled"]
    assert len(found) == 5
