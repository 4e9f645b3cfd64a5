"""Channels whose wavelength is NaN or 0 have no place on an axis: they are left out, all alike."""

import numpy as np
import pytest
from astropy import units as u
from make_spectra import integrations, time_series
from make_traces import ArrayTrace

from jdaviz_stage3.analysis import BandSums, mean_spectrum
from jdaviz_stage3.loaders.time_series import dynamic_spectrum, median_spectrum
from jdaviz_stage3.readers import read

GONE = [0, 3, 11]


@pytest.fixture(params=[np.nan, 0.0, -1.0], ids=["NaN", "zero", "negative"])
def wavelength(request):
    values = np.linspace(1.0, 2.0, 12)
    values[GONE] = request.param
    return values


def test_dynamic_spectrum(tmp_path, wavelength):
    columns = integrations(range(1, 6), n_wave=12)
    columns["WAVELENGTH"] = np.tile(wavelength, (5, 1))
    path = time_series(tmp_path, [(columns, {"spectral_order": 1})])
    [trace] = read(path).traces
    spectrum = dynamic_spectrum(trace)
    np.testing.assert_array_equal(spectrum.spectral_axis.value, np.delete(wavelength, GONE))
    np.testing.assert_array_equal(spectrum.flux, np.delete(trace.flux, GONE, axis=1))


def test_the_median_spectrum_leaves_the_dynamic_one_as_it_is(tmp_path, wavelength):
    columns = integrations(range(1, 6), n_wave=12)
    columns["WAVELENGTH"] = np.tile(wavelength, (5, 1))
    path = time_series(tmp_path, [(columns, {"spectral_order": 1})])
    [trace] = read(path).traces
    spectrum = dynamic_spectrum(trace)
    expected = np.delete(trace.flux.value, GONE, axis=1)
    np.testing.assert_array_equal(median_spectrum(spectrum).flux.value, np.median(expected, 0))
    np.testing.assert_array_equal(spectrum.flux.value, expected)


def test_mean_spectrum(wavelength):
    flux = np.arange(60.0).reshape(5, 12) + 1
    trace = ArrayTrace(wavelength * u.um, flux, np.ones_like(flux))
    spectrum = mean_spectrum(BandSums(trace), np.ones(5, dtype=bool))
    np.testing.assert_array_equal(spectrum.spectral_axis.value, np.delete(wavelength, GONE))
    np.testing.assert_allclose(spectrum.flux.value, np.delete(flux.mean(axis=0), GONE))


@pytest.mark.parametrize("differ", [False, True], ids=["one grid", "a grid an integration"])
@pytest.mark.parametrize("band", [(1.0, 2.0), (1.05, 1.5), (1.87, 1.93)])
def test_band(wavelength, band, differ):
    """Each channel is as wide as all are, and only the part in the band counts, one by one."""
    step = 1 / 11
    rng = np.random.default_rng(1)
    flux = rng.uniform(1, 2, (5, 12))
    grid = np.tile(wavelength, (5, 1)) if differ else wavelength
    sums = BandSums(ArrayTrace(grid * u.um, flux, np.ones_like(flux)))
    low, high = band
    fractional, inclusive = np.zeros(5), np.zeros(5)
    for channel in range(12):
        centre = 1 + channel * step
        if channel in GONE:
            continue
        inside = min(centre + step / 2, high) - max(centre - step / 2, low)
        fractional += flux[:, channel] * max(inside, 0) / step
        inclusive += flux[:, channel] * (low <= centre <= high)
    limits = low * u.um, high * u.um
    found = sums.light_curve(*limits, band_edges="fractional").flux
    np.testing.assert_allclose(found, fractional, rtol=1e-9)
    np.testing.assert_allclose(sums.light_curve().flux, np.delete(flux, GONE, 1).sum(axis=1))
    if inclusive.any():
        found = sums.light_curve(*limits, band_edges="inclusive").flux
        np.testing.assert_allclose(found, inclusive, rtol=1e-9)
