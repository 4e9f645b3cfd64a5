"""Transits of known depth: written to x1dints files, read back, and measured band by band."""

from importlib.util import find_spec

import numpy as np
import pytest
from astropy import units as u
from astropy.time import Time, TimeDelta
from make_spectra import integrations, time_series
from scipy.optimize import least_squares
from scipy.stats import chi2

import jdaviz_stage3 as stage3
from jdaviz_stage3.analysis import (
    spectroscopic_light_curves,
    transit_light_curve,
    white_light_curve,
)
from jdaviz_stage3.demo import demo_products
from jdaviz_stage3.demo import transit as demo

N_INT, N_WAVE, N_BANDS = 180, 480, 8
BANDS = np.linspace(0.999, 2.001, N_BANDS + 1)  # no border on a channel
SEEDS = range(5)
START, CADENCE = 60000.37, 113.7 / 86400  # days


def shape_of_transit():
    """1 in the middle of a transit, 0 outside of it; shape (N_INT,)."""
    days = (np.arange(N_INT) - N_INT / 2) * CADENCE
    if find_spec("batman") is None:
        return (np.abs(days) < 0.05).astype(float)
    middle = Time(60000.5, format="mjd", scale="tdb")
    lost = 1 - transit_light_curve(
        middle + TimeDelta(days, format="jd"), t0=middle, period=3.1 * u.day, radius_ratio=0.1,
        scaled_axis=11, inclination=88.5 * u.deg,
    )  # fmt: skip
    return lost / lost.max()


SHAPE = shape_of_transit()
WAVELENGTH = np.linspace(1, 2, N_WAVE)
DEPTH = 0.02 + 0.004 * np.sin(7 * WAVELENGTH) + 0.003 * (np.abs(WAVELENGTH - 1.4) < 0.05)
SPECTRUM = 2e4 * (1 + 0.6 * np.cos(4 * WAVELENGTH))  # electrons a sample, then Jy
JY = 1e-7
READ_NOISE = 30.0


def injected(folder, seed, *, descending=False, dq=0):
    """A file of a star whose light has photon and read noise, and its only trace."""
    rng = np.random.default_rng(seed)
    light = SPECTRUM * (1 - SHAPE[:, None] * DEPTH)
    electrons = rng.poisson(light) + rng.normal(0, READ_NOISE, light.shape)
    days = START + np.arange(N_INT) * CADENCE
    columns = integrations(
        np.arange(1, N_INT + 1), N_WAVE, WAVELENGTH=WAVELENGTH, FLUX=electrons * JY,
        FLUX_VAR_POISSON=light * JY**2, FLUX_VAR_RNOISE=READ_NOISE**2 * JY**2,
        FLUX_ERROR=3 * np.sqrt(light) * JY,  # with the flat's, which the depths do not feel
        DQ=np.broadcast_to(dq, light.shape), **{"MJD-AVG": days - 0.003, "TDB-MID": days},
    )  # fmt: skip
    if descending:
        columns |= {name: np.asarray(columns[name])[..., ::-1]
                    for name in ("WAVELENGTH", "FLUX", "FLUX_VAR_POISSON", "DQ")}  # fmt: skip
    path = time_series(folder, [(columns, {"spectral_order": 1, "detector": "NIS"})])
    [trace] = stage3.read(path).traces
    assert trace.flux.shape == (N_INT, N_WAVE)
    assert (np.diff(trace.wavelength.value) < 0).all() == descending
    return trace


@pytest.fixture(scope="module")
def trace_of(tmp_path_factory):
    """Write a file once, and hand out its trace: ``trace_of(case, seed, descending)``."""
    made = {}

    def make(case, seed, descending=False):
        key = (case, seed, descending)
        if key not in made:
            folder = tmp_path_factory.mktemp("injected")
            made[key] = injected(folder, seed, descending=descending, dq=CASES[case][1](seed))
        return made[key]

    return make


def fitted_depth(flux, error):
    """Depth and its error by weighted least squares of flux = a - a d SHAPE."""
    good = np.isfinite(flux) & np.isfinite(error)
    design = np.stack([np.ones(good.sum()), -SHAPE[good]], axis=1)
    weight = 1 / error[good] ** 2
    covariance = np.linalg.inv(design.T @ (design * weight[:, None]))
    level, loss = covariance @ (design.T @ (weight * flux[good]))
    depth = loss / level
    gradient = np.array([-depth, 1]) / level
    return depth, np.sqrt(gradient @ covariance @ gradient)


