"""Sources without a value, a position or a number for a label, and columns of magnitudes."""

import io

import numpy as np
import pytest
from astropy import units as u
from astropy.table import MaskedColumn, QTable
from make_overlays import catalog_of, sources_of, tangent_wcs

from jdaviz_stage3.analysis import select_sources

MISSING = [False, True, False, False, True, False]


@pytest.fixture
def table():
    rng = np.random.default_rng(1)
    wcs = tangent_wcs(20, 1e-5, (50, 50))
    table = catalog_of(wcs, rng.uniform(0, 99, 6), rng.uniform(0, 99, 6), rng)
    table["nn_label"] = MaskedColumn(np.arange(6), mask=MISSING)
    table["flag"] = MaskedColumn(np.ones(6, bool), mask=MISSING)
    table["name"] = MaskedColumn(list("abcdef"), mask=MISSING)
    return table


@pytest.mark.parametrize("condition", ["nn_label < 100", "nn_label != 77", "flag == True",
                                       "flag != False", "name != 'x'"])  # fmt: skip
def test_what_is_missing_satisfies_nothing(table, condition):
    """As with the table itself: not measured is not evidence."""
    found = select_sources(sources_of(table), condition)
    assert found.tolist() == [not missing for missing in MISSING]
    assert found.tolist() == select_sources(table, condition).tolist()


def test_what_is_missing_stays_missing_in_the_file(table):
    sources = sources_of(table)
    stream = io.StringIO()
    sources.table(np.arange(6)).write(stream, format="ascii.ecsv")
    again = QTable.read(stream.getvalue(), format="ascii.ecsv")
    for name in ("nn_label", "flag", "name"):
        assert again[name].mask.tolist() == MISSING
        assert again[name][~again[name].mask].tolist() == [
            value
            for value, missing in zip(table[name].data.data, MISSING, strict=True)
            if not missing
        ]
    assert {e["name"]: e["value"] for e in sources.details(1)}["nn_label"] == "—"


def test_a_source_of_unknown_type_is_drawn_as_extended(table):
    table["is_extended"] = MaskedColumn(np.zeros(6, bool), mask=MISSING)
    assert sources_of(table).point_like.tolist() == [not missing for missing in MISSING]


def test_sources_without_a_position_are_told_apart(table):
    table["xcentroid"][2] = np.nan
    ra = table["sky_centroid"].ra.deg.copy()
    ra[2:4] = np.nan
    table["sky_centroid"] = type(table["sky_centroid"])(ra, table["sky_centroid"].dec, unit="deg")
    assert sources_of(table).placed.tolist() == [True, True, False, True, True, True]


def test_magnitudes_with_their_unit(table):
    table["abmag"] = np.arange(20.0, 26) * u.mag("AB")
    sources = sources_of(table)
    assert select_sources(sources, "abmag < 22.5 mag(AB)").sum() == 3
    assert sources.table([0])["abmag"].unit == u.mag("AB")
    assert sources.table([0])["abmag"].value == 20


@pytest.mark.parametrize("text", [
    "{'aperture_ee': [30, 50, 70], 'aperture_radii': array([1.5, 2.25, 4. ], dtype=float32)}",
    "{'aperture_radii': (1.5, 2.25, 4.0), 'aperture_ee': [30, 50, 70]}",
    "{'aperture_radii': [np.float64(1.5), np.float64(2.25), 4.0], 'aperture_ee': (30, 50, 70)}",
    {"aperture_ee": np.array([30, 50, 70]), "aperture_radii": [np.float64(1.5), 2.25, 4e0]},
])  # fmt: skip
def test_apertures_however_they_are_written(table, text):
    table.meta["aperture_params"] = text
    assert sources_of(table).aperture_radii == {"30": 1.5, "50": 2.25, "70": 4.0}
