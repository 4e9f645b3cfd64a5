"""Catalogs matched on the sky, against a search through all pairs."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import QTable
from hypothesis import given, settings
from hypothesis import strategies as st

from jdaviz_stage3.analysis import compare_catalogs
from jdaviz_stage3.errors import Stage3Error


def catalog(x, y, **columns):
    """Sources at offsets from a place on the sky, arcsec."""
    centre = SkyCoord(53.16, -27.79, unit="deg")
    table = QTable({"label": np.arange(1, len(x) + 1)})
    table["sky_centroid"] = centre.spherical_offsets_by(
        np.asarray(x, float) * u.arcsec, np.asarray(y, float) * u.arcsec
    )
    for name, values in columns.items():
        table[name] = values
    return table


places = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=12, unique=True
)


@settings(max_examples=40)
@given(places, places)
def test_matches_are_those_of_a_search_through_all_pairs(one, other):
    one, other = np.array(one) * 0.05, np.array(other) * 0.05 + [0.013, 0.007]
    made = compare_catalogs(catalog(*one.T), catalog(*other.T))
    apart = np.hypot(*(one[:, None] - other[None]).transpose(2, 0, 1))
    wanted = {
        (i, j)
        for i in range(len(one))
        for j in range(len(other))
        if apart[i, j] <= 0.2 and apart[i].min() == apart[i, j] == apart[:, j].min()
    }
    # of two that are equally near, either is right
    ties = {
        (i, j)
        for i, j in wanted
        if np.isclose(np.sort(apart[i])[:2], apart[i, j], atol=1e-6).sum() > 1
        or np.isclose(np.sort(apart[:, j])[:2], apart[i, j], atol=1e-6).sum() > 1
    }
    found = set(zip(made.matched["row_1"], made.matched["row_2"], strict=True))
    assert wanted - ties <= found
    near = {(i, j) for i, j in found if np.isclose(apart[i].min(), apart[i, j], atol=1e-6)}
    assert near == found
    for row in made.matched:
        i, j = row["row_1"], row["row_2"]
        assert row["separation"].to_value("arcsec") == pytest.approx(apart[i, j], abs=1e-5)
        shift = (one[i] - other[j]) * 1000
        assert row["d_ra"].to_value("mas") == pytest.approx(shift[0], abs=1e-2)
        assert row["d_dec"].to_value("mas") == pytest.approx(shift[1], abs=1e-2)
    assert len(made.only_first) + len(found) == len(one)
    assert len(made.only_second) + len(found) == len(other)


def test_magnitudes_and_their_bins():
    x = np.arange(6) * 2.0
    bright = np.array([20.2, 20.4, 21.1, 21.3, 21.9, np.nan])
    change = np.array([0.1, 0.1, -0.3, -0.3, -0.3, 0.0])
    one = catalog(x, x, aper_total_abmag=bright, aper_total_abmag_err=np.full(6, 0.3))
    other = catalog(x[::-1], x[::-1], aper_total_abmag=(bright - change)[::-1],
                    aper_total_abmag_err=np.full(6, 0.4))  # fmt: skip
    made = compare_catalogs(one, other)
    assert made.column == "aper_total_abmag" and made.differences.n == 5
    np.testing.assert_allclose(made.matched["difference"][:5], change[:5])
    np.testing.assert_allclose(made.matched["difference_err"][:5], 0.5)
    assert list(made.matched["label_2"]) == [6, 5, 4, 3, 2, 1]
    assert made.differences.median_ratio == pytest.approx(10 ** (0.4 * 0.3))
    table = made.by_magnitude(1)
    assert list(table["low"]) == [20, 21] and list(table["n"]) == [2, 3]
    np.testing.assert_allclose(table["median"], [0.1, -0.3])
    moved = catalog(x + [0.05, 0.05, 0, 0, 0.1, 0], x, aper_total_abmag=bright)
    table = compare_catalogs(moved, other).by_magnitude()
    np.testing.assert_allclose(table["d_ra"].to_value("mas"), [50, 0], atol=0.01)
    np.testing.assert_allclose(table["d_dec"].to_value("mas"), 0, atol=0.01)
    with pytest.raises(Stage3Error, match="width"):
        made.by_magnitude(0)


def test_fluxes_convert():
    x = np.arange(4) * 2.0
    flux = np.array([1.0, 2, 30, 40])
    made = compare_catalogs(
        catalog(x, x, aper_total_flux=flux * u.uJy),
        catalog(x, x, aper_total_flux=flux * 1e-6 * u.Jy),
    )
    np.testing.assert_allclose(made.differences.difference.value, 0, atol=1e-12)
    np.testing.assert_allclose(made.by_magnitude()["low"].value, [1, 10])


def test_what_cannot_be_matched():
    one = catalog([0, 1], [0, 1], abmag=[20.0, 21])
    bare = QTable({"label": [1], "xcentroid": [3.0], "ycentroid": [4.0]})
    with pytest.raises(Stage3Error, match="second catalog has no positions on the sky"):
        compare_catalogs(one, bare)
    with pytest.raises(Stage3Error, match="no source with a position"):
        compare_catalogs(one, one[:0])
    with pytest.raises(Stage3Error, match="'nothing' is not in both"):
        compare_catalogs(one, one.copy(), column="nothing")
    for wrong in (0 * u.arcsec, 3 * u.Jy, "near"):
        with pytest.raises(Stage3Error, match="radius"):
            compare_catalogs(one, one.copy(), radius=wrong)
    far = compare_catalogs(one, catalog([100, 120], [0, 1], abmag=[20.0, 21]))
    assert not len(far.matched) and list(far.only_first) == list(far.only_second) == [0, 1]
    assert far.differences.n == 0 and len(far.by_magnitude()) == 0
    places = compare_catalogs(catalog([0], [0]), catalog([0.1], [0]))
    assert places.column == "" and places.differences is None and len(places.matched) == 1
    with pytest.raises(Stage3Error, match="no magnitude or flux in common"):
        places.by_magnitude()
    lost = catalog([0, np.nan], [0, np.nan])
    found = compare_catalogs(lost, catalog([0], [0]))
    assert list(found.only_first) == [1] and "1 and 0 rows have no position" in found.notes[1]
