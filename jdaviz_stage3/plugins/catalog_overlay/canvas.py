"""All overlays of one image viewer, and what the mouse does there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from echo import delay_callback

from ...errors import Stage3Error
from ...jdaviz_compat import clicks_check_table_rows, when_resized
from .annotations import Annotations
from .drawing import CatalogMarks, view_of
from .overlay import Overlay
from .positions import SourcePositions
from .segments import SegmentMarks

__all__ = ["OverlayCanvas", "bring_into_view", "zoom_to"]

_AROUND = 20  # pixels
_REACH = 12  # screen pixels from the cursor within which a source is meant
_EVENTS = ["click", "mousemove", "mouseleave", "dragstart", "dragmove", "dragend"]
_PAUSE = 0.1  # seconds at least between two drawings while the view moves


class OverlayCanvas:
    """Draws overlays in a viewer and finds the source under the cursor.

    Parameters
    ----------
    viewer : glue image viewer
    on_click : callable
        Called with the overlay, the row and whether Ctrl or Cmd was down, when a source is
        clicked.
    on_hover : callable
        Called with a line on the source under the cursor, empty if there is none.
    """

    def __init__(
        self,
        viewer: Any,
        on_click: Callable[[Overlay, int, bool], None],
        on_hover: Callable[[str], None],
    ):
        self.viewer = viewer
        self.marks: dict[Overlay, CatalogMarks] = {}
        self.segments: dict[Overlay, SegmentMarks] = {}
        self.annotations = Annotations(viewer)
        self._on_click = on_click
        self._on_hover = on_hover
        self._hovered: tuple[Overlay, int] | None = None
        self._next = 0.0  # when to draw again, by the monotonic clock
        for scale in (viewer.scales["x"], viewer.scales["y"]):
            scale.observe(self._moved, names=["min", "max"])
        for limit in ("x_min", "x_max", "y_min", "y_max"):
            viewer.state.add_callback(limit, self._settled)
        self._forget_size = when_resized(viewer, self._resized)
        viewer.add_event_callback(self._mouse, events=_EVENTS)

    def draw(self, overlays: Iterable[Overlay]) -> None:
        """Draw these overlays, those that are off included, and remove all others.

        Parameters
        ----------
        overlays : iterable of Overlay
        """
        overlays = list(overlays)
        for gone in [overlay for overlay in self.marks if overlay not in overlays]:
            self.marks.pop(gone).remove()
            self.segments.pop(gone).remove()
        for overlay in overlays:
            if overlay not in self.marks:
                self.segments[overlay] = SegmentMarks(overlay, self.viewer)
                self.marks[overlay] = CatalogMarks(overlay, self.viewer)
            self.segments[overlay].draw()
            self.marks[overlay].draw()
        if self._hovered is not None:
            overlay, row = self._hovered
            under_cursor = self.marks.get(overlay)
            if under_cursor is None or under_cursor.scene is None or not overlay.passing[row]:
                self._hover(None)
        if not self.marks:
            self.annotations.remove()
        self._draw_legend()

    def draw_selection(self, overlay: Overlay) -> None:
        """Draw anew which sources of an overlay are selected."""
        if overlay in self.marks:
            self.marks[overlay].draw_selection()
            self.segments[overlay].draw_selection()
            self._draw_legend()  # which goes out of the way

    def put_legend(self, place: str | tuple[float, float], folded: bool | None = None) -> None:
        """Put the legend where it is asked for; see `Legend.put`."""
        self.annotations.legend.put(place, folded)
        self._draw_legend()

    def _draw_legend(self) -> None:
        self.annotations.draw([marks for marks in self.marks.values() if marks.scene is not None])

    def close(self) -> None:
        """Take everything out of the viewer."""
        for scale in (self.viewer.scales["x"], self.viewer.scales["y"]):
            scale.unobserve(self._moved, names=["min", "max"])
        for limit in ("x_min", "x_max", "y_min", "y_max"):
            self.viewer.state.remove_callback(limit, self._settled)
        self._forget_size()
        self.viewer.remove_event_callback(self._mouse)
        self.draw([])
        self.annotations.remove()

    # ---- the view ----

    def _moved(self, *_: Any) -> None:
        """The browser has moved the view: draw now and then, the last time when it settles."""
        if time.monotonic() > self._next:
            start = time.monotonic()
            self._draw_if_moved()
            end = time.monotonic()
            self._next = end + max(_PAUSE, 2 * (end - start))

    def _settled(self, *_: Any) -> None:
        self._draw_if_moved()

    def _draw_if_moved(self) -> None:
        if self.viewer.figure.comm is None:  # the page was closed since it moved
            return
        moved = [marks.draw_if_moved() for marks in self.marks.values()]
        moved += [segments.draw_if_moved() for segments in self.segments.values()]
        # what is selected may have come under the legend
        if any(moved) or any(len(overlay.selection) for overlay in self.marks):
            self._draw_legend()

    def _resized(self) -> None:
        """Draw all in the new size: the pictures would be stretched with the figure."""
        for overlay, marks in self.marks.items():
            self.segments[overlay].draw()
            marks.draw()
        self._hover(None)
        self._draw_legend()

    # ---- the mouse ----

    def source_at(self, x: float, y: float) -> tuple[Overlay, int] | None:
        """Return the source at a position of the viewer.

        Parameters
        ----------
        x, y : float
            Pixels of the reference frame.

        Returns
        -------
        tuple of Overlay and int, or None
            The nearest within 12 screen pixels; else the one whose segment, or whose ellipse as it
            is drawn, holds the position (most centrally).
        """
        view = view_of(self.viewer)
        if view is None:
            return None
        pixel = np.abs(view.pixel)
        best: tuple[float, Overlay, int] | None = None
        for overlay, marks in self.marks.items():
            if marks.scene is None:
                continue
            try:
                positions = overlay.positions_in(self.viewer)
            except Stage3Error:  # said where it is drawn
                continue
            index = overlay.index_in(self.viewer)
            row = index.nearest(x, y, _REACH, selected=overlay.passing, scale=tuple(1 / pixel))
            if row is None:
                continue
            dx, dy = (positions.x[row] - x) / pixel[0], (positions.y[row] - y) / pixel[1]
            if best is None or np.hypot(dx, dy) < best[0]:
                best = float(np.hypot(dx, dy)), overlay, row
        if best is not None:
            return best[1:]
        for overlay in self.marks:
            row = self.segments[overlay].row_at(x, y)
            if row is not None:
                return overlay, row
        for overlay, marks in self.marks.items():
            row = marks.holding(x, y)
            if row is not None:
                return overlay, row
        return None

    def _mouse(self, data: dict) -> None:
        if data["event"] == "mouseleave":
            self._hover(None)
            return
        place = data["domain"]["x"], data["domain"]["y"]
        if data["event"].startswith("drag"):
            self._drag_legend(data["event"], *place)
            return
        on_legend = self.annotations.legend.holds(*place)
        if on_legend and data["event"] == "click":
            self.annotations.legend.turn()
            self._draw_legend()
            return
        found = self.source_at(*place) if self.marks and not on_legend else None
        if data["event"] == "mousemove":
            self._hover(found)
        elif found is not None and not clicks_check_table_rows(self.viewer):
            add = any(data.get(key, False) for key in ("ctrlKey", "metaKey"))
            self._on_click(*found, add)

    def _drag_legend(self, event: str, x: float, y: float) -> None:
        legend = self.annotations.legend
        if event == "dragstart":
            legend.take(x, y)
        elif event == "dragmove" and legend.drag(x, y):
            self._draw_legend()

    def step_legend(self) -> None:
        """Put the legend into the next corner."""
        self.annotations.legend.step()
        self._draw_legend()

    def _hover(self, found: tuple[Overlay, int] | None) -> None:
        if found == self._hovered:
            return
        self._hovered = found
        line = found[0].sources.sentence(found[1]) if found else ""
        self.annotations.say(line)
        self._on_hover(line)


def bring_into_view(viewer: Any, positions: SourcePositions, row: int) -> None:
    """Move a viewer to a source that it does not show, without zooming.

    Parameters
    ----------
    viewer : glue image viewer
    positions : SourcePositions
    row : int
        One without a position moves nothing.
    """
    state = viewer.state
    for axis, at in (("x", positions.x[row]), ("y", positions.y[row])):
        low, high = (getattr(state, f"{axis}_{end}") for end in ("min", "max"))
        if np.isfinite(at) and not min(low, high) <= at <= max(low, high):
            half = (high - low) / 2
            with delay_callback(state, f"{axis}_min", f"{axis}_max"):
                setattr(state, f"{axis}_min", at - half)
                setattr(state, f"{axis}_max", at + half)


def zoom_to(viewer: Any, positions: SourcePositions, rows: np.ndarray, size: float = 0.0) -> None:
    """Bring sources into the middle of a viewer, with some of what lies around them.

    Parameters
    ----------
    viewer : glue image viewer
    positions : SourcePositions
    rows : ndarray of int
        Those without a position are left out.
    size : float, optional
        How far the largest of them reaches from its centre, pixels of the catalog's image.
    """
    x, y = positions.x[rows], positions.y[rows]
    there = np.isfinite(x + y)
    if not there.any():
        return
    x, y = x[there], y[there]
    # pixels of the catalog's image around the outermost source
    unit = 1.0 if positions.jacobian is None else np.sqrt(abs(np.linalg.det(positions.jacobian)))
    half = max(np.ptp(x), np.ptp(y)) / 2 + (_AROUND + size) * unit
    view = view_of(viewer)
    shape = (view.width / view.height) if view is not None else 1.0
    x0, y0 = (x.max() + x.min()) / 2, (y.max() + y.min()) / 2
    with delay_callback(viewer.state, "x_min", "x_max", "y_min", "y_max"):
        viewer.state.x_min, viewer.state.x_max = (
            x0 - half * max(shape, 1),
            x0 + half * max(shape, 1),
        )
        viewer.state.y_min, viewer.state.y_max = (
            y0 - half * max(1 / shape, 1),
            y0 + half * max(1 / shape, 1),
        )
