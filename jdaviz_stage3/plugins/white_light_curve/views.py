"""Where the plugin draws: its light-curve viewer or panel, and the viewers of the traces."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from astropy import units as u
from astropy.time import Time, TimeDelta
from astropy.timeseries import TimeSeries
from jdaviz.core.template_mixin import Plot

from ...analysis import bin_light_curve, noise_figures, normalization, time_of
from ...errors import Stage3Error
from ...jdaviz_compat import (
    create_viewer,
    data_of,
    glue_viewer,
    show_figure_without_data,
    spectrum_viewers_of_file,
    viewer_kind,
    viewers_of_kind_showing,
)
from .band_edges import BandEdges
from .canvas import COLORS, CurveCanvas, DrawnCurve, Points, few_round_ticks
from .dragging import Dragging
from .positions import days_between, model_level, separation, whole_day
from .sentences import cursor_sentence, curve_sentence, described, flux_label
from .spectra_in_time import SpectrumLines

__all__ = ["Views"]

_VIEWER = "White light curve"
_DYNAMIC = "stage3-dynamic-spectrum-viewer"
_HEIGHTS = {"plot": "380px", "ratio": "280px", "residual": "240px"}


class Views:
    """All that is drawn for one plugin.

    Parameters
    ----------
    plugin : WhiteLightCurve
    """

    def __init__(self, plugin: Any):
        self.plugin = plugin
        self._viewer_label = ""
        self._canvas: CurveCanvas | None = None
        self._plots: dict[str, Plot] = {}
        self._canvases: dict[str, CurveCanvas] = {}
        self._edges, self._spectra = BandEdges(), SpectrumLines()
        self.dragging = Dragging(self)
        self.zero: Time | None = None  # of the dates on the axis
        self._axis: tuple | None = None

    # ---- everything ----

    def draw(self) -> None:
        """Draw what the settings of the plugin give; raises what they are wrong in."""
        plugin = self.plugin
        curves = plugin._curves(binned=False)
        self.zero = whole_day(curves)
        drawn = [d for label, curve in curves.items() for d in self._drawn(label, curve)]
        for index, curve in enumerate(drawn):
            curve.color = COLORS[index % len(COLORS)]
        canvas = self._current_canvas()
        axis = (plugin.time_axis_selected, str(self.zero), plugin.time_system_selected)
        if axis != self._axis:
            canvas.refit()
            self._axis = axis
        canvas.draw(drawn, self._time_label(), flux_label(curves))
        canvas.mark_ranges([tuple(self.x_of(Time(edges))) for edges in plugin._baseline()])
        self._say(curves)
        self._draw_residual(curves)
        self._draw_dynamic()
        self._draw_bands(curves)
        self._draw_cursor()  # on the time axis that the dynamic spectra have got
        self.dragging.listen(canvas.viewer, self.trace_viewers())

    def clear(self) -> None:
        """Take away what belongs to an open panel; all, where its trace is gone."""
        self._edges.clear()
        self._spectra.clear()
        self.dragging.stop()
        gone = not self.plugin._labels() or self.plugin.is_active  # active: the settings are wrong
        for canvas in (self._canvas, *self._canvases.values()):
            if canvas is not None and gone:
                canvas.clear()
        if gone:
            self.plugin.curve_text = self.plugin.noise_text = self.plugin.pipeline_text = ""
            self.plugin.cursor_text = ""

    # ---- the light curve ----

    def _current_canvas(self) -> CurveCanvas:
        plugin = self.plugin
        viewer = glue_viewer(plugin, self._viewer_label) if self._viewer_label else None
        if self._viewer_label and viewer is None:  # closed by hand: the panel has it from now on
            self._viewer_label = ""
            plugin.in_viewer = False
        if plugin.in_viewer and plugin.has_viewers:
            if viewer is None:
                self._viewer_label = create_viewer(plugin, "stage3-light-curve-viewer", _VIEWER)
                viewer = glue_viewer(plugin, self._viewer_label)
                show_figure_without_data(viewer)
        else:
            viewer = self._plot("plot").viewer
        if self._canvas is None or self._canvas.viewer is not viewer:
            if self._canvas is not None:
                self._canvas.clear()
            self._canvas = CurveCanvas(viewer)
        return self._canvas

    def _plot(self, name: str) -> Plot:
        """A plot in the panel, made when it is first drawn in."""
        if name not in self._plots:
            plot = Plot(self.plugin, name=name)
            plot.figure.fig_margin = {"top": 10, "bottom": 50, "left": 78, "right": 12}
            plot.figure.layout.height = _HEIGHTS[name]
            for axis, offset in zip(plot.figure.axes[:2], ("36", "-60"), strict=True):
                axis.label_offset, axis.num_ticks = offset, None
                axis.tick_format = ".6~g"
                axis.tick_style, axis.axis_label_style = {"font-size": 11}, {"font-size": 12}
            few_round_ticks(plot.viewer)
            self._plots[name] = plot
            setattr(self.plugin, f"{name}_widget", f"IPY_MODEL_{plot.model_id}")
        return self._plots[name]

    def x_of(self, time: Time) -> np.ndarray:
        """Positions of times on the time axis; NaN where there is no time stamp."""
        if self.plugin.time_axis_selected == "hours":
            return days_between(self.plugin._reference(), time) * 24
        return days_between(self.zero, time)

    def times_of(self, trace: Any) -> Time:
        """The time stamps of a trace in the chosen system."""
        return time_of(trace, self.plugin.time_system_selected)

    @property
    def curve_viewer(self) -> Any:
        """The (glue) viewer that the light curve is drawn in."""
        return self._canvas.viewer

    def time_of_x(self, x: float) -> Time:
        """The time at a position on the time axis."""
        if self.plugin.time_axis_selected == "hours":
            return self.plugin._reference() + TimeDelta(x / 24, format="jd")
        return self.zero + TimeDelta(x, format="jd")

    def _time_label(self) -> str:
        plugin = self.plugin
        system = "BJD_TDB" if plugin.time_system_selected == "BJD_TDB" else "JD_UTC"
        if plugin.time_axis_selected != "hours":
            return f"{system} − {self.zero.jd:.0f} (d)"
        return f"Hours from {system} {plugin._reference().jd:.5f}"

    def _drawn(self, label: str, curve: TimeSeries) -> list[DrawnCurve]:
        """One curve, or one for each band, below each other."""
        plugin = self.plugin
        width = plugin._bin_width()
        binned = None if width is None else bin_light_curve(curve, width)
        x = self.x_of(curve["time"])
        if curve["flux"].ndim == 1:
            points = Points(x, curve["flux"].value, curve["flux_err"].value)
            drawn = DrawnCurve(points, np.asarray(curve["outlier"]), plugin._trace(label).label)
            if binned is not None:
                drawn.binned = Points(
                    self.x_of(binned["time"]), binned["flux"].value, binned["flux_err"].value
                )
            drawn.describe = partial(described, curve, None)
            self._lay_over(label, curve, drawn)
            return [drawn]
        flux, err = curve["flux"].value, curve["flux_err"].value
        step = separation(flux, np.asarray(curve["outlier"]))
        step = step if curve["flux"].unit == u.one else 0.0
        found = []
        for band, (low, high) in enumerate(curve.meta["bands"]):
            points = Points(x, flux[:, band] - band * step, err[:, band])
            name = f"{low:.4g}–{high:.4g} {curve.meta['band_unit']}"
            drawn = DrawnCurve(points, np.asarray(curve["outlier"])[:, band], name)
            if binned is not None:
                drawn.binned = Points(
                    self.x_of(binned["time"]),
                    binned["flux"].value[:, band] - band * step,
                    binned["flux_err"].value[:, band],
                )
            drawn.describe = partial(described, curve, band)
            found.append(drawn)
        return found

    def _lay_over(self, label: str, curve: TimeSeries, drawn: DrawnCurve) -> None:
        plugin = self.plugin
        if plugin.show_transit:
            fine = plugin._fine_times(curve["time"])
            level = model_level(curve, plugin._transit(curve["time"]))
            drawn.model = Points(self.x_of(fine), plugin._transit(fine) * level)
        comparison = plugin._comparison(plugin._sums(label))
        if comparison is not None:
            flux = np.asarray(comparison.pipeline_flux, dtype=float)
            drawn.pipeline = Points(drawn.points.x, flux / self._pipeline_level(label, curve, flux))

    def _pipeline_level(self, label: str, curve: TimeSeries, flux: np.ndarray) -> float:
        """What the pipeline's flux is divided by to be normalised as ours is."""
        if curve.meta["normalization"] == "none":
            return 1.0
        rows = None
        if curve.meta["normalization"] == "baseline":
            rows = self.plugin._in_baseline(self.plugin._sums(label))
        return normalization(flux, rows)

    # ---- what is said about it ----

    def _say(self, curves: dict[str, TimeSeries]) -> None:
        plugin = self.plugin
        texts, noise, compared = [], [], []
        for label, curve in curves.items():
            texts.append(curve_sentence(curve))
            if curve["flux"].ndim == 1:
                model = plugin._transit(curve["time"]) if plugin.show_transit else None
                try:
                    noise.append(noise_figures(curve, model).sentence())
                except Stage3Error as err:  # too few points to say anything
                    noise.append(str(err))
            compared.append(plugin._comparison(plugin._sums(label)))
        plugin.curve_text, plugin.noise_text = " ".join(texts), " ".join(noise)
        known = [comparison for comparison in compared if comparison is not None]
        plugin.pipeline_text = " ".join(comparison.sentence() for comparison in known)
        if not known and plugin.pipeline_selected != "None":
            plugin.pipeline_text = "That curve is of another trace than the chosen one."
        plugin.pipeline_band = bool(known) and known[0].limits is not None

    def _draw_residual(self, curves: dict[str, TimeSeries]) -> None:
        """Our curve minus the pipeline's, or the model, in the panel."""
        plugin = self.plugin
        label, curve = next(iter(curves.items()))
        wanted = plugin.show_transit or plugin.pipeline_selected != "None"
        if not wanted or curve["flux"].ndim != 1:
            self._drop("residual")
            return
        drawn = DrawnCurve(Points(np.array([]), np.array([])), np.array([], bool))
        self._lay_over(label, curve, drawn)
        flux, relative = curve["flux"].value, curve["flux"].unit == u.one
        if drawn.pipeline is None and not plugin.show_transit:
            self._drop("residual")
            return
        if drawn.pipeline is not None:
            below, name = drawn.pipeline.y, "This − pipeline"
        else:
            model = plugin._transit(curve["time"])
            below, name = model * model_level(curve, model), "Data − model"
        factor, unit = (1e6, "ppm") if relative else (1.0, str(curve["flux"].unit))
        points = Points(
            self.x_of(curve["time"]), (flux - below) * factor, curve["flux_err"].value * factor
        )
        residual = DrawnCurve(points, np.asarray(curve["outlier"]), color=COLORS[0])
        canvas = self._canvases.setdefault("residual", CurveCanvas(self._plot("residual").viewer))
        canvas.refit()
        canvas.draw([residual], self._time_label(), f"{name} ({unit})")

    # ---- the viewers of the traces ----

    def trace_viewers(self) -> list[tuple[Any, str, str]]:
        """The viewers that show a chosen trace: (viewer, label of the trace, unit of its x)."""
        found = []
        for label in self.plugin._labels():
            data = data_of(self.plugin, label)
            for viewer in viewers_of_kind_showing(self.plugin, _DYNAMIC, label):
                found.append((viewer, label, viewer.state.wavelength_axis_of(data).unit))
            for viewer in spectrum_viewers_of_file(self.plugin, data.meta["stage3_path"]):
                found.append((viewer, label, str(viewer.state.x_display_unit)))
        return found

    def band_of(self, label: str) -> u.Quantity:
        """The band of a trace, or all of it, shape (2,)."""
        wavelength = self.plugin._sums(label).wavelength
        low, high = self.plugin._band() or (None, None)
        low = np.nanmin(wavelength) if low is None else low
        high = np.nanmax(wavelength) if high is None else high
        return u.Quantity([low.to(wavelength.unit), high.to(wavelength.unit)])

    def _draw_bands(self, curves: dict[str, TimeSeries]) -> None:
        viewers = self.trace_viewers()
        self._edges.keep_only([viewer for viewer, _, _ in viewers])
        for viewer, label, unit in viewers:
            if "bands" in curves[label].meta:
                bands = u.Quantity(curves[label].meta["bands"], curves[label].meta["band_unit"])
            else:
                bands = [self.band_of(label)]
            self._edges.show(viewer, bands, unit, shade=viewer_kind(viewer) != _DYNAMIC)

    def _draw_cursor(self) -> None:
        """The time cursor in all viewers, and the spectra that it points at."""
        plugin = self.plugin
        labels = plugin._labels()
        if plugin.integration == "":
            self._canvas.mark_time(None)
            self._spectra.clear()
            self._drop("ratio")
            plugin.cursor_text = ""
        else:
            sums = plugin._sums(labels[0])
            row = self._row_at_cursor(labels[0])
            rows = plugin._rows_at_cursor(sums)
            time = self.times_of(sums.trace)
            plugin.cursor_text = cursor_sentence(sums.trace, rows, row, time)
            self._canvas.mark_time(float(self.x_of(time)[row]))
            self._draw_spectra(labels)
            if plugin.show_ratio:
                self._draw_ratio(plugin._ratio_at_cursor(sums))
            else:
                self._drop("ratio")
        for label in labels:
            row = None if plugin.integration == "" else self._row_at_cursor(label)
            for viewer in viewers_of_kind_showing(plugin, _DYNAMIC, label):
                cells = viewer.state.time_axis_of(data_of(plugin, label)).cells
                cell = np.flatnonzero(cells.sample == row)
                middle = (cells.low[cell] + cells.high[cell]) / 2
                self._edges.show_time(viewer, float(middle[0]) if middle.size else None)

    def _row_at_cursor(self, label: str) -> int:
        plugin = self.plugin
        return plugin._prepared.row_of(plugin._trace(label), int(plugin.integration))

    def _draw_spectra(self, labels: list[str]) -> None:
        """The spectra at the cursor, one of each trace, where its file is shown."""
        plugin, wanted = self.plugin, {}
        for label in labels if plugin.show_spectrum else ():
            spectrum = plugin._spectrum_at_cursor(plugin._sums(label))
            path = data_of(plugin, label).meta["stage3_path"]
            for viewer in spectrum_viewers_of_file(plugin, path):
                wanted[viewer, label] = spectrum
        self._spectra.show(wanted)

    def _draw_ratio(self, ratio: Any) -> None:
        axis = u.Quantity(ratio.spectral_axis)
        points = Points(axis.value, ratio.flux.value, ratio.uncertainty.array)
        canvas = self._canvases.setdefault("ratio", CurveCanvas(self._plot("ratio").viewer))
        canvas.refit()
        drawn = DrawnCurve(points, np.zeros(len(points.x), dtype=bool), color="#ff7f0e")
        canvas.draw([drawn], f"Wavelength ({axis.unit})", "At cursor / baseline")

    def _drop(self, name: str) -> None:
        """Take a plot out of the panel."""
        if name in self._canvases:
            self._canvases.pop(name).clear()
            self._plots.pop(name, None)
        setattr(self.plugin, f"{name}_widget", "")

    def _draw_dynamic(self) -> None:
        plugin = self.plugin
        for label in plugin._labels():
            for viewer in viewers_of_kind_showing(plugin, _DYNAMIC, label):
                hours = plugin.time_axis_selected == "hours"
                reference = plugin._reference() if hours else None
                scale = getattr(data_of(plugin, label).meta.get("_time"), "scale", None)
                if reference is not None and reference.scale != scale:
                    reference = None  # from the first integration, as in the light curve
                viewer.show_time_as("hours" if hours else "date", reference)
                rows = None
                if plugin.dynamic_normalize_selected == "baseline":
                    rows = plugin._baseline_or_all(plugin._sums(label))
                viewer.normalize_by(
                    plugin.dynamic_normalize_selected, rows, _percentile(plugin.dynamic_percentile)
                )


def _percentile(value: Any) -> float:
    if value == "" or not 0 < float(value) <= 100:
        raise Stage3Error(f"dynamic_percentile = {value!r} must be above 0 and at most 100")
    return float(value)
