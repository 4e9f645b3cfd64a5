"""Normalising, flagging and binning of light curves."""

import numpy as np
import pytest
from astropy import units as u
from astropy.timeseries import TimeSeries
from hypothesis import given
from hypothesis import strategies as st

from jdaviz_stage3.analysis import bin_light_curve, flag_outliers, normalization
from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.readers.times import days_to_time

CADENCE = 60.0


def curve_of(flux, error=None, *, seconds=None, outlier=None, hours=False, **meta) -> TimeSeries:
    flux = np.asarray(flux, dtype=float)
    if seconds is None:
        seconds = np.arange(len(flux)) * CADENCE
    curve = TimeSeries(time=days_to_time(60000 + np.asarray(seconds) / 86400, "tdb"))
    curve.time.format = "jd"
    if hours:
        curve["hours"] = np.asarray(seconds) / 3600 * u.h
    curve["flux"] = flux * u.Jy
    curve["flux_err"] = np.broadcast_to(0.1 if error is None else error, flux.shape) * u.Jy
    curve["outlier"] = np.zeros(flux.shape, bool) if outlier is None else outlier
    curve.meta.update(remarks=[], **meta)
    return curve


# ---- normalisation ----


def test_median_of_what_counts():
    flux = np.array([1.0, 2.0, np.nan, 9.0, 4.0, np.inf])
    assert normalization(flux) == 3.0
    assert normalization(flux, np.array([True, True, True, False, False, True])) == 1.5


@pytest.mark.parametrize(
    ("flux", "mask", "words"),
    [
        ([0.0, 0.0, 1.0], None, "median of the light curve is 0"),
        ([-2.0, -3.0], None, "normalised by a positive number"),
        ([np.nan, np.nan], None, "no point of the light curve that is finite"),
        ([1.0, np.nan], [False, True], "no point of the baseline"),
        ([], None, "no point"),
    ],
)
def test_nothing_to_normalise_by(flux, mask, words):
    with pytest.raises(Stage3Error, match=words):
        normalization(np.array(flux), None if mask is None else np.array(mask))


# ---- outliers ----


def test_outliers_are_found_and_noise_is_not():
    rng = np.random.default_rng(0)
    flux = 1 + rng.normal(0, 1e-3, 2000)
    flux[[100, 700, 1500]] += [0.02, -0.02, 0.05]
    flux[300] = np.nan
    np.testing.assert_array_equal(np.flatnonzero(flag_outliers(flux, 5, 15)), [100, 700, 1500])


def test_outliers_of_many_bands_are_those_of_each():
    rng = np.random.default_rng(1)
    flux = rng.normal(100, 1, (300, 4)) * [1, 10, 0.1, 1]
    flux[40, 0], flux[80, 2] = 150, 5
    flux[:, 3] = np.nan
    found = flag_outliers(flux, 5, 9)
    for i in range(4):
        np.testing.assert_array_equal(found[:, i], flag_outliers(flux[:, i], 5, 9))
    assert found[40, 0] and found[80, 2] and found.sum() == 2


def test_a_transit_is_no_outlier():
    """Nor is it where the curve is so steep, for so long, that most residuals are 0."""
    rng = np.random.default_rng(2)
    phase = np.linspace(-1, 1, 60)
    flux = 1 - 0.02 * np.clip(1.5 - 2 * np.abs(phase), 0, 1) + rng.normal(0, 1e-4, 60)
    assert not flag_outliers(flux, 5, 15).any()
    flux[30] += 0.005
    assert flag_outliers(flux, 5, 15)[30]


@given(st.integers(1, 60), st.integers(0, 30), st.integers(0, 999))
def test_flags_do_not_depend_on_scale(n, half, seed):
    flux = np.random.default_rng(seed).standard_t(2, n) + 50
    flags = flag_outliers(flux, 4, 2 * half + 1)
    np.testing.assert_array_equal(flags, flag_outliers(flux * 8, 4, 2 * half + 1))
    np.testing.assert_array_equal(flags, flag_outliers(-flux, 4, 2 * half + 1))
    assert flags.shape == flux.shape


