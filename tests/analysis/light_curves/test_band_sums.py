"""Sums over bands against brute force, and what masked samples, transits and noise do to them."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from hypothesis import given, settings
from hypothesis import strategies as st
from make_spectra import integrations, old_time_series, time_series, two_segments
from make_traces import ArrayTrace, flagged, star

from jdaviz_stage3.analysis import BandSums, channel_edges
from jdaviz_stage3.analysis.light_curves.time_medians import time_median
from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.readers.time_series import read_spectral_time_series

REAL = ["fill", "drop", "ignore"]


def weights_of(wavelength, low, high, band_edges):
    """Weights of one row of channels, one by one."""
    edges = channel_edges(wavelength)
    weights = np.zeros(len(wavelength))
    for i, centre in enumerate(wavelength):
        bottom, top = sorted(edges[i : i + 2])
        if band_edges == "inclusive":
            weights[i] = low <= centre <= high
        else:
            weights[i] = max(0, min(top, high) - max(bottom, low)) / (top - bottom)
    return weights


def brightness(flux, good, kept, median):
    """How bright each integration is: the median by flux of 32 parts; 0 where it is not known."""
    level = np.zeros(len(flux))
    size = max(1, len(median) // 32)
    for t in range(len(flux)):
        told = []
        for start in range(0, len(median), size):
            part = np.arange(start, min(start + size, len(median)))
            there = part[good[t, part] & kept[part]]
            if median[part].sum() > 0 and median[there].sum() > median[part].sum() / 2:
                ratio = flux[t, there].sum() / median[there].sum()
                told.append((ratio, median[part].sum()))
        told.sort()
        weights = np.cumsum([weight for _, weight in told])
        if told:
            level[t] = told[int(np.argmax(weights >= weights[-1] / 2))][0]
    return level


def usual(flux, good, kept):
    """What each channel has, the brightness of the integrations taken out, of all channels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        median = np.nan_to_num(np.nanmedian(np.where(good, flux, np.nan), axis=0))
    median = np.where(kept, median, 0)
    raw = median.copy()
    lacks = kept & ~good & good.any(axis=1)[:, None]
    for _ in range(20):
        if median.sum() <= 0:
            return raw
        level = brightness(flux, good, kept, median)
        bright = level > 0
        if not bright.any():
            return raw
        before = np.array([median[row].sum() for row in lacks]) / median.sum()
        for c in np.flatnonzero(kept):
            use = good[:, c] & bright
            if use.any():
                relative = level[use] / np.median(level[bright])
                median[c] = np.median(flux[use, c] / relative)
        share = np.array([median[row].sum() for row in lacks]) / median.sum()
        if np.abs(share - before).max() < 1e-6:
            break
    return median


def brute_force(trace, low, high, statistic, band_edges, excluded):
    """Flux, error and number of filled samples, integration by integration."""
    n_int, n_wave = trace.flux.shape
    flux, good = trace.flux, np.isfinite(trace.flux)
    if trace.dq is not None:
        good &= (trace.dq & 1) == 0
    present = good.any(axis=1)
    bad_part = (~good[present]).mean(axis=0)
    limit = {"drop": 0, "fill": 0.5, "ignore": 0.999999}[excluded]
    kept = bad_part <= limit
    variance = np.where(good & np.isfinite(trace.variance) & (trace.variance > 0),
                        trace.variance, np.nan)  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        variance = np.where(np.isnan(variance), np.nanmean(variance, axis=0), variance)
        mean_variance = np.nanmean(np.where(good, variance, np.nan), axis=0)
    median = usual(flux, good, kept)
    result = np.full((3, n_int), np.nan)
    result[2] = 0
    for t in range(n_int):
        grid = trace.wavelength.value if trace.wavelength.ndim == 1 else trace.wavelength.value[t]
        w = weights_of(grid, low, high, band_edges) * kept
        norm = 1.0
        if statistic == "weighted mean":
            w = np.where(np.isfinite(mean_variance), w / mean_variance, 0)
            norm = w.sum()
        use = good[t] & (w > 0)
        if not use.any():
            continue
        ratio = 1.0
        if excluded == "fill":
            m = np.where(w > 0, median, 0)
            ratio = (w * m).sum() / (w * m)[use].sum()
            if ratio > 2:
                continue
            result[2, t] = np.sum(~good[t] & (w > 0))
        elif statistic == "weighted mean":
            norm = w[use].sum()
        result[0, t] = (w[use] * flux[t][use]).sum() * ratio / norm
        result[1, t] = np.sqrt((w[use] ** 2 * variance[t][use]).sum()) * ratio / norm
    return result


