"""Contrast curves against brute force, known answers and draws of noise."""

from itertools import product

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.ndimage import uniform_filter
from scipy.special import j1

from jdaviz_stage3.analysis import (
    compare_contrast_curves,
    contrast_curve,
    detection_threshold,
    snr_map,
    write_contrast_curve,
)
from jdaviz_stage3.analysis.coronagraphy.elements import ElementSums, count_elements, ring_elements
from jdaviz_stage3.analysis.coronagraphy.star import airy_fraction
from jdaviz_stage3.errors import Stage3Error, Stage3Warning

CENTER = (25.3, 24.1)
FWHM = 3.1


def noise_image(seed=0, shape=(50, 52)):
    return np.random.default_rng(seed).normal(2.0, 1.0, shape)


def gaussian(shape, x, y, fwhm, height=1.0):
    rows, columns = np.indices(shape)
    s = fwhm / np.sqrt(8 * np.log(2))
    return height * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * s**2))


def sampled_sum(image, x, y, diameter, per_pixel=60):
    """The sum over a circle by a fine grid of points in each pixel."""
    fine = (np.arange(per_pixel) + 0.5) / per_pixel - 0.5
    total = 0.0
    for row in range(int(y - diameter), int(y + diameter) + 2):
        for column in range(int(x - diameter), int(x + diameter) + 2):
            inside = np.hypot(column + fine - x, (row + fine - y)[:, None]) <= diameter / 2
            total += image[row, column] * inside.mean()
    return total


def brute_ring(image, center, radius, fwhm):
    """The sums of a ring, and how many fit: tried one more until two overlap."""
    n = 2
    while 2 * radius * np.sin(np.pi / (n + 1)) >= fwhm * (1 - 1e-9):
        n += 1
    angle = 2 * np.pi * np.arange(n) / n
    x, y = center[0] + radius * np.cos(angle), center[1] + radius * np.sin(angle)
    return [sampled_sum(image, *place, fwhm) for place in zip(x, y, strict=True)]


def test_a_curve_is_that_of_sums_over_circles_by_brute_force():
    image = noise_image()
    curve = contrast_curve(image, center=CENTER, fwhm=FWHM, separations=[3.1, 7.7, 15.2])
    for row in curve:
        sums = brute_ring(image, CENTER, row["separation"].value, FWHM)
        assert row["n_elements"] == row["n_possible"] == len(sums)
        assert row["mean"].value == pytest.approx(np.mean(sums), rel=2e-3)
        assert row["noise"].value == pytest.approx(np.std(sums, ddof=1), rel=5e-3)
        n = len(sums)
        tau = stats.t.ppf(stats.norm.cdf(5), n - 1) * np.sqrt(1 + 1 / n)
        assert row["factor"] == pytest.approx(tau, rel=1e-6)
        assert row["threshold"].value == pytest.approx(tau * row["noise"].value)
    assert np.isnan(curve["contrast"]).all()
    assert any("not given: no contrast" in text for text in curve.meta["assumptions"])


@pytest.mark.parametrize(("n", "sigma"), [(3, 1.5), (6, 2.0), (12, 2.5)])
def test_false_alarms_are_as_many_as_those_of_a_gaussian(n, sigma):
    rng = np.random.default_rng(n)
    draws = rng.normal(7, 3, (400_000, n + 1))
    noise, test = draws[:, 1:], draws[:, 0]
    limit = noise.mean(1) + detection_threshold(sigma, n) * noise.std(1, ddof=1)
    expected = stats.norm.sf(sigma)
    assert np.mean(test > limit) == pytest.approx(expected, rel=0.05)
    # without the correction there are more of them
    assert np.mean(test > noise.mean(1) + sigma * noise.std(1, ddof=1)) > 1.2 * expected


@pytest.mark.parametrize(("n", "sigma"), [(20, 2.0), (27, 2.5), (80, 2.5)])
def test_false_alarms_of_the_robust_noise_are_as_many(n, sigma):
    rng = np.random.default_rng(n)
    draws = rng.normal(7, 3, (200_000, n + 1))
    noise, test = draws[:, 1:], draws[:, 0]
    middle = np.median(noise, axis=1)
    spread = 1.482602 * np.median(np.abs(noise - middle[:, None]), axis=1)
    alarms = np.mean(test > middle + detection_threshold(sigma, n, "mad") * spread)
    assert alarms == pytest.approx(stats.norm.sf(sigma), rel=0.07)
    # that of the standard deviation would be too low
    assert np.mean(test > middle + detection_threshold(sigma, n) * spread) > 1.1 * alarms


