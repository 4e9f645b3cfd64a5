"""Bands on a grid of wavelengths: limits, weights and division into many."""

import numpy as np
import pytest
from astropy import units as u
from hypothesis import given
from hypothesis import strategies as st
from specutils import SpectralRegion

from jdaviz_stage3.analysis import (
    band_limits,
    band_weights,
    bands_of_resolving_power,
    channel_edges,
    equal_bands,
)
from jdaviz_stage3.errors import Stage3Error

EVEN = np.arange(1.0, 2.05, 0.1) * u.um


@st.composite
def grids(draw):
    """Uneven grids, ascending or descending."""
    steps = draw(st.lists(st.floats(0.01, 0.1), min_size=2, max_size=30))
    grid = 1 + np.cumsum(steps)
    return (grid[::-1] if draw(st.booleans()) else grid) * u.um


@given(grids())
def test_edges_are_between_the_centres(wavelength):
    edges = channel_edges(wavelength).value
    values = wavelength.value
    for i in range(1, len(values)):
        assert edges[i] == (values[i - 1] + values[i]) / 2
    assert values[0] - edges[0] == pytest.approx(edges[1] - values[0])
    assert edges[-1] - values[-1] == pytest.approx(values[-1] - edges[-2])


def test_edges_beside_padding():
    edges = channel_edges(np.array([np.nan, 1.0, 2.0, np.nan, 4.0, 5.0, np.nan]))
    np.testing.assert_array_equal(edges, [np.nan, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, np.nan])


def test_edges_of_one_channel_are_not_known():
    assert np.isnan(channel_edges(np.array([1.0]))).all()


def test_edges_row_by_row():
    rows = np.array([[1.0, 2.0, 3.0], [1.1, 2.2, np.nan]])
    np.testing.assert_allclose(channel_edges(rows), [channel_edges(row) for row in rows])


@given(grids(), st.floats(0, 1), st.floats(0, 1))
def test_weights_against_a_loop(wavelength, one, other):
    edges = channel_edges(wavelength).value
    first, last = np.sort([edges[0], edges[-1]])
    low, high = first + (last - first) * np.sort([one, other])
    if high - low < 1e-6:
        return
    found = band_weights(wavelength, low * u.um, high * u.um, "fractional")
    for i, weight in enumerate(found):
        bottom, top = np.sort(edges[i : i + 2])
        part = max(0, min(top, high) - max(bottom, low)) / (top - bottom)
        assert weight == pytest.approx(part, abs=1e-12)
    centres = [1.0 if low <= x <= high else 0.0 for x in wavelength.value]
    if any(centres):
        found = band_weights(wavelength, low * u.um, high * u.um)
        np.testing.assert_array_equal(found, centres)


@given(grids(), st.integers(1, 9))
def test_bands_that_touch_share_out_every_channel(wavelength, n):
    edges = channel_edges(wavelength)
    total = sum(
        band_weights(wavelength, low, high, "fractional")
        for low, high in equal_bands(edges.min(), edges.max(), n=n)
    )
    np.testing.assert_allclose(total, 1, rtol=1e-9)


def test_limits_are_in_the_band():
    assert band_weights(EVEN, EVEN[2], EVEN[5]).sum() == 4


def test_padding_is_in_no_band():
    padded = np.append(EVEN.value, [np.nan, np.nan]) * u.um
    for edges in ("inclusive", "fractional"):
        weights = band_weights(padded, None, None, edges)
        np.testing.assert_array_equal(weights, [1] * 11 + [0, 0])


@pytest.mark.parametrize("unit", ["nm", "THz", "cm-1", "eV"])
def test_other_units(unit):
    unit = u.Unit(unit)
    limits = [1.25, 1.75] * u.um
    given_limits = np.sort(limits.to(unit, equivalencies=u.spectral()))
    low, high = band_limits(given_limits, u.um)
    assert (low, high) == pytest.approx((1.25, 1.75))
    assert band_weights(EVEN, *given_limits).sum() == 5


def test_one_limit():
    assert band_limits((None, 1.5 * u.um), u.um) == (None, 1.5)
    assert band_limits((1.5 * u.um, None), u.um) == (1.5, None)
    low, high = band_limits((200 * u.THz, None), u.um)  # and above: wavelengths up to 1.499 um
    assert low is None and high == pytest.approx(1.49896, rel=1e-5)
    assert band_weights(EVEN, 1.45 * u.um, None).sum() == 6


def test_region():
    assert band_limits(SpectralRegion(1.2 * u.um, 1.5 * u.um), u.um) == (1.2, 1.5)
    pieces = SpectralRegion(1.2 * u.um, 1.5 * u.um) + SpectralRegion(1.6 * u.um, 1.7 * u.um)
    with pytest.raises(Stage3Error, match="2 pieces"):
        band_limits(pieces, u.um)


