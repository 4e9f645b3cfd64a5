"""Other catalogs of the field, against a search of all pairs."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from make_fields import IDS, catalog, indexed, slitless

from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.identity.counterparts import nearest_of_each_other


@pytest.mark.parametrize("seed", range(3))
def test_each_is_the_nearest_of_the_other(seed):
    rng = np.random.default_rng(seed)
    ours, theirs = (SkyCoord(*rng.uniform(0, 2e-3, (2, n)), unit="deg") for n in (300, 200))
    ra = theirs.ra.deg
    ra[::17] = np.nan
    theirs = SkyCoord(ra, theirs.dec.deg, unit="deg")
    row, separation = nearest_of_each_other(ours, theirs)
    away = ours[:, np.newaxis].separation(theirs[np.newaxis]).arcsec
    away = np.where(np.isnan(away), np.inf, away)
    for one in range(300):
        nearest = int(np.argmin(away[one]))
        good = away[one, nearest] <= 0.2 and np.argmin(away[:, nearest]) == one
        assert row[one] == (nearest if good else -1)
        if good:
            assert separation[one] == pytest.approx(away[one, nearest])
    assert 5 < np.sum(row >= 0) < 150


def test_catalogs_of_other_filters_in_the_folder(tmp_path):
    """Which one goes by number and place is the index; the others are joined by place."""
    catalog(tmp_path)
    catalog(tmp_path, (71, 72, 73), name="jw09997-o001_t001_nircam_f115w_cat.ecsv")
    slitless(tmp_path)
    index, _ = indexed(tmp_path)
    assert index.labels == list(IDS)
    assert [[c.row["label"] for c in source.counterparts] for source in index] == [[71], [72], [73]]
    with pytest.raises(Stage3Error, match="mine: no column with positions"):
        index.add_catalog("mine", Table({"a": [1]}))
    with pytest.raises(Stage3Error, match=r"positions of shape \(2,\) for 1 rows"):
        index.add_catalog("mine", Table({"a": [1]}), SkyCoord([1, 2], [3, 4], unit="deg"))
    nowhere = SkyCoord([np.nan], [np.nan], unit="deg")
    assert (index.add_catalog("mine", Table({"a": [1]}), nowhere).row == -1).all()
    far = index.add_catalog("far", Table({"a": [1]}), SkyCoord([53.0], [-27.8], unit="deg"))
    assert (far.row == -1).all()
    near = index.add_catalog(
        "near",
        Table({"a": [1]}),
        SkyCoord([53.002], [-27.8001], unit="deg"),
        tolerance=1 * u.arcsec,
    )
    assert near.row.tolist() == [0, -1, -1]
