"""What somebody found by looking at sources: kept in a file after each, and put together."""

from __future__ import annotations

import getpass
import math
import os
import warnings
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table

from ..errors import Stage3Error, UnreadableProductError, reason_of
from ..products import product_root
from ..saving import save_files
from .indexed_sources import IndexedSources, Label

__all__ = ["Inspection", "InspectionTable", "compare_inspections"]

#: Farther than this from where it was when it was looked at, a source is another one.
_SAME_SOURCE = 0.5 * u.arcsec
_IN_MEMORY = "no file is written: what is found is kept until the app is closed"
_PACKAGE = Path(__file__).parents[1]
#: What says that a table is one of these.
_KIND = "jdaviz_stage3 inspection"


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


class InspectionTable:
    """The inspections of the sources of an index, in an ECSV file that is written after each.

    Parameters
    ----------
    sources : IndexedSources
    path : path-like, optional
        By default beside the catalog, or the first product, ``<root>_inspection.ecsv``; where
        that folder cannot be written to, in the user's data folder.
    inspector : str, optional
        By default the name of the account.
    on_disk : bool, optional
        Whether there is a file at all; without one what is found is kept in memory.

    Attributes
    ----------
    path : path or None
    notes : tuple of str
        Where the file is, if not beside the data.

    Raises
    ------
    Stage3Error
        If the file is there, and is not an inspection of these sources, or cannot be read.

    Notes
    -----
    What another program has written to the file since it was read is kept: of a source that both
    have, the later row.
    """

    def __init__(
        self,
        sources: IndexedSources,
        path: str | os.PathLike | None = None,
        *,
        inspector: str | None = None,
        on_disk: bool = True,
    ):
        self.sources = sources
        self.inspector = _account() if inspector is None else inspector.strip()
        self.path: Path | None = None
        self.notes: tuple[str, ...] = (_IN_MEMORY,)
        if on_disk and path is None:
            self.path, self.notes = _default_path(sources)
        elif on_disk and path is not None:
            self.path, self.notes = Path(os.path.expanduser(path)).absolute(), ()
        self._kept: dict[str, Inspection] = {}
        self._stamp: tuple[int, int] | None = None
        self._read_what_is_new()

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, label: Label) -> bool:
        return str(label) in self._kept

    def of(self, label: Label) -> Inspection:
        """Return what was found of a source.

        Parameters
        ----------
        label : int or str

        Returns
        -------
        Inspection
            An empty one where it has not been looked at.

        Raises
        ------
        Stage3Error
            If there is no such source.
        """
        position = self.sources.positions[self.sources.place_of(label)]
        empty = Inspection(str(label), float(position.ra.deg), float(position.dec.deg))
        return self._kept.get(str(label), empty)

    def record(self, label: Label, **found: float | int | str | None) -> Inspection:
        """Keep what was found of a source, and write the file.

        Parameters
        ----------
        label : int or str
        **found
            ``redshift``, ``flag``, ``kind``, ``comment``; what is not given stays, and None takes
            it back.

        Returns
        -------
        Inspection

        Raises
        ------
        Stage3Error
            If there is no such source, a value cannot be, or the file cannot be written; what was
            found is kept in memory then, and written with the next.
        """
        values: dict[str, Any] = {name: _checked(name, value) for name, value in found.items()}
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        self._read_what_is_new()
        new = replace(self.of(label), inspector=self.inspector, time=now, **values)
        self._kept[new.label] = new
        self._write()
        return new

    def merge(self, other: str | os.PathLike) -> Table:
        """Take over what somebody else has found, of sources that are not in this table.

        Parameters
        ----------
        other : path-like
            Another inspection of the same sources.

        Returns
        -------
        astropy.table.Table
            Of sources in both, where these disagree; see `compare_inspections`. Of them this
            table keeps its own row.

        Raises
        ------
        Stage3Error
            If it is no inspection of these sources.
        """
        path = Path(os.path.expanduser(other))
        theirs = _read(path, self.sources)
        self._read_what_is_new()
        differing = _disagreements(self._kept.values(), theirs.values())
        self._kept = theirs | self._kept
        self._write()
        return differing

    @property
    def kinds(self) -> list[str]:
        """What sources were said to be, each once."""
        return sorted({row.kind for row in self._kept.values()} - {""})

    @property
    def table(self) -> Table:
        """One row an inspected source, in the order of the index."""
        place = {str(label): place for place, label in enumerate(self.sources.labels)}
        return _as_table(sorted(self._kept.values(), key=lambda one: place[one.label]))

    def _read_what_is_new(self) -> None:
        """Take over rows that the file has got since it was read."""
        if self.path is None:
            return
        try:
            status = self.path.stat()
        except OSError:
            return
        stamp = (status.st_size, status.st_mtime_ns)
        if stamp == self._stamp:
            return
        for label, row in _read(self.path, self.sources).items():
            own = self._kept.get(label)
            if own is None or row.time > own.time:
                self._kept[label] = row
        self._stamp = stamp

    def _write(self) -> None:
        if self.path is None:
            return
        table = self.table
        catalog = self.sources.catalog
        table.meta = {"kind": _KIND, "catalog": catalog.name if catalog else ""}

        def write(path: Path) -> None:
            table.write(path, format="ascii.ecsv")

        save_files(self.path, [write], overwrite=True)
        status = self.path.stat()
        self._stamp = (status.st_size, status.st_mtime_ns)


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
    tables = [_read(Path(os.path.expanduser(path)), None) for path in (first, second)]
    return _disagreements(*(table.values() for table in tables))


def _disagreements(first: Iterable[Inspection], second: Iterable[Inspection]) -> Table:
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


def _checked(name: str, value: float | int | str | None) -> float | int | str:
    """A value as it is kept."""
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


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name
        return ""


def _default_path(sources: IndexedSources) -> tuple[Path, tuple[str, ...]]:
    products = [product.path for product in sources.rows.products]
    first = sources.catalog or next(iter(products), None)
    if first is None:
        raise Stage3Error("there are no sources to inspect")
    name = f"{product_root(first)}_inspection.ecsv"
    beside = first.absolute().parent
    # what is installed with the package, its demo, is nobody's to write to
    if os.access(beside, os.W_OK) and _PACKAGE not in beside.parents:
        return beside / name, ()
    from platformdirs import user_data_path

    folder = user_data_path("jdaviz_stage3") / "inspections"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise Stage3Error(
            f"{folder}: cannot be made ({err.strerror}), and nothing is written to {beside}; give "
            "a path for the inspection"
        ) from err
    return folder / name, (f"nothing is written to {beside}; the inspection is in {folder / name}",)


def _as_table(rows: list[Inspection]) -> Table:
    values = [asdict(row) for row in rows]
    table = Table()
    for name in _COLUMNS:
        kind = _NUMBERS.get(name, str)
        table[name] = np.array([value[name] for value in values], dtype=kind)
    table["ra"].unit = table["dec"].unit = u.deg
    return table


def _read(path: Path, sources: IndexedSources | None) -> dict[str, Inspection]:
    """The rows of a file; an error where they are not of these sources."""
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
    if table.meta.get("kind") != _KIND or lacking:
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
