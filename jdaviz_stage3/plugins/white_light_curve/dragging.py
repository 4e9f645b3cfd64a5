"""Dragging band edges and baseline ranges, and clicking at integrations."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from astropy import units as u

from ...errors import Stage3Error
from ...jdaviz_compat import data_of, pace_moves, point_with
from .traces import integration_numbers

__all__ = ["Dragging", "PointerEvents", "nearest_edge"]

_REACH = 0.02  # of the width of the view: how near to an edge a drag must begin
_PACE = 50  # ms between two moves of the mouse that the page tells of, where all is quick
_EVENTS = ["dragstart", "dragmove", "dragend", "click", "mousemove"]


class Dragging:
    """Turns what the mouse does in the viewers into settings of the plugin.

    Parameters
    ----------
    plugin : WhiteLightCurve
    views : Views
    """

    def __init__(self, plugin: Any, views: Any):
        self._plugin, self._views = plugin, views
        self._pointers: dict[Any, PointerEvents] = {}
        self._moved: Any = None  # the edge in the hand
        self._before: dict[str, Any] = {}  # what the settings were when it was taken

    def listen(self, curve_viewer: Any, trace_viewers: list[tuple[Any, str, str]]) -> None:
        """Follow the mouse in these viewers, and in no others.

        Parameters
        ----------
        curve_viewer : glue viewer
            Of the light curve.
        trace_viewers : list of (viewer, label of the trace, unit of x)
        """
        wanted = [curve_viewer, *dict.fromkeys(viewer for viewer, _, _ in trace_viewers)]
        for viewer in [viewer for viewer in self._pointers if viewer not in wanted]:
            self._pointers.pop(viewer).close()
        for viewer in wanted:
            if viewer in self._pointers:
                continue
            if viewer is curve_viewer:
                pointer = PointerEvents(
                    viewer,
                    self._drag_baseline,
                    self._click_curve,
                    lambda x: self._edge_of_baseline(x) is not None,
                )
            else:
                pointer = PointerEvents(
                    viewer,
                    lambda phase, x, y, viewer=viewer: self._drag_band(viewer, phase, x),
                    lambda x, y, viewer=viewer: self._click_dynamic(viewer, y),
                    lambda x, viewer=viewer: self._edge_of_band(viewer, x) is not None,
                )
            self._pointers[viewer] = pointer

    @property
    def makes_ranges(self) -> bool:
        """Whether a drag over the light curve is a new range of the baseline."""
        # where the curve is divided by the baseline, what else would a drag be for
        plugin = self._plugin
        return plugin.pick_baseline or plugin.normalize_selected == "baseline"

    @property
    def in_hand(self) -> bool:
        """Whether an edge is being dragged."""
        return self._moved is not None

    def put_back(self) -> bool:
        """Let go of what is in the hand, and set it as it was before.

        Returns
        -------
        bool
            Whether anything was in the hand.
        """
        if self._moved is None:
            return False
        self._moved = None
        with self._plugin.hold_trait_notifications():
            for name, value in self._before.items():
                setattr(self._plugin, name, value)
        return True

    def _take(self, what: Any, *settings: str) -> None:
        """Take an edge into the hand, if there is one; remember the settings that it moves."""
        self._moved = what
        if what is not None:
            self._views.hints.is_known("band" if "band_low" in settings else "baseline")
        self._before = {name: getattr(self._plugin, name) for name in settings}

    def stop(self) -> None:
        """Follow the mouse no longer."""
        for pointer in self._pointers.values():
            pointer.close()
        self._pointers.clear()
        self._moved = None

    def _traces_in(self, viewer: Any) -> list[tuple[str, str]]:
        """The traces that a viewer shows, and the unit of its x axis for each."""
        shown = self._views.of_traces.viewers(list(self._plugin.curves.traces))
        return [(label, unit) for other, label, unit in shown if other is viewer]

    # ---- the band ----

    def _drag_band(self, viewer: Any, phase: str, x: float) -> bool:
        plugin = self._plugin
        if phase == "start":
            self._take(self._edge_of_band(viewer, x), "band_low", "band_high")
            return self._moved is not None
        if self._moved is None:
            return False
        _, label, unit = self._moved
        if x > 0 and label in plugin.curves.traces:
            self._move_band((x * u.Unit(unit)).to_value(plugin.band_unit, u.spectral()))
        if phase == "end":
            self._moved = None
        return True

    def _edge_of_band(self, viewer: Any, x: float) -> tuple[str, str, str] | None:
        """The edge of a band that is meant at x: its setting, the trace and the unit of x."""
        plugin = self._plugin
        edges = []
        for label, unit in self._traces_in(viewer):
            try:
                low, high = np.sort(plugin.curves.band_of(label).to(plugin.band_unit))
            except Stage3Error:
                continue
            for name, edge in (("band_low", low), ("band_high", high)):
                edges.append(((name, label, unit), edge.to_value(unit, u.spectral())))
        return nearest_edge(edges, x, viewer.state.x_min, viewer.state.x_max)

    def _move_band(self, value: float) -> None:
        plugin, curves = self._plugin, self._plugin.curves
        name, label, unit = self._moved
        low, high = np.sort(curves.band_of(label).to_value(plugin.band_unit))
        wavelength = curves.sums(label).wavelength.to_value(plugin.band_unit)
        value = float(f"{np.clip(value, np.nanmin(wavelength), np.nanmax(wavelength)):.6g}")
        other_name, other = ("band_high", high) if name == "band_low" else ("band_low", low)
        edges = {name: value}
        if (value > other) == (name == "band_low") and value != other:
            # dragged across the other edge, whose part it takes
            self._moved = (other_name, label, unit)
            edges = {other_name: value, name: float(other)}
        with plugin.hold_trait_notifications():
            for which, edge in edges.items():
                setattr(plugin, which, edge)

    # ---- the baseline ----

    def _drag_baseline(self, phase: str, x: float, y: float) -> bool:
        plugin, curves = self._plugin, self._plugin.curves
        times = curves.times
        try:
            ranges = [list(edges) for edges in curves.baseline()]
            times.reference  # noqa: B018 - of the hours that ranges are written in
            time = times.time_at(x)
        except Stage3Error:
            return False
        if phase == "start":
            self._take(self._edge_of_baseline(x), "baseline_text")
            if self._moved is None and self.makes_ranges:
                self._take((len(ranges), time), "baseline_text")  # a new range, which begins here
            return self._moved is not None
        if self._moved is None:
            return False
        index, other_end = self._moved
        if abs((time - other_end).sec) > 1e-3:
            ranges[index : index + 1] = [sorted((other_end, time))]
        elif phase == "end":
            ranges[index : index + 1] = []  # pushed together: taken away
        if phase == "end":
            self._moved = None
        try:
            plugin.baseline = ranges
        except Stage3Error:
            return False  # for another range that is typed and cannot be, which the panel says
        return True

    def _edge_of_baseline(self, x: float) -> tuple[int, Any] | None:
        """The edge of a range that is meant at x: which range, and the time of its other end."""
        times = self._plugin.curves.times
        try:
            edges = [
                ((index, edges[1 - side]), float(times.x_of(edges[side])))
                for index, edges in enumerate(self._plugin.curves.baseline())
                for side in (0, 1)
            ]
        except Stage3Error:
            return None
        state = self._views.curve_viewer.state
        return nearest_edge(edges, x, state.x_min, state.x_max)

    # ---- the time cursor ----

    def _click_curve(self, x: float, y: float) -> None:
        curves = self._plugin.curves
        if not curves.traces:
            return
        trace = next(iter(curves.traces.values()))
        try:
            distance = np.abs(curves.times.x_of(curves.times.of(trace)) - x)
        except Stage3Error:  # there is no time axis
            return
        if np.isfinite(distance).any():
            self._plugin.integration = int(integration_numbers(trace)[int(np.nanargmin(distance))])

    def _click_dynamic(self, viewer: Any, y: float) -> None:
        if not hasattr(viewer.state, "time_axis_of"):
            return  # in spectra, a click is jdaviz's
        plugin = self._plugin
        for label, _ in self._traces_in(viewer)[:1]:
            axis = viewer.state.time_axis_of(data_of(plugin, label))
            row = int(axis.cells.at(np.array(y)))
            if row >= 0:
                plugin.integration = int(integration_numbers(plugin.curves.traces[label])[row])


def nearest_edge(edges: list[tuple[Any, float]], x: float, low: float, high: float) -> Any | None:
    """Return the name of the edge that is near enough to be meant, None if none is.

    Parameters
    ----------
    edges : list of (name, position)
    x : float
        Where the drag begins.
    low, high : float
        What the view spans. An edge beyond it is taken for one at its border, so that it can be
        pulled in.
    """
    span = abs(high - low)
    if not edges or not span:
        return None
    inside = [(name, min(max(place, min(low, high)), max(low, high))) for name, place in edges]
    name, place = min(inside, key=lambda edge: abs(edge[1] - x))
    return name if abs(place - x) <= _REACH * span else None


class PointerEvents:
    """Mouse events of one viewer, while no tool of its toolbar is active.

    Parameters
    ----------
    viewer : glue viewer
    on_drag : callable
        Called with the phase (``'start'``, ``'move'``, ``'end'``), x and y on the axes. What it
        returns for ``'start'`` says whether it takes the drag.
    on_click : callable, optional
        Called with x and y.
    is_edge : callable, optional
        Called with x; whether a drag that begins there moves an edge, which the shape of the
        pointer then says.
    """

    def __init__(
        self,
        viewer: Any,
        on_drag: Callable[[str, float, float], bool | None],
        on_click: Callable[[float, float], None] | None = None,
        is_edge: Callable[[float], bool] = lambda x: False,
    ):
        self.viewer = viewer
        self._on_drag, self._on_click, self._is_edge = on_drag, on_click, is_edge
        self._dragging, self._paced = False, _PACE
        viewer.add_event_callback(self._on_event, events=_EVENTS)

    def _on_event(self, event: dict) -> None:
        if "domain" not in event or event["domain"] is None:
            return
        x, y = float(event["domain"]["x"]), float(event["domain"]["y"])
        if not (math.isfinite(x) and math.isfinite(y)):
            return
        kind = event["event"]
        if kind == "mousemove":
            point_with(self.viewer, "ew-resize" if self._is_edge(x) else "auto")
        elif kind == "click":
            if self._on_click is not None:
                self._on_click(x, y)
        elif kind == "dragstart":
            self._dragging = bool(self._on_drag("start", x, y))
        elif self._dragging:
            self._dragging = kind != "dragend"
            began = time.monotonic()
            self._on_drag("move" if self._dragging else "end", x, y)
            self._pace(time.monotonic() - began if self._dragging else 0.0)

    def _pace(self, seconds: float) -> None:
        """Let no more moves come than are drawn: those that wait would be drawn one by one."""
        wanted = max(_PACE, round(1200 * seconds))  # a fifth of the time for all else
        if wanted > 1.3 * self._paced or wanted < self._paced / 1.3:
            self._paced = wanted
            pace_moves(self.viewer, wanted)

    def close(self) -> None:
        """Listen no longer."""
        self.viewer.remove_event_callback(self._on_event)
        point_with(self.viewer, "auto")
