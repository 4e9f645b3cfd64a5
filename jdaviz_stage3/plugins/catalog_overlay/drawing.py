"""The pictures that an overlay puts into an image viewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakSet

import bqplot
import numpy as np
from ipywidgets import Image as ImageWidget
from ipywidgets import Layout

from ...errors import Stage3Error
from ...jdaviz_compat import figure_size, show_native_markers
from .overlay import Overlay
from .picture import document, label_elements, scene_elements, symbol_elements
from .scene import Scene, View, compose, depth_within, symbols_of

__all__ = ["HIGHLIGHT", "CatalogMarks", "Picture", "view_of"]

HIGHLIGHT = "#ffffff"
_DEFAULT_SIZE = 600.0  # screen pixels, where no browser has told how large a viewer is


def view_of(viewer: Any) -> View | None:
    """Return what part of its frame a viewer shows.

    The limits are those of the figure, which follow the browser at once; the viewer's state
    follows half a second later.

    Parameters
    ----------
    viewer : glue image viewer

    Returns
    -------
    View or None
        None if it has no limits yet.
    """
    x, y = viewer.scales["x"], viewer.scales["y"]
    limits = x.min, x.max, y.min, y.max
    if any(limit is None or not np.isfinite(limit) for limit in limits):
        return None
    if x.min == x.max or y.min == y.max:
        return None
    width, height = figure_size(viewer) or (_DEFAULT_SIZE, _DEFAULT_SIZE)
    return View((x.min, x.max), (y.min, y.max), max(width, 1.0), max(height, 1.0))


_top_marks: WeakSet = WeakSet()


class Picture:
    """An SVG picture in a viewer.

    Parameters
    ----------
    viewer : glue image viewer
    scales : dict, optional
        Those of the viewer by default.
    on_top : bool, optional
        Whether it lies over all pictures that are not.
    """

    def __init__(self, viewer: Any, scales: dict | None = None, on_top: bool = False):
        self._viewer = viewer
        self._scales = viewer.scales if scales is None else scales
        self._on_top = on_top
        self._layout: Layout | None = None
        self._shown: tuple[bytes, View] | None = None
        self.mark: bqplot.Image | None = None

    def show(self, elements: Sequence[str], view: View) -> None:
        """Show SVG elements over a part of the frame; none hide the picture.

        Parameters
        ----------
        elements : sequence of str
        view : View
        """
        if not elements:
            self.hide()
            return
        shown = document(elements, view), view
        if shown == self._shown:
            self.mark.visible = True
            return
        self._shown = shown
        if self._layout is None:
            self._layout = Layout()  # one for all: each image would make its own, for ever
        picture = ImageWidget(value=shown[0], format="svg+xml", layout=self._layout)
        x, y = list(map(float, view.x)), list(map(float, view.y))
        if self.mark is None:
            self.mark = bqplot.Image(
                image=picture, x=x, y=y, scales=self._scales, pixelated=False,
                enable_hover=False, interactions={},
            )  # fmt: skip
            marks = list(self._viewer.figure.marks)
            if self._on_top:
                _top_marks.add(self.mark)
                place = len(marks)
            else:
                tops = [index for index, mark in enumerate(marks) if mark in _top_marks]
                place = tops[0] if tops else len(marks)
            marks.insert(place, self.mark)
            self._viewer.figure.marks = marks
            return
        old = self.mark.image
        with self.mark.hold_sync():
            self.mark.image, self.mark.x, self.mark.y = picture, x, y
            self.mark.visible = True
        old.close()

    def unhide(self) -> None:
        """Show the picture again as it was."""
        if self.mark is not None:
            self.mark.visible = True

    def hide(self) -> None:
        """Hide the picture; it stays for later."""
        if self.mark is not None:
            self.mark.visible = False

    def remove(self) -> None:
        """Take the picture out of the viewer."""
        if self.mark is not None:
            marks = self._viewer.figure.marks
            self._viewer.figure.marks = [mark for mark in marks if mark is not self.mark]
            for widget in (self.mark.image, self.mark, self._layout):
                widget.close()
            self.mark = self._layout = self._shown = None


class CatalogMarks:
    """What one overlay puts into one viewer.

    Parameters
    ----------
    overlay : Overlay
    viewer : glue image viewer

    Attributes
    ----------
    scene : Scene or None
        What is drawn; None if nothing is.
    problem : str
        Why nothing can be drawn; empty if it can.
    switched : bool
        Whether the last drawing took over from jdaviz's own markers, or gave back to them.
    """

    def __init__(self, overlay: Overlay, viewer: Any):
        self.overlay = overlay
        self.viewer = viewer
        self.scene: Scene | None = None
        self.problem = ""
        self.switched = False
        self._state: tuple = ()  # what the scene was made of
        self._symbols = Picture(viewer)
        self._highlight = Picture(viewer)

    def draw(self) -> None:
        """Draw what is in the view, or nothing where the overlay is off."""
        overlay, view = self.overlay, view_of(self.viewer)
        self.problem = ""
        chosen = overlay.settings.visible and self.viewer in overlay.viewers
        self.switched = show_native_markers(self.viewer, overlay.sources.data, not chosen)
        if view is None or not overlay.shown_in(self.viewer):
            self.clear()
            return
        try:
            positions = overlay.positions_in(self.viewer)
        except Stage3Error as err:
            self.problem = str(err)
            self.clear()
            return
        settings = overlay.settings
        scales = overlay.color_scale, overlay.size_scale
        state = positions, overlay.passing, *scales, repr(settings), view
        if self.scene is not None and _same(state, self._state):
            self._symbols.unhide()
            self.draw_selection()
            return
        self._state = state
        scene = self.scene = compose(
            overlay.sources,
            positions,
            overlay.passing,
            settings,
            view,
            color_scale=overlay.color_scale,
            size_scale=overlay.size_scale,
            palette=overlay.palette,
        )
        elements = scene_elements(
            scene, settings.color, settings.line_width, outlined=overlay.outlined
        )
        rows = scene.labelled
        for part, color in overlay.by_type(rows):
            labels = [str(label) for label in overlay.sources.labels[part]]
            place = positions.x[part], positions.y[part]
            elements += label_elements(labels, *place, scene.view, color)
        self._symbols.show(elements, scene.view)
        self.draw_selection()

    def draw_if_moved(self) -> bool:
        """Draw anew if the view has left what is drawn, or the zoom has changed.

        Returns
        -------
        bool
            Whether it was drawn.
        """
        view = view_of(self.viewer)
        if view is None or self.scene is None or self.scene.view.covers(view):
            return False  # what is off, or could not be drawn, does not depend on the view
        self.draw()
        return True

    def draw_selection(self) -> None:
        """Draw the selected sources again, thick and with their labels, on top of the others."""
        overlay, rows = self.overlay, self.overlay.selection
        if self.scene is None or not len(rows):
            self._highlight.hide()
            return
        positions, view = overlay.positions_in(self.viewer), self.scene.view
        rows = rows[_within(view, positions.x[rows], positions.y[rows])]
        groups = symbols_of(
            rows, overlay.sources, positions, overlay.settings, view, overlay.size_scale, HIGHLIGHT
        )
        labels = [str(label) for label in overlay.sources.labels[rows]]
        place = positions.x[rows], positions.y[rows]
        self._highlight.show(
            symbol_elements(groups, view, overlay.settings.line_width + 2)
            + label_elements(labels, *place, view, HIGHLIGHT),
            view,
        )

    def holding(self, x: float, y: float) -> int | None:
        """Return the source whose shape, as it is drawn, holds a position most centrally.

        Parameters
        ----------
        x, y : float
            Pixels of the reference frame.

        Returns
        -------
        int or None
            Its row.
        """
        if self.scene is None or not len(self.scene.rows):
            return None
        overlay, rows = self.overlay, self.scene.rows
        depth = depth_within(
            x, y, rows, overlay.sources, overlay.positions_in(self.viewer), overlay.settings
        )
        best = int(np.argmin(depth))
        return int(rows[best]) if depth[best] <= 1 else None

    def clear(self) -> None:
        """Draw nothing; the pictures stay for later."""
        self.scene = None
        self._symbols.hide()
        self._highlight.hide()

    def remove(self) -> None:
        """Take the pictures out of the viewer, and let jdaviz draw its own markers again."""
        self.scene = None
        self._symbols.remove()
        self._highlight.remove()
        show_native_markers(self.viewer, self.overlay.sources.data, True)


def _same(state: tuple, other: tuple) -> bool:
    """Whether a scene would be made of the same; arrays are replaced, never changed in place."""
    values = (str, View)
    return len(state) == len(other) and all(
        a == b if isinstance(a, values) else a is b for a, b in zip(state, other, strict=True)
    )


def _within(view: View, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    (x0, x1), (y0, y1) = view.x, view.y
    return (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
