"""Light curves, matched in time."""

import numpy as np
import pytest
from astropy import units as u
from astropy.time import Time
from astropy.timeseries import TimeSeries
from hypothesis import given
from hypothesis import strategies as st

from jdaviz_stage3.analysis import compare_light_curves
from jdaviz_stage3.analysis.comparison.light_curves import _same_times
from jdaviz_stage3.errors import Stage3Error


def curve(days, flux, error=None, scale="tdb", unit=u.Jy, **columns):
    series = TimeSeries(time=Time(60000 + np.asarray(days, float), format="mjd", scale=scale))
    series["flux"] = np.asarray(flux, float) * unit
    if error is not None:
        series["flux_err"] = np.asarray(error, float) * unit
    for name, values in columns.items():
        series[name] = values
    return series


stamps = st.lists(st.integers(0, 60), min_size=1, max_size=20)


@given(stamps, stamps, st.integers(1, 5))
def test_times_are_matched_as_a_loop_does(one, other, jitter):
    first, second = np.array(one) / 100, np.array(other) / 100 + jitter * 1e-5
    rows = _same_times(first, second)
    steps = [np.median(np.diff(np.unique(one))) for one in (first, second) if len(set(one)) > 1]
    tolerance = 0.1 * min(steps) if steps else 1e-6
    wanted, taken = [], set()
    for i, day in enumerate(first):
        near = [j for j in range(len(second)) if abs(second[j] - day) <= tolerance]
        near.sort(key=lambda j: abs(second[j] - day))  # of stamps that repeat, the first
        if near and near[0] not in taken:
            taken.add(near[0])
            wanted.append((i, near[0]))
    assert list(zip(*rows, strict=True)) == wanted


def test_a_neighbour_does_not_stand_in_for_a_missing_integration():
    """Of a curve with every hundredth integration, one of which the other does not have."""
    days = np.arange(300) / 1000
    flux = 1 + days
    some, kept = np.arange(0, 300, 100), np.delete(np.arange(300), 100)
    one, other = curve(days[some], flux[some]), curve(days[kept], flux[kept])
    for made in (compare_light_curves(one, other), compare_light_curves(other, one)):
        assert made.differences.n == 2
        assert made.differences.largest.value == 0


def test_residuals_and_their_scatter():
    rng = np.random.default_rng(5)
    days = np.arange(400) / 100
    shared = rng.normal(0, 0.3, 400)
    one = 10 + shared + rng.normal(0, 0.1, 400)
    other = 10 + shared + rng.normal(0, 0.1, 400)
    flagged = np.zeros(400, bool)
    flagged[7] = True
    kept = np.delete(np.arange(400), [3, 4])[::-1]  # in another order, two integrations missing
    made = compare_light_curves(
        curve(days, one, np.full(400, 0.3), outlier=flagged),
        curve(days[kept], other[kept], np.full(398, 0.4)),
    )
    wanted = np.delete(one - other, [3, 4, 7])
    found = made.differences.difference.value
    np.testing.assert_allclose(found[np.isfinite(found)], wanted)
    assert made.differences.n == 397
    assert made.notes[0] == "1 integrations of the first are flagged as outliers, left out"
    np.testing.assert_allclose(made.differences.error.value[0], 0.5)
    assert made.differences.sigma.value == pytest.approx(np.hypot(0.1, 0.1), rel=0.15)
    assert made.scatter[0] == pytest.approx(np.hypot(0.3, 0.1), rel=0.15)
    series = made.time_series()
    assert len(series) == 398 and series["flux"].unit == u.Jy
    assert not made.normalized


def test_without_units_each_is_divided_by_its_median():
    days = np.arange(9) / 10
    flux = np.linspace(2, 4, 9)
    made = compare_light_curves(curve(days, flux), curve(days, 700 * flux, unit=u.one))
    assert made.normalized and "divided by its median" in made.notes[0]
    np.testing.assert_allclose(made.differences.difference.value, 0, atol=1e-12)
    asked = compare_light_curves(curve(days, flux), curve(days, 2 * flux), normalize=True)
    np.testing.assert_allclose(asked.differences.difference.value, 0, atol=1e-12)
    with pytest.raises(Stage3Error, match="cannot be compared"):
        compare_light_curves(curve(days, flux), curve(days, flux, unit=u.one), normalize=False)


def test_time_systems():
    days = np.arange(9) / 10
    one, utc = curve(days, days + 1), curve(days + 0.5, days + 1, scale="utc")
    with pytest.raises(Stage3Error, match="TDB and UTC"):
        compare_light_curves(one, utc)
    one["time_utc"] = utc.time
    made = compare_light_curves(one, utc)
    assert made.time.scale == "utc" and made.differences.n == 9


def test_what_cannot_be_compared():
    days = np.arange(9) / 10
    one = curve(days, days + 1)
    with pytest.raises(Stage3Error, match="second light curve has no column 'x'"):
        compare_light_curves(one, one.copy(), second_column="x")
    with pytest.raises(Stage3Error, match="no time in common"):
        compare_light_curves(one, curve(days + 30, days))
    with pytest.raises(Stage3Error, match="no usable integration in common"):
        compare_light_curves(one, curve(days, days * np.nan))
    with pytest.raises(Stage3Error, match="no median to divide by"):
        compare_light_curves(one, curve(days, days * 0), normalize=True)
