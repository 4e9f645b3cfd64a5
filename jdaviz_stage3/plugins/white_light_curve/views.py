"""Where the plugin draws: its light-curve viewer or panel, and the viewers of the traces."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from astropy.time import Time
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
from .canvas import COLORS, CurveCanvas, DrawnCurve, Points
from .dragging import Dragging
from .spectra_in_time import SpectrumLines

__all__ = ["Views"]

_VIEWER = "White light curve"
_DYNAMIC = "stage3-dynamic-spectrum-viewer"
_SEPARATION = 1.25  # of the widest band's range, between the curves of neighbouring bands


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
        self.zero = _whole_day(curves)
        drawn = [d for label, curve in curves.items() for d in self._drawn(label, curve)]
        for index, curve in enumerate(drawn):
            curve.color = COLORS[index % len(COLORS)]
        canvas = self._current_canvas()
        axis = (plugin.time_axis_selected, str(self.zero), plugin.time_system_selected)
        if axis != self._axis:
            canvas.refit()
            self._axis = axis
        canvas.draw(drawn, self._time_label(), _flux_label(curves))
        canvas.mark_ranges([tuple(self.x_of(Time(edges))) for edges in plugin._baseline])
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
            plot.figure.fig_margin = {"top": 10, "bottom": 50, "left": 72, "right": 12}
            plot.figure.layout.height = "260px"
            for axis, offset in zip(plot.figure.axes[:2], ("36", "-54"), strict=True):
                axis.label_offset, axis.num_ticks = offset, 5
                axis.tick_format = ".6~g"
            self._plots[name] = plot
            setattr(self.plugin, f"{name}_widget", f"IPY_MODEL_{plot.model_id}")
        return self._plots[name]

    def x_of(self, time: Time) -> np.ndarray:
        """Positions of times on the time axis; NaN where there is no time stamp."""
        if self.plugin.time_axis_selected == "hours":
            return _days_between(self.plugin._reference(), time) * 24
        return _days_between(self.zero, time)

    def times_of(self, trace: Any) -> Time:
        """The time stamps of a trace in the chosen system."""
        return time_of(trace, self.plugin.time_system_selected)

    @property
    def curve_viewer(self) -> Any:
        """The (glue) viewer that the light curve is drawn in."""
        return self._canvas.viewer

    def hours_of_x(self, x: float) -> float:
        """Hours from the zero of the hours at a position on the time axis."""
        if self.plugin.time_axis_selected == "hours":
            return x
        reference = self.plugin._reference()
        return float((x - _days_between(self.zero, reference)) * 24)

    def _time_label(self) -> str:
        plugin = self.plugin
        system = "BJD_TDB" if plugin.time_system_selected == "BJD_TDB" else "JD_UTC"
        if plugin.time_axis_selected != "hours":
            return f"{system} − {self.zero.jd:.0f} (d)"
        if plugin.mid_transit.strip():
            return f"Hours from mid-transit, {system} {plugin.mid_transit.strip()}"
        return f"Hours from first integration, {system} {plugin._reference().jd:.5f}"

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
            self._lay_over(label, curve, drawn)
            return [drawn]
        flux, err = curve["flux"].value, curve["flux_err"].value
        step = _separation(flux, np.asarray(curve["outlier"]))
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
            found.append(drawn)
        return found

    def _lay_over(self, label: str, curve: TimeSeries, drawn: DrawnCurve) -> None:
        plugin = self.plugin
        if plugin.show_transit:
            fine = plugin._fine_times(curve["time"])
            level = _level(curve, plugin._transit(curve["time"]))
            drawn.model = Points(self.x_of(fine), plugin._transit(fine) * level)
        comparison = plugin._comparison(plugin._sums(label))
        if comparison is not None:
            flux = np.asarray(comparison.pipeline_flux, dtype=float)
            drawn.pipeline = Points(drawn.points.x, flux / self._pipeline_level(curve, flux))

    def _pipeline_level(self, curve: TimeSeries, flux: np.ndarray) -> float:
        """What the pipeline's flux is divided by to be normalised as ours is."""
        if curve.meta["normalization"] == "none":
            return 1.0
        rows = None
        if curve.meta["normalization"] == "baseline":
            rows = self.plugin._in_baseline(self.plugin._sums(self.plugin._labels()[0]))
        return normalization(flux, rows)

    # ---- what is said about it ----

    def _say(self, curves: dict[str, TimeSeries]) -> None:
        plugin = self.plugin
        texts, noise = [], []
        for label, curve in curves.items():
            texts.append(_curve_sentence(curve))
            if curve["flux"].ndim == 1:
                model = None
                if plugin.show_transit:
                    model = plugin._transit(curve["time"])
                try:
                    noise.append(noise_figures(curve, model).sentence())
                except Stage3Error as err:  # too few points to say anything
                    noise.append(str(err))
            comparison = plugin._comparison(plugin._sums(label))
            plugin.pipeline_text = "" if comparison is None else comparison.sentence()
            plugin.pipeline_band = comparison is not None and comparison.limits is not None
        plugin.curve_text = " ".join(texts)
        plugin.noise_text = " ".join(noise)

    def _draw_residual(self, curves: dict[str, TimeSeries]) -> None:
        """Our curve minus the pipeline's, or the model, in the panel."""
        plugin = self.plugin
        label, curve = next(iter(curves.items()))
        wanted = plugin.show_transit or plugin.pipeline_selected != "None"
        if not wanted or curve["flux"].ndim != 1:
            if "residual" in self._canvases:
                self._canvases["residual"].clear()
            plugin.residual_widget = ""
            self._plots.pop("residual", None)
            self._canvases.pop("residual", None)
            return
        drawn = DrawnCurve(Points(np.array([]), np.array([])), np.array([], bool))
        self._lay_over(label, curve, drawn)
        flux, relative = curve["flux"].value, curve["flux"].unit == u.one
        if drawn.pipeline is not None:
            below, name = drawn.pipeline.y, "This − pipeline"
        else:
            model = plugin._transit(curve["time"])
            below, name = model * _level(curve, model), "Data − model"
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
        plugin = self.plugin
        label = plugin._labels()[0]
        sums = plugin._sums(label)
        if plugin.integration == "":
            self._canvas.mark_time(None)
            self._spectra.clear()
            self._clear_ratio()
            plugin.cursor_text = ""
            for viewer in viewers_of_kind_showing(plugin, _DYNAMIC, label):
                self._edges.show_time(viewer, None)
            return
        rows = plugin._rows_at_cursor(sums)
        row = plugin._prepared.row_of(sums.trace, int(plugin.integration))
        time = sums.trace.time if sums.trace.time is not None else sums.trace.time_utc
        plugin.cursor_text = _cursor_sentence(sums.trace, rows, row, time)
        self._canvas.mark_time(float(self.x_of(self.times_of(sums.trace))[row]))
        for viewer in viewers_of_kind_showing(plugin, _DYNAMIC, label):
            axis = viewer.state.time_axis_of(data_of(plugin, label))
            cell = np.flatnonzero(axis.cells.sample == row)
            middle = (axis.cells.low[cell] + axis.cells.high[cell]) / 2
            self._edges.show_time(viewer, float(middle[0]) if middle.size else None)
        if plugin.show_spectrum:
            path = data_of(plugin, label).meta["stage3_path"]
            viewers = spectrum_viewers_of_file(plugin, path)
            self._spectra.show(viewers, plugin._spectrum_at_cursor(sums))
        else:
            self._spectra.clear()
        if plugin.show_ratio:
            self._draw_ratio(plugin._ratio_at_cursor(sums))
        else:
            self._clear_ratio()

    def _draw_ratio(self, ratio: Any) -> None:
        axis = u.Quantity(ratio.spectral_axis)
        points = Points(axis.value, ratio.flux.value, ratio.uncertainty.array)
        canvas = self._canvases.setdefault("ratio", CurveCanvas(self._plot("ratio").viewer))
        canvas.refit()
        drawn = DrawnCurve(points, np.zeros(len(points.x), dtype=bool), color="#ff7f0e")
        canvas.draw([drawn], f"Wavelength ({axis.unit})", "At cursor / baseline")

    def _clear_ratio(self) -> None:
        if "ratio" in self._canvases:
            self._canvases.pop("ratio").clear()
            self._plots.pop("ratio", None)
        self.plugin.ratio_widget = ""

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


