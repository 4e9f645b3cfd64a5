"""Sources of one list in another: by number where number and place agree, else by place."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord, match_coordinates_sky

__all__ = ["SAME_PLACE", "SourceMatch", "match_sources"]

#: Within which two positions are of one source; about three pixels of NIRCam's long wavelengths.
SAME_PLACE = 0.2 * u.arcsec
# Catalogs are realigned by less than this.
_LARGEST_SHIFT = 2.0  # arcsec
_SMALLEST_SHIFT = 0.01  # arcsec
_FEWEST_SHIFTED = 3


@dataclass(frozen=True, eq=False)
class SourceMatch:
    """Where sources are in a catalog.

    Attributes
    ----------
    row : ndarray of int, shape (n,)
        Row in the catalog; -1 where the source is not in it.
    by : ndarray of str, shape (n,)
        ``'label'``: number and place agree; ``'position'``: the place alone; empty for none.
    separation : Quantity, shape (n,), arcsec
        From the place in the catalog, the common shift taken off; NaN where there is none.
    label_row : ndarray of int, shape (n,)
        Row with the same number, wherever it lies; -1 where no row has it, or several have.
    label_separation : Quantity, shape (n,), arcsec
        From that row.
    shift : tuple of Quantity
        By how much the places lie away from the catalog's, the same for all: Δα cos δ and Δδ,
        arcsec; zero unless the places of the same numbers say so with one voice.
    """

    row: np.ndarray
    by: np.ndarray
    separation: u.Quantity
    label_row: np.ndarray
    label_separation: u.Quantity
    shift: tuple[u.Quantity, u.Quantity]


def match_sources(
    numbers: np.ndarray,
    places: SkyCoord,
    labels: np.ndarray,
    catalog: SkyCoord,
    *,
    tolerance: u.Quantity = SAME_PLACE,
) -> SourceMatch:
    """Find numbered sources in a catalog.

    A number alone is not trusted: from one version of the pipeline to the next, the labels of a
    field change. A source is that of its number where this lies at its place, within the tolerance,
    and no other source of the catalog lies at less than half the distance. Otherwise it is the
    nearest, if that is within the tolerance.

    Parameters
    ----------
    numbers : ndarray of int, shape (n,)
        Negative ones (background slits) are in no catalog.
    places : SkyCoord, shape (n,)
        May be NaN; such a source matches nothing.
    labels : ndarray of int, shape (m,)
        A label that several rows have stands for none.
    catalog : SkyCoord, shape (m,)
    tolerance : Quantity, optional
        An angle.

    Returns
    -------
    SourceMatch
    """
    numbers, labels = np.asarray(numbers, dtype=int), np.asarray(labels, dtype=int)
    limit = u.Quantity(tolerance, u.arcsec).value
    label_row = _rows_of(numbers, labels)
    same = label_row >= 0
    east, north = np.full((2, numbers.size), np.nan)
    east[same], north[same] = _offsets(places[same], catalog[label_row[same]])
    shift = _common_shift(east, north, limit)
    label_separation = np.hypot(east - shift[0], north - shift[1])

    row = np.full(numbers.size, -1)
    separation = np.full(numbers.size, np.nan)
    usable = np.flatnonzero(_finite(places) & (numbers >= 0))
    known = np.flatnonzero(_finite(catalog))
    if usable.size and known.size:
        moved = _moved(places[usable], (-shift[0], -shift[1]))
        nearest, distance, _ = match_coordinates_sky(moved, catalog[known])
        row[usable], separation[usable] = known[nearest], distance.to_value(u.arcsec)
    with np.errstate(invalid="ignore"):
        other = (row != label_row) & (2 * separation < label_separation)
        labelled = (label_separation <= limit) & ~other
        row = np.where(labelled, label_row, np.where(separation <= limit, row, -1))
    separation = np.where(labelled, label_separation, separation)
    separation[row < 0] = np.nan
    by = np.where(labelled, "label", np.where(row >= 0, "position", ""))
    arcsec = u.arcsec
    return SourceMatch(
        row, by, separation * arcsec, label_row, label_separation * arcsec,
        (shift[0] * arcsec, shift[1] * arcsec),
    )  # fmt: skip


def _rows_of(numbers: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The row of each number, shape (n,); -1 for those that no label, or several are."""
    found, first, count = np.unique(labels, return_index=True, return_counts=True)
    if not found.size:
        return np.full(numbers.size, -1)
    place = np.minimum(np.searchsorted(found, numbers), found.size - 1)
    alone = (found[place] == numbers) & (count[place] == 1) & (numbers >= 0)
    return np.where(alone, first[place], -1)


def _offsets(places: SkyCoord, others: SkyCoord) -> tuple[np.ndarray, np.ndarray]:
    """Δα cos δ and Δδ of near places, arcsec; of far ones their distance is right."""
    east, north = others.spherical_offsets_to(places)
    distance = others.separation(places).to_value(u.arcsec)
    east, north = east.to_value(u.arcsec), north.to_value(u.arcsec)
    # offsets on the tangent plane are wrong far away, where only the distance is asked for
    far = distance > 100
    return np.where(far, distance, east), np.where(far, 0.0, north)


def _common_shift(east: np.ndarray, north: np.ndarray, limit: float) -> tuple[float, float]:
    """The shift that most of the same numbers have, arcsec; zero where they do not agree."""
    with np.errstate(invalid="ignore"):
        near = np.hypot(east, north) < _LARGEST_SHIFT
    if near.sum() < max(_FEWEST_SHIFTED, np.isfinite(east).sum() / 2):
        return 0.0, 0.0
    middle = [float(np.median(values[near])) for values in (east, north)]
    spread = np.median(np.hypot(east[near] - middle[0], north[near] - middle[1]))
    one_voice = spread < limit / 2 and math.hypot(*middle) > _SMALLEST_SHIFT
    return (middle[0], middle[1]) if one_voice else (0.0, 0.0)


def _moved(places: SkyCoord, shift: tuple[float, float]) -> SkyCoord:
    if not any(shift):
        return places
    return places.spherical_offsets_by(shift[0] * u.arcsec, shift[1] * u.arcsec)


def _finite(places: SkyCoord) -> np.ndarray:
    return np.isfinite(places.ra.deg) & np.isfinite(places.dec.deg)