@st.composite
def cases(draw):
    n_int = draw(st.integers(1, 25))
    n_wave = draw(st.sampled_from([3, 17, 63, 64, 65, 130, 200, 321]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    wavelength = 1 + np.cumsum(rng.uniform(0.005, 0.02, n_wave))
    if draw(st.booleans()):
        wavelength = wavelength[::-1]
    if draw(st.booleans()):
        wavelength = wavelength + rng.uniform(-0.002, 0.002, (n_int, 1))
    flux = rng.uniform(5, 10) * rng.uniform(0.5, 2, n_wave) + rng.normal(0, 0.1, (n_int, n_wave))
    variance = rng.uniform(0.5, 2, (n_int, n_wave))
    variance[rng.random(variance.shape) < 0.02] = draw(st.sampled_from([0, np.nan, -1, np.inf]))
    dq = (rng.random(flux.shape) < draw(st.sampled_from([0, 0.01, 0.1, 0.45]))).astype(np.uint32)
    dq[:, rng.random(n_wave) < 0.05] = 1
    flux[rng.random(flux.shape) < draw(st.sampled_from([0, 0.02]))] = np.nan
    flux[rng.random(n_int) < draw(st.sampled_from([0, 0.1]))] = np.nan
    edges = channel_edges(wavelength)
    first, last = edges.min(), edges.max()
    low, high = first + (last - first) * np.sort(rng.random(2))
    if draw(st.booleans()):
        low, high = first - 1, last + 1
    trace = ArrayTrace(wavelength * u.um, flux, variance, dq)
    return trace, low, high


@settings(max_examples=150)
@given(cases(), st.sampled_from(["sum", "weighted mean"]),
       st.sampled_from(["inclusive", "fractional"]), st.sampled_from(REAL))  # fmt: skip
def test_against_brute_force(case, statistic, band_edges, excluded):
    trace, low, high = case
    try:
        sums = BandSums(trace, excluded=excluded)
        curve = sums.light_curve(low * u.um, high * u.um, statistic=statistic,
                                 band_edges=band_edges)  # fmt: skip
    except Stage3Error as err:
        words = ("no centre", "holds the centre of no channel", "no integration has a finite",
                 "no errors in the file")  # fmt: skip
        assert any(word in str(err) for word in words)
        return
    flux, error, filled = brute_force(trace, low, high, statistic, band_edges, excluded)
    if not curve.n_channels:
        assert np.isnan(flux).all() and np.isnan(curve.flux).all()
        return
    np.testing.assert_allclose(curve.flux, flux, rtol=1e-11)
    np.testing.assert_array_equal(curve.n_filled, filled)
    if np.isnan(error[np.isfinite(flux)]).any():  # a channel has no error at any time
        error = np.full_like(error, np.nan)
    np.testing.assert_allclose(curve.flux_err, error, rtol=1e-11)
    assert curve.n_empty == np.isnan(flux).sum()


def test_a_faint_band_after_bright_ones_keeps_its_digits():
    rng = np.random.default_rng(3)
    flux = rng.random((5, 300))
    flux[:, :150] *= 1e12
    trace = ArrayTrace(np.linspace(1, 2, 300) * u.um, flux, np.ones(flux.shape))
    inside = trace.wavelength.value >= 1.7
    curve = BandSums(trace).light_curve(1.7 * u.um, 2 * u.um)
    np.testing.assert_allclose(curve.flux, flux[:, inside].sum(axis=1), rtol=1e-14)


def test_every_pair_of_ends():
    """Bands that start and stop at every place of the blocks."""
    trace = star(3, 150)
    sums = BandSums(trace)
    for start in range(0, 150, 7):
        for stop in range(start + 1, 150, 5):
            low, high = trace.wavelength[[start, stop]]
            expected = trace.flux[:, start : stop + 1].sum(axis=1)
            np.testing.assert_allclose(sums.light_curve(low, high).flux, expected, rtol=1e-13)


def test_wavelengths_in_no_order():
    trace = star(6, 90)
    order = np.random.default_rng(0).permutation(90)
    shuffled = ArrayTrace(trace.wavelength[order], trace.flux[:, order], trace.variance)
    one, other = (BandSums(t).light_curve(1.2 * u.um, 1.6 * u.um) for t in (trace, shuffled))
    np.testing.assert_allclose(one.flux, other.flux, rtol=1e-13)


def test_padding_counts_for_nothing():
    trace = star(6, 90)
    padded = ArrayTrace(
        np.append(trace.wavelength.value, [np.nan] * 10) * u.um,
        np.hstack([trace.flux, np.full((6, 10), np.nan)]),
        np.hstack([trace.variance, np.zeros((6, 10))]),
    )
    for excluded in REAL:
        for band_edges in ("inclusive", "fractional"):
            one, other = (
                BandSums(t, excluded=excluded).light_curve(band_edges=band_edges)
                for t in (trace, padded)
            )
            np.testing.assert_allclose(one.flux, other.flux, rtol=1e-13)
            assert (other.n_channels, other.n_dropped) == (90, 0)


# ---- wavelengths that differ from row to row ----


def test_wavelengths_that_drift():
    """A spectrum that moves over the channels: its integral over a fixed band stays."""
    n_int, n_wave = 30, 400
    shift = np.linspace(0, 0.01, n_int)[:, None]
    wavelength = np.linspace(1, 2, n_wave) + shift
    width = wavelength[0, 1] - wavelength[0, 0]
    flux = (2 + np.sin(5 * wavelength)) * width  # what falls into a channel
    trace = ArrayTrace(wavelength * u.um, flux, np.ones(flux.shape))
    low, high = 1.2, 1.8
    expected = 2 * (high - low) - (np.cos(5 * high) - np.cos(5 * low)) / 5
    curve = BandSums(trace).light_curve(low * u.um, high * u.um, band_edges="fractional")
    np.testing.assert_allclose(curve.flux, expected, rtol=1e-5)
    by_index = flux[:, 80:320].sum(axis=1)  # what one grid for all would give
    assert np.ptp(by_index) > 100 * np.ptp(curve.flux)


# ---- excluded samples ----


def test_filled_samples_follow_the_transit():
    light = np.ones(60)
    light[20:40] = 0.97
    clean = star(60, 80, noise=0, light=light, variance=np.ones((60, 80)))
    trace = ArrayTrace(clean.wavelength, clean.flux, clean.variance,
                       flagged(clean.flux.shape, 0.2))  # fmt: skip
    curve = BandSums(trace).light_curve()
    np.testing.assert_allclose(curve.flux / curve.flux[0], light, rtol=1e-12)
    assert curve.n_filled.sum() == (trace.dq == 1).sum()
    dips = BandSums(trace, excluded="ignore").light_curve().flux
    assert np.std(dips / light) > 0.02 * np.mean(dips)


def test_many_integrations_fill_with_the_median_of_all():
    """Medians of channels with nothing to fill are of fewer: good to some 1e-8 of the sum."""
    trace = star(1000, 300, dq=flagged((1000, 300), 1e-4))
    sums = BandSums(trace)
    flux, error, filled = brute_force(trace, 0, 9, "sum", "inclusive", "fill")
    curve = sums.light_curve()
    assert filled.sum() > 10
    np.testing.assert_allclose(curve.flux, flux, rtol=3e-7)
    np.testing.assert_allclose(curve.flux_err, error, rtol=3e-7)
    good = np.where(trace.dq, np.nan, trace.flux)
    np.testing.assert_allclose(sums.time_median, np.nanmedian(good, axis=0), rtol=1e-14)


@pytest.mark.parametrize("others", [0.0, 0.02])
def test_flags_and_light_may_go_together(others):
    """A channel flagged in the transit alone is filled at the level of the transit."""
    light = np.ones(400)
    light[80:320] = 0.99
    dq = flagged((400, 20), others) if others else np.zeros((400, 20), np.uint32)
    dq[90:280, 7] = 1
    flux = np.outer(light, np.linspace(1, 2, 20))
    trace = ArrayTrace(np.linspace(1, 2, 20) * u.um, flux, np.ones(flux.shape), dq)
    curve = BandSums(trace).light_curve()
    np.testing.assert_allclose(curve.flux / curve.flux[0], light, rtol=1e-6)


def test_a_hot_channel_elsewhere_does_not_decide_what_is_filled():
    dq = np.zeros((600, 100), np.uint32)
    dq[:250, 7] = 1
    flux = np.ones((600, 100))
    flux[300:, 80] *= 50
    trace = ArrayTrace(np.linspace(1, 2, 100) * u.um, flux, np.ones(flux.shape), dq)
    curve = BandSums(trace).light_curve(None, 1.3 * u.um)
    np.testing.assert_allclose(curve.flux, curve.flux[-1], rtol=1e-9)


def test_what_is_left_out():
    dq = np.zeros((10, 50), np.uint32)
    dq[:6, 10] = 1  # more than half
    dq[:5, 20] = 1  # half
    dq[7] = 1  # an integration without anything, which does not count
    trace = star(10, 50, dq=dq)
    fill, drop, ignore = (BandSums(trace, excluded=name) for name in REAL)
    np.testing.assert_array_equal(np.flatnonzero(fill.dropped), [10, 20])  # 5 of 9
    np.testing.assert_array_equal(np.flatnonzero(drop.dropped), [10, 20])
    assert not ignore.dropped.any()
    curve = fill.light_curve()
    assert (curve.n_channels, curve.n_dropped, curve.n_empty) == (48, 2, 1)
    assert np.isnan(curve.flux[7]) and curve.n_filled.sum() == 0
    for sums in (fill, drop, ignore):
        assert np.isnan(sums.light_curve().flux[7])
        assert not sums.flux[~sums.usable].any() and not sums.variance[~sums.usable].any()


def test_less_than_half_of_the_light_is_too_little():
    dq = np.zeros((20, 40), np.uint32)
    dq[3, :25] = 1
    dq[4, :15] = 1
    trace = star(20, 40, level=1000, dq=dq)
    trace.flux[:] = 1000.0
    curve = BandSums(trace).light_curve()
    assert np.isnan(curve.flux[3]) and curve.n_empty == 1
    assert curve.flux[4] == pytest.approx(40000) and curve.n_filled[4] == 15


def test_a_band_of_noise_is_filled_without_a_scale():
    rng = np.random.default_rng(5)
    flux = rng.normal(-1, 10, (400, 60))
    trace = ArrayTrace(np.linspace(1, 2, 60) * u.um, flux, np.full(flux.shape, 100.0),
                       flagged(flux.shape, 0.1))  # fmt: skip
    curve = BandSums(trace).light_curve()
    assert np.isfinite(curve.flux).all()
    assert np.std(curve.flux) < 1.1 * np.sqrt(60 * 100)


def test_all_channels_of_a_band_left_out():
    dq = np.zeros((10, 50), np.uint32)
    dq[:8, :20] = 1
    trace = star(10, 50, dq=dq)
    curve = BandSums(trace).light_curve(1 * u.um, 1.2 * u.um)
    assert curve.n_channels == 0 and curve.n_dropped > 5 and curve.n_empty == 10
    assert np.isnan(curve.flux).all() and np.isnan(curve.flux_err).all()


def test_other_flags():
    dq = np.zeros((5, 30), np.uint32)
    dq[1, 3], dq[2, 4] = 2, 1
    trace = star(5, 30, dq=dq)
    assert BandSums(trace).light_curve().n_filled.sum() == 1
    sums = BandSums(trace, dq_bits="DO_NOT_USE+SATURATED")
    assert sums.light_curve().n_filled.sum() == 2
    assert sums.dq_flags == ["DO_NOT_USE", "SATURATED"]
    assert BandSums(trace, dq_bits=None).light_curve().n_filled.sum() == 0


# ---- errors ----


def test_errors_that_are_no_errors():
    """The channel's mean takes their place; zero errors where the flux is NaN are none."""
    trace = star(10, 30, noise=2)
    trace.variance = np.random.default_rng(0).uniform(1, 3, trace.flux.shape)
    trace.variance[2, 5], trace.variance[3, 6], trace.variance[4, 7] = np.nan, 0, np.inf
    trace.flux[8, 8], trace.variance[8, 8] = np.nan, 0
    sums = BandSums(trace)
    assert sums.variance[2, 5] == pytest.approx(np.nanmean(trace.variance[:, 5]))
    assert sums.variance[3, 6] == pytest.approx(np.delete(trace.variance[:, 6], 3).mean())
    assert sums.variance[4, 7] == pytest.approx(np.delete(trace.variance[:, 7], 4).mean())
    assert sums.variance[8, 8] == 0
    assert np.isfinite(sums.light_curve().flux_err).all()


def test_a_channel_without_errors():
    trace = star(10, 30)
    trace.variance[:, 12] = 0
    sums = BandSums(trace)
    curve = sums.light_curve()
    assert np.isnan(curve.flux_err).all() and np.isfinite(curve.flux).all()
    beside = sums.light_curve(1 * u.um, 1.3 * u.um)
    assert np.isfinite(beside.flux_err).all()
    weighted = sums.light_curve(statistic="weighted mean")
    assert weighted.n_channels == 29 and np.isfinite(weighted.flux_err).all()


@pytest.mark.parametrize("random", [None, 0.0, np.nan])
def test_random_errors_fall_back_on_the_total(random):
    trace = star(10, 30, error=np.full((10, 30), 3.0))
    trace.variance = None if random is None else np.full((10, 30), random)
    sums = BandSums(trace)
    assert sums.errors == "total"
    np.testing.assert_allclose(sums.light_curve().flux_err, 3 * np.sqrt(30))


def test_total_errors():
    trace = star(10, 30, noise=5, error=np.full((10, 30), 7.0))
    assert BandSums(trace).light_curve().flux_err[0] == pytest.approx(5 * np.sqrt(30))
    total = BandSums(trace, errors="total")
    assert total.light_curve().flux_err[0] == pytest.approx(7 * np.sqrt(30))


def test_no_errors_at_all():
    trace = star(10, 30, variance=None)
    sums = BandSums(trace)
    assert sums.errors == "none"
    curve = sums.light_curve()
    assert np.isnan(curve.flux_err).all()
    np.testing.assert_allclose(curve.flux, trace.flux.sum(axis=1))
    with pytest.raises(Stage3Error, match="no errors in the file to weight by"):
        sums.light_curve(statistic="weighted mean")


@pytest.mark.parametrize("statistic", ["sum", "weighted mean"])
def test_all_channels_left_out_is_no_want_of_errors(statistic):
    """The file has errors: one flag in each channel, and none is left to sum or to weight."""
    trace = star(10, 10, dq=np.eye(10, dtype=np.uint32))
    curve = BandSums(trace, excluded="drop").light_curve(statistic=statistic)
    assert (curve.n_channels, curve.n_dropped, curve.n_empty) == (0, 10, 10)
    assert np.isnan(curve.flux).all()


@pytest.mark.parametrize("statistic", ["sum", "weighted mean"])
@pytest.mark.parametrize("fraction", [0, 0.1])
def test_errors_are_the_scatter(statistic, fraction):
    """Monte Carlo: noise that differs from channel to channel, and filled samples."""
    rng = np.random.default_rng(11)
    n_int, n_wave = 4000, 90
    sigma = rng.uniform(5, 20, n_wave)
    trace = star(n_int, n_wave, noise=0)
    flux = trace.flux + rng.normal(size=(n_int, n_wave)) * sigma
    trace = ArrayTrace(trace.wavelength, flux, np.broadcast_to(sigma**2, flux.shape),
                       flagged(flux.shape, fraction))  # fmt: skip
    curve = BandSums(trace).light_curve(
        1.1 * u.um, 1.8 * u.um, statistic=statistic, band_edges="fractional"
    )
    pull = (curve.flux - curve.flux.mean()) / curve.flux_err
    # the standard deviation of n values is known to 1 / sqrt(2 n)
    assert np.std(pull) == pytest.approx(1, abs=4 / np.sqrt(2 * n_int))


def test_weights_do_not_follow_the_noise():
    """Photon noise is larger where the flux happens to be high: weights from it would be biased."""
    rng = np.random.default_rng(12)
    level = np.linspace(20, 200, 60)
    counts = rng.poisson(level, (2000, 60)).astype(float)
    trace = ArrayTrace(np.linspace(1, 2, 60) * u.um, counts, np.maximum(counts, 1))
    curve = BandSums(trace).light_curve(statistic="weighted mean")
    expected = np.sum(level / level) / np.sum(1 / level)
    error = curve.flux_err.mean() / np.sqrt(2000)
    assert curve.flux.mean() == pytest.approx(expected, abs=4 * error + 1e-3 * expected)


@pytest.mark.parametrize("fraction", [0.001, 0.05])
def test_flags_at_random_move_no_point_by_more_than_its_error(fraction):
    light = np.ones(200)
    light[70:130] = 0.98
    clean = star(200, 400, level=1e4, noise=100, light=light)
    trace = ArrayTrace(clean.wavelength, clean.flux, clean.variance,
                       flagged(clean.flux.shape, fraction))  # fmt: skip
    for band in ((None, None), (1.3 * u.um, 1.35 * u.um)):
        for statistic in ("sum", "weighted mean"):
            before = BandSums(clean).light_curve(*band, statistic=statistic)
            after = BandSums(trace).light_curve(*band, statistic=statistic)
            assert np.all(np.abs(after.flux - before.flux) < before.flux_err * 1.0001)


# ---- what cannot be ----


def test_all_flagged():
    trace = star(5, 30, dq=np.ones((5, 30), np.uint32))
    with pytest.raises(Stage3Error, match="no integration has a finite sample that is not flagged"):
        BandSums(trace)
    trace.flux[:] = np.nan
    with pytest.raises(Stage3Error, match="no integration has a finite sample; choose"):
        BandSums(trace, dq_bits=None)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"excluded": "mask"}, "one of fill, drop, ignore"),
        ({"errors": "none"}, "'random' or 'total'"),
        ({"dq_bits": "BAD"}, "no data-quality flag is called BAD"),
    ],
)
def test_options_that_are_none(options, words):
    with pytest.raises(Stage3Error, match=words):
        BandSums(star(), **options)


