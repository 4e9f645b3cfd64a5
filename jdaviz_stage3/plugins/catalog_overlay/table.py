"""Selecting sources in jdaviz's table viewers, and showing there what is selected elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ...jdaviz_compat import (
    LentTable,
    add_to_viewer,
    create_table_viewer,
    rows_as_sorted,
    table_viewers_of,
)
from .overlay import Overlay

__all__ = ["TableLink"]


class TableLink:
    """Keeps the checked rows of table viewers and the selected sources the same.

    Parameters
    ----------
    app : jdaviz application
    on_rows : callable
        Called with a catalog (glue data) and rows when rows are checked or clicked in a table.
    """

    def __init__(self, app: Any, on_rows: Callable[[Any, np.ndarray], None]):
        self._app = app
        self._on_rows = on_rows
        self._lent: dict[Any, LentTable] = {}  # by viewer

    def follow(self, overlays: Iterable[Overlay]) -> None:
        """Select in the tables of these overlays' catalogs, and give all other tables back.

        A table that comes shows what is selected; where nothing is, its checked rows become that.

        Parameters
        ----------
        overlays : iterable of Overlay
            Those that are on. Tables of all other catalogs are jdaviz's alone.
        """
        wanted = {
            viewer: overlay
            for overlay in overlays
            for viewer in table_viewers_of(self._app, overlay.sources.data)
        }
        for viewer, table in list(self._lent.items()):
            if viewer not in wanted or wanted[viewer].sources.data is not table.data:
                self._lent.pop(viewer).give_back()
        for viewer in wanted.keys() - self._lent.keys():
            overlay = wanted[viewer]
            table = self._lent[viewer] = LentTable(viewer, self._on_rows, overlay.sources.repeated)
            if len(overlay.selection):
                table.show(overlay.selection.tolist())
            elif len(table.checked):
                self._on_rows(table.data, table.checked)

    def show(self, overlay: Overlay) -> None:
        """Check the selected sources' rows in the tables of their catalog."""
        for table in self._lent.values():
            if table.data is overlay.sources.data:
                table.show(overlay.selection.tolist())

    @property
    def viewers(self) -> list[Any]:
        """The (glue) table viewers in which sources are selected."""
        return list(self._lent)

    def viewers_of(self, overlay: Overlay) -> list[Any]:
        """Those of them that show a catalog."""
        return [viewer for viewer, lent in self._lent.items() if lent.data is overlay.sources.data]

    def order(self, overlay: Overlay) -> np.ndarray | None:
        """The rows of a catalog as its first table is sorted, ndarray of int; None without one."""
        for viewer in table_viewers_of(self._app, overlay.sources.data):
            return rows_as_sorted(viewer)
        return None

    def has_table(self, overlay: Overlay) -> bool:
        """Whether a table viewer shows a catalog."""
        return bool(table_viewers_of(self._app, overlay.sources.data))

    def open(self, overlay: Overlay) -> str:
        """Open a table of a catalog, or say which one is open.

        Returns
        -------
        str
            Label of the table viewer.
        """
        tables = table_viewers_of(self._app, overlay.sources.data)
        if tables:
            return tables[0].reference
        label = create_table_viewer(self._app)
        add_to_viewer(self._app, label, overlay.sources.data)
        return label
