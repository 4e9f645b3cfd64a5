"""What is drawn over the points of one viewer: what was clicked, and a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from bqplot import Lines, Scatter
from glue.core import Data

from ...viewers.figure_marks import INK, FigureMarks
from ...viewers.light_curve_readout import nearest_point
from ...viewers.seen_points import seen_points
from ...viewers.stations import stations_by_row, stations_of

__all__ = ["ObservableMarks", "goes_with"]

_FEW = 500  # rings in a viewer, of which all are drawn
_EXACT = {
    "colors": ["#d500f9"], "stroke": "#d500f9", "marker": "circle", "fill": False,
    "default_size": 170, "stroke_width": 2.5, "enable_hover": False,
}  # fmt: skip
_RELATED = _EXACT | {"default_size": 110, "stroke_width": 1.2}
_MODEL = {
    "colors": [INK], "stroke": INK, "marker": "diamond", "fill": False,
    "default_size": 70, "stroke_width": 1.5, "enable_hover": False,
}  # fmt: skip
_LINE = {"colors": [INK], "stroke_width": 1.5, "interactions": {}, "enable_hover": False}


def goes_with(name: str, marked: str) -> str:
    """Say whether a baseline or triangle is what is marked, or a part of it, or has it as a part.

    Parameters
    ----------
    name, marked : str
        ``'A1-A2'``, ``'A1-A2-A3'``.

    Returns
    -------
    str
        ``'same'``, ``'related'`` or nothing.
    """
    one, other = set(name.split("-")), set(marked.split("-"))
    if name == marked or one == other:
        return "same"
    return "related" if one < other or other < one else ""


class ObservableMarks:
    """The marks in one viewer, and its clicks.

    Parameters
    ----------
    viewer : ObservablesViewer
    on_click : callable
        Called with the data (glue) and the row of the point that is nearest to a click.
    """

    def __init__(self, viewer: Any, on_click: Callable[[Data, int], None]):
        self.viewer = viewer
        self._marks = FigureMarks()
        self._marked, self._visible = "", self._shown()
        self._on_click = on_click
        viewer.add_event_callback(self._done, events=["click"])
        viewer.state.add_callback("layers", self._layers_changed)

    def _shown(self) -> list[Any]:
        return [layer.layer for layer in self.viewer.state.layers if layer.visible]

    def _layers_changed(self, *_: Any) -> None:
        """Draw anew what is marked, where data were hidden or shown."""
        if self._shown() != self._visible:
            self.draw_marked(self._marked)

    def _done(self, event: dict) -> None:
        x, y = (event["domain"][axis] for axis in "xy")
        found = nearest_point(self.viewer, x, y)
        if found is not None and stations_of(*found):
            self._on_click(*found)

    def draw_marked(self, marked: str) -> None:
        """Put rings around the points of a baseline or triangle.

        Those of triangles that have the baseline as a side, and of the sides of a triangle, are
        thinner.

        Parameters
        ----------
        marked : str
            ``'A1-A2'``; empty for none.
        """
        self._marked, self._visible = marked, self._shown()
        found = self._points(marked) if marked else {}
        for kind, style in (("same", _EXACT), ("related", _RELATED)):
            x, y = found.get(kind, ((), ()))
            if len(x):
                self._marks.put(self.viewer, kind, Scatter, {"x": x, "y": y}, style)
            else:
                self._marks.remove([kind])

    def _points(self, marked: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Where the points of what is marked lie, in all data that are shown."""
        found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {"same": [], "related": []}
        for layer in self.viewer.state.layers:
            data = layer.layer
            by_row = stations_by_row(data) if layer.visible and isinstance(data, Data) else None
            if by_row is None:
                continue
            names, numbers = by_row
            kinds = np.array([goes_with(name, marked) for name in names])
            points = self.viewer.points_of(data)
            for kind, places in found.items():
                rows = (kinds == kind)[numbers] & points.drawn
                [at] = np.nonzero(rows)
                if len(at) > _FEW:
                    x, y = points.x[at], points.y[at]
                    whole = (x.min(), x.max(), y.min(), y.max())
                    at = seen_points(points.x, points.y, rows, whole)
                places.append((points.x[at], points.y[at]))
        return {
            kind: tuple(np.concatenate(axis) for axis in zip(*places, strict=True))  # type: ignore[misc]
            for kind, places in found.items()
            if places
        }

    def draw_model(
        self,
        points: tuple[np.ndarray, np.ndarray] | None,
        line: tuple[np.ndarray, np.ndarray] | None,
    ) -> None:
        """Draw a model: a diamond at each baseline or triangle, and a line where it is a function.

        Parameters
        ----------
        points, line : tuple of ndarray or None
            x and y on the axes of the viewer.
        """
        for key, kind, values, style in (
            ("model", Scatter, points, _MODEL),
            ("line", Lines, line, _LINE),
        ):
            if values is None or not len(values[0]):
                self._marks.remove([key])
            else:
                x, y = values
                self._marks.put(self.viewer, key, kind, {"x": x, "y": y}, style)

    def close(self) -> None:
        """Take everything out of the viewer, and no longer listen to it."""
        self.viewer.remove_event_callback(self._done)
        self.viewer.state.remove_callback("layers", self._layers_changed)
        self._marks.remove(list(self._marks))