def true_depths(statistic, kept=slice(None)):
    """What the bands must have: the mean of their channels' depths, weighted as they are."""
    variance = (SPECTRUM * (1 - SHAPE.mean() * DEPTH)) + READ_NOISE**2
    weight = SPECTRUM / (1 if statistic == "sum" else variance)
    band = np.digitize(WAVELENGTH[kept], BANDS) - 1
    weight = weight[kept]
    return np.bincount(band, weight * DEPTH[kept]) / np.bincount(band, weight)


def measured(trace, **options):
    """Depths of the bands and their errors, shape (N_BANDS,) each."""
    pairs = np.stack([BANDS[:-1], BANDS[1:]], axis=1) * u.um
    curves = spectroscopic_light_curves(trace, pairs, **options)
    found = [
        fitted_depth(curves["flux"].value[:, i], curves["flux_err"].value[:, i])
        for i in range(N_BANDS)
    ]
    return (*np.transpose(found), curves)


def flags(fraction, seed, channels=slice(None)):
    """DO_NOT_USE on this part of the samples of these channels, at random in time."""
    dq = np.zeros((N_INT, N_WAVE), "u4")
    drawn = np.random.default_rng([seed, 99]).random(dq[:, channels].shape) < fraction
    dq[:, channels] = drawn
    return dq


CASES = {
    "nothing flagged": ("fill", lambda seed: 0),
    "a sample in twenty filled": ("fill", lambda seed: flags(0.05, seed)),
    "one channel in seven dropped": ("drop", lambda seed: flags(0.05, seed, slice(3, None, 7))),
}


@pytest.mark.parametrize("descending", [False, True], ids=["ascending", "descending"])
@pytest.mark.parametrize("statistic", ["sum", "weighted mean"])
@pytest.mark.parametrize("case", CASES)
def test_depths_that_were_put_in_are_found(trace_of, case, statistic, descending):
    excluded, dq_of = CASES[case]
    deviations = []
    for seed in SEEDS:
        dq = dq_of(seed)
        trace = trace_of(case, seed, descending)
        depth, error, curves = measured(trace, statistic=statistic, excluded=excluded)
        kept = ~np.broadcast_to(dq, (N_INT, N_WAVE)).any(axis=0)
        kept = kept if excluded == "drop" else np.ones(N_WAVE, dtype=bool)
        assert sum(curves.meta["n_dropped"]) == np.sum(~kept)
        assert sum(curves.meta["n_filled"]) == (np.sum(dq) if excluded == "fill" else 0)
        assert curves.meta["errors"] == "random"
        deviations.append((depth - true_depths(statistic, kept)) / error)
        assert np.all(error < 3e-4), "else 3 sigma would be wider than what depths differ by"
    deviations = np.array(deviations)
    # of 40, one is beyond 3 sigma by chance in a test of ten
    assert np.sum(np.abs(deviations) > 3) <= 1 and np.abs(deviations).max() < 4, deviations
    total, count = (deviations**2).sum(), deviations.size
    assert chi2.ppf(1e-3, count) < total < chi2.ppf(1 - 1e-3, count)
    assert abs(deviations.mean()) < 3 / np.sqrt(count), "no bias that all bands share"


@pytest.mark.parametrize("excluded", ["fill", "drop"])
@pytest.mark.parametrize("statistic", ["sum", "weighted mean"])
def test_the_direction_of_the_wavelengths_changes_nothing(tmp_path_factory, statistic, excluded):
    dq = flags(0.002, 3)
    up, down = (
        measured(injected(tmp_path_factory.mktemp("way"), 3, descending=descending, dq=dq),
                 statistic=statistic, excluded=excluded)[2]
        for descending in (False, True)
    )  # fmt: skip
    for column in ("flux", "flux_err"):
        np.testing.assert_allclose(up[column].value, down[column].value, rtol=1e-12)


