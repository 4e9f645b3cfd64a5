"""What the light-curve viewer draws of one data set: points, error bars, flagged points."""

from __future__ import annotations

from typing import Any

import bqplot
import numpy as np
from glue.core import BaseData
from glue.core.exceptions import IncompatibleAttribute
from glue.utils import color2hex
from glue_jupyter.bqplot.compatibility import ScatterGL
from glue_jupyter.bqplot.scatter.layer_artist import BqplotScatterLayerArtist

from .curve_points import CurvePoints

__all__ = ["FLAG_COLOR", "LightCurveArtist"]

FLAG_COLOR = "#d62728"
_ERROR_OPACITY = 0.5
_FLAG_SIZE = 6  # times the area of the points, so that the ring is seen


class LightCurveArtist(BqplotScatterLayerArtist):
    """Draws one light curve.

    glue's own artist draws points, and lines between them; it has no error bars in the browser.

    Parameters
    ----------
    view : LightCurveViewer
        Its ``points_of`` gives what is drawn.
    viewer_state, layer_state, layer : optional
        As for any glue layer.
    """

    def __init__(self, view: Any, viewer_state: Any, layer_state: Any = None, layer: Any = None):
        self.error_mark: bqplot.Lines | None = None
        self.flag_mark: ScatterGL | None = None
        self._points: CurvePoints | None = None
        super().__init__(view, viewer_state, layer_state=layer_state, layer=layer)
        self.error_mark = bqplot.Lines(
            scales=view.scales, x=[], y=[], stroke_width=1, opacities=[_ERROR_OPACITY],
            interactions={}, enable_hover=False,
        )  # fmt: skip
        self.flag_mark = ScatterGL(scales=view.scales, x=[], y=[], fill=False, colors=[FLAG_COLOR])
        marks = list(view.figure.marks)
        marks.insert(marks.index(self.scatter_mark), self.error_mark)
        view.figure.marks = [*marks, self.flag_mark]

    def _update_data(self) -> None:
        try:
            self._points = self.view.points_of(self.layer)
        except IncompatibleAttribute as err:
            self.disable(str(err))
            self.clear()
            return
        self.enable()
        x, y = self._points.x, self._points.y
        self._draw_points()
        line = (x, y) if self.state.line_visible else (np.zeros(1), np.zeros(1))
        for mark in (self.line_mark, self.line_mark_gl):
            mark.x, mark.y = (values.astype(np.float32) for values in line)

    def _draw_points(self) -> None:
        points = self._points
        shown = points.good & bool(self.state.markers_visible)
        seen = self._seen(shown)
        x, y = points.x, points.y
        if seen is None:
            # the same length as the columns that points may be coloured and sized by
            y = np.where(shown, y, np.nan)
        else:
            x, y = x[seen], y[seen]
        with self.scatter_mark.hold_sync():
            self.scatter_mark.x, self.scatter_mark.y = x.astype(np.float32), y.astype(np.float32)

    def _seen(self, rows: np.ndarray) -> np.ndarray | None:
        """Which points are enough to be drawn; None for all, as where columns colour them."""
        if self.state.cmap_mode != "Fixed" or self.state.size_mode != "Fixed":
            return None
        return self.view.seen(self._points, rows)

    def view_changed(self) -> None:
        """Draw what is in view now, where not all points are drawn."""
        points = self._points
        if points is None or not self.enabled or self._seen(points.good) is None:
            return
        self._draw_points()
        self._draw_flags()

    def _update_visual_attributes(self, changed: set[str], force: bool = False) -> None:
        super()._update_visual_attributes(changed, force=force)
        if self.error_mark is None or self._points is None or not self.enabled:
            return
        if force or "visible" in changed:
            self._draw_errors_and_flags()
        if force or "color" in changed:
            self.error_mark.colors = [color2hex(self.state.color)]
        if force or {"size", "size_scaling"} & set(changed):
            self.flag_mark.default_size = int(
                _FLAG_SIZE * self.state.size * self.state.size_scaling
            )
        if force or "alpha" in changed:
            self.error_mark.opacities = [_ERROR_OPACITY * self.state.alpha]

    def _draw_errors_and_flags(self) -> None:
        """Hidden marks are emptied: the browser draws invisible ones all the same."""
        points = self._points
        visible = self.state.visible and self.state.markers_visible
        bars = visible and isinstance(self.layer, BaseData)
        x, y = points.error_bars() if bars else (np.empty(0), np.empty(0))
        with self.error_mark.hold_sync():
            self.error_mark.x, self.error_mark.y = x, y
        self._draw_flags()

    def _draw_flags(self) -> None:
        points = self._points
        flagged = points.outliers & bool(self.state.visible and self.state.markers_visible)
        seen = self._seen(flagged)
        flagged = np.flatnonzero(flagged) if seen is None else seen
        with self.flag_mark.hold_sync():
            self.flag_mark.x = points.x[flagged].astype(np.float32)
            self.flag_mark.y = points.y[flagged].astype(np.float32)

    def _update_zorder(self, *args: Any) -> None:
        # glue's own drops every mark that is not a layer's
        layers = sorted(self.view.layers, key=lambda layer: layer.state.zorder)
        own = [mark for layer in layers for mark in layer.marks]
        others = [mark for mark in self.view.figure.marks if mark not in own]
        self.view.figure.marks = own + others

    @property
    def marks(self) -> list[Any]:
        """The marks of this layer in the figure, from back to front."""
        marks = (
            self.density_mark, self.error_mark, self.scatter_mark, self.line_mark_gl,
            self.line_mark, self.vector_mark, self.vector_lines, self.flag_mark,
        )  # fmt: skip
        figure = self.view.figure.marks
        return [mark for mark in marks if mark is not None and mark in figure]

    def clear(self) -> None:
        super().clear()
        self._points = None
        for mark in (self.error_mark, self.flag_mark):
            if mark is not None:
                mark.x, mark.y = [], []

    def remove(self) -> Any:
        own = (self.error_mark, self.flag_mark)
        figure = self.view.figure
        figure.marks = [mark for mark in figure.marks if not any(mark is each for each in own)]
        self.error_mark = self.flag_mark = self._points = None
        return super().remove()
