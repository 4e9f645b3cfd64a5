"""Selecting sources in jdaviz's table viewers, and showing there what is selected elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...jdaviz_compat import (
    add_to_viewer,
    create_table_viewer,
    hide_table_selection_marks,
    image_viewers,
    show_table_rows,
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
        self._watched: list[Any] = []
        self._showing = False

    def watch(self, overlay: Overlay) -> bool:
        """Listen to the tables of a catalog, those that were listened to already left alone.

        Parameters
        ----------
        overlay : Overlay

        Returns
        -------
        bool
            Whether it has a table.
        """
        tables = table_viewers_of(self._app, overlay.sources.data)
        for viewer in tables:
            if viewer not in self._watched:
                self._watched.append(viewer)
                viewer.widget_table.selection_enabled = True
                viewer.widget_table.observe(
                    lambda change, viewer=viewer: self._rows_chosen(viewer, change["new"]),
                    names=["checked"],
                )
                viewer.widget_table.observe(
                    lambda change, viewer=viewer: self._row_clicked(viewer, change["new"]),
                    names=["highlighted"],
                )
        return bool(tables)

    def show(self, overlay: Overlay) -> None:
        """Check the selected sources' rows in the tables of their catalog."""
        self._showing = True
        try:
            for viewer in table_viewers_of(self._app, overlay.sources.data):
                show_table_rows(viewer, overlay.selection.tolist())
            for viewer in image_viewers(self._app):
                hide_table_selection_marks(viewer)
        finally:
            self._showing = False

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
        self.watch(overlay)
        self.show(overlay)
        return label

    def _rows_chosen(self, viewer: Any, rows: list[int]) -> None:
        if not self._showing:
            self._on_rows(viewer.widget_table.data, np.array(rows, dtype=int))

    def _row_clicked(self, viewer: Any, row: int | None) -> None:
        if not self._showing and row is not None:
            self._on_rows(viewer.widget_table.data, np.array([row], dtype=int))
