"""Flux against time."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from echo import delay_callback
from glue.core import BaseData, Data
from glue.core.exceptions import IncompatibleAttribute
from glue.viewers.scatter.state import ScatterViewerState
from glue_jupyter.bqplot.scatter import BqplotScatterView
from jdaviz.configs.default.plugins.viewers import JdavizViewerMixin, ScatterViewer
from jdaviz.configs.imviz.plugins.coords_info.coords_info import CoordsInfo
from jdaviz.core.registries import viewer_registry

from ..analysis.light_curves.table import LightCurveColumns
from ..errors import Stage3Warning
from ..jdaviz_compat import NoLayerPanel, let_data_be_removed, show_message
from ..readers.time_systems import TIME_SYSTEMS
from .curve_points import CurvePoints, span_of
from .light_curve_columns import columns_in, unit_of
from .light_curve_layer import LightCurveArtist
from .light_curve_readout import describe_point, read_out_point

__all__ = ["LightCurveViewer"]

_MARGIN = 0.04  # of the range, left free on each side


@viewer_registry("stage3-light-curve-viewer", label="Light curve (JWST Stage 3)")
class LightCurveViewer(JdavizViewerMixin, BqplotScatterView):
    """Points of flux against time, with error bars, on axes with their units.

    Points flagged as outliers are hollow and red. Several light curves share the axes if they are
    in one unit and one time system; days that count from different dates are brought to the zero
    of the first one.

    Not a `ScatterViewer` by class, though it works like one: jdaviz offers every catalog to those.
    """

    # As the scatter viewer, but without ranges in x and y: jdaviz takes each for a range of
    # wavelengths, and fails on all subsets once there is one of a table.
    tools_nested = [
        [tool for tool in group if tool not in ("bqplot:xrange", "bqplot:yrange")]
        for group in ScatterViewer.tools_nested
    ]
    _state_cls = ScatterViewerState
    _data_artist_cls = LightCurveArtist
    _subset_artist_cls = LightCurveArtist
    _layer_style_widget_cls = NoLayerPanel
    _native_mark_classnames = ("Scatter", "ScatterGL")
    #: Describes what a plugin has drawn at (x, y), None without one: title and text of
    #: ``'number'``, ``'time'`` and, where it is flagged, ``'flag'``; of ``'flux'`` title, value,
    #: error and unit; and the ``'icon'`` of the data.
    describe_drawn: Callable[[float, float], dict[str, tuple]] | None = None

    def __init__(self, session, *args, **kwargs):
        self._curves: WeakKeyDictionary[Data, LightCurveColumns] = WeakKeyDictionary()
        self._first: Data | None = None  # whose columns the axes are
        self._refused = False  # the data added last
        super().__init__(session, *args, **kwargs)
        let_data_be_removed(self)
        x_axis, y_axis = self.figure.axes[:2]
        # More digits than the scatter viewer's '0.1e': transits are parts per thousand deep.
        y_axis.tick_format = ".5~g"
        x_axis.tick_format = ".6~g"
        y_axis.label_offset = "-62"
        x_axis.label_offset = "42"
        self.figure.fig_margin = {"left": 84, "bottom": 62, "top": 12, "right": 18}
        for axis in (x_axis, y_axis):
            axis.axis_label_style = {"font-size": "14px"}
            axis.tick_style = {"font-size": 13}
            axis.num_ticks = None  # bqplot's own choice: round values
        self.state.add_callback("layers", self._choose_columns)
        for name in ("x_att", "y_att"):
            self.state.add_callback(name, self._columns_changed)

    # ---- what is drawn ----

    def show_light_curve(
        self,
        time: str,
        flux: str,
        time_label: str = "",
        flux_label: str = "",
        flux_err: str | None = None,
        flag: str | None = None,
        data_label: str | None = None,
    ) -> None:
        """Show these columns of the data in the viewer.

        Parameters
        ----------
        time, flux : str
            Names of the columns.
        time_label, flux_label : str, optional
            Axis labels, with the time system and the units. By default made of what is known of
            the columns.
        flux_err : str, optional
            The column of the errors; by default ``flux`` with ``_err``, if there is one.
        flag : str, optional
            The column that is true for points flagged as outliers; by default ``outlier``, if
            there is one.
        data_label : str, optional
            Which data of the viewer; by default those added last. Nothing happens where the
            viewer has refused them.
        """
        shown = [data for data in self._data_in() if data_label in (None, data.label)]
        if not shown or (data_label is None and self._refused):
            return
        data = shown[-1]
        names = {component.label for component in data.components}
        usual = columns_in(data) or LightCurveColumns(time, flux)
        self._curves[data] = replace(
            usual,
            time=time,
            flux=flux,
            flux_err=flux_err or (f"{flux}_err" if f"{flux}_err" in names else None),
            flag=flag or ("outlier" if "outlier" in names else None),
            time_label=time_label,
            flux_label=flux_label,
        )
        if data is self._first:
            self._first = None
        self._choose_columns()
        self._columns_changed()

    def add_data(self, data: Any, *args: Any, **kwargs: Any) -> bool | None:
        """Add data as glue does, unless they would be drawn wrong beside what is shown."""
        reason = self._why_not(data) if isinstance(data, Data) else ""
        self._refused = bool(reason)
        if reason:
            text = f"{data.label}: {reason}"
            show_message(self.jdaviz_app, text, color="warning")
            warnings.warn(text, Stage3Warning, stacklevel=2)
            return None
        added = super().add_data(data, *args, **kwargs)
        for layer in self.state.layers:
            if layer.layer is data:
                layer.size = 6
                layer.points_mode = "markers"  # never a density map in their place
        self._columns_changed()
        return added

    def _choose_columns(self, *_: Any) -> None:
        """Make the first light curve's columns the axes, once it is the first."""
        data = self._data_in()
        if self._first in data:
            return
        self._first = data[0] if data else None
        curve = self.light_curve(self._first)
        if curve is not None:
            with delay_callback(self.state, "x_att", "y_att"):
                self.state.x_att = self._first.id[curve.time]
                self.state.y_att = self._first.id[curve.flux]

    def _data_in(self) -> list[Data]:
        return [layer.layer for layer in self.state.layers if isinstance(layer.layer, BaseData)]

    def light_curve(self, data: Data | None) -> LightCurveColumns | None:
        if not isinstance(data, Data):
            return None
        return self._curves.get(data) or columns_in(data)

    def _why_not(self, data: Data) -> str:
        """Say why data cannot be drawn on the axes as they are; nothing if they can."""
        curve = self.light_curve(data)
        if curve is None:
            return "no light curve (columns time and flux); choose another kind of viewer"
        if not self._data_in() or self.state.x_att is None or self.state.y_att is None:
            return ""
        if data in self._data_in():
            return ""
        try:
            self.columns_of(data)
        except IncompatibleAttribute as err:
            return f"{err}; show it in a light-curve viewer of its own"
        return ""

    def columns_of(self, data: Data) -> tuple[str, str, float]:
        """Return the columns of data that belong on the axes, and what is added to the first.

        Raises
        ------
        IncompatibleAttribute
            If they are in another unit or time system than the axes, or there are none.
        """
        x_att, y_att = self.state.x_att, self.state.y_att
        curve, x_curve, y_curve = (self.light_curve(d) for d in (data, x_att.parent, y_att.parent))
        names = {component.label for component in data.components}
        shift = 0.0
        x, y = x_att.label, y_att.label
        if data is not x_att.parent and curve and x_curve and x == x_curve.time:
            x = curve.time
            if curve.time_system != x_curve.time_system:
                raise IncompatibleAttribute(
                    f"its times are {curve.date or 'of no known system'}, the axis is in "
                    f"{x_curve.date or 'none'}"
                )
            shift = (curve.zero or 0.0) - (x_curve.zero or 0.0)
        if data is not y_att.parent and curve and y_curve and y == y_curve.flux:
            y = curve.flux
        for column, attribute in ((x, x_att), (y, y_att)):
            if column not in names and data is not attribute.parent:
                raise IncompatibleAttribute(f"it has no column {column!r}")
            if data is not attribute.parent:
                own, axis = unit_of(data, data.id[column]), unit_of(attribute.parent, attribute)
                if own != axis:
                    raise IncompatibleAttribute(
                        f"{column!r} has {_in_words(own)}, the axis has {_in_words(axis)}"
                    )
        return x, y, shift

    def points_of(self, layer: Any) -> CurvePoints:
        """Return the points of a layer on the viewer's axes.

        Parameters
        ----------
        layer : glue Data or Subset

        Returns
        -------
        CurvePoints

        Raises
        ------
        IncompatibleAttribute
            If the layer cannot be drawn on the axes.
        """
        data = layer.data
        x, y, shift = self.columns_of(data)
        curve = self.light_curve(data) or LightCurveColumns(x, y)
        error = curve.flux_err if y == curve.flux else f"{y}_err"
        names = {component.label for component in data.components}
        values = [_floats(layer, name, data) for name in (x, y)]
        flag = _floats(layer, curve.flag, data) if curve.flag in names else np.zeros(len(values[0]))
        return CurvePoints(
            x=values[0] + shift,
            y=values[1],
            error=_floats(layer, error, data) if error in names else None,
            flagged=flag > 0,  # also where a missing flag is NaN
        )

    def seen(self, points: CurvePoints, rows: np.ndarray) -> np.ndarray | None:
        """Return which points of some rows are enough to be drawn; None for all of them."""
        return None

    def describe_point(self, data: Data, row: int) -> dict[str, tuple[str, str]]:
        """Say what the point under the cursor is: see `describe_point` of light_curve_readout."""
        return describe_point(self, data, row)

    # ---- axes ----

    def _columns_changed(self, *_: Any) -> None:
        self._update_axes()
        for layer in self.layers:
            layer.update()
        self.reset_limits()

    def _update_axes(self, *_: Any) -> None:
        # called by glue's own __init__, too
        for attribute, axis in ((self.state.x_att, "x"), (self.state.y_att, "y")):
            if attribute is not None:
                setattr(self.state, f"{axis}_axislabel", self._axis_label(attribute, axis))

    def _axis_label(self, attribute: Any, axis: str) -> str:
        data = attribute.parent
        curve = self.light_curve(data)
        if curve is None:
            return str(attribute)
        if axis == "x" and attribute.label == curve.time:
            if curve.time_label or curve.zero is None:
                return curve.time_label or f"Time ({unit_of(data, attribute)})"
            return TIME_SYSTEMS[curve.time_system].date_label(curve.zero)
        if axis == "y" and attribute.label == curve.flux and curve.flux_label:
            return curve.flux_label
        unit = unit_of(data, attribute)
        words = curve.words.get(attribute.label) or attribute.label
        return f"{words} ({unit})" if unit else words

    def reset_limits(self) -> None:
        """Fit the axes to all visible points that are not flagged, and their error bars."""
        visible = [layer.layer for layer in self.state.layers if layer.visible]
        shown = []
        for layer in visible if self.state.x_att and self.state.y_att else []:
            try:
                shown.append(self.points_of(layer))
            except IncompatibleAttribute:
                continue
        whole = span_of(points.extent(points.good) for points in shown) or span_of(
            points.extent(points.drawn) for points in shown
        )
        if whole is None:
            return
        (x_min, x_max), (y_min, y_max) = _with_margin(*whole[:2]), _with_margin(*whole[2:])
        with delay_callback(self.state, "x_min", "x_max", "y_min", "y_max"):
            self.state.x_min, self.state.x_max = x_min, x_max
            self.state.y_min, self.state.y_max = y_min, y_max


def _in_words(unit: str) -> str:
    return f"the unit {unit}" if unit else "no unit"


def _floats(layer: Any, name: str, data: Data) -> np.ndarray:
    return np.asarray(layer[data.id[name]], dtype=float)


def _with_margin(low: float, high: float) -> tuple[float, float]:
    margin = _MARGIN * (high - low) or 1e-3 * abs(low) or 1.0
    return low - margin, high + margin


CoordsInfo.register_viewer_class(LightCurveViewer)
CoordsInfo.register_viewer_update_handler(LightCurveViewer, read_out_point)
