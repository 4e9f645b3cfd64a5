"""The sources of a group of products, and what there is of each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import QTable, Table

from ..analysis.sources.matching import SAME_PLACE
from ..errors import Stage3Error
from .counterparts import OtherCatalog, nearest_of_each_other, places_in
from .indexed_source import IndexedSource, Label
from .source_products import ProductRows, SourceProduct

__all__ = ["IndexedSources"]


class IndexedSources(Sequence):
    """The sources of a group of products; see `index_sources`.

    Parameters
    ----------
    labels : sequence of int or str
        Unique.
    positions : SkyCoord, shape (n,)
    rows : ProductRows
    catalog : Path or None
    catalog_table : QTable or None
        The catalog; its rows are the first sources.
    images, segmentations, exposures : tuple of Path
        ``exposures`` are those of images.
    notes : tuple of str
        What does not fit, and what was assumed, in words.

    Attributes
    ----------
    reductions : tuple of Path
        Folders of several reductions of one product, that of the one that counts first; empty where
        there is one only.
    others : dict of str to OtherCatalog
        By their names.

    Examples
    --------
    >>> import jdaviz_stage3 as stage3
    >>> sources = stage3.index_sources("mastDownload")        # doctest: +SKIP
    >>> sources.labelled(17)                                  # doctest: +SKIP
    >>> sources.labelled(17).of_type("x1d")[0].spectrum()     # doctest: +SKIP
    """

    def __init__(
        self,
        labels: Sequence[Label],
        positions: SkyCoord,
        rows: ProductRows,
        *,
        catalog: Path | None = None,
        catalog_table: QTable | None = None,
        images: tuple[Path, ...] = (),
        segmentations: tuple[Path, ...] = (),
        exposures: tuple[Path, ...] = (),
        notes: tuple[str, ...] = (),
    ):
        self.labels = list(labels)
        self.positions = positions
        self.rows = rows
        self.catalog = catalog
        self.images = images
        self.segmentations = segmentations
        self.exposures = exposures
        self.notes = notes
        self.reductions: tuple[Path, ...] = ()
        self.others: dict[str, OtherCatalog] = {}
        self.catalog_table = catalog_table
        self._places = {label: place for place, label in enumerate(self.labels)}

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        rows, found = self.rows, []
        here = rows.of(place)
        for number in range(here.start, here.stop):
            table = int(rows.table[number])
            found.append(
                SourceProduct(
                    rows.products[table],
                    rows.tables[table],
                    int(rows.element[number]),
                    str(rows.by[number]),
                    float(rows.separation[number]) * u.arcsec,
                )
            )
        in_catalog = self.catalog_table is not None and place < len(self.catalog_table)
        return IndexedSource(
            self.labels[place],
            self.positions[place],
            self.catalog if in_catalog else None,
            self.catalog_table[place] if in_catalog else None,
            tuple(found),
            self.images,
            self.segmentations if in_catalog else (),
            self.exposures,
            tuple(found for each in self.others.values() if (found := each.of(place)) is not None),
        )

    def __iter__(self) -> Iterator[IndexedSource]:
        return (self[place] for place in range(len(self)))

    def __repr__(self) -> str:
        some = int(np.unique(self.rows.source).size)
        where = f" of {self.catalog.name}" if self.catalog else ""
        return f"<IndexedSources: {len(self)} sources{where}, {some} with spectra>"

    def place_of(self, label: Label) -> int:
        """Return where a source is in the index.

        Parameters
        ----------
        label : int or str

        Returns
        -------
        int

        Raises
        ------
        Stage3Error
            If there is no such source.
        """
        try:
            return self._places[int(label) if isinstance(label, np.integer) else label]
        except KeyError:
            some = ", ".join(str(one) for one in self.labels[:8])
            more = ", …" if len(self) > 8 else ""
            raise Stage3Error(
                f"there is no source {label!r} among the {len(self)}: {some}{more}"
            ) from None

    def labelled(self, label: Label) -> IndexedSource:
        """Return the source with a label.

        Parameters
        ----------
        label : int or str

        Returns
        -------
        IndexedSource

        Raises
        ------
        Stage3Error
            If there is none.
        """
        return self[self.place_of(label)]

    def add_catalog(
        self,
        name: str,
        table: Table,
        places: SkyCoord | None = None,
        *,
        tolerance: u.Quantity = SAME_PLACE,
    ) -> OtherCatalog:
        """Find the sources of another catalog, by place; they are ``counterparts`` of ours then.

        Parameters
        ----------
        name : str
        table : Table
        places : SkyCoord, shape (n,), optional
            Of its rows; by default its column of positions.
        tolerance : Quantity, optional
            Within which two positions are one source, each the nearest of the other.

        Returns
        -------
        OtherCatalog

        Raises
        ------
        Stage3Error
            If the table has no positions, or there is not one for each row.
        """
        if places is None:
            places = places_in(name, table)
        if places.shape != (len(table),):
            raise Stage3Error(f"{name}: positions of shape {places.shape} for {len(table)} rows")
        row, separation = nearest_of_each_other(self.positions, places, tolerance)
        self.others[name] = OtherCatalog(name, table, row, separation)
        return self.others[name]

    def owner_of(self, path: str | os.PathLike, number: int | None) -> int | None:
        """Return where the source of a spectrum is in the index.

        Parameters
        ----------
        path : path-like
            Its file.
        number : int or None
            SOURCE_ID in it, None where it has none.

        Returns
        -------
        int or None
            None where the file is not of the index, or has several sources of that number.
        """
        real = os.path.realpath(path)
        rows, found = self.rows, []
        for table in self._tables_of.get(real, ()):
            here = np.flatnonzero(rows.table == table)
            listed = rows.tables[table]
            if number is not None and listed is not None and listed.source_id is not None:
                here = here[listed.source_id[rows.element[here]] == number]
            found.append(rows.source[here])
        owners = np.unique(np.concatenate(found)) if found else np.zeros(0, int)
        return int(owners[0]) if owners.size == 1 else None

    @cached_property
    def _tables_of(self) -> dict[str, list[int]]:
        """The tables of each file, by its path without links."""
        tables: dict[str, list[int]] = {}
        for place, product in enumerate(self.rows.products):
            tables.setdefault(os.path.realpath(product.path), []).append(place)
        return tables

    def nearest(self, position: SkyCoord) -> IndexedSource:
        """Return the source that is nearest to a place.

        Parameters
        ----------
        position : SkyCoord
            Scalar.

        Returns
        -------
        IndexedSource

        Raises
        ------
        Stage3Error
            If no source has a place.
        """
        away = self.positions.separation(position).to_value(u.arcsec)
        if not np.isfinite(away).any():
            raise Stage3Error("nothing says where the sources are")
        return self[int(np.nanargmin(away))]

    @property
    def table(self) -> QTable:
        """One row a source: ``label``, ``position``, and how many of each product there are."""
        rows, size = self.rows, len(self)
        numbers = all(isinstance(label, int) for label in self.labels)
        table = QTable({"label": np.array(self.labels, dtype=int if numbers else str)})
        table["position"] = self.positions
        suffixes = np.array([product.suffix for product in rows.products])
        of_row = suffixes[rows.table] if suffixes.size else np.zeros(0, str)
        for suffix in dict.fromkeys(suffixes.tolist()):
            table[f"n_{suffix}"] = np.bincount(rows.source[of_row == suffix], minlength=size)
        by_place = np.bincount(rows.source[rows.by == "position"], minlength=size)
        table["n_by_position"] = by_place
        separation = np.zeros(size)
        known = np.isfinite(rows.separation)
        np.maximum.at(separation, rows.source[known], rows.separation[known])
        table["separation"] = separation * u.arcsec
        return table
