"""Which source of a catalog, or of the spectra's own numbers, each spectrum is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from ..analysis.sources.matching import SAME_PLACE, SourceMatch, match_sources
from ..groups import ListedProduct
from ..readers.source_tables import SourceTable

__all__ = ["CatalogSources", "JoinedRows", "FileRows", "count_agreeing", "follow_numbers",
           "join_to_catalog"]  # fmt: skip

#: Where a slit is known but not its source: about the width of a MSA slitlet.
_IN_SLIT = 0.5 * u.arcsec
_NOWHERE = 999.0  # degrees


@dataclass(frozen=True, eq=False)
class CatalogSources:
    """The sources of a catalog: what identity needs of it.

    Attributes
    ----------
    path : path
    labels : ndarray of int, shape (m,)
    positions : SkyCoord, shape (m,)
        NaN where the catalog has none.
    version : str
        Of the pipeline that wrote it; empty where it does not say.
    """

    path: Path
    labels: np.ndarray
    positions: SkyCoord
    version: str = ""


@dataclass(frozen=True, eq=False)
class FileRows:
    """The sources of all tables of one file, one element a spectrum.

    Attributes
    ----------
    product : ListedProduct
    tables : tuple of SourceTable
    table, element : ndarray of int, shape (n,)
        Which table, and which of its sources.
    number : ndarray of int, shape (n,)
        SOURCE_ID; 0 where the file has none.
    ra, dec : ndarray of float, shape (n,)
        Degrees.
    of_source : bool
        Whether the places are those of sources, not of slits.
    """

    product: ListedProduct
    tables: tuple[SourceTable, ...]
    table: np.ndarray
    element: np.ndarray
    number: np.ndarray
    ra: np.ndarray
    dec: np.ndarray
    of_source: bool

    @classmethod
    def of(cls, product: ListedProduct, tables: Sequence[SourceTable]) -> FileRows:
        """Put the tables of a file into columns.

        Parameters
        ----------
        product : ListedProduct
        tables : sequence of SourceTable

        Returns
        -------
        FileRows
        """
        sizes = [len(table) for table in tables]
        numbers = [
            np.zeros(len(table), int) if table.source_id is None else table.source_id
            for table in tables
        ]
        return cls(
            product,
            tuple(tables),
            np.repeat(np.arange(len(tables)), sizes),
            np.concatenate([np.arange(size) for size in sizes] or [np.zeros(0, int)]),
            np.concatenate(numbers or [np.zeros(0, int)]),
            np.concatenate([table.ra for table in tables] or [np.zeros(0)]),
            np.concatenate([table.dec for table in tables] or [np.zeros(0)]),
            all(table.of_source for table in tables),
        )

    @property
    def of_catalog(self) -> bool:
        """Whether its numbers are labels of a catalog, as those of slitless spectra are."""
        return "WFSS" in self.product.exposure_type.upper()

    @property
    def numbered_by(self) -> tuple[str, str] | None:
        """The catalog that its numbers are of, and the version of the pipeline; None if not known.

        Another version may have given other labels to a catalog of the same name.
        """
        names = {table.catalog for table in self.tables}
        version = self.product.pipeline_version
        known = self.of_catalog and len(names) == 1 and "" not in names and version
        return (names.pop(), version) if known else None

    def __len__(self) -> int:
        return self.number.size


@dataclass(frozen=True, eq=False)
class JoinedRows:
    """Which row of the catalog each spectrum of a file is of.

    Attributes
    ----------
    row : ndarray of int, shape (n,)
        -1 for none.
    by : ndarray of str, shape (n,)
    separation : ndarray of float, shape (n,)
        Arcsec; NaN where unknown.
    notes : dict of str to str
        What does not fit, in words, by what kind of thing it is.
    """

    row: np.ndarray
    by: np.ndarray
    separation: np.ndarray
    notes: dict[str, str] = field(default_factory=dict)


def _matched(
    rows: FileRows, catalog: CatalogSources, tolerance: u.Quantity
) -> tuple[SourceMatch, SkyCoord, np.ndarray, np.ndarray]:
    """Match each source of a file once; return that, their places, numbers, and whose they are."""
    place = np.column_stack([rows.ra, rows.dec])
    place[~np.isfinite(place).all(axis=1)] = _NOWHERE  # NaN is not equal to itself
    alike = np.column_stack([rows.number, place])
    unique, inverse = np.unique(alike, axis=0, return_inverse=True)
    unique[unique[:, 1] == _NOWHERE, 1:] = np.nan
    places = SkyCoord(unique[:, 1], unique[:, 2], unit="deg")
    numbers = unique[:, 0].astype(int)
    within = tolerance if rows.of_source else max(tolerance, _IN_SLIT)
    match = match_sources(numbers, places, catalog.labels, catalog.positions, tolerance=within)
    return match, places, numbers, inverse.reshape(-1)


def count_agreeing(
    rows: FileRows, catalog: CatalogSources, tolerance: u.Quantity = SAME_PLACE
) -> tuple[int, int]:
    """Count the sources of a file that a catalog has under their numbers, and at their places.

    Parameters
    ----------
    rows : FileRows
    catalog : CatalogSources
    tolerance : Quantity, optional

    Returns
    -------
    by_label, at_all : int
    """
    if not len(rows):
        return 0, 0
    match, *_ = _matched(rows, catalog, tolerance)
    return int(np.sum(match.by == "label")), int(np.sum(match.row >= 0))


def join_to_catalog(
    rows: FileRows, catalog: CatalogSources, tolerance: u.Quantity = SAME_PLACE
) -> JoinedRows:
    """Say which row of a catalog each spectrum of a file is of.

    Numbers of MSA and fixed slits are not labels of a catalog; such sources are joined by their
    places alone. Sources without a place are joined by their numbers where the file and the catalog
    are of one pipeline version and the catalog has all of the file's numbers.

    Parameters
    ----------
    rows : FileRows
    catalog : CatalogSources
    tolerance : Quantity, optional
        Within which two places are one.

    Returns
    -------
    JoinedRows
    """
    if not len(rows):
        return JoinedRows(np.zeros(0, int), np.zeros(0, "U8"), np.zeros(0))
    match, places, numbers, inverse = _matched(rows, catalog, tolerance)
    row, by = match.row, match.by.astype("U8")
    notes: dict[str, str] = {}
    if not rows.of_catalog:
        by = np.where(row >= 0, "position", "")
    else:
        notes = _disagreements(catalog, match, places, numbers)
        row, by = _without_places(rows, catalog, match, places, row, by, notes)
    separation = match.separation.to_value(u.arcsec)
    return JoinedRows(row[inverse], by[inverse], separation[inverse], notes)


def follow_numbers(files: Sequence[FileRows], joined: Sequence[JoinedRows]) -> list[JoinedRows]:
    """Join what has no place to where its observation's other spectra of the same number are.

    An s2d does not say where its source is; the x1d of the same slit does.

    Parameters
    ----------
    files : sequence of FileRows
    joined : sequence of JoinedRows
        As `join_to_catalog` gives them.

    Returns
    -------
    list of JoinedRows
    """
    # of masks and slits, whose sources are few; of slitless spectra number and place are judged
    found: dict[tuple, int] = {}
    for rows, one in zip(files, joined, strict=True):
        if not rows.of_catalog:
            for element in np.flatnonzero((one.row >= 0) & (rows.number != 0)).tolist():
                found.setdefault(_slit_source(rows, element), int(one.row[element]))
    followed = []
    for rows, one in zip(files, joined, strict=True):
        row, by = one.row.copy(), one.by.copy()
        if not rows.of_catalog and found:
            for element in np.flatnonzero((row < 0) & ~np.isfinite(rows.ra + rows.dec)).tolist():
                row[element] = found.get(_slit_source(rows, element), -1)
                by[element] = "number" if row[element] >= 0 else ""
        followed.append(replace(one, row=row, by=by))
    return followed


def _slit_source(rows: FileRows, element: int) -> tuple:
    product = rows.product
    return product.program, product.observation, int(rows.number[element])


def _without_places(
    rows: FileRows, catalog: CatalogSources, match: SourceMatch, places: SkyCoord,
    row: np.ndarray, by: np.ndarray, notes: dict[str, str],
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Join the sources without a place by number, where the others say that this can be done."""
    lost = ~np.isfinite(places.ra.deg) | ~np.isfinite(places.dec.deg)
    candidates = lost & (match.label_row >= 0)
    if not candidates.any():
        return row, by
    count = int(candidates.sum())
    if (~lost).any():
        agree = bool(np.all(by[~lost] == "label"))
        why = "as those with a position agree in number and place"
        why_not = "those with a position do not all agree with it in number"
    else:
        versions = rows.product.pipeline_version, catalog.version
        agree = bool(np.all(match.label_row[lost] >= 0)) and "" not in versions
        agree = agree and versions[0] == versions[1]
        why = f"both are of jwst {versions[0]}, and the catalog has all of its numbers"
        why_not = "it is not known to be of the catalog that the spectra were extracted with"
    if not agree:
        notes["no position"] = (
            f"{_sources(count)} without a position, not joined to {catalog.path.name}: {why_not}"
        )
        return row, by
    notes["by number"] = f"{_sources(count)} without a position, joined by number alone, {why}"
    return np.where(candidates, match.label_row, row), np.where(candidates, "number", by)


