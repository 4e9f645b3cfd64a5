"""The inspections of the sources of an index, in a file that is written after each."""

from __future__ import annotations

import getpass
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from astropy.table import Table

from ..errors import Stage3Error
from ..products import product_root
from ..saving import save_files
from .indexed_source import Label
from .indexed_sources import IndexedSources
from .inspection import (
    KIND,
    Inspection,
    as_table,
    checked_value,
    disagreements,
    read_inspections,
)

__all__ = ["InspectionTable"]

_IN_MEMORY = "no file is written: what is found is kept until the app is closed"
_PACKAGE = Path(__file__).parents[1]


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
        values: dict[str, Any] = {name: checked_value(name, value) for name, value in found.items()}
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        self._read_what_is_new()
        new = replace(self.of(label), inspector=self.inspector, time=now, **values)
        self._kept[new.label] = new
        self._write()
        return new

    def resume(self, before: InspectionTable) -> None:
        """Take over what was found of these sources in a table that has no file.

        Parameters
        ----------
        before : InspectionTable
            Of the same catalog.
        """
        known = {str(label) for label in self.sources.labels}
        kept = {label: row for label, row in before._kept.items() if label in known}
        self._kept = kept | self._kept

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
        theirs = read_inspections(path, self.sources)
        self._read_what_is_new()
        differing = disagreements(self._kept.values(), theirs.values())
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
        return as_table(sorted(self._kept.values(), key=lambda one: place[one.label]))

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
        for label, row in read_inspections(self.path, self.sources).items():
            own = self._kept.get(label)
            if own is None or row.time > own.time:
                self._kept[label] = row
        self._stamp = stamp

    def _write(self) -> None:
        if self.path is None:
            return
        table = self.table
        catalog = self.sources.catalog
        table.meta = {"kind": KIND, "catalog": catalog.name if catalog else ""}

        def write(path: Path) -> None:
            table.write(path, format="ascii.ecsv")

        save_files(self.path, [write], overwrite=True)
        status = self.path.stat()
        self._stamp = (status.st_size, status.st_mtime_ns)


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
