"""Flux against time."""

from __future__ import annotations

from jdaviz.configs.default.plugins.viewers import ScatterViewer
from jdaviz.core.registries import viewer_registry

__all__ = ["LightCurveViewer"]


@viewer_registry("stage3-light-curve-viewer", label="Light curve (JWST Stage 3)")
class LightCurveViewer(ScatterViewer):
    """Points of flux against time, on axes with their units."""

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