def _disagreements(
    catalog: CatalogSources, match: SourceMatch, places: SkyCoord, numbers: np.ndarray,
) -> dict[str, str]:  # fmt: skip
    """Say where number and place do not say the same, with both places."""
    notes = {}
    other = catalog.path.name
    east, north = (part.to_value(u.arcsec) for part in match.shift)
    if east or north:
        notes["shift"] = (
            f"all positions lie {np.hypot(east, north):.2f}″ from those of the same labels "
            f"in {other} (east {east:+.2f}″, north {north:+.2f}″); taken off before they are joined"
        )
    known = np.isfinite(places.ra.deg) & np.isfinite(places.dec.deg)
    wrong = known & (match.by == "position") & (match.label_row >= 0)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        label_row, row = match.label_row[first], match.row[first]
        notes["elsewhere"] = (
            f"{int(wrong.sum())} of {known.sum()} sources lie elsewhere than their labels "
            f"say in {other}, and are joined by position: source {numbers[first]} is at "
            f"{_place(places[first])}, label {numbers[first]} at "
            f"{_place(catalog.positions[label_row])}, "
            f"{_apart(match.label_separation[first])} away; label {catalog.labels[row]} lies "
            "there. The catalog may be of another version of the pipeline than the one that the "
            "spectra were extracted with"
        )
    unnamed = known & (match.by == "position") & (match.label_row < 0)
    if unnamed.any():
        first = int(np.flatnonzero(unnamed)[0])
        notes["unnamed"] = (
            f"{_sources(unnamed.sum())} with a label that {other} does not have once, "
            f"joined by position, such as source {numbers[first]} to label "
            f"{catalog.labels[match.row[first]]}"
        )
    lost = known & (match.row < 0) & (numbers >= 0)
    if lost.any():
        first = int(np.flatnonzero(lost)[0])
        at = f"source {numbers[first]} at {_place(places[first])}"
        label_row = match.label_row[first]
        if label_row >= 0:
            place = catalog.positions[label_row]
            at += (
                f"; label {numbers[first]} is at {_place(place)}, "
                f"{_apart(match.label_separation[first])} away"
                if np.isfinite(place.ra.deg + place.dec.deg)
                else f"; label {numbers[first]} has no position there"
            )
        notes["not in it"] = (
            f"{int(lost.sum())} of {known.sum()} sources are not in {other}, such as {at}"
        )
    return notes


def _sources(count: int) -> str:
    return f"{count} source{'' if count == 1 else 's'}"


def _place(position: SkyCoord) -> str:
    return position.to_string("decimal", precision=6)


def _apart(separation: u.Quantity) -> str:
    value = separation.to_value(u.arcsec)
    return f"{value:.2f}″" if value < 60 else f"{value / 60:.1f}′"
