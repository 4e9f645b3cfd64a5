"""The light curves, and what is drawn over them, in one figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from bqplot import Label, LinearScale, Lines, Scatter
from echo import delay_callback
from glue_jupyter.bqplot.compatibility import ScatterGL
from matplotlib.ticker import MaxNLocator

from .curve_points import CurvePoints, span_of
from .figure_marks import INK, FigureMarks
from .light_curve_layer import FLAG_COLOR
from .seen_points import MOST_POINTS, seen_points

__all__ = ["COLORS", "CurveCanvas", "DrawnCurve", "few_round_ticks"]

COLORS = (
    "#1f77b4", "#d95f02", "#1b9e77", "#7570b3", "#e7298a", "#66a61e", "#a6761d", "#666666",
)  # fmt: skip
_PIPELINE, _BASELINE, _CURSOR = "#8a8a8a", "#2ca02c", "#ff7f0e"
_LIMITS = ("x_min", "x_max", "y_min", "y_max")
_FEW = 1500  # points that are drawn as nodes of the page
_MARGIN = 0.06  # of the range of the values, around it


@dataclass
class DrawnCurve:
    """One light curve, as it is drawn.

    Attributes
    ----------
    points : CurvePoints
    name : str
        Said at its end where there are several.
    binned, model, pipeline : CurvePoints or None
        Over it.
    describe : callable, optional
        What the read-out says of a point, by its number.
    """

    points: CurvePoints
    name: str = ""
    binned: CurvePoints | None = None
    model: CurvePoints | None = None
    pipeline: CurvePoints | None = None
    color: str = field(default=COLORS[0])
    describe: Callable[[int], dict[str, tuple]] | None = None


class CurveCanvas:
    """Draws light curves into the figure of a (glue) viewer.

    Parameters
    ----------
    viewer : glue viewer
        A light-curve viewer, or that of a plot in a panel.
    """

    def __init__(self, viewer: Any):
        self.viewer = viewer
        self._marks = FigureMarks()
        self._limits: tuple[float, ...] | None = None  # the last that were set from here
        self._full = {"x": LinearScale(min=0, max=1), "y": LinearScale(min=0, max=1)}
        self._curves: list[DrawnCurve] = []
        self._drawn_for: tuple | None = None  # the view at the last drawing
        for limit in _LIMITS:
            viewer.state.add_callback(limit, self._moved)
        viewer.reset_limits = self.home  # what the button of the toolbar calls
        viewer.describe_drawn = self.describe

    # ---- what is drawn ----

    def draw(self, curves: Sequence[DrawnCurve], x_label: str, y_label: str) -> None:
        """Draw light curves in place of those that were there.

        Parameters
        ----------
        curves : sequence of DrawnCurve
        x_label, y_label : str
        """
        self._curves = list(curves)
        self._drawn_for = None  # no drawing while the limits change
        self._fit(curves)
        self._draw_curves()
        axes = self.viewer.figure.axes
        axes[0].label, axes[1].label = x_label, y_label

    def _draw_curves(self) -> None:
        """Draw the curves, where they have many points those that can be told apart in the view."""
        self._drawn_for = self._view()
        wanted = {}
        for index, curve in enumerate(self._curves):
            wanted |= self._draw_curve(index, curve, named=len(self._curves) > 1)
        self._keep([*wanted, *(key for key in self._marks if key[0] in ("range", "cursor"))])

    def _draw_curve(self, index: int, curve: DrawnCurve, named: bool) -> dict:
        points = curve.points
        opacity = 0.6 if curve.binned is None else 0.2
        drawn = self._bars((index, "errors"), points, points.good, curve.color, 1.3, opacity)
        size = 9 if len(points.x) > 300 else 24
        color = curve.color if curve.binned is None else _paler(curve.color)
        drawn |= self._scatter((index, "points"), points, points.good, color, size)
        drawn |= self._scatter(
            (index, "outliers"), points, points.outliers, FLAG_COLOR, 40, hollow=True
        )
        if curve.pipeline is not None:
            drawn |= self._scatter(
                (index, "pipeline"), curve.pipeline, curve.pipeline.drawn, _PIPELINE, 30,
                hollow=True, marker="square",
            )  # fmt: skip
        if curve.binned is not None:
            binned = curve.binned
            bars = self._bars((index, "binned errors"), binned, None, curve.color, 1.5, 0.9)
            drawn |= bars | self._scatter((index, "binned"), binned, binned.drawn, curve.color, 36)
        if curve.model is not None:
            drawn |= self._line((index, "model"), curve.model.x, curve.model.y, INK, 2.0, 1.0)
        if named and curve.name and np.isfinite(points.y).any():
            drawn |= self._name(index, curve)
        return drawn

    def _name(self, index: int, curve: DrawnCurve) -> dict:
        drawn = curve.points.drawn
        values = {
            "x": [float(np.max(curve.points.x[drawn]))],
            "y": [float(np.median(curve.points.y[drawn][-5:]))],
            "text": [curve.name],
        }
        return self._put(
            (index, "name"), Label, values,
            {"colors": [curve.color], "align": "end", "y_offset": -12, "default_size": 12},
        )  # fmt: skip

    def mark_ranges(self, ranges: Sequence[tuple[float, float]]) -> None:
        """Shade stretches of time, the baseline, in place of those that were shaded."""
        scales = {"x": self.viewer.scales["x"], "y": self._full["y"]}
        wanted = {}
        for index, (low, high) in enumerate(ranges):
            values = {"x": [low, low, high, high], "y": [0.0, 1.0, 1.0, 0.0]}
            style = {
                "colors": [_BASELINE], "fill": "inside", "fill_colors": [_BASELINE],
                "fill_opacities": [0.12], "opacities": [0.6], "stroke_width": 1.0,
            }  # fmt: skip
            wanted |= self._put(("range", index), Lines, values, style, scales)
        self._keep([*wanted, *(key for key in self._marks if key[0] != "range")])

    def mark_time(self, x: float | None) -> None:
        """Draw the time cursor, or take it away."""
        if x is None or not np.isfinite(x):
            self._keep([key for key in self._marks if key[0] != "cursor"])
            return
        scales = {"x": self.viewer.scales["x"], "y": self._full["y"]}
        style = {"colors": [_CURSOR], "stroke_width": 1.5}
        self._put(("cursor", 0), Lines, {"x": [x, x], "y": [0.0, 1.0]}, style, scales)

    def clear(self) -> None:
        """Take everything out of the figure that was drawn from here."""
        self._keep([])
        self._curves, self._limits, self._drawn_for = [], None, None

    def erase_curves(self) -> None:
        """Take the curves out of the figure; the ranges, the cursor and the limits stay."""
        self._curves = []
        self._keep([key for key in self._marks if key[0] in ("range", "cursor")])

    def home(self) -> None:
        """Show all of the curves."""
        limits = limits_of(self._curves)
        if limits is not None:
            self.set_limits(limits)

    def describe(self, x: float, y: float) -> dict[str, tuple]:
        """Return what the read-out says of the point nearest to a position; empty if none is."""
        best, facts = np.inf, {}
        for curve in self._curves:
            # in time, as a click; of several curves, the one nearest in flux then
            distance = np.where(np.isfinite(curve.points.y), np.abs(curve.points.x - x), np.nan)
            if curve.describe is None or not np.isfinite(distance).any():
                continue
            point = int(np.nanargmin(distance))
            if abs(curve.points.y[point] - y) < best:
                best, facts = abs(curve.points.y[point] - y), curve.describe(point)
        return facts

    @property
    def is_empty(self) -> bool:
        """Whether nothing of this canvas is in the figure."""
        return not self._marks

    # ---- marks ----

    def _bars(self, key, points, rows, color, width, opacity) -> dict:
        return self._line(key, *points.error_bars(rows), color, width, opacity)

    def _line(self, key, x, y, color, width, opacity) -> dict:
        style = {"colors": [color], "stroke_width": width, "opacities": [opacity]}
        return self._put(key, Lines, {"x": x, "y": y}, style)

    def _scatter(self, key, points, rows, color, size, *, hollow=False, marker="circle") -> dict:
        if np.count_nonzero(rows) > MOST_POINTS:
            rows = seen_points(points.x, points.y, rows, self._view() or limits_of(self._curves))
        values = {"x": points.x[rows], "y": points.y[rows]}
        style = {
            "colors": [color], "default_size": size,
            "marker": marker, "fill": not hollow, "stroke": color,
            "stroke_width": 1.8 if hollow else 0.0,
        }  # fmt: skip
        if len(values["x"]) <= _FEW or hollow:
            return self._put(key, Scatter, values, style)
        # each point of a Scatter is a node of the page
        values = {axis: value.astype(np.float32) for axis, value in values.items()}
        return self._put((*key, "many"), ScatterGL, values, style)

    def _view(self) -> tuple[float, float, float, float] | None:
        """The limits of the view; None where it has none."""
        found = tuple(getattr(self.viewer.state, limit) for limit in _LIMITS)
        return None if None in found or not np.isfinite(found).all() else found

    def _moved(self, *_: Any) -> None:
        """Draw what is in view now, where not all points are drawn."""
        many = any(len(curve.points.x) > MOST_POINTS for curve in self._curves)
        if many and self._drawn_for not in (None, self._view()):
            self._draw_curves()

    def _put(self, key: tuple, kind: type, values: dict, style: dict, scales=None) -> dict:
        """Draw a mark, where it has any points; return its key, to be kept."""
        if not len(values["x"]):
            return {}
        self._marks.put(self.viewer, key, kind, values, style, scales)
        return {key: kind}

    def _keep(self, keys: Sequence[tuple]) -> None:
        self._marks.remove([key for key in self._marks if key not in keys])

    # ---- limits ----

    def _fit(self, curves: Sequence[DrawnCurve]) -> None:
        """Show all of the curves, unless the person has zoomed."""
        limits = limits_of(curves)
        if limits is None:
            return
        state = self.viewer.state
        now = (state.x_min, state.x_max, state.y_min, state.y_max)
        if self._limits is not None and now != self._limits:
            return
        self.set_limits(limits)

    def set_limits(self, limits: tuple[float, float, float, float]) -> None:
        """Show this part: x_min, x_max, y_min, y_max."""
        state = self.viewer.state
        with delay_callback(state, "x_min", "x_max", "y_min", "y_max"):
            state.x_min, state.x_max, state.y_min, state.y_max = limits
        self._limits = tuple(limits)

    def refit(self) -> None:
        """Let the next drawing choose the limits, whatever the person has zoomed to."""
        self._limits = None


def _paler(color: str) -> str:
    """A colour mixed with white; opacities of points do not reach the browser with new marks."""
    parts = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{int(0.3 * part + 0.7 * 255):02x}" for part in parts)


def few_round_ticks(viewer: Any, most: int = 5) -> None:
    """Keep the ticks of a narrow plot at a few round values; bqplot's own run into each other."""

    def update(*_: Any) -> None:
        state = viewer.state
        for axis, name in zip(viewer.figure.axes[:2], "xy", strict=True):
            low, high = getattr(state, f"{name}_min"), getattr(state, f"{name}_max")
            if low is None or high is None or not np.isfinite([low, high]).all() or low == high:
                continue
            values = MaxNLocator(most).tick_values(low, high)
            axis.tick_values = values[(values >= min(low, high)) & (values <= max(low, high))]

    for name in ("x_min", "x_max", "y_min", "y_max"):
        viewer.state.add_callback(name, update)


def limits_of(curves: Sequence[DrawnCurve]) -> tuple[float, float, float, float] | None:
    """Return limits that show the curves, outliers aside; None if there is nothing to show."""
    spans = []
    for curve in curves:
        spans.append(curve.points.extent(curve.points.good))
        spans += [over.extent(over.drawn) for over in (curve.model, curve.pipeline) if over]
    whole = span_of(spans)
    if whole is None:
        return None
    x_low, x_high, y_low, y_high = whole
    x_room = _MARGIN / 2 * ((x_high - x_low) or 1.0)
    y_room = _MARGIN * ((y_high - y_low) or abs(y_high) or 1.0)
    return x_low - x_room, x_high + x_room, y_low - y_room, y_high + y_room
