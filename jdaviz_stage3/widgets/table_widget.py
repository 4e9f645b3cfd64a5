"""A catalog as a table to sort, filter and select in, as a widget."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

import ipyvuetify
import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import QTable, Table
from astropy.utils.masked import Masked
from ipywidgets import HTML, Text

from ..analysis import select_sources
from ..errors import Stage3Error
from .product_widget import ProductWidget, read_given
from .selection import SourceSelection, selection_of

__all__ = ["CatalogWidget", "catalog_table"]

_FIRST = ("label", "aper_total_flux", "aper_total_flux_err", "aper_total_abmag", "is_extended",
          "isophotal_flux", "isophotal_abmag", "semimajor_sigma", "ellipticity", "source_sum",
          "source_sum_err", "abmag", "area")  # fmt: skip
_MOST_AT_FIRST = 9
_PAGE = 10


class CatalogWidget(ProductWidget):
    """A catalog, a page at a time; see `catalog_table`.

    Attributes
    ----------
    conditions : ipywidgets.Text
        Which sources are shown: ``aper_total_flux > 1e-7 Jy and is_extended == False``.
    table : ipyvuetify.DataTable
    rows : ndarray of int
        The rows of the catalog that are shown, in their order.
    selection : SourceSelection
        Shared by the widgets of one catalog; ``selection.label`` is the source.
    """

    def __init__(
        self,
        catalog: QTable,
        selection: SourceSelection,
        name: str,
        columns: Sequence[str] | None = None,
    ) -> None:
        self.catalog, self.selection = catalog, selection
        self._labels = (
            np.asarray(catalog["label"])
            if "label" in catalog.colnames
            else np.arange(1, len(catalog) + 1)
        )
        self._columns = _sortable(catalog, columns)
        self.rows = np.arange(len(catalog))
        self.conditions = Text(
            description="Filter", placeholder="aper_total_flux > 1e-7 Jy and is_extended == False",
            continuous_update=False, layout={"width": "560px"},
        )  # fmt: skip
        self.summary = HTML()
        headers = [{"text": title, "value": key} for key, (title, _) in self._columns.items()]
        self.table = ipyvuetify.DataTable(
            headers=headers, items=[], item_key="row", show_select=True, single_select=True,
            v_model=[], dense=True, server_items_length=len(catalog),
            options={"page": 1, "itemsPerPage": _PAGE, "sortBy": [], "sortDesc": []},
            footer_props={"items-per-page-options": [10, 25, 50, 100]},
        )  # fmt: skip
        super().__init__(name, [self.conditions, self.summary], self.table)
        self._told = False
        self.conditions.observe(lambda _: self._filter(), "value")
        self.table.observe(lambda _: self._fill(), "options")
        self.table.observe(self._take, "v_model")
        selection.observe(lambda _: self._go_to_selected(), "label")
        self._filter()
        self._go_to_selected()

    def _filter(self) -> None:
        """Show the sources that meet the conditions; as before where these cannot be understood."""
        with self._in_words():
            asked = re.split(r"\s+and\s+|\s*;\s*", self.conditions.value.strip())
            keep = select_sources(self.catalog, *[text for text in asked if text])
            self._kept = np.flatnonzero(np.broadcast_to(keep, len(self.catalog)))
            self.table.server_items_length = int(self._kept.size)
            self.summary.value = f"{self._kept.size} of {len(self.catalog)} sources"
            self.table.options = self.table.options | {"page": 1}
            self._fill()

    def _fill(self) -> None:
        """Send the page that is shown."""
        options = self.table.options
        rows = self._kept
        names, downward = options.get("sortBy") or [], options.get("sortDesc") or []
        for name, down in list(zip(names, downward, strict=False))[::-1]:
            rows = rows[_order(self._columns[name][1][rows], bool(down))]
        self.rows = rows
        size = int(options.get("itemsPerPage") or _PAGE)
        size = size if size > 0 else _PAGE
        start = (int(options.get("page") or 1) - 1) * size
        self.table.items = [
            {"row": int(row), **{k: _cell(k, v[row]) for k, (_, v) in self._columns.items()}}
            for row in rows[start : start + size]
        ]
        self._mark()

    def _take(self, change: dict[str, Any]) -> None:
        """Select what was ticked in the table."""
        if self._told:
            return
        chosen = change["new"]
        self.selection.label = self._labels[chosen[0]["row"]].item() if chosen else None

    def _mark(self) -> None:
        """Tick the selected source, where it is on the page."""
        marked = [
            item
            for item in self.table.items
            if self.selection.label is not None
            and self._labels[item["row"]] == self.selection.label
        ]
        self._told = True
        self.table.v_model = marked
        self._told = False

    def _go_to_selected(self) -> None:
        """Show the page that the selected source is on."""
        if self.selection.label is not None:
            found = np.flatnonzero(self._labels[self.rows] == self.selection.label)
            if found.size:
                size = int(self.table.options.get("itemsPerPage") or _PAGE)
                page = int(found[0]) // max(size, 1) + 1
                if page != self.table.options.get("page"):
                    self.table.options = self.table.options | {"page": page}
                    self._fill()
        self._mark()


def _sortable(catalog: QTable, columns: Sequence[str] | None) -> dict[str, tuple[str, np.ndarray]]:
    """The columns that are shown: by key the title with its unit, and the values."""
    if isinstance(columns, str):
        columns = [columns]
    if columns is not None:
        missing = [name for name in columns if name not in catalog.colnames]
        if missing:
            raise Stage3Error(
                f"catalog_table: no column {missing[0]!r}; there is {', '.join(catalog.colnames)}"
            )
    chosen = list(columns or [n for n in _FIRST if n in catalog.colnames][:_MOST_AT_FIRST])
    chosen = chosen or catalog.colnames[:_MOST_AT_FIRST]
    sky = next((n for n in catalog.colnames if isinstance(catalog[n], SkyCoord)), None)
    if columns is None and sky is not None and sky not in chosen:
        chosen.insert(1, sky)
    found: dict[str, tuple[str, np.ndarray]] = {}
    for name in chosen:
        column = catalog[name]
        if isinstance(column, SkyCoord):
            places = column.icrs
            # to 4 mas, which 7 digits would not be
            found["ra"] = ("RA (deg)", np.round(places.ra.deg, 6))
            found["dec"] = ("Dec (deg)", np.round(places.dec.deg, 6))
        elif column.ndim == 1:
            unit = str(getattr(column, "unit", "") or "")
            values = column.value if isinstance(column, u.Quantity) else np.ma.asanyarray(column)
            if isinstance(values, Masked):  # as other columns with a mask
                values = np.ma.MaskedArray(values.unmasked, values.mask)
            found[name] = (f"{name} ({unit})" if unit else name, values)
    return found


def _order(values: np.ndarray, down: bool) -> np.ndarray:
    """The order of values; what is not a number, or masked, comes last either way."""
    values = np.ma.asanyarray(values)
    last = np.ma.getmaskarray(values).copy()
    plain = values.data
    if plain.dtype.kind == "O":  # which may have no order
        plain = np.array([str(value) for value in plain])
    if plain.dtype.kind == "f":
        last |= ~np.isfinite(plain)
    _, rank = np.unique(plain, return_inverse=True)
    return np.lexsort([-rank if down else rank, last])


def _cell(key: str, value: Any) -> Any:
    if value is np.ma.masked or (isinstance(value, float | np.floating) and not np.isfinite(value)):
        return "–"
    if isinstance(value, float | np.floating):
        return f"{value:.6f}" if key in ("ra", "dec") else f"{value:.7g}"
    return value.item() if isinstance(value, np.generic) else str(value)


def catalog_table(
    given: str | os.PathLike | QTable, columns: Sequence[str] | None = None
) -> CatalogWidget:
    """Show a catalog as a table, a page at a time.

    Parameters
    ----------
    given : path-like or QTable
        A cat product, or what `jdaviz_stage3.read` made of it.
    columns : sequence of str, optional
        Which to show; by default label, position, fluxes and magnitudes of the whole source, shape.

    Returns
    -------
    CatalogWidget
        A click on a heading sorts by it, what is not a number last; a tick selects a source, also
        in a `source_image` of the same file or object.

    Raises
    ------
    Stage3Error
        If it is another product, cannot be read, or has no such column.

    Examples
    --------
    >>> import jdaviz_stage3 as stage3
    >>> stage3.widgets.catalog_table("jw…_cat.ecsv")    # doctest: +SKIP
    """
    catalog, name = read_given(given, ("cat",), "a table of sources", (Table,))
    return CatalogWidget(catalog, selection_of(given), name, columns)
