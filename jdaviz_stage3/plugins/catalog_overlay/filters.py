"""The conditions by which the plugin leaves sources out."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from glue.core.message import Message
from traitlets import HasTraits, Int, List, Unicode

from ...analysis import Condition, quote_name
from ...errors import ConditionError, Stage3Error, Stage3Warning
from .overlay import Overlay

__all__ = ["FilterControls", "SourceFilterMessage"]

_OPERATORS = (">", ">=", "<", "<=", "==", "!=")


class SourceFilterMessage(Message):
    """Sent over the app's hub when other sources pass the filters of a catalog.

    Also when a catalog comes, and when it goes.

    Parameters
    ----------
    sender : CatalogOverlay
    catalog : str
        Label of the catalog in the app.
    """

    def __init__(self, sender, catalog: str):
        super().__init__(sender)
        self.catalog = catalog


class FilterControls(HasTraits):
    """The conditions of the catalog that is chosen, and the fields that make one."""

    filter_items = List().tag(sync=True)
    filter_columns = List().tag(sync=True)
    filter_units = List().tag(sync=True)
    filter_operators = List(list(_OPERATORS)).tag(sync=True)
    filter_column = Unicode("").tag(sync=True)
    filter_divisor = Unicode("").tag(sync=True)
    filter_operator = Unicode(">").tag(sync=True)
    filter_value = Unicode("").tag(sync=True)
    filter_error = Unicode("").tag(sync=True)
    filter_editing = Int(-1).tag(sync=True)  # place of the condition that is in the fields

    @property
    def filters(self) -> list[str]:
        """The conditions, all of which a source must meet to be shown."""
        overlay = self.current()
        return list(overlay.settings.filters) if overlay else []

    @filters.setter
    def filters(self, conditions: list[str] | str) -> None:
        overlay = self.current()
        conditions = [conditions] if isinstance(conditions, str) else list(conditions or [])
        if overlay is None and not conditions:
            return
        if overlay is None:
            raise Stage3Error("Catalog Overlay: no catalog is loaded to filter")
        texts = [str(Condition.parse(str(text))) for text in conditions]
        once = list(dict.fromkeys(texts))
        overlay.filter_by(once)
        twice = ", ".join(text for text, count in Counter(texts).items() if count > 1)
        self.filter_error = f"{twice}: is a filter already" if twice else ""
        if twice:
            warnings.warn(
                f"Catalog Overlay: {twice}: is a filter already", Stage3Warning, stacklevel=2
            )
        self.show_filters(overlay)
        self.redraw()
        self.hub.broadcast(SourceFilterMessage(self, overlay.sources.name))

    def passing(self, catalog: str) -> np.ndarray | None:
        """Return which sources pass the filters of a catalog.

        Parameters
        ----------
        catalog : str
            Its label.

        Returns
        -------
        ndarray of bool, shape (n,), or None
            None where there is no such catalog.
        """
        for overlay in self._overlays.values():
            if overlay.sources.name == catalog:
                return overlay.passing.copy()
        return None

    def add_filter(self, condition: str) -> None:
        """Show only the sources that meet one more condition.

        Parameters
        ----------
        condition : str
            ``'column operator value unit'``, as ``'aper_total_flux > 1e-7 Jy'``; without a unit
            the value is in the column's own. Or of a ratio of two columns, as
            ``'aper_total_flux / aper_total_flux_err > 5'``. Operators are <, <=, >, >=, ==, !=.

        Raises
        ------
        ConditionError
            If the condition cannot be read or applied; the others stay.

        Warns
        -----
        Stage3Warning
            If it is there already; it stays there once.
        """
        self.filters = [*self.filters, condition]

    def remove_filter(self, index: int = -1) -> None:
        """Take away a condition.

        Parameters
        ----------
        index : int, optional
            Its place in ``filters``; by default the last.
        """
        conditions = self.filters
        try:
            del conditions[index]
        except IndexError:
            raise Stage3Error(
                f"Catalog Overlay: there is no filter {index}, but {len(conditions)} filters"
            ) from None
        self.filters = conditions

    def clear_filters(self) -> None:
        """Show all sources again."""
        self.filters = []

    def show_filters(self, overlay: Overlay | None) -> None:
        """Show the conditions of an overlay, and the columns that one can be on."""
        self.filter_items = list(overlay.settings.filters) if overlay else []
        self.filter_editing = -1
        columns = overlay.sources.filter_columns if overlay else []
        if columns != self.filter_columns:
            self.filter_columns = columns
            self.filter_units = [str(overlay.sources.unit(name) or "") for name in columns]
            self.filter_divisor = self.filter_error = ""
            flux = overlay.sources.flux_column if overlay else None
            self.filter_column = flux or next(iter(columns), "")

    # ---- from the browser ----

    def vue_add_filter(self, *_: Any) -> None:
        """Add the condition of the fields, or put it in the place of the one that is changed."""
        names = [name for name in (self.filter_column, self.filter_divisor) if name]
        left = " / ".join(quote_name(name) for name in names)
        text = f"{left} {self.filter_operator} {self.filter_value}"
        conditions = self.filters
        if 0 <= self.filter_editing < len(conditions):
            conditions[self.filter_editing] = text
        else:
            conditions.append(text)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Stage3Warning)  # said in the panel
            self._from_browser(lambda: setattr(self, "filters", conditions))

    def vue_edit_filter(self, index: int) -> None:
        """Copy a condition into the fields, to change it; click it again to leave it."""
        if self.filter_editing == index:
            self.filter_editing = -1
            return
        condition = Condition.parse(self.filters[index])
        self.filter_column, self.filter_divisor = condition.column, condition.divisor or ""
        self.filter_operator = condition.operator
        bare = replace(condition, column="x", divisor=None)
        self.filter_value = str(bare).split(condition.operator, 1)[1].strip()
        self.filter_editing = index

    def vue_clear_filters(self, *_: Any) -> None:
        self._from_browser(self.clear_filters)

    def vue_remove_filter(self, index: int) -> None:
        self._from_browser(lambda: self.remove_filter(index))

    def _from_browser(self, change) -> None:
        try:
            change()
        except ConditionError as err:
            self.filter_error = str(err)