def test_thresholds_of_mawet():
    assert detection_threshold(5, 10_000) == pytest.approx(5, abs=0.01)
    assert np.isnan(detection_threshold(5, 1)) and np.isnan(detection_threshold(5, 0))
    assert np.all(np.diff(detection_threshold(5, np.arange(2, 60))) < 0)


@pytest.mark.parametrize("n", [2, 3, 5, 6, 7, 20, 111])
def test_circles_touch_and_do_not_overlap(n):
    radius = FWHM / (2 * np.sin(np.pi / n))  # where n of them just fit
    assert count_elements(radius, FWHM) == n
    assert count_elements(radius * (1 - 1e-6), FWHM) == (n - 1 if n > 2 else 0)
    x, y = ring_elements(CENTER, radius * 1.01, FWHM, start=0.4)
    assert np.hypot(np.diff(x), np.diff(y)).min() >= FWHM
    assert np.hypot(x - CENTER[0], y - CENTER[1]) == pytest.approx(radius * 1.01)


@settings(max_examples=40)
@given(
    st.floats(0.01, 100),
    st.floats(-1000, 1000),
    st.integers(0, 50),
    st.sampled_from(["std", "mad"]),
)
def test_thresholds_scale_and_do_not_see_the_level(factor, level, seed, noise):
    image = noise_image(seed, (30, 30))
    options = {"center": (14.2, 14.8), "fwhm": 2.4, "separations": [2.4, 8.0], "noise": noise}
    first = contrast_curve(image, **options)
    second = contrast_curve(factor * image + level, **options)
    np.testing.assert_allclose(second["threshold"], factor * first["threshold"], rtol=1e-8)
    area = np.pi * 1.2**2
    np.testing.assert_allclose(
        second["mean"], factor * first["mean"] + level * area, rtol=1e-8, atol=1e-8
    )


@settings(max_examples=30)
@given(st.integers(0, 1000), st.floats(8, 16), st.floats(8, 16), st.floats(1.5, 5))
def test_a_mirrored_image_has_the_same_curve(seed, x, y, fwhm):
    image = noise_image(seed, (24, 24))
    first = contrast_curve(image, center=(x, y), fwhm=fwhm, inner=fwhm, outer=7.9)
    second = contrast_curve(image[::-1], center=(x, 23 - y), fwhm=fwhm, inner=fwhm, outer=7.9)
    np.testing.assert_allclose(first["noise"], second["noise"], rtol=1e-9)
    np.testing.assert_array_equal(first["n_elements"], second["n_elements"])


def test_units_go_from_surface_brightness_to_flux_and_magnitudes():
    image = noise_image() * u.MJy / u.sr
    scale, area = 0.063 * u.arcsec / u.pix, 9.3e-14 * u.sr
    curve = contrast_curve(
        image, center=CENTER, fwhm=FWHM * 0.063 * u.arcsec, pixel_scale=scale, pixel_area=area,
        star_flux=5 * u.Jy, lambda_over_d=0.14 * u.arcsec, inner=0.2 * u.arcsec,
        outer=0.9 * u.arcsec, throughput=0.5, aperture_fraction=0.4,
    )  # fmt: skip
    plain = contrast_curve(image.value, center=CENTER, fwhm=FWHM, separations=0.2 / 0.063)
    assert curve["separation"][0] == 0.2 * u.arcsec
    assert curve["separation_lod"][0] == pytest.approx(0.2 / 0.14)
    assert curve["threshold"].unit == u.Jy
    threshold = plain["threshold"][0] * 1e6 * 9.3e-14
    assert curve["threshold"][0].value == pytest.approx(threshold)
    assert curve["flux"][0].value == pytest.approx(threshold / 0.5 / 0.4)
    assert curve["contrast"][0] == pytest.approx(threshold / 0.2 / 5)
    assert curve["magnitude"][0].value == pytest.approx(-2.5 * np.log10(threshold / 0.2 / 5))
    assert curve.meta["title"] == "annular noise, with throughput"
    star = (5 * u.Jy).to(u.ABmag)
    again = contrast_curve(
        image, center=CENTER, fwhm=FWHM, pixel_area=area, star_flux=star, separations=0.2 / 0.063,
        throughput=0.5, aperture_fraction=0.4,
    )  # fmt: skip
    assert again["contrast"][0] == pytest.approx(curve["contrast"][0])


