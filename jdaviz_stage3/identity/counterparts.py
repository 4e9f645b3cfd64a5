"""Sources of other catalogs at the places of those of the index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import QTable, Row, Table

from ..analysis.sources.matching import SAME_PLACE
from ..errors import Stage3Error
from ..readers.catalog import sky_column

__all__ = ["Counterpart", "OtherCatalog", "nearest_of_each_other", "places_in"]


@dataclass(frozen=True, eq=False)
class Counterpart:
    """A source of another catalog.

    Attributes
    ----------
    catalog : str
        What the catalog is called.
    row : astropy.table.Row
    separation : Quantity
        From the source of the index, an angle.
    """

    catalog: str
    row: Row
    separation: u.Quantity


@dataclass(frozen=True, eq=False)
class OtherCatalog:
    """Another catalog, and which of its rows is at the place of each source of the index.

    Attributes
    ----------
    name : str
    table : Table
    row : ndarray of int, shape (n_sources,)
        -1 where there is none.
    separation : ndarray of float, shape (n_sources,)
        Arcsec; NaN where there is none.
    """

    name: str
    table: Table
    row: np.ndarray
    separation: np.ndarray

    def of(self, place: int) -> Counterpart | None:
        """Return what it has of a source.

        Parameters
        ----------
        place : int
            In the index.

        Returns
        -------
        Counterpart or None
        """
        row = int(self.row[place])
        if row < 0:
            return None
        return Counterpart(self.name, self.table[row], float(self.separation[place]) * u.arcsec)


def places_in(name: str, table: Table) -> SkyCoord:
    """Return where the sources of a catalog are.

    Parameters
    ----------
    name : str
        What it is called, for the error.
    table : Table

    Returns
    -------
    SkyCoord, shape (n,)

    Raises
    ------
    Stage3Error
        If the table has no column of positions.
    """
    column = sky_column(QTable(table, copy=False))
    if column is None:
        raise Stage3Error(f"{name}: no column with positions on the sky; give them as `places`")
    return table[column]


def nearest_of_each_other(
    positions: SkyCoord, places: SkyCoord, tolerance: u.Quantity = SAME_PLACE
) -> tuple[np.ndarray, np.ndarray]:
    """Find which of some places is the nearest of each position, and it of the place.

    Parameters
    ----------
    positions : SkyCoord, shape (n_sources,)
        Of the index.
    places : SkyCoord, shape (n,)
        Of the other catalog.
    tolerance : Quantity, optional

    Returns
    -------
    row : ndarray of int, shape (n_sources,)
        -1 where there is none.
    separation : ndarray of float, shape (n_sources,)
        Arcsec; NaN where there is none.
    """
    row, separation = np.full(len(positions), -1), np.full(len(positions), np.nan)
    ours, theirs = (np.flatnonzero(_finite(each)) for each in (positions, places))
    if ours.size and theirs.size:
        here, there = positions[ours], SkyCoord(places[theirs].icrs.ra, places[theirs].icrs.dec)
        nearest, away, _ = here.match_to_catalog_sky(there)
        back, *_ = there[nearest].match_to_catalog_sky(here)
        away = away.to_value(u.arcsec)
        # two sources of the index with one place, say two names of it, may share a row
        twin = here.separation(here[back]) == 0
        good = (away <= tolerance.to_value(u.arcsec)) & ((back == np.arange(ours.size)) | twin)
        row[ours[good]], separation[ours[good]] = theirs[nearest[good]], away[good]
    return row, separation


def _finite(positions: SkyCoord) -> np.ndarray:
    place = positions.icrs
    return np.isfinite(place.ra.deg) & np.isfinite(place.dec.deg)