def test_statistics_that_are_none():
    with pytest.raises(Stage3Error, match="one of sum, weighted mean"):
        BandSums(star()).light_curve(statistic="mean")


@given(st.integers(1, 30), st.integers(1, 150), st.floats(0, 1), st.integers(0, 1000))
def test_medians_over_time(n_int, n_wave, fraction, seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n_int, n_wave))
    usable = rng.random(values.shape) >= fraction
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        expected = np.nanmedian(np.where(usable, values, np.nan), axis=0)
    np.testing.assert_array_equal(time_median(values, usable), expected)


# ---- the variance that a trace reads ----


def trace_of(folder, **columns):
    numbers = [1, 2, 3, 4, 5]
    path = time_series(folder, [
        (integrations(numbers[3:], segment=2, **{k: v[3:] for k, v in columns.items()}), {}),
        (integrations(numbers[:3], **{k: v[:3] for k, v in columns.items()}), {}),
    ], units={"FLUX_VAR_POISSON": "(MJy/sr)^2"})  # fmt: skip
    [trace] = read_spectral_time_series(path).traces
    return trace


def test_variance_of_a_trace(tmp_path):
    """In the order of the flux, in its unit squared whatever the file says, and not kept."""
    rng = np.random.default_rng(0)
    flux, poisson, read_noise, error = rng.random((4, 5, 12))
    trace = trace_of(tmp_path, FLUX=flux, FLUX_VAR_POISSON=poisson, FLUX_VAR_RNOISE=read_noise,
                     FLUX_ERROR=error)  # fmt: skip
    np.testing.assert_array_equal(trace.usable_flux().value, flux)
    random, total = trace.flux_variance(), trace.flux_variance("total")
    np.testing.assert_array_equal(random.value, poisson + read_noise)
    np.testing.assert_array_equal(total.value, error * error)
    assert random.unit == total.unit == u.Jy**2
    assert random.dtype == np.float64 and random.dtype.isnative
    random[:] = 0 * u.Jy**2
    assert trace.flux_variance().value.any()
    with pytest.raises(Stage3Error, match="'random' or 'total'"):
        trace.flux_variance("photon")


