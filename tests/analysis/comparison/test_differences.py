"""Differences, ratios and interpolation, against the same sample by sample."""

import math
import statistics

import numpy as np
import pytest
from astropy import units as u
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import map_coordinates

from jdaviz_stage3.analysis.comparison.differences import Differences, in_unit
from jdaviz_stage3.analysis.comparison.interpolation import interpolate
from jdaviz_stage3.errors import Stage3Error

numbers = st.one_of(st.floats(-1e6, 1e6, width=32), st.just(math.nan))
#: Values and errors of two arrays.
quads = st.integers(0, 30).flatmap(
    lambda n: st.tuples(
        *[arrays(float, n, elements=numbers)] * 2,
        *[arrays(float, n, elements=st.floats(0, 1e3, width=32))] * 2,
    )
)


def equal(found, wanted):
    return math.isnan(found) and math.isnan(wanted) or math.isclose(found, wanted, rel_tol=1e-6)


@given(quads)
def test_numbers_are_those_of_a_loop_over_samples(quad):
    one, other, one_error, other_error = quad
    made = Differences.of(*(values * u.Jy for values in quad))
    both = [i for i in range(len(one)) if np.isfinite(one[i]) and np.isfinite(other[i])]
    differences = [one[i] - other[i] for i in both]
    assert made.n == len(both)
    assert made.n_first_only == sum(np.isfinite(one)) - len(both)
    assert made.n_second_only == sum(np.isfinite(other)) - len(both)
    middle = statistics.median(differences) if both else math.nan
    assert equal(made.median.value, middle)
    sigma = math.nan
    if len(both) > 1:
        sigma = statistics.median(abs(d - middle) for d in differences) / 0.6744897501960817
    assert equal(made.sigma.value, sigma)
    errors = [math.sqrt(one_error[i] ** 2 + other_error[i] ** 2) for i in both]
    ratios = [
        one[i] / other[i]
        for i, error in zip(both, errors, strict=True)
        if other[i] and error and abs(one[i] + other[i]) / 2 >= 5 * error
    ]
    assert equal(made.median_ratio, statistics.median(ratios) if ratios else math.nan)
    table = made.histogram(7)
    assert table["count"].sum() + table.meta["below"] + table.meta["above"] == made.n


def test_noise_that_is_independent_is_one_error_wide():
    rng = np.random.default_rng(1)
    noise = rng.normal(0, [[2.0], [3.0]], (2, 20_000))
    sigma = np.ones(20_000)
    made = Differences.of(100 + noise[0] << u.Jy, 100 + noise[1] << u.Jy, 2 * sigma << u.Jy,
                          3 * sigma << u.Jy)  # fmt: skip
    assert made.sigma_in_errors == pytest.approx(1, abs=0.03)
    # whatever they differ by, and however the errors do
    sizes = np.geomspace(0.01, 10, 20_000)
    apart = Differences.of(100 + noise[0] * sizes << u.Jy, 90 + noise[1] * sizes << u.Jy,
                           2 * sizes << u.Jy, 3 * sizes << u.Jy)  # fmt: skip
    assert apart.sigma_in_errors == pytest.approx(1, abs=0.03)
    assert made.sigma.value == pytest.approx(math.hypot(2, 3), rel=0.03)
    assert made.median_ratio == pytest.approx(1, abs=0.01)
    # what both share is not in the difference
    shared = rng.normal(0, 2, 20_000)
    same = Differences.of(*[100 + shared << u.Jy] * 2, *[2 * sigma << u.Jy] * 2)
    assert same.sigma.value == same.sigma_in_errors == 0


def test_the_unit_is_that_of_the_first():
    made = Differences.of([1.0, 2.0] * u.Jy, [1000.0, 500.0] * u.mJy)
    assert made.unit == u.Jy and list(made.difference.value) == [0, 1.5]
    with pytest.raises(Stage3Error, match="first is in Jy, the second in MJy / sr"):
        in_unit([1.0] * u.MJy / u.sr, u.Jy, "images")
    with pytest.raises(Stage3Error, match="no unit"):
        in_unit([1.0] * u.one, u.Jy, "spectra")


def test_histogram_of_equal_differences_and_of_none():
    same = Differences.of(np.full(5, 2.0) * u.Jy, np.full(5, 1.0) * u.Jy)
    assert same.histogram(10)["count"].sum() == 5
    none = Differences.of(np.full(3, np.nan) * u.Jy, np.ones(3) * u.Jy)
    assert none.histogram(4)["count"].sum() == 0 and np.isnan(none.median)
    assert np.isnan(none.largest) and none.sigma_in_errors is np.nan
    with pytest.raises(Stage3Error, match="n_bins"):
        same.histogram(0)


@given(st.integers(0, 10_000))
def test_interpolation_is_that_of_scipy(seed):
    rng = np.random.default_rng(seed)
    image = rng.normal(size=rng.integers(2, 7, 2))
    places = rng.uniform(-1, 7, (2, 20))
    found, _ = interpolate(image, None, *places)
    inside = np.all((places >= 0) & (places <= np.array(image.shape)[:, None] - 1), axis=0)
    wanted = map_coordinates(image, places, order=1)
    np.testing.assert_allclose(found[inside], wanted[inside], rtol=1e-9, atol=1e-12)
    assert np.isnan(found[~inside]).all()


def test_errors_of_what_is_interpolated_are_those_of_its_sum():
    """Of noise that is drawn many times."""
    rng = np.random.default_rng(2)
    errors = np.array([1.0, 2.0, 3.0])
    places = np.array([0.0, 0.5, 1.3, 2.0])
    drawn = [interpolate(rng.normal(0, errors), None, places)[0] for _ in range(3000)]
    _, found = interpolate(np.zeros(3), errors, places)
    np.testing.assert_allclose(found, np.std(drawn, axis=0), rtol=0.06)


def test_a_missing_neighbour_that_does_not_count_does_no_harm():
    found, error = interpolate(
        np.array([1.0, np.nan, 3.0]), np.array([1.0, np.nan, 1.0]), np.array([0.0, 0.5, 2.0])
    )
    np.testing.assert_array_equal(found, [1, np.nan, 3])
    np.testing.assert_array_equal(error, [1, np.nan, 1])
    np.testing.assert_array_equal(interpolate(np.array([4.0]), None, np.array([0.0]))[0], [4])
