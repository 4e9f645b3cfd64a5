"""Dragging band edges and baseline ranges, and clicking at integrations."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u

from ...errors import Stage3Error
from ...jdaviz_compat import data_of
from .pointer import PointerEvents, nearest_edge
from .traces import integration_numbers

__all__ = ["Dragging"]


class Dragging:
    """Turns what the mouse does in the viewers into settings of the plugin.

    Parameters
    ----------
    views : Views
    """

    def __init__(self, views: Any):
        self._views = views
        self._pointers: dict[Any, PointerEvents] = {}
        self._moved: Any = None  # the edge in the hand

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
                pointer = PointerEvents(viewer, self._drag_baseline, self._click_curve)
            else:
                pointer = PointerEvents(
                    viewer,
                    lambda phase, x, y, viewer=viewer: self._drag_band(viewer, phase, x),
                    lambda x, y, viewer=viewer: self._click_dynamic(viewer, y),
                )
            self._pointers[viewer] = pointer

    @property
    def in_hand(self) -> bool:
        """Whether an edge is being dragged."""
        return self._moved is not None

    def stop(self) -> None:
        """Follow the mouse no longer."""
        for pointer in self._pointers.values():
            pointer.close()
        self._pointers.clear()
        self._moved = None

    def _traces_in(self, viewer: Any) -> list[tuple[str, str]]:
        """The traces that a viewer shows, and the unit of its x axis for each."""
        return [(lab, unit) for v, lab, unit in self._views.trace_viewers() if v is viewer]

    # ---- the band ----

    def _drag_band(self, viewer: Any, phase: str, x: float) -> bool:
        plugin = self._views.plugin
        if phase == "start":
            edges = []
            for label, unit in self._traces_in(viewer):
                try:
                    low, high = np.sort(self._views.band_of(label).to(plugin.band_unit))
                except Stage3Error:
                    continue
                for name, edge in (("band_low", low), ("band_high", high)):
                    edges.append(((name, label, unit), edge.to_value(unit, u.spectral())))
            self._moved = nearest_edge(edges, x, viewer.state.x_min, viewer.state.x_max)
            return self._moved is not None
        if self._moved is None or x <= 0:
            return False
        _, label, unit = self._moved
        if label in plugin._labels():
            self._move_band((x * u.Unit(unit)).to_value(plugin.band_unit, u.spectral()))
        if phase == "end":
            self._moved = None
        return True

    def _move_band(self, value: float) -> None:
        plugin = self._views.plugin
        name, label, unit = self._moved
        low, high = np.sort(self._views.band_of(label).to_value(plugin.band_unit))
        wavelength = plugin._sums(label).wavelength.to_value(plugin.band_unit)
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
        plugin, views = self._views.plugin, self._views
        try:
            ranges = [list(edges) for edges in plugin._baseline()]
            plugin._reference()  # of the hours that ranges are written in
            time = views.time_of_x(x)
        except Stage3Error:
            return False
        if phase == "start":
            # of each edge the range that it is of, and where the other end of it is
            edges = [
                ((index, edges[1 - side]), float(views.x_of(edges[side])))
                for index, edges in enumerate(ranges)
                for side in (0, 1)
            ]
            state = views.curve_viewer.state
            self._moved = nearest_edge(edges, x, state.x_min, state.x_max)
            if self._moved is None and plugin.pick_baseline:
                self._moved = (len(ranges), time)  # a new range, which begins here
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
        plugin.baseline = ranges
        return True

    # ---- the time cursor ----

    def _click_curve(self, x: float, y: float) -> None:
        plugin, views = self._views.plugin, self._views
        labels = plugin._labels()
        if not labels:
            return
        trace = plugin._trace(labels[0])
        if views.zero is None:
            return
        distance = np.abs(views.x_of(views.times_of(trace)) - x)
        if np.isfinite(distance).any():
            plugin.integration = int(integration_numbers(trace)[int(np.nanargmin(distance))])

    def _click_dynamic(self, viewer: Any, y: float) -> None:
        if not hasattr(viewer.state, "time_axis_of"):
            return  # in spectra, a click is jdaviz's
        plugin = self._views.plugin
        for label, _ in self._traces_in(viewer)[:1]:
            axis = viewer.state.time_axis_of(data_of(plugin, label))
            row = int(axis.cells.at(np.array(y)))
            if row >= 0:
                plugin.integration = int(integration_numbers(plugin._trace(label))[row])
