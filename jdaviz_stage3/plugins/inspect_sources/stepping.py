"""In which order sources are looked at."""

from __future__ import annotations

import numpy as np
from astropy import units as u
from astropy.table import QTable

from ...identity import IndexedSources, InspectionTable

__all__ = ["CATALOG_ORDER", "TABLE_ORDER", "said_of_filters", "said_of_order", "sortable_columns",
           "stepped_through"]  # fmt: skip

CATALOG_ORDER = "catalog"
TABLE_ORDER = "table as sorted"
_SPECTRA = "number of spectra"


def sortable_columns(sources: IndexedSources | None) -> list[str]:
    """Return what sources can be sorted by.

    Parameters
    ----------
    sources : IndexedSources or None

    Returns
    -------
    list of str
        The catalog's order, that of its table in the app, the number of spectra, and the columns of
        numbers of the catalog.
    """
    if sources is None:
        return [CATALOG_ORDER]
    table = sources.catalog_table
    if table is None:
        return [CATALOG_ORDER, _SPECTRA]
    columns = [name for name in table.colnames if _is_number(table, name)]
    return [CATALOG_ORDER, TABLE_ORDER, _SPECTRA, *columns]


def stepped_through(
    sources: IndexedSources,
    inspections: InspectionTable,
    order_by: str,
    descending: bool,
    only: str,
    passing: np.ndarray | None = None,
    in_table: np.ndarray | None = None,
) -> np.ndarray:
    """Return the sources that are looked at, in their order.

    Parameters
    ----------
    sources : IndexedSources
    inspections : InspectionTable
    order_by : str
        One of `sortable_columns`.
    descending : bool
    only : {'all', 'with spectra', 'not looked at', 'looked at'}
    passing : ndarray of bool, shape (n_catalog,), or None, optional
        Rows of the catalog that are left; None for all sources.
    in_table : ndarray of int, shape (n_catalog,), or None, optional
        Rows of the catalog as its table is sorted; None without a table.

    Returns
    -------
    ndarray of int
        Places in the index; those without a value come last.
    """
    size = len(sources)
    keep = np.ones(size, bool)
    if only == "with spectra":
        keep[:] = False
        keep[sources.rows.source] = True
    elif only in ("looked at", "not looked at"):
        done = np.fromiter((label in inspections for label in sources.labels), bool, size)
        keep = done if only == "looked at" else ~done
    if passing is not None:
        keep &= np.arange(size) < passing.size  # what is in no catalog passes no filter of it
        keep[: passing.size] &= passing[:size]
    values = np.full(size, np.nan)
    if order_by == _SPECTRA:
        values = np.bincount(sources.rows.source, minlength=size).astype(float)
    elif order_by == TABLE_ORDER:
        descending = False  # as the table is
        if in_table is not None:
            values[in_table] = np.arange(in_table.size)
    elif order_by != CATALOG_ORDER and sources.catalog_table is not None:
        column = np.ma.filled(
            u.Quantity(sources.catalog_table[order_by]).value.astype(float), np.nan
        )
        values[: column.size] = column
    values = -values if descending else values
    order = np.argsort(values, kind="stable")  # NaN last
    return order[keep[order]]


def said_of_filters(passing: np.ndarray | None) -> str:
    """Return in words how many sources pass the filters of the overlay.

    Parameters
    ----------
    passing : ndarray of bool, or None
        None where the catalog is not loaded.

    Returns
    -------
    str
    """
    if passing is None:
        return "The catalog is not loaded, so there are no filters of it."
    return f"{np.count_nonzero(passing)} of {passing.size} pass its filters."


def said_of_order(order_by: str, in_table: np.ndarray | None) -> str:
    """Return in words what is missing for an order.

    Parameters
    ----------
    order_by : str
        One of `sortable_columns`.
    in_table : ndarray of int, or None
        None where there is no table.

    Returns
    -------
    str
        Empty where nothing is missing.
    """
    if order_by != TABLE_ORDER or in_table is not None:
        return ""
    return "No table of the catalog is open: sources come as in the catalog."


def _is_number(table: QTable, name: str) -> bool:
    column = table[name]
    return (
        getattr(column, "ndim", 0) == 1 and getattr(column, "dtype", np.dtype("O")).kind in "fiub"
    )
