"""The columns of a catalog of the data collection, as they are in its file."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, QTable
from astropy.time import Time
from glue.core import Data

from ...jdaviz_compat import CATALOG_COLUMNS, as_read, own_column_names, without_jdaviz_keys
from ...loaders.catalog import catalog_for_jdaviz
from ...origin import ORIGIN
from ...readers.catalog import label_column, pixel_columns

__all__ = ["CatalogColumns"]


class CatalogColumns:
    """The columns of a catalog with their units, indexed by the names that they have in its file.

    Parameters
    ----------
    data : glue.core.Data
        A catalog that was loaded by this package or by jdaviz.
    """

    def __init__(self, data: Data):
        self.data = data

    @cached_property
    def _read(self) -> QTable:
        """The catalog as our reader gave it; without columns where data are none of ours."""
        found = as_read(self.data)
        return QTable() if found is None else found

    @cached_property
    def _renamed(self) -> dict[str, str]:
        """Names in the data collection of columns that are called otherwise in the file."""
        return own_column_names(self._read.colnames)

    @cached_property
    def _stored(self) -> dict[str, Any]:
        """The components by their names in the data collection."""
        return {component.label: component for component in self.data.main_components}

    @cached_property
    def _components(self) -> dict[str, Any]:
        """The components by the names of the columns in the file."""
        found = dict(self._stored)
        # the two angles of the sky position by their names in the file, too
        for name in self._read.colnames:
            if name not in found and f"{name}.ra" not in found and {"RA", "Dec"} <= set(found):
                found |= {f"{name}.ra": found["RA"], f"{name}.dec": found["Dec"]}
        # the user's own RA, Dec, X, Y, ID instead of those that the loader has added
        for name, stored in self._renamed.items():
            found[name] = found.pop(stored)
        return found

    @cached_property
    def _added(self) -> set[str]:
        """Columns that the loader has added for jdaviz; others of the catalog hold the same."""
        return set(CATALOG_COLUMNS) - set(self._renamed)

    @cached_property
    def repeated(self) -> set[str]:
        """Those of them that the catalog has under names of its own as well, in other columns."""
        own: set[str] = set()
        if pixel_columns(self._read) is not None:
            own |= {"X", "Y"}
        if label_column(self._read) is not None:
            own.add("ID")
        return own & self._added

    def __getitem__(self, name: str) -> np.ndarray | u.Quantity:
        values, unit = self.array(name), self.unit(name)
        if (mask := self.mask(name)) is not None:
            return MaskedColumn(values, mask=mask, unit=unit)
        # magnitudes are quantities of a class of their own
        return values if unit is None else u.Quantity(values, unit, copy=False, subok=True)

    def __iter__(self) -> Iterator[str]:
        return iter(self._components)

    def __len__(self) -> int:
        return self.data.shape[0]

    def keys(self) -> list[str]:
        """Names of the columns."""
        return list(self._components)

    def __contains__(self, name: object) -> bool:
        return name in self._components

    def unit(self, name: str) -> u.Unit | None:
        """Unit of a column, None if it has none or astropy does not know it.

        Parameters
        ----------
        name : str

        Returns
        -------
        astropy.units.Unit or None
        """
        return self._unit_of(self._components[name])

    def _unit_of(self, component: Any) -> u.Unit | None:
        text = self.data.get_component(component).units
        if not text:
            return None
        try:
            return u.Unit(text)
        except ValueError:
            return None

    def array(self, name: str) -> np.ndarray:
        """Values of a column without the unit.

        Parameters
        ----------
        name : str

        Returns
        -------
        ndarray, shape (n,)
        """
        values = self.data[self._components[name]]
        # glue stores booleans as numbers
        boolean = name in self._read.colnames and _dtype(self._read[name]) == np.dtype(bool)
        return values.astype(bool) if boolean else values

    def mask(self, name: str) -> np.ndarray | None:
        """Where a column has no value, beside NaN.

        Parameters
        ----------
        name : str

        Returns
        -------
        ndarray of bool, shape (n,), or None
            None if it has one for all sources.
        """
        return self._masks.get(name)

    @cached_property
    def _masks(self) -> dict[str, np.ndarray]:
        """Masks of integers, booleans and texts; a missing float is NaN."""
        masks = {n: getattr(self._read[n], "mask", None) for n in self._read.colnames}
        return {
            name: np.asarray(mask)
            for name, mask in masks.items()
            if mask is not None and np.ndim(mask) == 1 and np.any(mask)
        }

    @cached_property
    def numeric_columns(self) -> list[str]:
        """Names of the columns with numbers, those that the loader added aside."""
        return [
            name
            for name in self
            if name not in self._added and np.issubdtype(self.array(name).dtype, np.number)
        ]

    @cached_property
    def filter_columns(self) -> list[str]:
        """Names of the columns that a condition can be on."""
        return [name for name in self if name not in self._added] or list(self)

    def table(self, rows: np.ndarray) -> QTable:
        """Return sources as a table, as it is in the catalog's file.

        Parameters
        ----------
        rows : ndarray of int or bool

        Returns
        -------
        astropy.table.QTable
            All columns with units and descriptions, sky positions as
            `~astropy.coordinates.SkyCoord`, and the file's meta. Values that were changed in the
            app since, and columns that were added there, as they are in the app.
        """
        if self._read.colnames:
            return self._with_changes(self._read[rows], rows)
        out = QTable()
        for name in self:
            values, unit = self.array(name)[rows], self.unit(name)
            out[name] = values if unit is None else u.Quantity(values, unit, subok=True)
        meta = without_jdaviz_keys(self.data.meta)
        out.meta = {k: v for k, v in meta.items() if k != ORIGIN}
        return out

    def _with_changes(self, table: QTable, rows: np.ndarray) -> QTable:
        """Put what is otherwise in the app into the same rows of the catalog as read."""
        loaded = catalog_for_jdaviz(table)
        for name, component in self._components.items():
            stored = component.label
            if name in self._added or (
                stored in loaded.colnames and _same(self.data[component][rows], loaded[stored])
            ):
                continue
            column, _, angle = name.rpartition(".")
            if angle in ("ra", "dec") and column in table.colnames:
                angles = (self[f"{column}.{axis}"][rows] for axis in ("ra", "dec"))
                _replace(table, column, SkyCoord(*angles))
            else:
                _replace(table, name, self[name][rows])
        return table


def _replace(table: QTable, name: str, values: Any) -> None:
    """Put other values into a column, which stays what it is in the file; or add it."""
    if name not in table.colnames:
        table[name] = values
        return
    column = table[name]
    if isinstance(column, SkyCoord):
        values = values.transform_to(column.frame.replicate_without_data())
    elif isinstance(column, Time):
        days = np.ma.masked_invalid(u.Quantity(values).value)
        values = Time(days, format="mjd", scale=column.scale)
    elif isinstance(column, u.Quantity):  # without a unit, too
        values = u.Quantity(values, subok=True)
    table[name] = values
    table[name].info.description = column.info.description
    if not isinstance(values, (SkyCoord, Time)):
        table[name].info.format = column.info.format


def _same(values: np.ndarray, loaded: Any) -> bool:
    """Whether values are those of a column that was loaded, where that has any."""
    known = ~np.ma.getmaskarray(loaded) if hasattr(loaded, "mask") else np.ones(len(loaded), bool)
    plain = np.asarray(getattr(loaded, "unmasked", loaded))
    return np.array_equal(
        values[known], plain[known].astype(values.dtype), equal_nan=values.dtype.kind == "f"
    )


def _dtype(column: Any) -> np.dtype | None:
    """The type of a column's values; None of positions and times."""
    return getattr(column, "dtype", None)
