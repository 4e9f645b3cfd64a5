"""The numbers of the pages, against plain computations."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from astropy.table import QTable, Table
from astropy.utils.masked import Masked
from specutils import Spectrum

import jdaviz_stage3 as stage3
from jdaviz_stage3.quicklook.quality import limiting_magnitude, measures_of


def test_the_magnitude_at_five_sigma_of_a_simulated_survey():
    """Sources of all magnitudes with one error: five times that error is the limit."""
    rng = np.random.default_rng(5)
    magnitude = rng.uniform(24, 30, 20_000)
    error = 10 ** (-0.4 * (28.0 - 8.9)) / 5  # Jy: 28 mag is five times it
    flux = 10 ** (-0.4 * (magnitude - 8.9)) + rng.normal(0, error, magnitude.size)
    table = QTable(
        {"aper_total_flux": flux * u.Jy, "aper_total_flux_err": np.full(20_000, error) * u.Jy}
    )
    limit, count = limiting_magnitude(table)
    assert limit == pytest.approx(28.0, abs=0.03)
    assert count == np.sum((flux > 4 * error) & (flux < 6 * error))


@pytest.mark.parametrize(
    "table",
    [
        QTable({"label": [1, 2]}),
        QTable({"aper_total_flux": [5.0] * u.Jy, "aper_total_flux_err": [1.0] * u.Jy}),  # too few
        QTable({"aper_total_flux": [5.0] * 9, "aper_total_flux_err": [1.0] * 9}),  # no unit
        QTable({"isophotal_flux": [np.nan] * 9 * u.Jy, "isophotal_flux_err": [0.0] * 9 * u.Jy}),
    ],
)
def test_without_such_sources_there_is_no_limit(table):
    assert np.isnan(limiting_magnitude(table)[0])


def _values(data, suffix):
    return {measure.name: measure.value for measure in measures_of(data, suffix)}


def test_of_an_image(built):
    image = stage3.read(built("i2d", "ImageModel"))
    good = np.isfinite(image.data) & ~image.mask
    found = _values(image, "i2d")
    assert found["Pixels with a value"] == pytest.approx(100 * good.mean())
    assert found["Median"] == np.median(image.data[good])
    deviation = np.median(np.abs(image.data[good] - np.median(image.data[good])))
    assert found["Scatter from pixel to pixel"] == pytest.approx(1.4826 * deviation, rel=1e-3)


def test_of_spectra(built):
    spectra = stage3.read(built("x1d", "MultiSpecModel"))
    ratios = []
    for spectrum in spectra:
        good = ~spectrum.mask
        ratios.append(np.median(spectrum.flux.value[good] / spectrum.uncertainty.array[good]))
    found = _values(spectra, "x1d")
    assert found["Spectra"] == 2
    assert found["Signal to noise per sample, median"] == pytest.approx(np.median(ratios))
    assert (found["the lowest"], found["the highest"]) == pytest.approx((min(ratios), max(ratios)))


def test_samples_without_a_weight_do_not_count():
    flux, error = np.full(4, 10.0) * u.Jy, StdDevUncertainty([1.0, 1.0, np.inf, np.inf])
    spectrum = Spectrum(flux, spectral_axis=np.arange(1, 5) * u.um, uncertainty=error)
    assert _values([spectrum], "c1d")["Signal to noise per sample, median"] == 10


def test_of_observables(built):
    data = stage3.read(built("ami-oi", "AmiOIModel"))
    found = _values(data, "ami-oi")
    good = ~data.closure_phase["flag"]
    phase = data.closure_phase["phase"].to_value("deg")[good]
    assert found["Closure phase, rms"] == pytest.approx(np.sqrt(np.mean(phase**2)))
    assert found["Baselines"] == len(data.vis2)


def test_what_is_masked_or_has_no_fitting_error_tells_no_limit():
    flux = Masked(np.full(12, 5.0) * u.uJy, mask=[False] * 6 + [True] * 6)
    flux[6:].unmasked[...] = 5e4 * u.uJy
    error = flux.unmasked / 5
    table = QTable({"aper_total_flux": flux, "aper_total_flux_err": error})
    limit, count = limiting_magnitude(table)
    assert count == 6 and limit == pytest.approx((5 * u.uJy).to_value(u.ABmag))
    table = QTable({"aper_total_flux": error, "aper_total_flux_err": np.ones(12)})
    assert np.isnan(limiting_magnitude(table)[0])


def test_what_is_masked_in_tables_is_no_value():
    extended = np.ma.array([True, True, False], mask=[True, False, False])
    assert _values(QTable({"is_extended": extended}), "cat")["Extended"] == 1
    assert _values(QTable({"is_extended": [np.nan, 1.0]}), "cat")["Extended"] == 1
    is_bad = np.arange(50) % 10 == 0
    flux = 1 + np.random.default_rng(3).normal(0, 1e-3, 50)
    series = Table({"whitelight_flux": np.ma.array(np.where(is_bad, 1e6, flux), mask=is_bad)})
    expected = stage3.analysis.point_to_point_scatter(np.where(is_bad, np.nan, flux)) * 1e6
    found = _values(series, "whtlt")["Scatter from point to point"]
    assert found == pytest.approx(expected, rel=1e-3)
