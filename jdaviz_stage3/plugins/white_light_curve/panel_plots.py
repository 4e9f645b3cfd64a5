"""The plots in the panel of the plugin."""

from __future__ import annotations

from typing import Any

from jdaviz.core.template_mixin import Plot

from ...viewers.curve_canvas import CurveCanvas, DrawnCurve, few_round_ticks

__all__ = ["PanelPlots"]

_HEIGHTS = {"plot": "380px", "ratio": "280px", "residual": "240px"}


class PanelPlots:
    """Plots that are made when they are first drawn in, each with its trait ``NAME_widget``.

    Parameters
    ----------
    plugin : WhiteLightCurve
    """

    def __init__(self, plugin: Any):
        self._plugin = plugin
        self._plots: dict[str, Plot] = {}
        self._canvases: dict[str, CurveCanvas] = {}

    def viewer(self, name: str) -> Any:
        """Return the (glue) viewer of a plot."""
        if name not in self._plots:
            self._plots[name] = self._make(name)
        return self._plots[name].viewer

    def draw(self, name: str, curve: DrawnCurve, x_label: str, y_label: str) -> None:
        """Draw one curve in a plot, all of it in view."""
        canvas = self._canvases.get(name)
        if canvas is None:
            canvas = self._canvases[name] = CurveCanvas(self.viewer(name))
        canvas.refit()
        canvas.draw([curve], x_label, y_label)

    def drop(self, name: str) -> None:
        """Take a plot out of the panel."""
        if name in self._canvases:
            self._canvases.pop(name).clear()
            self._plots.pop(name, None)
        setattr(self._plugin, f"{name}_widget", "")

    def _make(self, name: str) -> Plot:
        plot = Plot(self._plugin, name=name)
        plot.figure.fig_margin = {"top": 10, "bottom": 50, "left": 78, "right": 12}
        plot.figure.layout.height = _HEIGHTS[name]
        for axis, offset in zip(plot.figure.axes[:2], ("36", "-60"), strict=True):
            axis.label_offset, axis.num_ticks = offset, None
            axis.tick_format = ".6~g"
            axis.tick_style, axis.axis_label_style = {"font-size": 11}, {"font-size": 12}
        few_round_ticks(plot.viewer)
        setattr(self._plugin, f"{name}_widget", f"IPY_MODEL_{plot.model_id}")
        return plot