def _whole_day(curves: dict[str, TimeSeries]) -> Time:
    """The whole Julian day before the first integration."""
    first, scale = [], "tdb"
    for curve in curves.values():
        time = curve["time"]
        scale = time.scale
        first.append(np.nanmin(np.ma.filled(time.jd, np.nan)))
    return Time(np.floor(min(first)), format="jd", scale=scale)


def _days_between(zero: Time, time: Time) -> np.ndarray:
    """Days from a time to others of the same scale, microseconds kept; NaN where missing."""
    jd1, jd2 = (np.ma.filled(part, np.nan) for part in (time.jd1, time.jd2))
    return (jd1 - zero.jd1) + (jd2 - zero.jd2)


def _flux_label(curves: dict[str, TimeSeries]) -> str:
    units = {str(curve["flux"].unit) for curve in curves.values()}
    if len(units) > 1:
        raise Stage3Error(
            f"the traces are in different units ({', '.join(sorted(units))}); normalise them, or "
            "choose one"
        )
    several = any(curve["flux"].ndim == 2 for curve in curves.values())
    unit = units.pop()
    if unit:
        return f"Flux ({unit})"
    return "Relative flux, bands shifted" if several else "Relative flux"


def _separation(flux: np.ndarray, outlier: np.ndarray) -> float:
    """How far to draw the curves of neighbouring bands apart."""
    kept = np.where(outlier, np.nan, flux)
    ranges = [np.ptp(band[np.isfinite(band)]) for band in kept.T if np.isfinite(band).any()]
    return _SEPARATION * max(ranges, default=0.0)