@pytest.mark.parametrize("flux", [[1.0], [np.nan], [1.0, 2.0], [np.nan] * 5, [3.0] * 20, []])
def test_too_little_to_flag(flux):
    assert not flag_outliers(np.array(flux), 5, 15).any()


@pytest.mark.parametrize(
    ("sigma", "window", "words"),
    [(0, 15, "positive"), (-1, 15, "positive"), (np.nan, 15, "positive"),
     (5, 4, "odd"), (5, 0, "odd"), (5, 2.5, "odd")],
)  # fmt: skip
def test_flags_that_are_not_possible(sigma, window, words):
    with pytest.raises(Stage3Error, match=words):
        flag_outliers(np.ones(20), sigma, window)


# ---- binning ----


def bins_one_by_one(curve, width):
    """(time in seconds, flux, error, number) of each bin; the curve has one band."""
    seconds = (curve.time.jd1 - curve.time.jd1[0] + curve.time.jd2 - curve.time.jd2[0]) * 86400
    seconds = np.asarray(seconds)
    steps = np.diff(seconds)
    cadence = np.median(steps[steps > 0]) if (steps > 0).any() else np.inf
    bins, last = {}, None
    stretch = position = 0
    for i, now in enumerate(seconds):
        if last is None or now - last > 1.5 * cadence:
            stretch, position, start = stretch + 1, 0, now
        if isinstance(width, int):
            key = (stretch, position // width)
        else:
            key = (stretch, int((now - start) / width.to_value(u.s) + 1e-6))
        if np.isfinite(curve["flux"][i]) and not curve["outlier"][i]:
            bins.setdefault(key, []).append(i)
        position, last = position + 1, now
    return np.array([
        (seconds[rows].mean(), curve["flux"].value[rows].mean(),
         np.sqrt((curve["flux_err"].value[rows] ** 2).sum()) / len(rows), len(rows))
        for rows in bins.values()
    ])  # fmt: skip


@given(st.integers(1, 80), st.one_of(st.integers(1, 20), st.floats(10, 2000)),
       st.integers(0, 9999))  # fmt: skip
def test_bins_one_by_one(n, width, seed):
    rng = np.random.default_rng(seed)
    seconds = np.arange(n) * CADENCE
    for at in rng.integers(0, n, 2):
        seconds[at:] += rng.choice([0, 1000, 5000])
    flux = rng.normal(10, 1, n)
    flux[rng.random(n) < 0.1] = np.nan
    curve = curve_of(flux, rng.uniform(0.5, 2, n), seconds=seconds,
                     outlier=rng.random(n) < 0.1, hours=True)  # fmt: skip
    width = width if isinstance(width, int) else width * u.s
    if not (np.isfinite(flux) & ~curve["outlier"]).any():
        with pytest.raises(Stage3Error, match="nothing to bin"):
            bin_light_curve(curve, width)
        return
    binned = bin_light_curve(curve, width)
    time, mean, error, number = bins_one_by_one(curve, width).T
    np.testing.assert_allclose((binned.time - curve.time[0]).to_value(u.s), time, atol=1e-4)
    np.testing.assert_allclose((binned["hours"] - curve["hours"][0]).to_value(u.s), time, atol=1e-4)
    np.testing.assert_allclose(binned["flux"].value, mean, rtol=1e-12)
    np.testing.assert_allclose(binned["flux_err"].value, error, rtol=1e-12)
    np.testing.assert_array_equal(binned["n_points"], number)


def test_binned_bands_are_those_of_each():
    rng = np.random.default_rng(4)
    flux = rng.normal(10, 1, (50, 3))
    flux[:10, 1] = np.nan
    outlier = rng.random(flux.shape) < 0.1
    binned = bin_light_curve(curve_of(flux, outlier=outlier), 5)
    assert binned["flux"].shape == binned["flux_err"].shape == binned["n_points"].shape == (10, 3)
    assert np.isnan(binned["flux"][:2, 1]).all() and not binned["n_points"][:2, 1].any()
    for i in (0, 2):
        one = bin_light_curve(curve_of(flux[:, i], outlier=outlier[:, i]), 5)
        np.testing.assert_array_equal(one["flux"], binned["flux"][:, i])
        np.testing.assert_array_equal(one["flux_err"], binned["flux_err"][:, i])


def test_bins_keep_time_system_and_meta():
    curve = curve_of(np.ones(10), time_system="BJD_TDB")
    binned = bin_light_curve(curve, 2 * u.min)
    assert binned.time.format == "jd" and binned.time.scale == "tdb" and not binned.time.masked
    assert binned.meta == {"remarks": [], "time_system": "BJD_TDB", "bin_width": 2.0,
                           "bin_width_unit": "min"}  # fmt: skip
    assert binned.colnames == ["time", "flux", "flux_err", "n_points"]
    assert bin_light_curve(curve, 4).meta["bin_width_unit"] == "integrations"
    assert "bin_width" not in curve.meta


def test_bins_narrower_than_the_cadence_hold_one_point():
    curve = curve_of(np.arange(10.0) + 1)
    binned = bin_light_curve(curve, 1 * u.s)
    np.testing.assert_array_equal(binned["flux"], curve["flux"])
    assert (binned["n_points"] == 1).all()


def test_times_that_jump_back_are_sorted():
    seconds = np.concatenate([np.arange(10, 20), np.arange(10)]) * CADENCE
    flux = np.concatenate([np.full(10, 2.0), np.full(10, 1.0)])
    curve = curve_of(flux, seconds=seconds, hours=True)
    binned = bin_light_curve(curve, 5)
    np.testing.assert_array_equal(binned["flux"].value, [1, 1, 2, 2])
    assert (np.diff(binned.time.jd) > 0).all() and (np.diff(binned["hours"]) > 0).all()
    assert binned["hours"][0].to_value("s") == pytest.approx(120)
    assert (binned.time[0] - curve.time.min()).to_value(u.s) == pytest.approx(120, abs=1e-3)
    assert "times jump back" in binned.meta["remarks"][0]
    assert curve["flux"][0].value == 2 and curve.meta["remarks"] == []


def test_points_without_a_stamp_are_in_no_bin():
    seconds = np.arange(10) * CADENCE
    seconds[[0, 5]] = np.nan
    binned = bin_light_curve(curve_of(np.arange(10.0), seconds=seconds), 4)
    np.testing.assert_array_equal(binned["n_points"], [4, 4])
    np.testing.assert_array_equal(binned["flux"].value, [2.5, 7.5])
    assert binned.meta["remarks"] == ["2 points without a time stamp are in no bin"]
    with pytest.raises(Stage3Error, match="no point of the light curve has a time stamp"):
        bin_light_curve(curve_of(np.ones(3), seconds=np.full(3, np.nan)), 2)


def test_all_stamps_equal():
    binned = bin_light_curve(curve_of(np.arange(4.0), seconds=np.zeros(4)), 1 * u.min)
    assert binned["flux"].value == 1.5 and binned["n_points"] == 4


@pytest.mark.parametrize(
    ("width", "words"),
    [(0, "positive"), (-2, "positive"), (0 * u.s, "positive"), (np.nan * u.s, "positive"),
     (1 * u.um, "give a time"), (2.5, "give a time"), ("5 min", "give a time"),
     (True, "give a time"), ([1, 2] * u.s, "give a time")],
)  # fmt: skip
def test_widths_that_are_not_possible(width, words):
    with pytest.raises(Stage3Error, match=words):
        bin_light_curve(curve_of(np.ones(5)), width)


def test_errors_of_bins_are_the_scatter():
    rng = np.random.default_rng(6)
    error = rng.uniform(0.5, 3, 30000)
    binned = bin_light_curve(curve_of(10 + rng.normal(0, 1, 30000) * error, error), 10)
    pull = (binned["flux"].value - 10) / binned["flux_err"].value
    assert np.std(pull) == pytest.approx(1, abs=4 / np.sqrt(2 * len(pull)))
