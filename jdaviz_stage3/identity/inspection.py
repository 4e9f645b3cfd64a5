"""What somebody found by looking at a source: a row of a table, and tables of two inspectors."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table

from ..errors import Stage3Error, UnreadableProductError, reason_of
from .indexed_sources import IndexedSources

__all__ = [
    "Inspection",
    "as_table",
    "checked_value",
    "compare_inspections",
    "disagreements",
    "read_inspections",
]

#: Farther than this from where it was when it was looked at, a source is another one.
_SAME_SOURCE = 0.5 * u.arcsec
#: What says that a table is one of these.
KIND = "jdaviz_stage3 inspection"


@dataclass(frozen=True)
class Inspection:
    """What was found of one source.

    Attributes
    ----------
    label : str
        Of the source, as a text.
    ra, dec : float
        Where it is, degrees; NaN where unknown.
    redshift : float
        NaN where none was given.
    flag : int
        A grade, 0 to 9; -1 where none was given.
    kind : str
        What it is: ``'star'``, ``'emission lines'``, …
    comment : str
        One line.
    inspector : str
    time : str
        When it was looked at last: UTC, ISO 8601.
    """

    label: str
    ra: float = math.nan
    dec: float = math.nan
    redshift: float = math.nan
    flag: int = -1
    kind: str = ""
    comment: str = ""
    inspector: str = ""
    time: str = ""

    @property
    def judgement(self) -> tuple[float | None, int, str]:
        """Redshift, flag and kind: what two inspectors may disagree in."""
        return (None if math.isnan(self.redshift) else self.redshift, self.flag, self.kind)


_COLUMNS = tuple(field.name for field in fields(Inspection))
_NUMBERS = {"ra": float, "dec": float, "redshift": float, "flag": int}
_GIVEN = ("redshift", "flag", "kind", "comment")


def compare_inspections(first: str | os.PathLike, second: str | os.PathLike) -> Table:
    """List the sources of which two inspectors found different things.

    Parameters
    ----------
    first, second : path-like

    Returns
    -------
    astropy.table.Table
        One row a source of both tables in which redshift (by more than 0.005 (1 + z)), flag or
        kind differ, each with ``_1`` and ``_2``, and the separation of the two positions in arcsec.

    Raises
    ------
    Stage3Error
        If one is no inspection table.
    """
    tables = [read_inspections(Path(os.path.expanduser(path)), None) for path in (first, second)]
    return disagreements(*(table.values() for table in tables))


def disagreements(first: Iterable[Inspection], second: Iterable[Inspection]) -> Table:
    """List the sources of which two inspectors found different things.

    Parameters
    ----------
    first, second : iterable of Inspection

    Returns
    -------
    astropy.table.Table
        See `compare_inspections`.
    """
    theirs = {row.label: row for row in second}
    pairs = [(row, theirs[row.label]) for row in first if row.label in theirs]
    rows = []
    for one, other in pairs:
        if one.judgement == other.judgement or _same_redshift(one, other):
            continue
        rows.append((
            one.label,
            *(value for name in ("redshift", "flag", "kind", "comment", "inspector")
              for value in (getattr(one, name), getattr(other, name))),
            _apart(one, other),
        ))  # fmt: skip
    names = ["label"]
    for name in ("redshift", "flag", "kind", "comment", "inspector"):
        names += [f"{name}_1", f"{name}_2"]
    names.append("separation")
    table = Table(rows=rows, names=names) if rows else Table(names=names)
    table["separation"].unit = u.arcsec
    return table


def _same_redshift(one: Inspection, other: Inspection) -> bool:
    """Whether two judgements differ in no more than the redshift's last digits."""
    close = abs(one.redshift - other.redshift) <= 0.005 * (1 + max(one.redshift, other.redshift))
    return close and (one.flag, one.kind) == (other.flag, other.kind)


def _apart(one: Inspection, other: Inspection) -> float:
    places = SkyCoord([one.ra, other.ra], [one.dec, other.dec], unit="deg")
    return float(places[0].separation(places[1]).to_value(u.arcsec))