def test_a_star_in_its_image_is_measured_as_companions_are():
    image = noise_image()
    psf = gaussian((31, 31), 15.37, 14.6, FWHM, height=1000.0)
    curve = contrast_curve(image, center=CENTER, fwhm=FWHM, star_psf=psf, separations=10.0)
    star = sampled_sum(psf, 15.37, 14.6, FWHM)
    assert curve["contrast"][0] == pytest.approx(curve["threshold"][0].value / star, rel=1e-3)
    # half of a Gaussian is within its FWHM: as a number it is the whole star
    total = psf.sum()
    number = contrast_curve(
        image, center=CENTER, fwhm=FWHM, star_flux=total, aperture_fraction=0.5, separations=10.0
    )
    # in pixels this size, that is 5 % less
    assert number["contrast"][0] == pytest.approx(curve["contrast"][0], rel=0.06)


@pytest.mark.parametrize("pixel", [0.0, 0.45, 0.9])
def test_how_much_of_an_airy_pattern_is_inside(pixel):
    """Against a pattern drawn on a fine grid, summed in pixels there, and circles over these."""
    fine = 0.045  # λ/D
    axis = (np.arange(-400, 400) + 0.5) * fine
    r = np.hypot(axis, axis[:, None])
    pattern = (2 * j1(np.pi * r) / (np.pi * r)) ** 2
    # all of it, for the rings go on for ever: 4 / π of the peak
    inside = pattern * (r <= 1.029 / 2)
    if pixel:
        n = int(round(pixel / fine))
        pattern = uniform_filter(pattern, n, mode="constant")  # what a pixel at each place has
        found = []
        for dx, dy in product(range(0, n, max(1, n // 4)), repeat=2):
            image = pattern[dy::n, dx::n] * n**2
            place = np.abs(axis[dx::n]).argmin(), np.abs(axis[dy::n]).argmin()
            x, y = (-axis[d::n][i] / pixel + i for d, i in zip((dx, dy), place, strict=True))
            sums = ElementSums(image, 1.029 / pixel)
            found.append(sums.at(np.array([x]), np.array([y]))[0])
        inside = np.array([np.mean(found)])
    expected = inside.sum() * fine**2 * np.pi / 4
    assert airy_fraction(1.029, pixel) == pytest.approx(expected, rel=0.01)


def test_excluded_pixels_take_their_elements_away():
    image = noise_image()
    radius = 12.0
    x, y = ring_elements(CENTER, radius, FWHM)
    image[int(round(y[4])), int(round(x[4]))] = np.inf
    mask = np.zeros(image.shape, bool)
    mask[int(round(y[9])), int(round(x[9]))] = True
    curve = contrast_curve(image, center=CENTER, fwhm=FWHM, separations=radius, mask=mask)
    kept = [i for i in range(len(x)) if i not in (4, 9)]
    clean = noise_image()
    sums = [sampled_sum(clean, x[i], y[i], FWHM) for i in kept]
    assert (curve["n_elements"][0], curve["n_possible"][0]) == (len(x) - 2, len(x))
    assert curve["noise"][0].value == pytest.approx(np.std(sums, ddof=1), rel=5e-3)
    assert any("partly outside" in text for text in curve.meta["notes"])
    loose = contrast_curve(
        image, center=CENTER, fwhm=FWHM, separations=radius, mask=mask, coverage=0.5
    )
    assert loose["n_elements"][0] == len(x)


def test_a_known_companion_is_no_noise():
    image = noise_image()
    x, y = CENTER[0] + 12 * np.cos(1), CENTER[1] + 12 * np.sin(1)
    bright = image + gaussian(image.shape, x, y, FWHM, 500)
    options = {"center": CENTER, "fwhm": FWHM, "separations": 12.0, "companion_radius": 2.0}
    clean = contrast_curve(image, companions=[(x, y)], **options)
    masked = contrast_curve(bright, companions=[(x, y)], **options)
    assert masked["noise"][0].value == pytest.approx(clean["noise"][0].value, rel=0.01)
    assert masked["n_elements"][0] < masked["n_possible"][0]
    assert contrast_curve(bright, **options)["noise"][0] > 10 * clean["noise"][0]
    assert any("1 known companions" in text for text in masked.meta["assumptions"])


def test_the_robust_noise_leaves_an_unknown_companion_out():
    image = noise_image()
    bright = image + gaussian(image.shape, CENTER[0] + 12, CENTER[1], FWHM, 500)
    options = {"center": CENTER, "fwhm": FWHM, "separations": 12.0, "noise": "mad"}
    level = contrast_curve(image, **options)["noise"][0]
    assert contrast_curve(bright, **options)["noise"][0] < 2 * level
    few = contrast_curve(image, **options | {"separations": [6.0, 12.0]})
    assert list(np.isfinite(few["threshold"])) == [False, True]  # 12 elements, and 24
    assert "fewer than 20" in few.meta["notes"][0]


def test_outside_of_the_field_there_is_nothing_and_it_is_said():
    image = noise_image()
    with pytest.warns(Stage3Warning, match="no contrast curve"):
        curve = contrast_curve(image, center=(500, 500), fwhm=FWHM, separations=[3, 10])
    assert np.isnan(curve["threshold"]).all() and (curve["n_elements"] == 0).all()
    assert "2 of 2 separations have fewer than 3" in curve.meta["notes"][0]
    curve = contrast_curve(image, center=CENTER, fwhm=FWHM, separations=[10, 60], star_flux=1.0)
    assert np.isfinite(curve["contrast"][0]) and np.isnan(curve["contrast"][1])
    curve = contrast_curve(image, center=(0, 0), fwhm=FWHM)  # a star in a corner
    some = curve["n_elements"] > 3
    assert some.any() and np.isfinite(curve["noise"][some]).all()
    with pytest.warns(Stage3Warning):
        contrast_curve(np.full((30, 30), np.nan), center=(15, 15), fwhm=FWHM)


@pytest.mark.parametrize("measure", [contrast_curve, snr_map])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"center": (1e9, 1e9)}, "x = 1e\\+09, y = 1e\\+09, far from the image"),
        ({"center": (np.nan, 3)}, "expected x and y"),
        ({"fwhm": 1e-4}, "fwhm is 0.0001 pixels, expected 1 or more"),
        ({"fwhm": np.nan}, "fwhm is nan"),
    ],
)
def test_what_would_have_endless_elements_is_refused(measure, options, message):
    with pytest.raises(Stage3Error, match=message):
        measure(noise_image(), **{"center": CENTER, "fwhm": FWHM} | options)


