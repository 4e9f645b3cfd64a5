"""Keys over images and tables of a catalog: from source to source, and none selected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import Stage3Error
from ...viewers.keys import BACKWARD, FORWARD, Key
from .canvas import bring_into_view
from .overlay import Overlay

__all__ = ["SOURCE_KEYS", "SourceKeys"]

SOURCE_KEYS = (
    Key(FORWARD, "next source", "next"),
    Key(BACKWARD, "source before", "previous"),
    Key(("Escape",), "select no source", "clear"),
    Key(("k",), "legend in the next corner", "step_legend"),
)


class SourceKeys:
    """Does what the keys say.

    Parameters
    ----------
    plugin : CatalogOverlay
    overlay_in : callable
        Gives the overlay that is meant in the viewer of a label, None if none is.
    """

    def __init__(self, plugin: Any, overlay_in: Callable[[str], Overlay | None]):
        self._plugin, self._overlay_in = plugin, overlay_in

    def next(self, viewer: str) -> bool:
        """Select the next of the sources that are drawn, in the order of the table."""
        return self._step(viewer, 1)

    def previous(self, viewer: str) -> bool:
        """Select the source before."""
        return self._step(viewer, -1)

    def clear(self, viewer: str) -> bool:
        """Select none."""
        overlay = self._overlay_in(viewer)
        if overlay is None or not len(overlay.selection):
            return False
        self._plugin.select_rows(overlay, np.empty(0, dtype=int))
        return True

    def step_legend(self, viewer: str) -> bool:
        """Put the legend into the next corner of an image."""
        return self._plugin.step_legend(viewer)

    def _step(self, viewer: str, by: int) -> bool:
        overlay = self._overlay_in(viewer)
        rows = self._rows(overlay) if overlay is not None else ()
        if not len(rows):
            return False
        last = overlay.selection[-1] if len(overlay.selection) else None
        [places] = np.nonzero(rows == last) if last is not None else ([],)
        # from a source that is not drawn, or from none, to an end of the list
        place = (int(places[0]) + by) % len(rows) if len(places) else min(by, 0)
        self._plugin.select_rows(overlay, np.array([rows[place]]))
        for image in overlay.viewers:
            try:
                bring_into_view(image, overlay.positions_in(image), rows[place])
            except Stage3Error:  # said where it is drawn
                continue
        return True

    def _rows(self, overlay: Overlay) -> np.ndarray:
        """The sources that are drawn, in the order of the catalog's table where there is one."""
        order = self._plugin.order_in_table(overlay)
        order = np.arange(len(overlay.sources)) if order is None else order
        return order[overlay.passing[order]]
