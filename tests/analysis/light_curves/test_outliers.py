"""Flags of outliers: how often without a reason, whatever the transit, and how often with one."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from make_traces import ArrayTrace

from jdaviz_stage3.analysis import flag_outliers, white_light_curve

POINTS = [15, 20, 30, 50, 100, 300]
CURVES = 100  # of each depth, shape and drift


def box(x):
    return (np.abs(x) < 1).astype(float)


def steep(x):
    return np.clip((1 - np.abs(x)) / 0.15, 0, 1)


def slopes(x):
    return np.clip((1 - np.abs(x)) / 0.5, 0, 1)


def grazing(x):
    return np.clip(1 - np.abs(x), 0, 1)


def limb_darkened(x):
    inside = np.clip(1 - x**2, 0, None)
    return np.clip(inside / 0.3, 0, 1) ** 1.5 * (1 + 0.3 * np.sqrt(inside)) / 1.3


SHAPES = (box, steep, slopes, grazing, limb_darkened)
DRIFTS = {  # of a series from 0 to 1, in standard deviations of a point
    "none": lambda t: 0 * t,
    "a slope": lambda t: 30 * t,
    "a bend": lambda t: 60 * (t - 0.5) ** 2,
    "settling": lambda t: 20 * np.exp(-t / 0.1),
}


def series(n, share, depth, shape, drift, seed, curves=CURVES):
    """Curves of noise 1 with a transit at any time, also cut by the ends; (n, curves)."""
    rng = np.random.default_rng(seed)
    row = np.arange(n)[:, None]
    middle = rng.uniform(-0.1, 1.1, curves) * (n - 1)
    light = -depth * shape((row - middle) / (share * n / 2)) + DRIFTS[drift](row / (n - 1))
    return light + rng.normal(size=(n, curves))


@pytest.mark.parametrize("share", [0.1, 0.2, 0.4, 0.57, 0.75, 0.9])
@pytest.mark.parametrize("n", POINTS)
def test_less_than_one_curve_in_a_hundred_has_a_false_flag(n, share):
    """Transits of three points or more, of up to a thousand times the noise, on any drift.

    The seeds are fixed, so that nothing here is left to chance.
    """
    if share * n < 3:
        pytest.skip("a transit of one or two points may stand alone")
    for scale, depth in ((1e-4, 0), (1e-2, 3), (1e-3, 10), (1e-4, 30), (3e-5, 100), (1e-6, 1000)):
        flagged = [
            flag_outliers(1 + scale * series(n, share, depth, shape, drift, [n, depth, i])).any(0)
            for i, (shape, drift) in enumerate((s, d) for s in SHAPES for d in DRIFTS)
            if shape is not grazing or share * n > 5
        ]
        flagged = np.concatenate(flagged)
        assert flagged.mean() < 0.01, f"depth {depth} sigma: {flagged.mean():.2%}"


@pytest.mark.parametrize("drop", [8, 12, 16, 40])
def test_corners_of_a_transit_on_a_steep_slope_are_no_outliers(drop):
    """Before ingress a rising curve has a point above both its neighbours, as far as it rises."""
    n, curves = 50, 2000
    rng = np.random.default_rng(drop)
    row, first = np.arange(n)[:, None], rng.integers(2, 46, curves)
    light = 6 * row - drop * ((row >= first) & (row < first + 20))
    flagged = flag_outliers(light + rng.normal(size=(n, curves)))
    assert flagged.any(axis=0).mean() < 0.01


@pytest.mark.parametrize("n", POINTS)
def test_white_noise_is_hardly_ever_flagged(n):
    noise = np.random.default_rng(n).normal(size=(n, 4000))
    assert flag_outliers(100 + noise).any(axis=0).mean() < 0.003


@pytest.mark.parametrize(
    ("n", "height", "least"),
    [(15, 10, 0.7), (15, 20, 0.99), (30, 10, 0.9), (30, 20, 0.99), (100, 7, 0.7),
     (100, 10, 0.97), (300, 7, 0.75), (300, 10, 0.98), (1000, 7, 0.75)],
)  # fmt: skip
def test_outliers_that_are_put_in_are_found(n, height, least):
    """In white noise, at any point but the first and last; 10 means 10 standard deviations."""
    rng = np.random.default_rng(n + height)
    noise = rng.normal(size=(n, 500))
    at = rng.integers(1, n - 1, 500)
    noise[at, np.arange(500)] += height * rng.choice([-1, 1], 500)
    found = flag_outliers(noise)
    assert found[at, np.arange(500)].mean() > least
    assert (found.sum(axis=0) > 1).mean() < 0.01


@pytest.mark.parametrize("where", ["out of transit", "in transit", "in ingress"])
def test_outliers_of_a_long_transit_are_found(where):
    n, curves = 300, 200
    rng = np.random.default_rng(3)
    x = (np.arange(n) - 149.5) / 60
    noise = rng.normal(size=(n, curves)) - 50 * limb_darkened(x)[:, None]
    rows = {"out of transit": np.abs(x) > 1.05, "in transit": np.abs(x) < 0.7,
            "in ingress": (x > -1) & (x < -0.75)}[where]  # fmt: skip
    at = rng.choice(np.flatnonzero(rows[1:-1]) + 1, curves)
    noise[at, np.arange(curves)] += 20 * rng.choice([-1, 1], curves)
    assert flag_outliers(noise)[at, np.arange(curves)].mean() > 0.95


def test_what_nothing_tells_from_a_transit_is_no_outlier():
    """Two points side by side; the first, the last; a point between its neighbours."""
    noise = np.random.default_rng(5).normal(size=100)
    noise[[40, 41]] += 30
    noise[[0, -1]] -= 30
    noise[60:] -= 100
    noise[60] += 50
    assert not flag_outliers(noise).any()


def test_missing_points_are_no_neighbours():
    noise = np.random.default_rng(6).normal(size=60)
    noise[20] += 20
    noise[[18, 19, 21, 22, 23]] = np.nan
    noise[[0, 1]] = noise[-1] = np.nan
    noise[2] += 20  # the first that there is
    np.testing.assert_array_equal(np.flatnonzero(flag_outliers(noise)), [20])


def test_a_point_between_two_outliers_is_none():
    """In ingress they put its median off, so that it is too far too: the farthest goes first."""
    flux = 0.3 * np.random.default_rng(7).normal(size=60)
    flux += np.interp(np.arange(60), [25, 35], [0, -100])
    flux[[29, 31]] += 45, 60
    np.testing.assert_array_equal(np.flatnonzero(flag_outliers(flux)), [29, 31])


@pytest.mark.parametrize(("height", "found"), [(10.5, False), (12.5, True)])
def test_the_scatter_of_neighbours(height, found):
    """A curve that alternates by ±1 is its own median: its scatter is that of neighbours.

    They are 2 from the line between the points beside them, so one sigma is 1.4826 × 2 / √1.5 =
    2.42, and five are 12.1.
    """
    flux = np.where(np.arange(101) % 2, 1.0, -1.0)
    flux[51] = 1 + height
    assert flag_outliers(flux, window=13)[51] == found


@pytest.mark.parametrize("normalize", ["median", "baseline"])
def test_outliers_do_not_count_in_the_normalisation(normalize):
    rng = np.random.default_rng(8)
    flux = 100 + rng.normal(0, 1, (31, 1))
    bad = [4, 16]
    flux[bad] += 40
    trace = ArrayTrace([1.0] * u.um, flux, np.ones(flux.shape))
    curve = white_light_curve(
        trace, normalize=normalize, baseline=[(0 * u.min, 24.5 * u.min)], reference=trace.time[0]
    )
    np.testing.assert_array_equal(np.flatnonzero(curve["outlier"]), bad)
    counts = np.arange(31) <= (30 if normalize == "median" else 24)
    counts[bad] = False
    expected = np.median(flux[counts])
    assert curve.meta["normalization_factor"] == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(curve["flux"].value, flux[:, 0] / expected, rtol=1e-12)


def test_several_outliers_of_an_ingress():
    """Those that are found no longer put the medians of the others off."""
    n, curves = 60, 1000
    rng = np.random.default_rng(0)
    flux = np.interp(np.arange(n), [20, 40], [0, -200])[:, None] + rng.normal(size=(n, curves))
    put_in = np.zeros(flux.shape, dtype=bool)
    for column in range(curves):  # never side by side
        put_in[24 + np.sort(rng.permutation(8)[:3]) + np.arange(3), column] = True
    flux[put_in] += 60 * rng.choice([-1, 1], put_in.sum())
    found = flag_outliers(flux)
    assert not (found & ~put_in).any()
    assert (found == put_in).all(axis=0).mean() > 0.58  # 0.54 with them
