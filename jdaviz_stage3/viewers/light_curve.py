"""Flux against time."""

from __future__ import annotations

import numpy as np
from glue.viewers.scatter.state import ScatterViewerState
from glue_jupyter.bqplot.scatter import BqplotScatterView
from jdaviz.configs.default.plugins.viewers import JdavizViewerMixin, ScatterViewer
from jdaviz.configs.imviz.plugins.coords_info.coords_info import CoordsInfo
from jdaviz.core.registries import viewer_registry

__all__ = ["LightCurveViewer"]


@viewer_registry("stage3-light-curve-viewer", label="Light curve (JWST Stage 3)")
class LightCurveViewer(JdavizViewerMixin, BqplotScatterView):
    """Points of flux against time, on axes with their units.

    Not a `ScatterViewer` by class, though it works like one: jdaviz offers every catalog to those.
    """

    tools_nested = ScatterViewer.tools_nested
    _state_cls = ScatterViewerState
    _native_mark_classnames = ("Scatter", "ScatterGL")

    def __init__(self, session, *args, **kwargs):
        super().__init__(session, *args, **kwargs)
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

    def show_light_curve(self, time: str, flux: str, time_label: str, flux_label: str) -> None:
        """Show these columns of the data in the viewer.

        Parameters
        ----------
        time, flux : str
            Names of the columns.
        time_label, flux_label : str
            Axis labels, with the time system and the units.
        """
        data = self.layers[0].layer
        self.state.x_att = data.id[time]
        self.state.y_att = data.id[flux]
        for layer in self.layers:
            layer.state.size = 4
        self.state.reset_limits()
        self.figure.axes[0].label = time_label
        self.figure.axes[1].label = flux_label


def read_out(coords_info: CoordsInfo, viewer: LightCurveViewer, x: float, y: float, **_) -> None:
    """Show time and flux of the point nearest to the cursor, in jdaviz's read-out.

    Parameters
    ----------
    coords_info : CoordsInfo
    viewer : LightCurveViewer
    x, y : float
        Position of the cursor in the units of the axes.
    """
    layer = next((layer for layer in viewer.state.layers if layer.visible), None)
    coords_info.reset_coords_display()
    if layer is None:
        return
    data, state = layer.layer, viewer.state
    time, flux = data[state.x_att], data[state.y_att]
    distance = np.hypot(
        (time - x) / (state.x_max - state.x_min), (flux - y) / (state.y_max - state.y_min)
    )
    if not np.isfinite(distance).any():
        return
    point = int(np.nanargmin(distance))
    system = data.meta.get("time_system_name", "")
    full = data[system][point] if system else time[point]
    unit = data.get_component(state.y_att).units
    coords_info.row1a_title, coords_info.row1a_text = "Point", str(point + 1)
    coords_info.row1b_title, coords_info.row1b_text = "Flux", f"{flux[point]:.6g} {unit}".strip()
    coords_info.row2_title, coords_info.row2_text = system or "Time", f"{full:.6f}"
    coords_info.icon = coords_info.app.state.layer_icons.get(data.label, "")


CoordsInfo.register_viewer_class(LightCurveViewer)
CoordsInfo.register_viewer_update_handler(LightCurveViewer, read_out)
