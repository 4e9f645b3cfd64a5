"""Long series, whose arrays go by channels: the same sums and medians as of short ones."""

import numpy as np
import pytest
from astropy import units as u
from make_spectra import integrations, time_series

import jdaviz_stage3 as stage3
from jdaviz_stage3.analysis import BandSums
from jdaviz_stage3.analysis.light_curves import block_sums, brightness
from jdaviz_stage3.analysis.light_curves.band_sums import EXCLUDED, STATISTICS
from jdaviz_stage3.analysis.light_curves.block_sums import Scope
from jdaviz_stage3.analysis.light_curves.missing_samples import MissingSamples
from jdaviz_stage3.analysis.light_curves.time_medians import time_median
from jdaviz_stage3.readers import in_threads, integration_tables, trace_columns

N_INT, N_WAVE = 230, 40
BANDS = [(None, None), (1.1, 1.9), (1.1, 1.85), (1.12, 1.85), (1.5, 1.52)]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Integrations in no order; channels without a wavelength, mostly flagged, or dark at times."""
    rng = np.random.default_rng(0)
    shape = (N_INT, N_WAVE)
    numbers = rng.permutation(np.arange(1, N_INT + 1))
    light = np.where(np.abs(numbers - N_INT / 2) < 30, 0.98, 1.0)
    flux = np.outer(light, np.linspace(1, 3, N_WAVE)) * rng.normal(1, 0.01, shape)
    bad = rng.random((2, *shape)) < 0.04
    bad[..., 20:30:3] = False
    flux[bad[0]] = np.inf
    dq = bad[1].astype("u4")
    dq[:200, 7] = 1
    dq[5] = 1
    wavelength = np.linspace(1, 2, N_WAVE)
    wavelength[:2] = np.nan
    columns = integrations(
        numbers, N_WAVE, FLUX=flux, DQ=dq, WAVELENGTH=wavelength,
        FLUX_VAR_POISSON=1e-4 * rng.uniform(1, 2, shape), FLUX_VAR_RNOISE=np.full(shape, 1e-5),
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("long")
    return time_series(folder, [(columns, {"spectral_order": 1, "detector": "NIS"})])


@pytest.mark.parametrize("errors", ["random", "total"])
@pytest.mark.parametrize("excluded", EXCLUDED)
def test_bands_are_those_of_a_short_series(path, excluded, errors, monkeypatch):
    [trace] = stage3.read(path).traces
    short = BandSums(trace, excluded=excluded, errors=errors)
    monkeypatch.setattr(trace_columns, "LONG_SERIES", 0)
    monkeypatch.setattr(trace_columns, "_AT_ONCE", 500)
    monkeypatch.setattr(integration_tables, "_ROWS_AT_ONCE", 7)
    monkeypatch.setattr(block_sums, "BLOCK", 8)
    monkeypatch.setattr(brightness, "_ROWS_AT_ONCE", 16)
    monkeypatch.setattr(in_threads, "_ENOUGH_FOR_THREADS", 0)
    long = BandSums(trace, excluded=excluded, errors=errors)
    assert short.flux.flags.c_contiguous and not long.flux.flags.c_contiguous
    for name in ("flux", "variance", "usable", "dropped"):
        np.testing.assert_array_equal(getattr(long, name), getattr(short, name), err_msg=name)
    for statistic in STATISTICS:
        for band in BANDS:
            low, high = (None if edge is None else edge * u.um for edge in band)
            for edges in ("inclusive", "fractional"):
                options = {"statistic": statistic, "band_edges": edges}
                one, other = (sums.light_curve(low, high, **options) for sums in (short, long))
                for name in ("flux", "flux_err", "n_filled", "n_channels", "n_empty"):
                    values, expected = getattr(other, name), getattr(one, name)
                    np.testing.assert_allclose(values, expected, rtol=1e-12, err_msg=name)
            assert np.isfinite(one.flux).sum() > 100


def test_an_end_of_a_band_that_moves_is_summed_anew(path, monkeypatch):
    monkeypatch.setattr(block_sums, "BLOCK", 8)
    [trace] = stage3.read(path).traces
    kept = BandSums(trace)
    edges = np.linspace(1.2, 1.3, 9) * u.um
    for low in edges:
        for high in (1.8 * u.um, 1.83 * u.um):
            flux = kept.light_curve(low, high, band_edges="fractional").flux
            anew = BandSums(trace).light_curve(low, high, band_edges="fractional").flux
            np.testing.assert_array_equal(flux, anew)


@pytest.mark.parametrize("order", "CF")
def test_what_is_missing_of_a_band(order):
    rng = np.random.default_rng(2)
    missing = np.asarray(rng.random((30, 12)) < 0.2, order=order)
    samples, own = MissingSamples(missing), rng.uniform(size=12)
    assert len(samples) == missing.sum()
    inside = np.array([0, 0, 0.5, 1, 1, 1, 1, 0.25, 0, 0, 0, 0])
    each = rng.uniform(size=missing.shape) * (inside > 0)
    for weights in (inside, each):
        scope = Scope.of(weights, weights.ndim == 1)
        np.testing.assert_allclose(samples.over(scope), (missing * weights).sum(1), rtol=1e-12)
        expected = (missing * weights * own).sum(1)
        np.testing.assert_allclose(samples.over(scope, own), expected, rtol=1e-12)


@pytest.mark.parametrize("threads", [True, False])
@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("n_int", [1, 2, 51, 600])
def test_medians_in_time(n_int, order, threads, monkeypatch):
    monkeypatch.setattr(in_threads, "_ENOUGH_FOR_THREADS", 0 if threads else np.inf)
    rng = np.random.default_rng(n_int)
    values = np.asarray(rng.normal(1, 0.1, (n_int, 37)), order=order)
    before = values.copy()
    usable = np.asarray(rng.random(values.shape) > 0.1, order=order)
    usable[:, 4] = False
    level = rng.uniform(1, 2, n_int)
    level[n_int // 2 :: 7] = np.nan
    good = np.where(usable, values, np.nan)
    channels = np.array([1, 2, 3, 4, 9, 36])
    with pytest.warns(RuntimeWarning):  # channels without a sample
        plain, divided = (np.nanmedian(v, axis=0) for v in (good, good / level[:, None]))
    np.testing.assert_allclose(time_median(values, usable), plain, rtol=1e-14)
    np.testing.assert_allclose(time_median(values, usable, level), divided, rtol=1e-14)
    some = time_median(values, usable, level, channels)
    np.testing.assert_allclose(some, divided[channels], rtol=1e-14)
    np.testing.assert_array_equal(values, before)
