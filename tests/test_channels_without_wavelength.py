"""Channels whose wavelength is NaN or 0 have no place on an axis: they are left out, all alike."""

import numpy as np
import pytest
from astropy import units as u
from make_spectra import integrations, time_series
from make_traces import ArrayTrace

from jdaviz_stage3.analysis import BandSums, mean_spectrum
from jdaviz_stage3.loaders.time_series import dynamic_spectrum
from jdaviz_stage3.readers import read

GONE = [0, 3, 11]


@pytest.fixture(params=[np.nan, 0.0], ids=["NaN", "zero"])
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


def test_mean_spectrum(wavelength):
    flux = np.arange(60.0).reshape(5, 12) + 1
    trace = ArrayTrace(wavelength * u.um, flux, np.ones_like(flux))
    spectrum = mean_spectrum(BandSums(trace), np.ones(5, dtype=bool))
    np.testing.assert_array_equal(spectrum.spectral_axis.value, np.delete(wavelength, GONE))
    np.testing.assert_allclose(spectrum.flux.value, np.delete(flux.mean(axis=0), GONE))