@pytest.mark.parametrize("descending", [False, True], ids=["ascending", "descending"])
@pytest.mark.parametrize("statistic", ["sum", "weighted mean"])
def test_flags_at_random_in_time_move_no_point_by_more_than_its_error(
    trace_of, statistic, descending
):
    """Without 5 % of a band, its noise changes by √(0.05/0.95) = 0.23 of its error."""
    for seed in SEEDS:
        before, after = (
            white_light_curve(trace_of(case, seed, descending), statistic=statistic, normalize=None)
            for case in ("nothing flagged", "a sample in twenty filled")
        )
        moved = (after["flux"] - before["flux"]).value / before["flux_err"].value
        assert after.meta["n_filled"] > 0.04 * N_INT * N_WAVE
        assert np.all(np.abs(moved) < 1)
        assert 0.15 < np.std(moved) < 0.3
        (depth, error), (other, _) = (
            fitted_depth(curve["flux"].value, curve["flux_err"].value) for curve in (before, after)
        )
        assert abs(depth - other) < error


def test_a_sum_of_what_is_left_would_have_moved_them(trace_of):
    """What the pipeline does: the control that the test above can fail."""
    before, after = (
        white_light_curve(trace_of(case, 0), excluded="ignore", normalize=None)
        for case in ("nothing flagged", "a sample in twenty filled")
    )
    moved = np.abs((after["flux"] - before["flux"]).value) / before["flux_err"].value
    assert np.median(moved) > 5


# ---- the demo's transit, through jwst's Tso3 ----

DEMO_BANDS = [(4.9, 5.4), (5.4, 6.0), (6.0, 6.6), (6.6, 7.2), (7.2, 7.8), (7.8, 8.4), (8.4, 9.0),
              (9.0, 10.0)]  # fmt: skip


def demo_fit(flux, error, days, limb):
    """Depth, its error, χ²/n and points left out, of the planet, settling and drift put in."""
    separation = demo.Planet().separation(days)

    def model(parameters):
        level, depth, settling, drift = parameters
        light = demo.transit_light(separation, np.array([np.sqrt(depth)]), np.array([limb]))[:, 0]
        slow = (1 + settling * np.exp(-days / 0.012)) * (1 + drift * (days - days.mean()))
        return level * light * slow

    good = np.isfinite(flux)
    for _ in range(4):  # without the cosmic rays, which stand out from the model
        fit = least_squares(
            lambda p, good=good: ((flux - model(p)) / error)[good],
            [1, 0.023, 0, 0],
            x_scale=[1, 0.01, 0.01, 0.01],
        )
        good = np.isfinite(flux) & (np.abs(flux - model(fit.x)) < 4 * error)
    covariance = np.linalg.inv(fit.jac.T @ fit.jac)
    return fit.x[1], np.sqrt(covariance[1, 1]), 2 * fit.cost / (fit.fun.size - 4), np.sum(~good)


@pytest.mark.parametrize("statistic", ["sum", "weighted mean"])
def test_depths_of_the_demo(statistic):
    """Noise, cosmic rays, flaws, background and jwst's extraction lie between put in and found."""
    [path] = [path for path in demo_products() if path.name.endswith("_x1dints.fits")]
    [trace] = stage3.read(path).traces
    days = (np.arange(demo.INTEGRATIONS) + 0.5) * demo._CADENCE
    put_in = demo._depth(trace.wavelength.value)
    curves = spectroscopic_light_curves(trace, DEMO_BANDS * u.um, statistic=statistic)
    star = np.nan_to_num(trace.usable_flux().value).mean(axis=0)
    deviations = []
    for i, (low, high) in enumerate(DEMO_BANDS):
        inside = (trace.wavelength.value >= low) & (trace.wavelength.value <= high)
        expected = np.average(put_in[inside], weights=star[inside])
        limb = 0.16 * (np.average(trace.wavelength.value[inside], weights=star[inside]) / 5) ** -0.5
        error = np.hypot(curves["flux_err"].value[:, i], 6e-5)  # and the pointing's jitter
        depth, sigma, chi2_of_fit, hits = demo_fit(curves["flux"].value[:, i], error, days, limb)
        deviations.append((depth - expected) / sigma)
        assert 0.6 < chi2_of_fit < 1.5
        assert sigma < 2.5e-4
        assert hits <= 6
    assert np.all(np.abs(deviations) < 3), deviations
    assert chi2.ppf(1e-3, 8) < np.sum(np.square(deviations)) < chi2.ppf(1 - 1e-3, 8)
