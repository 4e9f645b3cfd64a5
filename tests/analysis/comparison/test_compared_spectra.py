"""Spectra on one grid, on grids with dropped channels, on others."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from specutils import Spectrum

from jdaviz_stage3.analysis import compare_spectra
from jdaviz_stage3.errors import Stage3Error


def spectrum(wavelength, flux, error=None, mask=None, unit=u.Jy):
    return Spectrum(
        flux=np.asarray(flux, float) * unit,
        spectral_axis=np.asarray(wavelength, float) * u.um,
        uncertainty=None if error is None else StdDevUncertainty(np.asarray(error, float)),
        mask=mask,
    )


GRID = np.linspace(1, 2, 51)


@pytest.mark.parametrize("turn", [slice(None), slice(None, None, -1)])
def test_channels_of_one_grid(turn):
    """Whichever way the wavelengths run; some are dropped, some are flagged."""
    rng = np.random.default_rng(4)
    one, other = rng.normal(5, 1, (2, 51))
    kept = np.delete(np.arange(51), [7, 8, 30])[turn]
    flagged = np.zeros(51, bool)
    flagged[3] = True
    made = compare_spectra(
        spectrum(GRID, one, np.full(51, 3.0), flagged),
        spectrum(GRID[kept], other[kept], np.full(48, 4.0)),
    )
    wanted = one - other
    wanted[[3, 7, 8, 30]] = np.nan
    np.testing.assert_allclose(made.differences.difference.value, wanted)
    assert np.nanmax(np.abs(made.differences.error.value - 5)) < 1e-12
    assert made.wavelength.unit == u.um and len(made.notes) == 1
    back = made.spectrum()
    assert back.mask.sum() == 4 and back.uncertainty.array[0] == 5


@pytest.mark.parametrize("turns", [(1, 1), (1, -1), (-1, 1)])
@pytest.mark.parametrize("moved", [0, 0.4])
def test_nothing_is_compared_in_a_gap_of_the_second(turns, moved):
    """Neither next to it, where a channel is a small part of the gap, nor made up within it."""
    grid = np.arange(1000) / 1000 + 1
    kept = np.r_[0:400, 500:1000]
    ours, others = grid[:: turns[0]], (grid + moved / 1000)[kept][:: turns[1]]
    made = compare_spectra(spectrum(ours, 2 * ours), spectrum(others, 2 * others))
    compared = np.sort(np.flatnonzero(np.isfinite(made.differences.difference))[:: turns[0]])
    number = np.sort(np.rint((ours[compared] - 1) * 1000).astype(int))
    expected = np.r_[0:400, 500:1000] if not moved else np.r_[1:400, 501:1000]
    np.testing.assert_array_equal(number, expected)
    assert made.differences.largest.value < 1e-12


def test_other_wavelengths_are_interpolated():
    other = np.linspace(0.9, 1.8, 37)
    made = compare_spectra(spectrum(GRID, 3 * GRID), spectrum(other, 3 * other))
    inside = GRID <= 1.8 + 1e-9
    np.testing.assert_allclose(made.differences.difference.value[inside], 0, atol=1e-12)
    assert np.isnan(made.differences.difference.value[~inside]).all()
    assert "interpolated" in made.notes[0]


def test_units_of_flux_density_convert():
    flux = np.full(51, 2.0) * u.Jy
    per_micron = flux.to(u.W / u.m**2 / u.um, u.spectral_density(GRID * u.um))
    made = compare_spectra(
        spectrum(GRID, flux.value), spectrum(GRID, per_micron.value, unit=per_micron.unit)
    )
    np.testing.assert_allclose(made.differences.difference.value, 0, atol=1e-12)
    with pytest.raises(Stage3Error, match="first is in Jy, the second in MJy / sr"):
        compare_spectra(spectrum(GRID, GRID), spectrum(GRID, GRID, unit=u.MJy / u.sr))


def test_nothing_in_common():
    with pytest.raises(Stage3Error, match="no wavelength in common: 1–2 µm and 3–4 µm"):
        compare_spectra(spectrum(GRID, GRID), spectrum(GRID + 2, GRID))
    made = compare_spectra(spectrum(GRID, GRID * np.nan), spectrum(GRID, GRID))
    assert made.differences.n == 0 and np.isnan(made.differences.median)
    one = compare_spectra(spectrum([1.0], [2.0]), spectrum([1.0], [1.5]))
    assert one.differences.difference.value == [0.5]


def test_bands():
    step = np.where(GRID < 1.5, 1.0, 3.0)
    made = compare_spectra(spectrum(GRID, 10 + step), spectrum(GRID, np.full(51, 10.0)))
    table = made.in_bands([1, 1.5, 2] * u.um)
    assert list(table["n"]) == [25, 26] and list(table["median"].value) == [1, 3]
    assert list(made.in_bands(2)["median"].value) == [1, 3]
    for wrong in (0, [2, 1] * u.um, [1] * u.um):
        with pytest.raises(Stage3Error, match="band"):
            made.in_bands(wrong)