def checked_value(name: str, value: float | int | str | None) -> float | int | str:
    """Return a value as it is kept.

    Parameters
    ----------
    name : {'redshift', 'flag', 'kind', 'comment'}
    value : float, int, str or None

    Returns
    -------
    float, int or str

    Raises
    ------
    Stage3Error
        If it cannot be.
    """
    if name not in _GIVEN:
        raise Stage3Error(f"{name!r} cannot be recorded; expected {', '.join(_GIVEN)}")
    if value is None:
        return {"redshift": math.nan, "flag": -1}.get(name, "")
    if name in ("kind", "comment"):
        # one line: a table of lines holds it as it was typed
        return " ".join(str(value).split())
    try:
        number = float(value)
    except (TypeError, ValueError) as err:
        raise Stage3Error(f"{name} = {value!r}, expected a number") from err
    if name == "redshift":
        if not number > -1 or math.isinf(number):
            raise Stage3Error(f"redshift = {value!r}, expected a number above -1")
        return number
    if not (number.is_integer() and 0 <= number <= 9):
        raise Stage3Error(f"flag = {value!r}, expected a whole number from 0 to 9")
    return int(number)


def as_table(rows: list[Inspection]) -> Table:
    """Return inspections as a table, a row a source.

    Parameters
    ----------
    rows : list of Inspection

    Returns
    -------
    astropy.table.Table
    """
    values = [asdict(row) for row in rows]
    table = Table()
    for name in _COLUMNS:
        kind = _NUMBERS.get(name, str)
        table[name] = np.array([value[name] for value in values], dtype=kind)
    table["ra"].unit = table["dec"].unit = u.deg
    return table


def read_inspections(path: Path, sources: IndexedSources | None) -> dict[str, Inspection]:
    """Read the rows of a file.

    Parameters
    ----------
    path : path
    sources : IndexedSources or None
        Whose inspections they have to be.

    Returns
    -------
    dict of str to Inspection
        By label.

    Raises
    ------
    UnreadableProductError
        If it is not there, or no inspection.
    Stage3Error
        If it is one of other sources.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what follows says what is wrong with it
            table = Table.read(path, format="ascii.ecsv", fill_values=[("", "0", *_NUMBERS)])
    except FileNotFoundError as err:
        raise UnreadableProductError(f"{path}: no such file; is the path right?") from err
    except Exception as err:  # the parsers share no base class
        raise UnreadableProductError(
            f"{path}: not a readable inspection ({reason_of(err)}); move it away to begin a new one"
        ) from err
    lacking = [name for name in _COLUMNS if name not in table.colnames]
    if table.meta.get("kind") != KIND or lacking:
        what = f"without {', '.join(lacking)}" if lacking else "of another kind"
        raise UnreadableProductError(
            f"{path}: a table {what}, expected an inspection; give another path"
        )
    rows = {}
    for values in zip(*(_column(table, name) for name in _COLUMNS), strict=True):
        row = Inspection(**dict(zip(_COLUMNS, values, strict=True)))
        rows[row.label] = row
    if sources is not None:
        _check_sources(path, rows, sources, str(table.meta.get("catalog", "")))
    return rows


def _column(table: Table, name: str) -> list:
    kind = _NUMBERS.get(name, str)
    missing = math.nan if kind is float else -1 if kind is int else ""
    column = table[name]
    if hasattr(column, "mask"):
        return [missing if value is np.ma.masked else kind(value) for value in column]
    return [kind(value) for value in column]


def _check_sources(
    path: Path, rows: dict[str, Inspection], sources: IndexedSources, catalog: str
) -> None:
    place = {str(label): place for place, label in enumerate(sources.labels)}
    unknown = [label for label in rows if label not in place]
    of = f" (it was made with {catalog})" if catalog else ""
    if unknown:
        raise Stage3Error(
            f"{path}: an inspection of other sources{of}: {len(unknown)} of its {len(rows)} are "
            f"not here, such as {unknown[0]}; give another path"
        )
    if not rows:
        return
    then = SkyCoord([r.ra for r in rows.values()], [r.dec for r in rows.values()], unit="deg")
    now = sources.positions[[place[label] for label in rows]]
    away = then.separation(now).to_value(u.arcsec)
    with np.errstate(invalid="ignore"):
        moved = np.flatnonzero(away > _SAME_SOURCE.value)
    if moved.size:
        first = list(rows)[int(moved[0])]
        raise Stage3Error(
            f"{path}: an inspection of other sources{of}: {moved.size} of its {len(rows)} lie "
            f"elsewhere, such as {first}, {away[moved[0]]:.2f}″ away; labels change between "
            "versions of the pipeline. Give another path"
        )
