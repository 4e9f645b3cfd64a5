"""The search for the band that sums were taken over, against sums over known bands."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jdaviz_stage3.analysis.light_curves.plain_sum import find_summed_band, plain_sum


@settings(max_examples=150)
@given(
    seed=st.integers(0, 10**6),
    shape=st.tuples(st.integers(1, 6), st.integers(1, 30)),
    negative=st.floats(0, 1),
    missing=st.floats(0, 0.4),
    ends=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_search_finds_the_band(seed, shape, negative, missing, ends):
    """Of any fluxes of either sign, NaN anywhere and in any order of wavelength."""
    rng = np.random.default_rng(seed)
    flux = rng.uniform(-negative, 1, shape)
    flux[rng.random(shape) < missing] = np.nan
    wavelength = rng.permutation(np.linspace(1, 2, shape[1]))
    low, high = sorted(1 + np.array(ends))
    inside = (wavelength >= low) & (wavelength <= high)
    target = np.array([np.nansum(row[inside]) for row in flux])
    np.testing.assert_allclose(plain_sum(flux, wavelength, low, high), target, atol=1e-12)
    found = find_summed_band(flux, wavelength, target)
    if not np.any(np.abs(target) > 1e-4):
        return
    assert found.agreeing[np.abs(target) > 1e-4].all()
    summed = np.isfinite(flux).any(axis=0) & inside
    assert found.low == wavelength[summed].min() and found.high == wavelength[summed].max()
    assert found.below < low and found.above > high


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    shape=st.tuples(st.integers(1, 30), st.integers(3, 30)),
    shift=st.floats(0, 0.2),
)
def test_search_where_every_integration_has_its_wavelengths(seed, shape, shift):
    rng = np.random.default_rng(seed)
    flux = rng.uniform(-0.5, 1, shape)
    wavelength = np.linspace(1, 2, shape[1]) + shift * rng.random((shape[0], 1))
    low, high = np.sort(rng.uniform(0.9, 2.3, 2))
    inside = (wavelength >= low) & (wavelength <= high)
    target = np.where(inside, flux, 0).sum(axis=1)
    found = find_summed_band(flux, wavelength, target)
    if inside.any(axis=1).all():
        assert found.agreeing.all()
        np.testing.assert_array_equal(
            (wavelength >= found.low) & (wavelength <= found.high), inside
        )


def test_search_of_a_whole_program_is_quick():
    rng = np.random.default_rng(0)
    flux = rng.uniform(0.5, 1, (1000, 2048))
    wavelength = np.linspace(0.6, 2.8, 2048)
    found = find_summed_band(flux, wavelength, flux[:, 300:1800].sum(axis=1))
    assert (found.low, found.high) == (wavelength[300], wavelength[1799])
    assert find_summed_band(flux, wavelength, rng.uniform(500, 900, 1000)) is None
