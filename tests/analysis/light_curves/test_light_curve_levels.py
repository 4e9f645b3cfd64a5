"""Where the hours of a light curve count from, and what the pipeline's curve is divided by."""

import numpy as np
import pytest
from astropy import units as u
from astropy.time import Time, TimeDelta
from astropy.timeseries import TimeSeries
from make_traces import START, star

from jdaviz_stage3.plugins.white_light_curve.pipeline import pipeline_level
from jdaviz_stage3.plugins.white_light_curve.settings import CurveSettings, mid_transit_as_text
from jdaviz_stage3.plugins.white_light_curve.times import CurveTimes

FIRST, LAST = START, START + 0.3  # days of the observation


@pytest.mark.parametrize(
    ("period", "transit", "expected"),
    [
        (4.0, 0.2, 0.2),  # days from the first integration
        (0.4, 0.25, 0.25),  # that before, at -0.15, is nearer, but was not observed
        (0.4, -0.15, 0.25),
        (0.4, -0.06, -0.06),  # the next one, at 0.34, comes after the end
        (0.1, 0.04, 0.04),  # three of them: the first
        (4.0, -0.2, -0.2),
    ],
)
@pytest.mark.parametrize("orbits", [0, 1, -250])
def test_the_transit_that_was_observed_is_the_zero_of_the_hours(period, transit, expected, orbits):
    first = Time(FIRST, format="mjd", scale="tdb")
    mid_transit = first + TimeDelta(transit + orbits * period, format="jd")
    settings = CurveSettings(
        time_axis="hours", period=period, mid_transit_text=mid_transit_as_text(mid_transit)
    )
    trace = star(31, 5, days=np.linspace(FIRST, LAST, 31))
    times = CurveTimes({"trace": trace}, settings)
    assert (times.reference - first).to_value(u.day) == pytest.approx(expected, abs=1e-8)


def level_of(ours, pipeline, **meta):
    curve = TimeSeries(time=Time(START + np.arange(len(ours)), format="mjd", scale="tdb"))
    curve["flux"] = ours * u.Jy
    curve.meta.update({"normalization": "none", "statistic": "sum"} | meta)
    return pipeline_level(curve, pipeline, None)


def test_the_pipeline_beside_a_weighted_mean_is_on_its_level():
    """A sum of 400 channels beside a mean of them, each with integrations of its own missing."""
    rng = np.random.default_rng(0)
    ours = 2.5 * (1 + 1e-3 * rng.normal(size=21))
    pipeline = 400 * ours * (1 + 1e-3 * rng.normal(size=21))
    ours[3], pipeline[[7, 9]] = np.nan, np.nan
    shown = pipeline / level_of(ours, pipeline, statistic="weighted mean")
    both = np.isfinite(ours) & np.isfinite(pipeline)
    assert np.median(shown[both]) == pytest.approx(np.median(ours[both]), rel=1e-12)
    assert level_of(ours, pipeline) == 1  # sum beside sum: as it is


def test_the_pipeline_beside_a_median_is_divided_by_its_own():
    pipeline = np.array([3.0, 5.0, 4.0, np.nan, 6.0, 4.0])
    assert level_of(np.ones(6), pipeline, normalization="median") == 4