def test_variance_columns_without_values(tmp_path):
    """Simulated files have them, all NaN: the error column takes their place."""
    trace = trace_of(tmp_path, FLUX_ERROR=np.full((5, 12), 0.1))
    assert np.isnan(trace.flux_variance().value).all()
    assert BandSums(trace).errors == "total"


def test_variance_columns_that_are_not_there(tmp_path):
    trace = trace_of(tmp_path)
    for table in trace.tables:
        del table.units["FLUX_VAR_RNOISE"]
    assert trace.flux_variance() is None
    assert trace.flux_variance("total") is not None


@pytest.mark.parametrize("build", [two_segments, old_time_series])
def test_files_of_each_layout(tmp_path, build):
    for trace in read_spectral_time_series(build(tmp_path)).traces:
        curve = BandSums(trace).light_curve(1.2 * u.um, 1.7 * u.um)
        inside = (trace.wavelength.value >= 1.2) & (trace.wavelength.value <= 1.7)
        np.testing.assert_allclose(curve.flux, trace.flux.value[:, inside].sum(axis=1))
        error = np.sqrt((trace.uncertainty.array[:, inside] ** 2).sum(axis=1))
        np.testing.assert_allclose(curve.flux_err, error)


def test_weights_of_very_different_size_keep_their_digits():
    """A variance that is much too small, in a sample that is missing, must not eat the rest."""
    variance = np.ones((30, 10))
    variance[:, 4] = 1e-20
    dq = np.zeros((30, 10), np.uint32)
    dq[5:9, 4] = 1
    flux = np.outer(np.ones(30), np.arange(1.0, 11))
    trace = ArrayTrace(np.linspace(1, 2, 10) * u.um, flux, variance, dq)
    curve = BandSums(trace, excluded="ignore").light_curve(statistic="weighted mean")
    others = [1, 2, 3, 4, 6, 7, 8, 9, 10]
    np.testing.assert_allclose(curve.flux[5:9], np.mean(others), rtol=1e-12)
    np.testing.assert_allclose(curve.flux_err[5:9], 1 / 3, rtol=1e-12)