def _level(curve: TimeSeries, model: np.ndarray) -> float:
    """What a model that is 1 out of transit is multiplied with to lie on the curve."""
    ratio = curve["flux"].value / model
    return float(np.nanmedian(ratio[~np.asarray(curve["outlier"])]))


def _curve_sentence(curve: TimeSeries) -> str:
    meta = curve.meta
    channels, dropped = np.atleast_1d(meta["n_channels"]), np.atleast_1d(meta["n_dropped"])
    name = meta["trace"] or "trace"
    text = f"{name[0].upper()}{name[1:]}: {int(channels.sum())} channels"
    if dropped.sum():
        text += f", {int(dropped.sum())} left out"
    if filled := int(np.sum(meta["n_filled"])):
        text += f", {filled} samples filled"
    if outliers := int(np.sum(curve["outlier"])):
        text += f"; {outliers} point{'s' if outliers > 1 else ''} flagged"
    remarks = [remark[0].upper() + remark[1:] for remark in meta["remarks"]]
    return " ".join(f"{part.rstrip('.')}." for part in [text, *remarks])


def _cursor_sentence(trace: Any, rows: np.ndarray, row: int, time: Time | None) -> str:
    text = f"Integration {trace.int_num[row]}"
    if time is not None and not np.ma.is_masked(time[row].jd1):
        system = "BJD_TDB" if time.scale == "tdb" else "JD_UTC"
        text += f", {system} {time[row].jd:.6f}"
    if rows.sum() > 1:
        numbers = trace.int_num[rows]
        text += f"; spectrum of integrations {numbers[0]} to {numbers[-1]}"
    return text
