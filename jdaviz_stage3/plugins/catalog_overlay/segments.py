"""Outlines of a segmentation map under an overlay, and the selected sources' segments."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...analysis import segment_polygons
from ...jdaviz_compat import aligned_by_wcs, images_of
from ...origin import of_suffix, root_of
from ...viewers.image_frames import pixel_to_pixel
from .drawing import HIGHLIGHT, Picture, view_of
from .overlay import Overlay
from .picture import on_screen
from .scene import View

__all__ = ["SegmentMarks"]

_LINES = 8_000  # borders in the view above which they are left out; zoom in to see them
_FILLED = 20  # selected segments that are filled
_FILL_OPACITY = 0.2


class SegmentMarks:
    """The outlines of one segmentation map in one viewer.

    Parameters
    ----------
    overlay : Overlay
        Whose settings name the map.
    viewer : glue image viewer

    Attributes
    ----------
    too_many : bool
        Whether the outlines are left out, there being more in the view than can be drawn.
    """

    def __init__(self, overlay: Overlay, viewer: Any):
        self.overlay = overlay
        self.viewer = viewer
        self.too_many = False
        self._outlines = Picture(viewer)
        self._fill = Picture(viewer)
        self._frame: tuple | None = None
        self._x = self._y = np.empty((0, 2))
        self._drawn: View | None = None

    @property
    def map(self) -> Any | None:
        """The segmentation map (glue data) that the settings name, None if there is none."""
        name = self.overlay.settings.segmentation
        return next((data for data in images_of(self.viewer) if name and data.label == name), None)

    @property
    def own_map(self) -> Any | None:
        """The map whose labels are those of the catalog; its segments are filled.

        The observation's own, chosen or not; for a catalog of which nothing is known, the chosen.
        """
        root = self.overlay.sources.root
        if not root:
            return self.map
        maps = [d for d in images_of(self.viewer) if of_suffix(d, "segm")]
        return next((data for data in maps if root_of(data) == root), None)

    def draw(self) -> None:
        """Draw the borders in the view, or nothing where the overlay is off."""
        view, segments = view_of(self.viewer), self.map
        self.too_many = False
        if view is None or not self.overlay.shown_in(self.viewer):
            self._drawn = None
            self._outlines.hide()
            self._fill.hide()
            return
        self._drawn = view.padded()
        elements = [] if segments is None else self._border_elements(segments)
        self._outlines.show(elements, self._drawn)
        self.draw_selection()

    def _border_elements(self, segments: Any) -> list[str]:
        self._place(segments)
        seen = _meets(self._x, self._drawn.x) & _meets(self._y, self._drawn.y)
        if segments is self.own_map and not self.overlay.passing.all():
            labels = self.overlay.sources.labels[self.overlay.passing]
            seen &= np.isin(self.overlay.edges_of(segments).label, labels)
        self.too_many = np.count_nonzero(seen) > _LINES
        if self.too_many or not seen.any():
            return []
        x, y = on_screen(self._drawn, self._x[seen], self._y[seen])
        lines = zip(x[:, 0], y[:, 0], x[:, 1], y[:, 1], strict=True)
        path = "".join(f"M{a:.1f} {b:.1f}L{c:.1f} {d:.1f}" for a, b, c, d in lines)
        style = f'stroke="{self.overlay.settings.color}" stroke-opacity="0.4"'
        return [f'<path d="{path}" {style} stroke-linecap="square"/>']

    def draw_if_moved(self) -> bool:
        """Draw anew if the view has left what is drawn, or the zoom has changed.

        Returns
        -------
        bool
            Whether it was drawn.
        """
        view = view_of(self.viewer)
        if view is None or self._drawn is None or self._drawn.covers(view):
            return False
        self.draw()
        return True

    def draw_selection(self) -> None:
        """Fill the segments of the selected sources lightly."""
        segments, rows = self.own_map, self.overlay.selection[-_FILLED:]
        if segments is None or self._drawn is None or not len(rows):
            self._fill.hide()
            return
        labels = segments[segments.main_components[0]]
        rings = [
            ring
            for label in self.overlay.sources.labels[rows]
            if isinstance(label, np.integer)
            for ring in segment_polygons(labels, int(label))
        ]
        path = "".join(self._ring_path(segments, ring) for ring in rings)
        self._fill.show(
            [
                f'<path d="{path}" stroke="{HIGHLIGHT}" fill="{HIGHLIGHT}" fill-rule="evenodd" '
                f'fill-opacity="{_FILL_OPACITY}"/>'
            ]
            if rings
            else [],
            self._drawn,
        )

    def _ring_path(self, segments: Any, ring: np.ndarray) -> str:
        x, y = on_screen(self._drawn, *self._to_viewer(segments, ring[:, 0], ring[:, 1]))
        return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True)) + "Z"

    def row_at(self, x: float, y: float) -> int | None:
        """Return the source whose segment holds a position.

        Parameters
        ----------
        x, y : float
            In the viewer's frame.

        Returns
        -------
        int or None
            Its row; None where the catalog's own map is not there, or has no source that is drawn.
        """
        segments = self.own_map
        if segments is None or self._drawn is None:
            return None
        if aligned_by_wcs(self.viewer):
            x, y = pixel_to_pixel(self.viewer.state.reference_data, segments, x, y)
        if not np.isfinite(x + y):
            return None
        column, line = round(float(x)), round(float(y))
        if not (0 <= line < segments.shape[0] and 0 <= column < segments.shape[1]):
            return None
        # one pixel: a pointer that moves asks for many
        label = segments.get_data(segments.main_components[0], view=(line, column))
        rows = self.overlay.sources.rows_of([int(label)]) if label else ()
        return int(rows[0]) if len(rows) and self.overlay.passing[rows[0]] else None

    def remove(self) -> None:
        """Take the pictures out of the viewer."""
        self._outlines.remove()
        self._fill.remove()

    def _place(self, segments: Any) -> None:
        """Work out where the borders are in the viewer's frame, once for each alignment."""
        frame = segments.uuid, id(self.viewer.state.reference_data), aligned_by_wcs(self.viewer)
        if frame == self._frame:
            return
        edges = self.overlay.edges_of(segments)
        x, y = self._to_viewer(segments, edges.x.ravel(), edges.y.ravel())
        self._x, self._y = np.reshape(x, (-1, 2)), np.reshape(y, (-1, 2))
        self._frame = frame

    def _to_viewer(self, segments: Any, x: np.ndarray, y: np.ndarray):
        """Segmentation map's pixels in the viewer's frame."""
        if not aligned_by_wcs(self.viewer):
            return x, y
        return pixel_to_pixel(segments, self.viewer.state.reference_data, x, y)


def _meets(ends: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """Which lines (m, 2) overlap with limits along one axis."""
    low, high = min(limits), max(limits)
    return (ends.max(axis=1, initial=-np.inf) >= low) & (ends.min(axis=1, initial=np.inf) <= high)