def test_rings_of_too_few_elements_have_no_noise():
    curve = contrast_curve(noise_image(), center=CENTER, fwhm=6.0, separations=[2.9, 3.1, 6.0])
    assert list(curve["n_elements"]) == [0, 2, 6]
    assert list(np.isfinite(curve["noise"])) == [False, False, True]
    with pytest.warns(Stage3Warning, match="has 7 resolution"):
        curve = contrast_curve(noise_image(), center=CENTER, fwhm=6.0, separations=6.0, fewest=7)
    assert np.isnan(curve["factor"][0])


def test_errors_of_pixels_give_the_noise_that_they_predict():
    rng = np.random.default_rng(5)
    error = rng.uniform(0.5, 2, (50, 52))
    curve = contrast_curve(
        noise_image() * u.mJy, center=CENTER, fwhm=FWHM, separations=10.0, error=error * u.mJy
    )
    x, y = ring_elements(CENTER, 10.0, FWHM)
    weights = [ElementSums(np.eye(1), 1).power]  # sums of values, by default
    assert weights == [1]
    draws = rng.normal(0, 1, (400, 50, 52)) * error
    sums = np.array([ElementSums(draw, FWHM).at(x, y) for draw in draws])
    expected = np.sqrt(np.mean(sums.std(0, ddof=1) ** 2)) * 1e-3
    assert curve["expected_noise"][0].to_value(u.Jy) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"star_flux": 0.0}, "above zero"),
        ({"star_flux": -3.0}, "above zero"),
        ({"star_flux": np.nan}, "above zero"),
        ({"star_flux": 5 * u.Jy}, "expected a number"),
        ({"star_flux": 1.0, "star_psf": np.ones((5, 5))}, "not both"),
        ({"star_psf": -np.ones((9, 9))}, "no pixel above zero"),
        ({"sigma": 0}, "sigma is 0"),
        ({"fwhm": -1}, "fwhm is -1"),
        ({"fwhm": 0.2 * u.arcsec}, "give pixel_scale"),
        ({"noise": "rms"}, "noise is 'rms'"),
        ({"throughput": 0}, "throughput"),
        ({"aperture_fraction": 1.5}, "aperture_fraction"),
        ({"center": (np.nan, 3)}, "x and y"),
        ({"inner": 9, "outer": 3}, "from small to large"),
        ({"separations": [0, 3]}, "above zero"),
        ({"mask": np.zeros((3, 3))}, "mask has shape"),
        ({"error": np.zeros((3, 3))}, "error image has shape"),
        ({"error": np.ones((50, 52)) * u.Jy}, "errors are in Jy"),
        ({"pixel_scale": 3 * u.s}, "arcsec per pixel"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(options, message):
    options = {"center": CENTER, "fwhm": FWHM, "separations": 10.0} | options
    if "inner" in options:
        options.pop("separations")
    with pytest.raises(Stage3Error, match=message):
        contrast_curve(noise_image(), **options)


def test_a_surface_brightness_needs_the_area_of_a_pixel():
    with pytest.raises(Stage3Error, match="PIXAR_SR"):
        contrast_curve(noise_image() * u.MJy / u.sr, center=CENTER, fwhm=FWHM)
    with pytest.raises(Stage3Error, match="one image"):
        contrast_curve(np.zeros((2, 9, 9)), center=CENTER, fwhm=FWHM)


def test_throughput_may_depend_on_separation():
    options = {"center": CENTER, "fwhm": FWHM, "separations": [6.0, 12.0, 18.0], "star_flux": 1e4}
    plain = contrast_curve(noise_image(), **options)
    by_function = contrast_curve(noise_image(), throughput=lambda r: r.value / 20, **options)
    table = QTable({"separation": [5, 15] * u.pix, "throughput": [0.25, 0.75]})
    by_table = contrast_curve(noise_image(), throughput=table, **options)
    np.testing.assert_allclose(by_function["contrast"], plain["contrast"] / [0.3, 0.6, 0.9])
    np.testing.assert_allclose(by_table["contrast"][:2], plain["contrast"][:2] / [0.3, 0.6])
    assert np.isnan(by_table["contrast"][2]) and "not known at 1" in by_table.meta["notes"][-1]


def test_two_curves_on_one_set_of_separations():
    first = contrast_curve(noise_image(), center=CENTER, fwhm=FWHM, star_flux=1e4)
    second = contrast_curve(3 * noise_image(), center=CENTER, fwhm=FWHM, star_flux=1e4)
    both = compare_contrast_curves(first, second)
    np.testing.assert_allclose(both["ratio"][np.isfinite(both["ratio"])], 3)
    at = 0.5 * (first["separation"][1] + first["separation"][2])
    between = compare_contrast_curves(first, second, separations=[at.value] * at.unit)
    log_mean = np.sqrt(first["contrast"][1] * first["contrast"][2])
    assert between["first"][0].value == pytest.approx(log_mean)
    angles = contrast_curve(
        noise_image(), center=CENTER, fwhm=FWHM, pixel_scale=1 * u.arcsec / u.pix
    )
    with pytest.raises(Stage3Error, match="units"):
        compare_contrast_curves(first, angles)


def test_a_file_holds_the_curve_and_what_was_assumed(tmp_path):
    curve = contrast_curve(
        noise_image() * u.MJy / u.sr, center=CENTER, fwhm=FWHM, pixel_area=1e-13 * u.sr,
        pixel_scale=0.06 * u.arcsec / u.pix, star_flux=3 * u.Jy, companions=[(40.0, 20.0)],
    )  # fmt: skip
    path = write_contrast_curve(curve, tmp_path / "curve.ecsv")
    back = QTable.read(path, format="ascii.ecsv")
    assert back.meta == curve.meta and back["flux"].unit == u.Jy
    np.testing.assert_allclose(back["contrast"], curve["contrast"])
    with pytest.raises(Stage3Error, match="is there already"):
        write_contrast_curve(curve, path)
