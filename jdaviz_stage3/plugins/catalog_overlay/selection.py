"""Which sources are selected: in images, in tables, in the plugin, and for other plugins."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from astropy.table import QTable
from glue.core.message import Message
from traitlets import Bool, HasTraits, Int, List, Unicode

from ...errors import Stage3Error
from ...jdaviz_compat import show_message
from ...loaders.journal import called_by_sessions
from ...viewers.keys import keyboard
from ..panel import do_as_asked
from .canvas import zoom_to
from .overlay import Overlay
from .source_keys import SOURCE_KEYS, SourceKeys
from .table import TableLink

__all__ = ["SelectionControls", "SourceSelectionMessage"]


class SourceSelectionMessage(Message):
    """Sent over the app's hub when the selection of sources changes.

    Parameters
    ----------
    sender : CatalogOverlay
    catalog : str
        Label of the catalog in the app.
    labels : list
        Labels of the selected sources, empty if none is.
    rows : ndarray of int
        Their rows in the catalog.

    Examples
    --------
    >>> hub.subscribe(self, SourceSelectionMessage, handler=self.on_selection)   # doctest: +SKIP
    """

    def __init__(self, sender, catalog: str, labels: list, rows: np.ndarray):
        super().__init__(sender)
        self.catalog = catalog
        self.labels = labels
        self.rows = rows


class SelectionControls(HasTraits):
    """The selection of the catalog that is chosen, and what the plugin shows of it."""

    selected_details = List().tag(sync=True)
    selected_title = Unicode().tag(sync=True)
    n_selected = Int(0).tag(sync=True)
    has_table = Bool(False).tag(sync=True)
    hover_text = Unicode().tag(sync=True)

    @cached_property
    def _tables(self) -> TableLink:
        return TableLink(self, self._rows_checked)

    viewer_keys = SOURCE_KEYS

    @cached_property
    def _keys(self) -> SourceKeys:
        return SourceKeys(self, self._overlay_in)

    @cached_property
    def _listeners(self) -> list[Callable[[list], None]]:
        return []

    @property
    def selected(self) -> list:
        """Labels of the selected sources."""
        overlay = self.current()
        return overlay.sources.labels[overlay.selection].tolist() if overlay else []

    @property
    def selected_table(self) -> QTable | None:
        """The selected sources with all columns; None if no catalog is loaded."""
        overlay = self.current()
        return overlay.sources.table(overlay.selection) if overlay else None

    @called_by_sessions
    def select(self, labels: Any, zoom: bool = False) -> None:
        """Select sources: highlight them, and show their rows here and in table viewers.

        Parameters
        ----------
        labels : int, str or sequence of those
            The sources' labels.
        zoom : bool, optional
            Whether to zoom to them.

        Raises
        ------
        Stage3Error
            If the catalog has no source of a label; the selection stays as it was.
        """
        overlay = self._required()
        several = np.ndim(labels) or isinstance(labels, (set, frozenset))
        wanted = list(dict.fromkeys(np.array(list(labels)).tolist() if several else [labels]))
        rows = overlay.sources.rows_of(wanted)
        if len(rows) < len(wanted):
            there = set(overlay.sources.labels[rows].tolist())
            missing = [label for label in wanted if label not in there]
            text = (
                f"{overlay.sources.name}: no source with label {', '.join(map(repr, missing[:5]))}"
            )
            labels = overlay.sources.labels
            if np.issubdtype(labels.dtype, np.number) and len(labels):
                text += f" (labels go from {labels.min()} to {labels.max()})"
            elif not len(labels):
                text = f"{overlay.sources.name}: the catalog has no sources"
            raise Stage3Error(text)
        self.select_rows(overlay, rows)
        if zoom:
            self.zoom_to_selected()

    def clear_selection(self) -> None:
        """Select no source."""
        overlay = self.current()
        if overlay is not None:
            self.select_rows(overlay, np.empty(0, dtype=int))

    def on_selection(self, callback: Callable[[list], None]) -> Callable[[], None]:
        """Call a function with the labels of the selected sources when the selection changes.

        Parameters
        ----------
        callback : callable
            Takes a list of labels.

        Returns
        -------
        callable
            Call it to stop.
        """
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def zoom_to_selected(self) -> None:
        """Bring the selected sources into view, with what lies around them.

        Raises
        ------
        Stage3Error
            If they cannot be placed on what a viewer shows.
        """
        overlay = self._required()
        for viewer in overlay.viewers if len(overlay.selection) else ():
            positions = overlay.positions_in(viewer)
            zoom_to(viewer, positions, overlay.selection, overlay.reach(overlay.selection))

    def open_table(self) -> str:
        """Open the catalog in a table viewer, where rows can be checked to select sources.

        Returns
        -------
        str
            Label of the viewer.
        """
        label = self._tables.open(self._required())
        self._follow_tables()
        return label

    def select_rows(self, overlay: Overlay, rows: np.ndarray) -> None:
        """Select these rows of a catalog, everywhere."""
        if np.array_equal(rows, overlay.selection):
            return
        overlay.selection = rows
        for canvas in self._canvases.values():
            canvas.draw_selection(overlay)
        self._tables.show(overlay)
        if self.catalog_selected != overlay.sources.name:
            self.catalog_selected = overlay.sources.name
        self._show_details(overlay)
        self._announce(overlay)

    def order_in_table(self, overlay: Overlay) -> np.ndarray | None:
        """The rows of a catalog as its table is sorted, ndarray of int; None without a table."""
        return self._tables.order(overlay)

    def rows_in_table(self, catalog: str) -> np.ndarray | None:
        """Return the rows of a catalog as its table is sorted.

        Parameters
        ----------
        catalog : str
            Its label.

        Returns
        -------
        ndarray of int, shape (n,), or None
            None where there is no table of it.
        """
        for overlay in self._overlays.values():
            if overlay.sources.name == catalog:
                return self._tables.order(overlay)
        return None

    def _overlay_in(self, viewer: str) -> Overlay | None:
        """The overlay that is meant by a key in a viewer: the chosen one, if it is there."""
        drawn = [overlay for overlay in self._overlays.values() if overlay.is_on]
        drawn.sort(key=lambda overlay: overlay is not self.current())
        for overlay in drawn:
            where = (*overlay.viewers, *self._tables.viewers_of(overlay))
            if viewer in [each.reference for each in where]:
                return overlay
        return None

    def _announce(self, overlay: Overlay) -> None:
        labels = overlay.sources.labels[overlay.selection].tolist()
        message = SourceSelectionMessage(self, overlay.sources.name, labels, overlay.selection)
        self.hub.broadcast(message)
        for listener in list(self._listeners):
            try:
                listener(labels)
            except Exception as err:  # another's code must not stop ours half-way
                name = getattr(listener, "__name__", repr(listener))
                show_message(self, f"{name}, called on the selection of sources: {err!r}")

    def _show_details(self, overlay: Overlay | None) -> None:
        """Show the last of the selected sources with all its columns."""
        rows = overlay.selection if overlay else np.empty(0, dtype=int)
        self.n_selected = len(rows)
        self.selected_title = overlay.sources.sentence(rows[-1]) if len(rows) else ""
        self.selected_details = overlay.sources.details(rows[-1]) if len(rows) else []

    def _clicked(self, overlay: Overlay, row: int, add: bool) -> None:
        rows = overlay.selection.tolist() if add else []
        rows = [other for other in rows if other != row] + ([] if row in rows else [row])
        self.select_rows(overlay, np.array(rows, dtype=int))

    def _hovered(self, line: str) -> None:
        self.hover_text = line

    def _rows_checked(self, data: Any, rows: np.ndarray) -> None:
        if data in self._overlays:
            self.select_rows(self._overlays[data], rows)

    def _follow_tables(self) -> None:
        """Listen to the tables of the catalogs that are drawn, and to no others."""
        drawn = [overlay for overlay in self._overlays.values() if overlay.is_on]
        self._tables.follow(drawn)
        images = [viewer for overlay in drawn for viewer in overlay.viewers]
        keyboard(self).listen(self._keys, self.viewer_keys, [*images, *self._tables.viewers])
        current = self.current()
        self.has_table = current is not None and self._tables.has_table(current)

    # ---- from the browser ----

    def vue_clear_selection(self, *_: Any) -> None:
        self.clear_selection()

    def vue_zoom_to_selected(self, *_: Any) -> None:
        do_as_asked(self, self.zoom_to_selected)

    def vue_open_table(self, *_: Any) -> None:
        do_as_asked(self, self.open_table)
