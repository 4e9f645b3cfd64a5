"""Spectra in circles on cubes, and what neighbouring bands say to each other."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from make_cubes import (
    CENTER,
    MRS_BANDS,
    MRS_FACTORS,
    PIXEL_ARCSEC,
    CubeArrays,
    cube,
    cube_arrays,
    gaussian_pixels,
    mrs_cubes,
    source_flux,
    source_sigma,
)
from photutils.aperture import CircularAnnulus, CircularAperture, aperture_photometry
from specutils import Spectrum

import jdaviz_stage3 as stage3
from jdaviz_stage3 import Stage3Error, Stage3Warning
from jdaviz_stage3.analysis import (
    aperture_spectra,
    aperture_spectrum,
    band_offsets,
    stitch,
    summed_spectrum,
)

MIDDLE = SkyCoord(*CENTER, unit="deg")
JY = PIXEL_ARCSEC**2 * 2.3504e-11 * 1e6  # of a pixel in MJy/sr


@pytest.fixture(scope="module")
def arrays():
    return cube_arrays(np.geomspace(5, 7, 15), (20, 24))


@pytest.fixture(scope="module")
def read(arrays, tmp_path_factory):
    return stage3.read(cube(tmp_path_factory.mktemp("cube"), arrays, table=True, angle=25))


def quietly(function, *args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Stage3Warning)
        return function(*args, **options)


@pytest.mark.parametrize("grows", [False, True], ids=["constant", "with wavelength"])
@pytest.mark.parametrize("ring", [False, True], ids=["plain", "less a ring"])
def test_each_plane_is_photometry_of_photutils(grows, ring, read, arrays):
    center = MIDDLE.spherical_offsets_by(0.21 * u.arcsec, -0.13 * u.arcsec)
    reference = 6 * u.um if grows else None
    found = quietly(
        aperture_spectrum, read, center, 0.6 * u.arcsec, reference=reference,
        annulus=(0.8, 1.1) * u.arcsec if ring else None,
    )  # fmt: skip
    x, y = (float(v) for v in read.wcs.celestial.world_to_pixel(center))
    bad = ~np.isfinite(arrays.data) | (arrays.dq > 0)
    values, errors = (np.where(bad, 0, a).astype(float) for a in (arrays.data, arrays.err))
    for k, wavelength in enumerate(arrays.wavelength):
        scale = (wavelength / 6 if grows else 1) / PIXEL_ARCSEC
        circle = CircularAperture((x, y), 0.6 * scale)

        def total(image, aperture=circle, k=k):
            return aperture_photometry(image, aperture, mask=bad[k])["aperture_sum"][0]

        pixels = total(np.ones(values[k].shape))
        flux = total(values[k])
        weight = circle.to_mask(method="exact").to_image(values[k].shape)
        variance = np.sum((weight * errors[k]) ** 2)
        if ring:
            annulus = CircularAnnulus((x, y), 0.8 * scale, 1.1 * scale)
            norm = total(np.ones(values[k].shape), annulus)
            flux -= total(values[k], annulus) / norm * pixels
            weight = annulus.to_mask(method="exact").to_image(values[k].shape) / norm * pixels
            variance += np.sum((weight * errors[k]) ** 2)
        rounding = 1e-6 * np.abs(values[k]).max() * JY
        assert found.flux[k].to_value(u.Jy) == pytest.approx(flux * JY, rel=1e-5, abs=rounding)
        assert found.uncertainty.array[k] == pytest.approx(np.sqrt(variance) * JY, rel=1e-5)
        assert found.meta["n_pixels"][k] == pytest.approx(pixels, rel=1e-6)
        assert found.meta["coverage"][k] == pytest.approx(pixels / circle.area, rel=1e-6)
        assert found.meta["radius"][k].to_value(u.arcsec) == pytest.approx(
            0.6 * scale * PIXEL_ARCSEC
        )
    assert found.flux.unit == u.Jy and found.uncertainty.unit == u.Jy


def enclosed(radius, sigma, pixel):
    """The part of a Gaussian within a circle, drawn in pixels that are each of one brightness.

    What is anywhere in a pixel counts as spread over it: two variances of a pixel, 1/12 each, on
    top.
    """
    return 1 - np.exp(-(radius**2) / (2 * (sigma**2 + pixel**2 / 6)))


def test_the_flux_of_a_known_source(tmp_path):
    """A radius in proportion to the width of the image; a ring takes the sky away."""
    axis = np.linspace(5, 10, 6)
    sigma = 0.06 * axis  # arcsec
    images = [gaussian_pixels(s / PIXEL_ARCSEC, 31.3, 29.6, (61, 61)) for s in sigma]
    flux = np.linspace(1, 2, 6)
    data = flux[:, None, None] * np.array(images) / JY + 7  # on a sky of 7 MJy/sr
    shape = data.shape
    arrays = CubeArrays(data.astype("f4"), np.full(shape, 0.1, "f4"), np.zeros(shape, "u4"),
                        np.ones(shape, "f4"), axis)  # fmt: skip
    read = stage3.read(cube(tmp_path, arrays))
    center = read.wcs.celestial.pixel_to_world(31.3, 29.6)
    found = aperture_spectrum(read, center, 0.6 * u.arcsec, reference=5 * u.um,
                              annulus=(1.6, 1.9) * u.arcsec)  # fmt: skip
    circle, inner, outer = (r * axis / 5 for r in (0.6, 1.6, 1.9))
    ring = enclosed(outer, sigma, PIXEL_ARCSEC) - enclosed(inner, sigma, PIXEL_ARCSEC)
    ring *= circle**2 / (outer**2 - inner**2)
    wanted = flux * (enclosed(circle, sigma, PIXEL_ARCSEC) - ring)
    np.testing.assert_allclose(found.flux.value, wanted, rtol=2e-3)


def test_what_is_outside_the_field_is_said_and_not_made_up_for(read):
    edge = read.wcs.celestial.pixel_to_world(12, 0)
    with pytest.warns(Stage3Warning, match=r"at most \d\d% of the aperture has samples"):
        found = aperture_spectrum(read, edge, 0.5 * u.arcsec)
    assert np.all(found.meta["coverage"] < 0.7)


@pytest.mark.parametrize(
    ("center", "options", "message"),
    [
        (SkyCoord(10, 20, unit="deg"), {}, "is outside the field, .* arcsec from its middle"),
        (MIDDLE, {"radius": 3 * u.um}, "the radius is 3.0 um"),
        (MIDDLE, {"radius": 0 * u.arcsec}, "expected more than 0"),
        (MIDDLE, {"radius": [1, 2] * u.arcsec}, "there are 2 radii, expected one or 15"),
        (MIDDLE, {"reference": 4 * u.arcsec}, "its reference 4.0 arcsec: give an angle"),
        (MIDDLE, {"annulus": (1, 0.5) * u.arcsec}, "from small to large"),
        ((150.1, 2.2), {}, "center is no SkyCoord"),
    ],
)
def test_apertures_that_cannot_be(center, options, message, read):
    with pytest.raises(Stage3Error, match=message):
        aperture_spectrum(read, center, **({"radius": 0.3 * u.arcsec} | options))


def test_a_sum_over_a_window(read, arrays):
    found = summed_spectrum(read, slice(3, 9), slice(5, 11))
    wanted = np.nansum(arrays.data[:, 3:9, 5:11], axis=(1, 2), dtype=float) * JY
    np.testing.assert_allclose(found.flux.value, wanted, rtol=1e-6)
    assert not found.mask.any()
    blank = summed_spectrum(read, slice(3, 9), slice(0, 1))  # which no exposure saw
    assert blank.mask.all() and np.isnan(blank.flux).all()


# ---- bands ----

RADIUS, REFERENCE = 0.5 * u.arcsec, 8 * u.um


@pytest.fixture(scope="module")
def spectra(tmp_path_factory):
    paths = mrs_cubes(tmp_path_factory.mktemp("mrs"))
    cubes = [stage3.read(path) for path in reversed(paths)]
    center = MIDDLE.spherical_offsets_by(0.15 * u.arcsec, -0.1 * u.arcsec)
    return aperture_spectra(cubes, center, RADIUS, reference=REFERENCE)


def test_the_same_aperture_in_all_bands(spectra):
    assert [s.meta["band_name"] for s in spectra] == [f"{c} {b}" for c, b, *_ in MRS_BANDS]
    for spectrum, factor, band in zip(spectra, MRS_FACTORS, MRS_BANDS, strict=True):
        axis = spectrum.spectral_axis.to_value(u.um)
        wanted = factor * source_flux(axis) * enclosed(0.5 * axis / 8, source_sigma(axis), band[4])
        np.testing.assert_allclose(spectrum.flux.value, wanted, rtol=0.01)


def test_offsets_are_those_that_were_put_in(spectra):
    table = band_offsets(spectra)
    assert len(table) == 11
    for row, first, second in zip(table, range(11), range(1, 12), strict=True):
        wanted = MRS_FACTORS[second] / MRS_FACTORS[first]
        assert row["ratio"] == pytest.approx(wanted, abs=0.015)
        assert 0 < row["ratio_err"] < 0.01
        assert row["low"].value == pytest.approx(MRS_BANDS[second][2])
        assert row["high"].value == pytest.approx(MRS_BANDS[first][3])
        assert row["difference"].to_value(u.Jy) == pytest.approx(
            (row["flux_2"] - row["flux_1"]).to_value(u.Jy)
        )
        assert row["n_1"] > 0 and row["n_2"] > 0


def test_the_uncertainty_of_a_ratio_is_how_much_it_scatters():
    """Of a thousand pairs of noisy bands on a slope."""
    rng = np.random.default_rng(4)
    one, two = np.linspace(5, 6, 60), np.linspace(5.7, 7, 80)
    ratios, errors = [], []
    for _ in range(300):
        pair = [
            Spectrum(
                flux=(axis + rng.normal(0, 0.1, axis.size)) * factor * u.Jy,
                spectral_axis=axis * u.um,
                uncertainty=stage3_uncertainty(np.full(axis.size, 0.1 * factor)),
            )
            for axis, factor in ((one, 1.0), (two, 1.3))
        ]
        row = band_offsets(pair)[0]
        ratios.append(row["ratio"])
        errors.append(row["ratio_err"])
    assert np.mean(ratios) == pytest.approx(1.3, abs=3 * np.std(ratios) / np.sqrt(300) + 1e-3)
    assert np.std(ratios) == pytest.approx(np.mean(errors), rel=0.12)


def stage3_uncertainty(values):
    from astropy.nddata import StdDevUncertainty

    return StdDevUncertainty(values * u.Jy)


def test_stitched_bands_are_left_as_they_are(spectra):
    whole = stitch(spectra)
    axis = whole.spectral_axis.value
    assert np.all(np.diff(axis) > 0)
    np.testing.assert_array_equal(whole.meta["factors"], 1)
    assert whole.meta["bands"] == [s.meta["band_name"] for s in spectra]
    for number, spectrum in enumerate(spectra):
        own = whole.meta["band"] == number
        kept = np.isin(spectrum.spectral_axis.value, axis[own])
        np.testing.assert_array_equal(whole.flux[own], spectrum.flux[kept])
        np.testing.assert_array_equal(
            whole.uncertainty.array[own], spectrum.uncertainty.array[kept]
        )
    np.testing.assert_allclose(
        whole.meta["cuts"].value,
        [(a[3] + b[2]) / 2 for a, b in zip(MRS_BANDS, MRS_BANDS[1:], strict=False)],
        rtol=1e-6,
    )


def test_scaled_bands_meet(spectra):
    whole = stitch(spectra, scale=True, reference=4)
    factors = whole.meta["factors"]
    assert factors[4] == 1 and whole.meta["factors_err"][4] == 0
    np.testing.assert_allclose(factors, np.array(MRS_FACTORS)[4] / MRS_FACTORS, rtol=0.02)
    scaled = [
        Spectrum(flux=s.flux * f, spectral_axis=s.spectral_axis, uncertainty=s.uncertainty)
        for s, f in zip(spectra, factors, strict=True)
    ]
    np.testing.assert_allclose(band_offsets(scaled)["ratio"], 1, rtol=1e-9)
    # farther from the reference the factors are known less well
    errors = whole.meta["factors_err"] / factors
    assert np.all(np.diff(errors[4:]) > 0) and np.all(np.diff(errors[:5]) < 0)
    own = whole.meta["band"] == 11
    kept = np.isin(spectra[11].spectral_axis.value, whole.spectral_axis.value[own])
    np.testing.assert_allclose(
        whole.uncertainty.array[own],
        np.hypot(spectra[11].uncertainty.array[kept] * factors[11],
                 spectra[11].flux.value[kept] * whole.meta["factors_err"][11]),
    )  # fmt: skip


def test_bands_that_do_not_overlap(spectra):
    apart = [spectra[0], spectra[5]]
    row = band_offsets(apart)[0]
    assert np.isnan([row["ratio"], row["low"].value, row["scatter"]]).all() and row["n_1"] == 0
    assert len(stitch(apart).flux) == 80
    with pytest.raises(Stage3Error, match="1 SHORT and 2 LONG do not overlap"):
        stitch(apart, scale=True)


def test_spectra_that_cannot_be_compared(spectra):
    with pytest.raises(Stage3Error, match="there is 1 spectrum"):
        band_offsets(spectra[:1])
    other = Spectrum(flux=[1, 2] * u.MJy / u.sr, spectral_axis=[5, 6] * u.um)
    with pytest.raises(Stage3Error, match="spectrum 1 is in MJy / sr, the first one in Jy"):
        band_offsets([spectra[0], other])


def test_the_error_names_the_cube(tmp_path):
    cubes = [stage3.read(path) for path in mrs_cubes(tmp_path, 5, (0,))]
    with pytest.raises(Stage3Error, match="1 SHORT: the centre .* is outside the field"):
        aperture_spectra(cubes, SkyCoord(3, 4, unit="deg"), RADIUS)


# ---- what is missing ----


def test_an_error_that_is_not_known(tmp_path):
    """It counts within the circle, and nowhere else."""
    arrays = cube_arrays(np.linspace(5, 6, 4), (12, 12))
    arrays.err[0, 6, 6] = np.nan  # in the circle
    arrays.err[1, 4, 4] = np.nan  # in the window around it only
    read = stage3.read(cube(tmp_path, arrays))
    center = read.wcs.celestial.pixel_to_world(6, 6)
    found = quietly(aperture_spectrum, read, center, 2.0 * PIXEL_ARCSEC * u.arcsec)
    assert np.isnan(found.uncertainty.array).tolist() == [True, False, False, False]
    assert np.isnan(summed_spectrum(read).uncertainty.array).tolist() == [True, True, False, False]


def test_a_circle_that_grows_beyond_the_field_is_said(tmp_path):
    arrays = cube_arrays(np.linspace(5, 10, 6), (20, 20))
    read = stage3.read(cube(tmp_path, arrays))
    center = read.wcs.celestial.pixel_to_world(14, 10)
    with pytest.warns(Stage3Warning, match="at 3 of 6 wavelengths only a part .* down to 9[0-9]%"):
        found = aperture_spectrum(read, center, 4 * PIXEL_ARCSEC * u.arcsec, reference=5 * u.um)
    assert (found.meta["coverage"] < 0.995).sum() == 3


def band(low, high, factor=1.0, *, n=80, without=None, errors=True, name="A"):
    axis = np.linspace(low, high, n)
    flux = factor * axis**1.5
    mask = None if without is None else (axis > without[0]) & (axis < without[1])
    return Spectrum(
        flux=flux * u.Jy, spectral_axis=axis * u.um, mask=mask, meta={"band_name": name},
        uncertainty=stage3_uncertainty(0.01 * np.abs(flux)) if errors else None,
    )  # fmt: skip


@pytest.mark.parametrize("which", [0, 1])
def test_excluded_ends_do_not_count_as_overlap(which):
    """On a slope, means over different halves of the overlap would differ by 1%."""
    pair = [band(5, 6, without=(5.93, 7) if which == 0 else None),
            band(5.9, 7, 1.1, without=(5, 5.97) if which == 1 else None)]  # fmt: skip
    row = band_offsets(pair)[0]
    assert row["ratio"] == pytest.approx(1.1, rel=5e-4)
    assert row["high"].value < 5.93 if which == 0 else row["low"].value > 5.96
    whole = stitch(pair)
    assert np.isfinite(whole.flux[(whole.spectral_axis.value > 5.8)]).all()


def test_a_band_within_another_cannot_be_joined():
    """It would leave a gap without a word."""
    with pytest.raises(Stage3Error, match="H lies within P .* leave one of them out"):
        stitch([band(1, 10, name="P"), band(4, 5, name="H"), band(9, 12, name="X")])


def test_bands_below_zero_are_not_scaled():
    with pytest.raises(Stage3Error, match="not with flux above 0"):
        stitch([band(5, 6, -1), band(5.9, 7, -1.1)], scale=True)


def test_a_factor_whose_error_is_not_known():
    whole = stitch([band(5, 6), band(5.9, 7, errors=False)], scale=True)
    assert whole.meta["factors_err"][0] == 0 and np.isnan(whole.meta["factors_err"][1])
