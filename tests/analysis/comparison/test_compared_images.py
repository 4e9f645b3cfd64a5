"""Images of one field on one grid, on shifted ones, on others."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty
from astropy.wcs import WCS
from specutils import Spectrum

from jdaviz_stage3.analysis import compare_images, compare_spectral_images
from jdaviz_stage3.errors import Stage3Error

SHAPE = (30, 40)


def tangent(crpix=(20.5, 15.5), scale=1e-5, angle=0.0):
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = "RA---TAN", "DEC--TAN"
    wcs.wcs.crval = 150.0, 2.0
    wcs.wcs.crpix = crpix
    turn = np.radians(angle)
    wcs.wcs.cd = scale * np.array([[-np.cos(turn), np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return wcs


def image(values, wcs=None, error=None, unit="MJy / sr", mask=None):
    uncertainty = None if error is None else StdDevUncertainty(error)
    return CCDData(values, unit=unit, wcs=wcs, uncertainty=uncertainty, mask=mask)


@pytest.fixture
def values():
    return np.random.default_rng(3).normal(5, 1, SHAPE)


def test_on_one_grid_pixels_are_taken_as_they_are(values):
    other = values + 0.5
    flagged = np.zeros(SHAPE, bool)
    flagged[2, 3] = True
    made = compare_images(
        image(values, tangent(), np.full(SHAPE, 3.0)),
        image(other, tangent(), np.full(SHAPE, 4.0), mask=flagged),
    )
    assert made.shift == (0, 0)
    of = made.differences
    np.testing.assert_allclose(of.difference.value[~flagged], -0.5)
    assert np.isnan(of.difference.value[2, 3]) and (of.n, of.n_first_only) == (1199, 1)
    np.testing.assert_allclose(of.error.value[~flagged], 5)
    pictures = made.images()
    np.testing.assert_allclose(pictures["ratio"].data[~flagged], (values / other)[~flagged])
    assert pictures["difference"].wcs is made.wcs and pictures["difference"].unit == u.MJy / u.sr
    assert pictures["difference"].mask[2, 3]
    assert "share most of their noise" in made.notes[-1]


@pytest.mark.parametrize("dx, dy", [(3, -2), (-5, 0), (0, 7)])
def test_shifted_by_whole_pixels(values, dx, dy):
    """The second has the same field with more or less of a border."""
    other = np.full((45, 60), np.nan)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    inside = (y + dy >= 0) & (x + dx >= 0)
    other[(y + dy)[inside], (x + dx)[inside]] = values[inside]
    made = compare_images(image(values, tangent()), image(other, tangent((20.5 + dx, 15.5 + dy))))
    assert made.shift == (dx, dy)
    np.testing.assert_array_equal(made.differences.difference.value[inside], 0)
    assert made.differences.n == inside.sum()


def test_on_another_grid_the_second_is_interpolated():
    """A smooth sky, drawn on both grids."""

    def sky(wcs, shape):
        y, x = np.mgrid[: shape[0], : shape[1]]
        ra, dec = wcs.pixel_to_world_values(x, y)
        return np.sin((ra - 150) * 4e3) + 3 + (dec - 2) * 1e3

    one, other = tangent(), tangent((30.2, 28.7), 0.9e-5, 25.0)
    made = compare_images(
        image(sky(one, SHAPE), one, np.full(SHAPE, 0.3)),
        image(sky(other, (60, 60)), other, np.full((60, 60), 0.4)),
    )
    assert made.shift is None and "interpolated" in made.notes[0]
    assert made.differences.n > 800
    assert abs(made.differences.largest.value) < 2e-3
    error = made.differences.error.value
    assert np.nanmax(error) <= np.hypot(0.3, 0.4) + 1e-9  # what is averaged has less noise
    assert np.nanmin(error) >= 0.3


def test_units_convert_or_are_refused(values):
    made = compare_images(image(values, tangent()), image(values * 1e3, tangent(), unit="kJy / sr"))
    np.testing.assert_allclose(made.differences.difference.value, 0, atol=1e-9)
    with pytest.raises(Stage3Error, match="first is in MJy / sr, the second in Jy"):
        compare_images(image(values, tangent()), image(values, tangent(), unit="Jy"))


def test_what_cannot_be_compared_is_refused(values):
    with pytest.raises(Stage3Error, match="pixel by pixel: 40 × 30 and 39 × 30"):
        compare_images(image(values), image(values[:, 1:]))
    with pytest.raises(Stage3Error, match="no usable pixel in common"):
        compare_images(image(values, tangent()), image(values, tangent((900.5, 15.5))))
    with pytest.raises(Stage3Error, match="no usable pixel in common"):
        compare_images(image(values, tangent()), image(values * np.nan, tangent()))
    with pytest.raises(Stage3Error, match="differ in area by 300.0%"):
        compare_images(image(values, tangent(), unit="DN"),
                       image(values, tangent(scale=2e-5), unit="DN"))  # fmt: skip
    with pytest.raises(Stage3Error, match="3 axes"):
        compare_images(CCDData(np.ones((2, 3, 4)), unit="Jy"), image(values))


def test_without_wcs_pixels_are_compared(values):
    made = compare_images(image(values), image(values, tangent()))
    assert made.differences.n == values.size and "pixel by pixel" in made.notes[0]
    apart = image(values, tangent()), image(values, tangent((22, 16)))
    moved = compare_images(*apart, by_pixel=True)
    assert moved.differences.largest == 0
    for image_of, detector in zip(apart, ("NRCA1", "NRCA2"), strict=True):
        image_of.meta["DETECTOR"] = detector
    with pytest.raises(Stage3Error, match="DETECTOR is NRCA1 and NRCA2"):
        compare_images(*apart, by_pixel=True)


def spectral_image(values, wavelength, unit="MJy / sr"):
    return Spectrum(
        flux=values * u.Unit(unit),
        spectral_axis=wavelength * u.um,
        spectral_axis_index=1,
        uncertainty=StdDevUncertainty(np.full(values.shape, 2.0)),
        mask=~np.isfinite(values),
    )


def test_2d_spectra(values):
    wavelength = np.linspace(1, 2, SHAPE[1])
    values[3, 4] = np.nan
    made = compare_spectral_images(
        spectral_image(values, wavelength), spectral_image(1.5 * values, wavelength)
    )
    np.testing.assert_allclose(made.differences.difference.value, -0.5 * values)
    np.testing.assert_allclose(np.nanmax(made.differences.error.value), np.hypot(2, 2))
    with pytest.raises(Stage3Error, match="wavelengths .* differ by up to 2 columns"):
        step = wavelength[1] - wavelength[0]
        compare_spectral_images(
            spectral_image(values, wavelength), spectral_image(values, wavelength + 2 * step)
        )
    with pytest.raises(Stage3Error, match="40 × 30 and 40 × 29 pixels"):
        compare_spectral_images(
            spectral_image(values, wavelength), spectral_image(values[1:], wavelength)
        )