@pytest.mark.parametrize(
    ("band", "words"),
    [
        ([3, 4] * u.um, "3 to 4 um is outside the data, which are from 1 to 2 um"),
        ([0.1, 0.2] * u.um, "outside the data"),
        ((3 * u.um, None), "the limit 3 um is outside the data"),
        ([1.5, 1.5] * u.um, "the band is empty"),
        ([1.8, 1.2] * u.um, r"reversed.*give the lower one first, 1.2 um to 1.8 um"),
        ([1.51, 1.53] * u.um, "nearest is at 1.5 um, where a channel is 0.1 um wide.*'fractional'"),
        ([1.2, 1.5] * u.Jy, "does not convert to um"),
        ((1.2 * u.um, 3 * u.s), "um and s, which do not convert"),
        ([1.2, 1.5], "has no unit"),
        ((1.2, 1.5 * u.um), "has no unit"),
        ([1.2, np.nan] * u.um, "must be finite"),
        ([1.2, 1.3, 1.4] * u.um, "give two limits"),
        (1.2 * u.um, "give two limits"),
        ("J", "give two limits"),
    ],
)
def test_bands_that_are_not_possible(band, words):
    with pytest.raises(Stage3Error, match=words) as caught:
        limits = band_limits(band, u.um)
        band_weights(EVEN, *[None if x is None else x * u.um for x in limits])
    assert "\n" not in str(caught.value)


def test_a_band_within_one_channel_has_a_fraction_of_it():
    weights = band_weights(EVEN, 1.51 * u.um, 1.53 * u.um, "fractional")
    assert weights[5] == pytest.approx(0.2)
    assert np.count_nonzero(weights) == 1


def test_grids_that_have_no_width_or_nothing():
    one = [1.5] * u.um
    assert band_weights(one, 1 * u.um, 2 * u.um) == 1
    with pytest.raises(Stage3Error, match="width is not known"):
        band_weights(one, 1 * u.um, 2 * u.um, "fractional")
    with pytest.raises(Stage3Error, match="no channel has a wavelength"):
        band_weights([np.nan, np.nan] * u.um)
    with pytest.raises(Stage3Error, match="must be 'inclusive' or 'fractional'"):
        band_weights(EVEN, None, None, "half")


def test_equal_bands():
    bands = equal_bands(1 * u.um, 2 * u.um, n=4)
    np.testing.assert_allclose(bands.value, [[1, 1.25], [1.25, 1.5], [1.5, 1.75], [1.75, 2]])
    np.testing.assert_allclose(equal_bands(1 * u.um, 1.3 * u.um, width=100 * u.nm).value[:, 0],
                               [1, 1.1, 1.2])  # fmt: skip
    left_over = equal_bands(1 * u.um, 2 * u.um, width=0.3 * u.um)
    assert left_over.shape == (3, 2) and left_over[-1, 1].value == pytest.approx(1.9)


@given(st.floats(0.5, 5), st.floats(1.2, 5), st.floats(5, 300))
def test_bands_of_a_resolving_power(low, factor, power):
    if factor < (2 * power + 1) / (2 * power - 1):
        return
    bands = bands_of_resolving_power(low * u.um, low * factor * u.um, power).value
    middle, width = bands.mean(axis=1), np.diff(bands, axis=1)[:, 0]
    np.testing.assert_allclose(middle / width, power, rtol=1e-6)
    np.testing.assert_allclose(bands[1:, 0], bands[:-1, 1])
    left_over = low * factor - bands[-1, 1]
    assert -1e-6 < left_over <= width[-1] * 1.5


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: equal_bands(1 * u.um, 2 * u.um), "either the number of bands"),
        (lambda: equal_bands(1 * u.um, 2 * u.um, n=2, width=1 * u.um), "either the number"),
        (lambda: equal_bands(1 * u.um, 2 * u.um, n=0), "1 or more"),
        (lambda: equal_bands(1 * u.um, 2 * u.um, n=1.5), "whole number"),
        (lambda: equal_bands(1 * u.um, 2 * u.um, width=-1 * u.um), "must be positive"),
        (lambda: equal_bands(1 * u.um, 2 * u.um, width=3 * u.um), "larger than the range"),
        (lambda: equal_bands(1 * u.um, 2 * u.um, width=3 * u.s), "does not convert"),
        (lambda: equal_bands(2 * u.um, 1 * u.um, n=2), "reversed"),
        (lambda: equal_bands(1, 2, n=2), "with a unit"),
        (lambda: bands_of_resolving_power(1 * u.um, 2 * u.um, 0.2), "above 0.5"),
        (lambda: bands_of_resolving_power(1 * u.um, 1.01 * u.um, 10), "narrower than one band"),
        (lambda: bands_of_resolving_power(0 * u.um, 1 * u.um, 10), "above 0"),
    ],
)
def test_ranges_that_cannot_be_divided(call, words):
    with pytest.raises(Stage3Error, match=words):
        call()
