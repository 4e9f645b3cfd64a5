"""Time systems, and what is odd about time stamps."""

import numpy as np
import pytest
from astropy import units as u
from astropy.time import Time
from make_traces import star

from jdaviz_stage3.analysis import baseline_mask, inspect_time_stamps, time_of
from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.readers.times import days_to_time

CADENCE = 30.0


def stamps(seconds) -> Time:
    return days_to_time(60000 + np.asarray(seconds, dtype=float) / 86400, "tdb")


def even(n: int) -> np.ndarray:
    return np.arange(n) * CADENCE


def test_nothing_odd():
    found = inspect_time_stamps(stamps(even(50)), np.ones(50, dtype=int))
    assert found.sentences() == []
    assert found.cadence.to_value("s") == pytest.approx(CADENCE)
    assert (found.n_missing, found.repeated.size, found.jumps_back.size) == (0, 0, 0)
    np.testing.assert_array_equal(found.segment_starts, [0])


@pytest.mark.parametrize("lost", [1, 3, 200])
def test_one_lost_integration_is_a_gap(lost):
    seconds = even(50)
    seconds[20:] += lost * CADENCE
    [(index, length)] = inspect_time_stamps(stamps(seconds)).gaps
    assert index == 19
    assert length.unit == u.h and length.to_value("s") == pytest.approx((lost + 1) * CADENCE)


def test_jitter_is_no_gap():
    rng = np.random.default_rng(0)
    seconds = even(500) + rng.uniform(-0.1, 0.1, 500) * CADENCE
    assert inspect_time_stamps(stamps(seconds)).gaps == []


def test_missing_stamps_are_no_gap():
    seconds = even(50)
    seconds[10:13] = np.nan
    found = inspect_time_stamps(stamps(seconds))
    assert found.n_missing == 3 and found.gaps == []
    assert found.sentences() == ["3 integrations without a time stamp"]
    seconds[13:] += CADENCE  # one more was lost
    [(index, _)] = inspect_time_stamps(stamps(seconds)).gaps
    assert index == 9


def test_repeated_stamps():
    seconds = even(20)
    seconds[5] = seconds[4]
    seconds[12] = seconds[3]
    found = inspect_time_stamps(stamps(seconds))
    np.testing.assert_array_equal(found.repeated, [5, 12])
    assert found.sentences()[0] == "2 repeated time stamps, the first at integration 5"


def test_jump_back_between_segments():
    seconds = np.concatenate([even(10), even(10) + 2 * CADENCE])
    segment = np.repeat([1, 2], 10)
    found = inspect_time_stamps(stamps(seconds), segment)
    np.testing.assert_array_equal(found.jumps_back, [10])
    np.testing.assert_array_equal(found.segment_starts, [0, 10])
    np.testing.assert_array_equal(found.repeated, np.arange(10, 18))
    [_, sentence] = found.sentences()
    assert (
        sentence == "times jump back 1 time, at the start of a segment, the first at integration 10"
    )


@pytest.mark.parametrize("n", [1, 4])
def test_no_stamp_at_all(n):
    found = inspect_time_stamps(stamps(np.full(n, np.nan)))
    assert found.n_missing == n and found.cadence is None and found.gaps == []
    assert "without a time stamp" in found.sentences()[0]


def test_all_equal():
    found = inspect_time_stamps(stamps(np.zeros(6)))
    assert found.cadence is None and found.gaps == []
    np.testing.assert_array_equal(found.repeated, np.arange(1, 6))


def test_one_integration():
    found = inspect_time_stamps(stamps([0.0]), np.array([1]))
    assert found.cadence is None and found.sentences() == []


def test_fast_cadence_keeps_its_digits():
    """A BJD as one number is good to 40 µs; its two parts are."""
    time = Time(np.full(100, 2460000.0), np.arange(100) * 1e-3 / 86400, format="jd", scale="tdb")
    found = inspect_time_stamps(time)
    assert found.cadence.to_value("s") == pytest.approx(1e-3, rel=1e-6)
    assert found.gaps == [] and found.repeated.size == 0


# ---- time systems ----


def test_barycentric_time_is_the_full_date():
    trace = star(3, 5)
    time = time_of(trace)
    assert (time.scale, time.format) == ("tdb", "jd")
    np.testing.assert_allclose(time.value, trace.days + 2400000.5, rtol=0, atol=1e-9)
    utc = time_of(trace, "MJD_UTC")
    assert (utc.scale, utc.format) == ("utc", "mjd")
    np.testing.assert_allclose(utc.value, trace.days - 0.003, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("have", "system", "words"),
    [
        ({"has_tdb": False}, "BJD_TDB", "no times in BJD_TDB.*it has MJD_UTC: use time_system"),
        ({"has_utc": False}, "MJD_UTC", "no times in MJD_UTC.*it has BJD_TDB"),
        ({"has_tdb": False, "has_utc": False}, "BJD_TDB", "nor any other"),
        ({}, "UTC", "must be one of BJD_TDB, MJD_UTC"),
    ],
)
def test_time_systems_that_are_not_there(have, system, words):
    with pytest.raises(Stage3Error, match=words):
        time_of(star(3, 5, **have), system)


# ---- baseline ----


def test_baseline_of_times_and_of_hours():
    time = stamps(even(240))  # two hours
    reference = time[120]
    hours = [(-1 * u.h, -0.5 * u.h), (30 * u.min, 2 * u.h)]
    expected = np.r_[0:61, 180:240]
    np.testing.assert_array_equal(np.flatnonzero(baseline_mask(time, hours, reference)), expected)
    times = [(time[0], time[60]), (time[180], time[239])]
    np.testing.assert_array_equal(np.flatnonzero(baseline_mask(time, times)), expected)
    np.testing.assert_array_equal(np.flatnonzero(baseline_mask(time, times[0])), np.r_[0:61])
    quantity = [[-1, -0.5], [0.5, 2]] * u.h
    np.testing.assert_array_equal(
        np.flatnonzero(baseline_mask(time, quantity, reference)), expected
    )


def test_integrations_without_a_stamp_are_in_no_baseline():
    seconds = even(10)
    seconds[[0, 4]] = np.nan
    time = stamps(seconds)
    inside = baseline_mask(time, [(time[1], time[6])])
    np.testing.assert_array_equal(np.flatnonzero(inside), [1, 2, 3, 5, 6])


@pytest.mark.parametrize(
    ("baseline", "reference", "words"),
    [
        (None, None, "no baseline is given"),
        ([], None, "give its time ranges"),
        (3, None, "give its time ranges"),
        ([(1 * u.h, 2 * u.h)], None, "a reference time, which is not given"),
        ([(5 * u.h, 6 * u.h)], 0, "no integration is in the baseline of 1 range"),
        ([(1 * u.h, 0 * u.h)], 0, "give the start first"),
        ([(1 * u.um, 2 * u.um)], 0, "give a Time, or a Quantity of time"),
        ([(1, 2)], 0, "give a Time, or a Quantity of time"),
        ([(Time(60000, format="mjd"), Time(60001, format="mjd"))], None,
         "in the scale 'utc', the light curve in 'tdb'"),
    ],
)  # fmt: skip
def test_baselines_that_are_not_possible(baseline, reference, words):
    time = stamps(even(50))
    reference = None if reference is None else time[reference]
    with pytest.raises(Stage3Error, match=words):
        baseline_mask(time, baseline, reference)


def test_no_baseline_without_stamps():
    time = stamps([np.nan, np.nan])
    with pytest.raises(Stage3Error, match="no integration has a time stamp"):
        baseline_mask(time, [(stamps([0.0])[0], stamps([1.0])[0])])
