"""Where the plugin draws: its light-curve viewer or panel, and the viewers of the traces."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from astropy import units as u
from astropy.time import Time, TimeDelta
from astropy.timeseries import TimeSeries

from ...analysis import bin_light_curve, noise_figures, normalization, time_of
from ...analysis.light_curves.pipeline_curve import PipelineComparison
from ...errors import Stage3Error
from ...jdaviz_compat import (
    create_viewer,
    data_of,
    glue_viewer,
    layout_rows,
    remove_viewers,
    show_as_tab,
    show_figure_without_data,
    viewers_by_kind,
    viewers_of_kind_showing,
)
from ...origin import origin_of
from ...readers.time_systems import TIME_SYSTEMS
from ...readers.times import days_between
from ...viewers.curve_canvas import COLORS, CurveCanvas, DrawnCurve
from ...viewers.curve_points import CurvePoints
from .band_edges import BandEdges
from .dragging import Dragging
from .fields import number
from .panel_plots import PanelPlots
from .positions import model_level, separation, whole_day
from .sentences import band_name, curve_sentence, described, flux_label
from .spectra_in_time import SpectrumLines
from .trace_views import DYNAMIC, TraceViews

__all__ = ["Views"]

_VIEWER = "White light curve"


class Views(TraceViews):
    """All that is drawn for one plugin.

    Parameters
    ----------
    plugin : WhiteLightCurve
    """

    def __init__(self, plugin: Any):
        self.plugin = plugin
        self.viewer_label = ""  # of the light curve's viewer; empty where the panel has it
        self._canvas: CurveCanvas | None = None
        self._panel = PanelPlots(plugin)
        self._edges, self._spectra = BandEdges(), SpectrumLines()
        self.dragging = Dragging(self)
        self.zero: Time | None = None  # of the dates on the axis
        self._axis: tuple | None = None

    # ---- everything ----

    def draw(self) -> list[str]:
        """Draw what the settings of the plugin give.

        Returns
        -------
        list of str
            What the settings are wrong in. What cannot be drawn is taken away; the rest stays, so
            that a band or a baseline can be dragged back to where there is something.
        """
        self._problems: list[str] = []
        self._model_problem = ""
        canvas = self._current_canvas()
        self._attempt(self._place_axis)
        curves = self._attempt(self._draw_curves) if self.zero is not None else None
        if curves is None:
            canvas.erase_curves()
            self._clear_texts()
        if self._attempt(self._draw_ranges) is None:
            canvas.mark_ranges([])
        self._attempt(self._draw_dynamic)
        self._attempt(self._draw_bands, curves or {})
        self._attempt(self._draw_cursor)  # on the time axis that the dynamic spectra have got
        if self._attempt(self._draw_residual, curves or {}) is not True:
            self._panel.drop("residual")
        self.dragging.listen(canvas.viewer, self.trace_viewers())
        self.plugin.model_problem = self._model_problem
        return list(dict.fromkeys(self._problems))

    def _attempt(self, step: Callable, *args: Any) -> Any:
        """Take a step of the drawing; None, and its words for the panel, if it cannot be taken."""
        try:
            return step(*args)
        except Stage3Error as err:
            self._problems.append(str(err))
            return None

    def _place_axis(self) -> None:
        self.zero = None
        plugin = self.plugin
        self.zero = whole_day([self.times_of(plugin._trace(label)) for label in plugin._labels()])
        axis = (plugin.time_axis_selected, str(self.zero), plugin.time_system_selected)
        if axis != self._axis:
            self._canvas.refit()
            self._axis = axis

    def _draw_curves(self) -> dict[str, TimeSeries]:
        plugin = self.plugin
        # without a zero of the hours, which may be half typed, there are dates still
        options = {"reference": self._attempt(plugin._reference)}
        if plugin.normalize_selected == "baseline" and not plugin._baseline():
            options["normalize"] = "median"
            self._problems.append(
                "There is no baseline yet: type its ranges, or switch on that a drag in the light "
                "curve makes one. Until then the curve is divided by its median."
            )
        curves = plugin._curves(binned=False, **options)
        drawn = [d for label, curve in curves.items() for d in self._drawn(label, curve)]
        for index, curve in enumerate(drawn):
            curve.color = COLORS[index % len(COLORS)]
        self._canvas.draw(drawn, self._time_label(short=not self.viewer_label), flux_label(curves))
        self._say(curves)
        return curves

    def _draw_ranges(self) -> bool:
        ranges = [] if self.zero is None else self.plugin._baseline()
        self._canvas.mark_ranges([tuple(self.x_of(Time(edges))) for edges in ranges])
        return True

    def _clear_texts(self) -> None:
        plugin = self.plugin
        plugin.curve_text = plugin.noise_text = plugin.pipeline_text = plugin.model_problem = ""

    def clear(self) -> None:
        """Take away what belongs to an open panel; all, where its trace is gone."""
        self._edges.clear()
        self._spectra.clear()
        self.dragging.stop()
        if not self.plugin._labels():
            if self._canvas is not None:
                self._canvas.clear()
            for name in ("residual", "ratio"):
                self._panel.drop(name)
            self._clear_texts()
            self.plugin.cursor_text = ""

    # ---- the light curve ----

    def _current_canvas(self) -> CurveCanvas:
        plugin = self.plugin
        viewer = glue_viewer(plugin, self.viewer_label) if self.viewer_label else None
        if self.viewer_label and viewer is None:  # closed by hand: the panel has it from now on
            self.viewer_label = ""
            plugin.in_viewer = False
        if plugin.in_viewer and plugin.has_viewers:
            if viewer is None:
                self.viewer_label = create_viewer(plugin, "stage3-light-curve-viewer", _VIEWER)
                viewer = glue_viewer(plugin, self.viewer_label)
                show_figure_without_data(viewer)
                self._place(self.viewer_label)
        else:
            if viewer is not None:  # it would stay, empty
                self._canvas, self.viewer_label = None, ""
                remove_viewers(plugin, [viewer.reference])
            viewer = self._panel.viewer("plot")
        if self._canvas is None or self._canvas.viewer is not viewer:
            if self._canvas is not None:
                self._canvas.clear()
            self._canvas = CurveCanvas(viewer)
        return self._canvas

    def _place(self, label: str) -> None:
        """Put the viewer in front of another light curve, where a third row would squeeze all."""
        others = viewers_by_kind(self.plugin).get("stage3-light-curve-viewer", [])
        others = [other for other in others if other != label]
        if others and layout_rows(self.plugin) > 2:
            show_as_tab(self.plugin, label, others[0])

    def x_of(self, time: Time) -> np.ndarray:
        """Positions of times on the time axis; NaN where there is no time stamp."""
        if self.plugin.time_axis_selected == "hours":
            return days_between(self._zero_of_hours(), time) * 24
        return days_between(self.zero, time)

    def _zero_of_hours(self) -> Time | None:
        """The zero of the hours; the first integration while what is typed for it is no time."""
        try:
            return self.plugin._reference()
        except Stage3Error:  # said where the curves are drawn
            return self.plugin._first_time()

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
            return self._zero_of_hours() + TimeDelta(x / 24, format="jd")
        return self.zero + TimeDelta(x, format="jd")

    def _time_label(self, short: bool = False) -> str:
        plugin = self.plugin
        system = TIME_SYSTEMS[plugin.time_system_selected]
        if plugin.time_axis_selected != "hours":
            return system.date_label(self.zero.jd)
        if short:  # for the width of the panel
            known = plugin.mid_transit is not None and system.name == "BJD_TDB"
            return f"Hours from {'mid-transit' if known else 'first integration'}"
        return system.hours_label(self._zero_of_hours())

    def _drawn(self, label: str, curve: TimeSeries) -> list[DrawnCurve]:
        """One curve, or one for each band, below each other."""
        plugin = self.plugin
        width = plugin._bin_width()
        binned = None if width is None else bin_light_curve(curve, width)
        x = self.x_of(curve["time"])
        if curve["flux"].ndim == 1:
            points = CurvePoints(
                x, curve["flux"].value, curve["flux_err"].value, np.asarray(curve["outlier"])
            )
            drawn = DrawnCurve(points, plugin._trace(label).label)
            if binned is not None:
                drawn.binned = CurvePoints(
                    self.x_of(binned["time"]), binned["flux"].value, binned["flux_err"].value
                )
            drawn.describe = partial(described, curve, None, self._icon(label))
            self._lay_over(label, curve, drawn)
            return [drawn]
        flux, err = curve["flux"].value, curve["flux_err"].value
        step = separation(flux, np.asarray(curve["outlier"]))
        step = step if curve["flux"].unit == u.one else 0.0
        found = []
        for band, (low, high) in enumerate(curve.meta["bands"]):
            flagged = np.asarray(curve["outlier"])[:, band]
            points = CurvePoints(x, flux[:, band] - band * step, err[:, band], flagged)
            drawn = DrawnCurve(points, band_name(low, high, curve.meta["band_unit"]))
            if binned is not None:
                drawn.binned = CurvePoints(
                    self.x_of(binned["time"]),
                    binned["flux"].value[:, band] - band * step,
                    binned["flux_err"].value[:, band],
                )
            drawn.describe = partial(described, curve, band, self._icon(label))
            found.append(drawn)
        return found

    def _icon(self, label: str) -> str:
        return self.plugin.app.state.layer_icons.get(label, "")

    def _lay_over(self, label: str, curve: TimeSeries, drawn: DrawnCurve) -> None:
        model = self._model_of(curve)
        if model is not None:
            fine = self.plugin._fine_times(curve["time"])
            level = model_level(curve, model)
            drawn.model = CurvePoints(self.x_of(fine), self.plugin._transit(fine) * level)
        comparison = self._comparison_of(label)
        if comparison is not None:
            flux = np.asarray(comparison.pipeline_flux, dtype=float)
            try:
                flux = flux / self._pipeline_level(label, curve, flux)
            except Stage3Error:  # of other integrations; the comparison says so in words
                return
            drawn.pipeline = CurvePoints(drawn.points.x, flux)

    def _model_of(self, curve: TimeSeries) -> np.ndarray | None:
        """The transit model of a curve; without it, what it lacks is said, and the rest drawn."""
        if not self.plugin.show_transit:
            return None
        try:
            return self.plugin._transit(curve["time"])
        except Stage3Error as err:
            self._model_problem = str(err)
            return None

    def _comparison_of(self, label: str) -> PipelineComparison | None:
        """The comparison of a trace with the pipeline's curve; None, with a word, without it."""
        return self._attempt(lambda: self.plugin._comparison(self.plugin._sums(label)))

    def _pipeline_level(self, label: str, curve: TimeSeries, flux: np.ndarray) -> float:
        """What the pipeline's flux is divided by to be normalised as ours is."""
        if curve.meta["normalization"] == "none":
            if curve.meta["statistic"] == "sum":
                return 1.0
            both = np.isfinite(flux) & np.isfinite(curve["flux"].value)  # a mean beside a sum
            if not both.any():
                raise Stage3Error("the pipeline's curve has none of these integrations")
            return float(np.median(flux[both]) / np.median(curve["flux"].value[both]))
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
                try:
                    noise.append(noise_figures(curve, self._model_of(curve)).sentence())
                except Stage3Error as err:  # too few points to say anything
                    noise.append(str(err))
            compared.append(self._comparison_of(label))
        plugin.curve_text, plugin.noise_text = " ".join(texts), " ".join(noise)
        known = [comparison for comparison in compared if comparison is not None]
        plugin.pipeline_text = " ".join(comparison.sentence() for comparison in known)
        if not known and plugin.pipeline_selected != "None":
            plugin.pipeline_text = "That curve is of another trace than the chosen one."
        plugin.pipeline_band = bool(known) and known[0].limits is not None

    def _draw_residual(self, curves: dict[str, TimeSeries]) -> bool | None:
        """Draw our curve minus the pipeline's, or the model, in the panel; True if there is one."""
        if not curves:
            return None
        plugin = self.plugin
        label, curve = next(iter(curves.items()))
        wanted = plugin.show_transit or plugin.pipeline_selected != "None"
        if not wanted or curve["flux"].ndim != 1:
            return None
        drawn = DrawnCurve(CurvePoints(np.array([]), np.array([])))
        self._lay_over(label, curve, drawn)
        flux, relative = curve["flux"].value, curve["flux"].unit == u.one
        if drawn.pipeline is not None:
            below, name = drawn.pipeline.y, "This − pipeline"
        elif (model := self._model_of(curve)) is not None:
            below, name = model * model_level(curve, model), "Data − model"
        else:
            return None
        factor, unit = (1e6, "ppm") if relative else (1.0, str(curve["flux"].unit))
        points = CurvePoints(
            self.x_of(curve["time"]), (flux - below) * factor, curve["flux_err"].value * factor,
            np.asarray(curve["outlier"]),
        )  # fmt: skip
        residual = DrawnCurve(points, color=COLORS[0])
        self._panel.draw("residual", residual, self._time_label(short=True), f"{name} ({unit})")
        return True

    # ---- the dynamic spectra ----

    def _draw_dynamic(self) -> None:
        plugin = self.plugin
        for label in plugin._labels():
            for viewer in viewers_of_kind_showing(plugin, DYNAMIC, label):
                hours = plugin.time_axis_selected == "hours"
                reference = self._zero_of_hours() if hours else None
                scale = getattr(origin_of(data_of(plugin, label)).axes.time, "scale", None)
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
    percentile = number(value, "dynamic_percentile")
    if not 0 < percentile <= 100:
        raise Stage3Error(f"dynamic_percentile = {value!r} must be above 0 and at most 100")
    return percentile
