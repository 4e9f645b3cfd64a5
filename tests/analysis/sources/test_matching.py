"""Sources in a catalog: against a search of every pair, and in fields where numbers mislead."""

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord, angular_separation
from hypothesis import given
from hypothesis import strategies as st

from jdaviz_stage3.analysis.sources.matching import match_sources

ARCSEC = 1 / 3600


def sky(ra, dec) -> SkyCoord:
    return SkyCoord(np.asarray(ra, float), np.asarray(dec, float), unit="deg")


def field(n: int, seed: int = 3, size: float = 60.0, dec: float = 60.0):
    """Places of n sources in a square of some arcsec, at a declination where cos δ counts."""
    rng = np.random.default_rng(seed)
    east, north = rng.uniform(-size / 2, size / 2, (2, n))
    return 150 + east * ARCSEC / np.cos(np.radians(dec)), dec + north * ARCSEC


def all_pairs(places: SkyCoord, others: SkyCoord) -> np.ndarray:
    """Separations in arcsec, shape (n, m), from the great circle."""
    one = [np.radians(x)[:, None] for x in (places.ra.deg, places.dec.deg)]
    other = [np.radians(x)[None] for x in (others.ra.deg, others.dec.deg)]
    return np.degrees(angular_separation(*one, *other)) * 3600


@given(
    st.integers(1, 30), st.integers(1, 30), st.integers(0, 10_000), st.floats(0.05, 3),
    st.sampled_from([-89.99, -30.0, 0.0, 75.0]),
)  # fmt: skip
def test_is_what_a_search_of_all_pairs_finds(n, m, seed, tolerance, dec):
    rng = np.random.default_rng(seed)
    catalog = sky(*field(m, seed, 5, dec))
    # half of the places are those of a catalog source or near it
    places = sky(*field(n, seed + 1, 5, dec))
    near = rng.integers(m, size=n)
    ra = np.where(rng.random(n) < 0.5, catalog.ra.deg[near], places.ra.deg)
    dec_ = np.where(rng.random(n) < 0.5, catalog.dec.deg[near], places.dec.deg)
    places = sky(ra, np.where(rng.random(n) < 0.1, np.nan, dec_))
    labels = rng.integers(1, m + 5, m)
    numbers = rng.integers(-2, m + 5, n)
    found = match_sources(numbers, places, labels, catalog, tolerance=tolerance * u.arcsec)
    if any(part.value for part in found.shift):
        return  # tested below
    pairs = all_pairs(places, catalog)
    for i in range(n):
        inside = pairs[i] <= tolerance
        expected = ("", -1)
        if numbers[i] >= 0 and inside.any():
            own = np.flatnonzero(labels == numbers[i])
            nearest = pairs[i].min()
            if own.size == 1 and inside[own[0]] and not 2 * nearest < pairs[i, own[0]] - 1e-6:
                expected = ("label", own[0])
            else:
                expected = ("position", None)
                assert pairs[i, found.row[i]] <= nearest + 1e-6
        assert found.by[i] == expected[0]
        if expected[1] is not None:
            assert found.row[i] == expected[1]
        if found.row[i] >= 0:
            assert abs(found.separation[i].value - pairs[i, found.row[i]]) < 1e-4


def test_labels_of_another_build_are_not_believed():
    """Deblending splits one source: all labels after it are one higher."""
    ra, dec = field(40)
    catalog, labels = sky(ra, dec), np.arange(1, 41)
    rows = np.delete(np.arange(40), 20)  # the spectra's build had not split source 20
    numbers = np.arange(1, 40)
    found = match_sources(numbers, sky(ra[rows], dec[rows]), labels, catalog)
    np.testing.assert_array_equal(found.row, rows)
    assert list(found.by) == ["label"] * 20 + ["position"] * 19
    # where the labels would have led
    assert found.label_separation[20:].min() > 1 * u.arcsec


def test_a_realigned_catalog_is_joined_by_label():
    """0.5″ apart everywhere, farther than the tolerance and than the nearest neighbours."""
    ra, dec = field(200, size=20)
    shift = 0.5 * ARCSEC / np.sqrt(2)
    moved = sky(ra + shift / np.cos(np.radians(dec)), dec + shift)
    found = match_sources(np.arange(200), moved, np.arange(200), sky(ra, dec))
    np.testing.assert_array_equal(found.row, np.arange(200))
    assert set(found.by) == {"label"}
    east, north = (part.to_value(u.arcsec) for part in found.shift)
    np.testing.assert_allclose([east, north], 0.5 / np.sqrt(2), atol=2e-3)
    assert found.separation.max() < 0.01 * u.arcsec


def test_no_shift_is_made_of_chance():
    """Labels that are mixed up within 2″ agree on no shift."""
    ra, dec = field(60, size=2)
    numbers = np.random.default_rng(1).permutation(60)
    found = match_sources(numbers, sky(ra, dec), np.arange(60), sky(ra, dec))
    assert not any(part.value for part in found.shift)
    np.testing.assert_array_equal(found.row, np.arange(60))


def test_across_the_meridian_of_zero():
    found = match_sources(
        [1, 2], sky([359.99999, 0.00001], [0, 0]), [2, 1], sky([0.00001, 359.99999], [0, 0])
    )
    assert list(found.by) == ["label", "label"]
    assert list(found.row) == [1, 0]


def test_labels_that_repeat_or_are_negative_name_nothing():
    ra, dec = field(4)
    places = sky(ra, dec)
    found = match_sources([5, 5, -1, 7], places, [5, 5, -1, 7], places)
    assert list(found.by) == ["position", "position", "", "label"]
    assert list(found.label_row) == [-1, -1, -1, 3]


def test_an_empty_catalog_and_no_sources():
    nothing, one = sky([], []), sky([1.0], [2.0])
    assert list(match_sources([3], one, [], nothing).row) == [-1]
    assert match_sources([], nothing, [3], one).row.size == 0
    assert list(match_sources([3], one, [3], sky([np.nan], [np.nan])).row) == [-1]
