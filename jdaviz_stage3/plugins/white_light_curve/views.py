"""Where the plugin draws: its light-curve viewer or panel, and the viewers of the traces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from astropy import units as u
from astropy.time import Time
from astropy.timeseries import TimeSeries

from ...analysis import PipelineComparison, bin_light_curve, noise_figures
from ...errors import Stage3Error
from ...jdaviz_compat import (
    create_viewer,
    glue_viewer,
    in_place_at_once,
    layout_rows,
    remove_viewers,
    show_as_tab,
    show_figure_without_data,
    viewers_by_kind,
)
from ...viewers.curve_canvas import COLORS, CurveCanvas, DrawnCurve
from ...viewers.curve_points import CurvePoints
from ...viewers.hints import Hints
from ...viewers.keys import keyboard
from .curve_keys import CURVE_KEYS, CurveKeys
from .curves import LightCurves
from .dragging import Dragging
from .model import fine_times, model_level, transit_model
from .panel_plots import PanelPlots
from .pipeline import pipeline_level
from .sentences import (
    band_name,
    cursor_sentence,
    curve_sentence,
    described,
    flux_label,
    pipeline_sentence,
)
from .settings import is_empty
from .trace_views import CURSOR_COLOR, TraceViews

__all__ = ["Texts", "Views"]

_VIEWER = "White light curve"
_SEPARATION = 1.25  # of the widest band's range, between the curves of neighbouring bands


@dataclass
class Texts:
    """What the panel says of what is drawn; the names are those of the plugin's traits."""

    problem: str = ""
    model_problem: str = ""
    curve_text: str = ""
    noise_text: str = ""
    pipeline_text: str = ""
    pipeline_band: bool = False
    cursor_text: str = ""


@dataclass
class OnCurve:
    """What is laid over one light curve, each evaluated once for all that shows it.

    Attributes
    ----------
    relative : ndarray or None
        The transit model at the curve's times, 1 outside; likewise on its level in ``model``.
    line : CurvePoints or None
        The model as a smooth line on the axes.
    comparison : PipelineComparison or None
    pipeline : ndarray or None
        The pipeline's flux, normalised as the curve is.
    """

    relative: np.ndarray | None = None
    model: np.ndarray | None = None
    line: CurvePoints | None = None
    comparison: PipelineComparison | None = None
    pipeline: np.ndarray | None = None


class Views:
    """All that is drawn for one plugin.

    Parameters
    ----------
    plugin : WhiteLightCurve
    """

    def __init__(self, plugin: Any):
        self.plugin = plugin
        self.viewer_label = ""  # of the light curve's viewer; empty where the panel has it
        self.of_traces = TraceViews(plugin)
        self._canvas: CurveCanvas | None = None
        self._panel = PanelPlots(plugin)
        self.dragging = Dragging(plugin, self)
        self._keys = CurveKeys(plugin, self.dragging)
        self.hints = Hints()
        self._axis: tuple | None = None

    # ---- everything ----

    @property
    def are_made(self) -> bool:
        """Whether there is a figure to draw in, which takes longer to make than to draw in."""
        return self._canvas is not None

    def draw(self, curves: LightCurves) -> Texts:
        """Draw what the settings give, and return what the panel says of it.

        What cannot be drawn is taken away; the rest stays, so that a band or a baseline can be
        dragged back to where there is something.
        """
        self._problems: list[str] = []
        self._texts = Texts()
        canvas = self._current_canvas()
        placed = self._attempt(self._place_axis, curves)
        taken = self._attempt(self._draw_curves, curves) if placed else None
        if taken is None:
            canvas.erase_curves()
            self._texts = Texts(model_problem=self._texts.model_problem)
            self._panel.drop("residual")
        if not placed or self._attempt(self._draw_ranges, curves) is None:
            canvas.mark_ranges([])
        plugin, traces = self.plugin, self.of_traces
        self._attempt(
            traces.show_dynamic, curves, plugin.dynamic_normalize_selected,
            plugin.dynamic_percentile,
        )  # fmt: skip
        self._attempt(traces.draw_bands, curves, taken or {})
        # on the time axis that the dynamic spectra have got
        self._attempt(self._draw_cursor, curves, placed)
        shown = traces.viewers(list(curves.traces))
        self.dragging.listen(canvas.viewer, shown)
        listening = [canvas.viewer, *(viewer for viewer, _, _ in shown)]
        keyboard(plugin).listen(self._keys, CURVE_KEYS, listening)
        hints = {viewer: ("band", "Drag the edges of the band") for viewer, _, _ in shown}
        if self.dragging.makes_ranges:
            hints[canvas.viewer] = ("baseline", "Drag over the curve to choose a baseline")
        self.hints.show(hints)
        self._texts.problem = " ".join(dict.fromkeys(self._problems))
        return self._texts

    def _attempt(self, step: Callable, *args: Any) -> Any:
        """Take a step of the drawing; None, and its words for the panel, if it cannot be taken."""
        try:
            return step(*args)
        except Stage3Error as err:
            self._problems.append(str(err))
            return None

    def _place_axis(self, curves: LightCurves) -> bool:
        settings = curves.settings
        axis = (settings.time_axis, str(curves.times.day), settings.time_system)
        if axis != self._axis:
            self._canvas.refit()
            self._axis = axis
        return True

    def _draw_ranges(self, curves: LightCurves) -> bool:
        x_of = curves.times.x_of
        self._canvas.mark_ranges([tuple(x_of(Time(edges))) for edges in curves.baseline()])
        return True

    def clear(self) -> None:
        """Take away what belongs to an open panel."""
        self.of_traces.clear()
        self.dragging.stop()
        keyboard(self.plugin).listen(self._keys, CURVE_KEYS, ())
        self.hints.show({})

    def clear_all(self) -> None:
        """Take everything away, where there is no trace any more."""
        self.clear()
        if self._canvas is not None:
            self._canvas.clear()
        for name in ("residual", "ratio"):
            self._panel.drop(name)

    # ---- the figure of the light curve ----

    @property
    def curve_viewer(self) -> Any:
        """The (glue) viewer that the light curve is drawn in."""
        return self._canvas.viewer

    def _current_canvas(self) -> CurveCanvas:
        plugin = self.plugin
        viewer = glue_viewer(plugin, self.viewer_label) if self.viewer_label else None
        if self.viewer_label and viewer is None:  # closed by hand: the panel has it from now on
            self.viewer_label = ""
            plugin.in_viewer = False
        if plugin.in_viewer and plugin.has_viewers:
            if viewer is None:
                with in_place_at_once(plugin):
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

    # ---- the light curves ----

    def _draw_curves(self, curves: LightCurves) -> dict[str, TimeSeries]:
        # without a zero of the hours, which may be half typed, there are dates still
        options = {"reference": self._attempt(lambda: curves.times.reference)}
        if curves.settings.normalize == "baseline" and not curves.baseline():
            options["normalize"] = "median"
            self._problems.append(
                "There is no baseline yet: drag over part of the light curve, or type its ranges. "
                "Until then the curve is divided by its median."
            )
        taken = curves.curves(binned=False, **options)
        over = {label: self._laid_over(curves, label, curve) for label, curve in taken.items()}
        drawn = [
            part
            for label, curve in taken.items()
            for part in self._drawn(curves, label, curve, over[label])
        ]
        for index, curve in enumerate(drawn):
            curve.color = COLORS[index % len(COLORS)]
        x_label = curves.times.label(short=not self.viewer_label)
        self._canvas.draw(drawn, x_label, flux_label(taken))
        self._say(curves, taken, over)
        label, curve = next(iter(taken.items()))
        if not self._draw_residual(curves, curve, over[label]):
            self._panel.drop("residual")
        return taken

    def _laid_over(self, curves: LightCurves, label: str, curve: TimeSeries) -> OnCurve:
        """What is laid over a curve; without the model, what it lacks is said."""
        over = OnCurve(comparison=self._attempt(curves.comparison, label))
        if curve["flux"].ndim > 1:
            return over
        if curves.settings.show_transit:
            try:
                over.relative = transit_model(curves.settings, curve["time"])
                fine = fine_times(curve["time"])
                level = model_level(curve, over.relative)
                over.model = over.relative * level
                line = transit_model(curves.settings, fine) * level
                over.line = CurvePoints(curves.times.x_of(fine), line)
            except Stage3Error as err:
                self._texts.model_problem = str(err)
        if over.comparison is not None:
            flux = np.asarray(over.comparison.pipeline_flux, dtype=float)
            divided = curve.meta["normalization"] == "baseline"
            try:
                rows = curves.in_baseline(label) if divided else None
                over.pipeline = flux / pipeline_level(curve, flux, rows)
            except Stage3Error:  # of other integrations; the comparison says so in words
                pass
        return over

    def _drawn(
        self, curves: LightCurves, label: str, curve: TimeSeries, over: OnCurve
    ) -> list[DrawnCurve]:
        """One curve, or one for each band, below each other."""
        width = curves.settings.bins()
        binned = None if width is None else bin_light_curve(curve, width)
        flux, err, flagged = _by_band(curve, "flux", "flux_err", "outlier")
        x, x_binned = curves.times.x_of(curve["time"]), None
        if binned is not None:
            x_binned = curves.times.x_of(binned["time"])
            binned_flux, binned_err = _by_band(binned, "flux", "flux_err")
        several = curve["flux"].ndim == 2
        step = _separation(flux, flagged) if several and curve["flux"].unit == u.one else 0.0
        icon = self.plugin.app.state.layer_icons.get(label, "")
        found = []
        for band in range(flux.shape[1]):
            name = curves.traces[label].label
            if several:
                name = band_name(*curve.meta["bands"][band], curve.meta["band_unit"])
            shift = band * step
            points = CurvePoints(x, flux[:, band] - shift, err[:, band], flagged[:, band])
            drawn = DrawnCurve(points, name, model=over.line)
            if binned is not None:
                drawn.binned = CurvePoints(
                    x_binned, binned_flux[:, band] - shift, binned_err[:, band]
                )
            if over.pipeline is not None:
                drawn.pipeline = CurvePoints(x, over.pipeline)
            drawn.describe = partial(described, curve, band if several else None, icon)
            found.append(drawn)
        return found

    def _draw_residual(self, curves: LightCurves, curve: TimeSeries, over: OnCurve) -> bool:
        """Draw our curve minus the pipeline's, or the model, in the panel, if there is one."""
        if over.pipeline is not None:
            below, name = over.pipeline, "This − pipeline"
        elif over.model is not None:
            below, name = over.model, "Data − model"
        else:
            return False
        flux, error, unit = curve["flux"].value, curve["flux_err"].value, curve["flux"].unit
        factor, unit = (1e6, "ppm") if unit == u.one else (1.0, str(unit))
        points = CurvePoints(
            curves.times.x_of(curve["time"]), (flux - below) * factor, error * factor,
            np.asarray(curve["outlier"]),
        )  # fmt: skip
        x_label, y_label = curves.times.label(short=True), f"{name} ({unit})"
        self._panel.draw("residual", DrawnCurve(points), x_label, y_label)
        return True

    def _say(
        self, curves: LightCurves, taken: dict[str, TimeSeries], over: dict[str, OnCurve]
    ) -> None:
        noise = []
        for label, curve in taken.items():
            if curve["flux"].ndim == 1:
                try:
                    noise.append(noise_figures(curve, over[label].relative).sentence())
                except Stage3Error as err:  # too few points to say anything
                    noise.append(str(err))
        texts = self._texts
        texts.curve_text = " ".join(curve_sentence(curve) for curve in taken.values())
        texts.noise_text = " ".join(noise)
        if curves.pipeline is not None:
            known = [part.comparison for part in over.values() if part.comparison is not None]
            texts.pipeline_text = pipeline_sentence(known)
            texts.pipeline_band = bool(known) and known[0].limits is not None

    # ---- the time cursor ----

    def _draw_cursor(self, curves: LightCurves, placed: bool) -> None:
        """The time cursor in all viewers, and the spectra that it points at."""
        plugin, traces = self.plugin, self.of_traces
        chosen = placed and not is_empty(curves.settings.integration)
        traces.mark_time(curves, chosen)
        if not chosen:
            self._canvas.mark_time(None)
            traces.clear_spectra()
            self._panel.drop("ratio")
            return
        first = next(iter(curves.traces))
        positions = curves.times.x_of(curves.times.of(curves.traces[first]))
        self._canvas.mark_time(float(positions[curves.row_at_cursor(first)]))
        self._texts.cursor_text = " ".join(_cursor_words(curves, label) for label in curves.traces)
        if not plugin.show_spectrum or self._attempt(traces.draw_spectra, curves) is None:
            traces.clear_spectra()
        if not plugin.show_ratio or self._attempt(self._draw_ratio, curves, first) is None:
            self._panel.drop("ratio")

    def _draw_ratio(self, curves: LightCurves, label: str) -> bool:
        ratio = curves.ratio(label)
        axis = u.Quantity(ratio.spectral_axis)
        points = CurvePoints(axis.value, ratio.flux.value, ratio.uncertainty.array)
        drawn = DrawnCurve(points, color=CURSOR_COLOR)
        self._panel.draw("ratio", drawn, f"Wavelength ({axis.unit})", "At cursor / baseline")
        return True


def _by_band(curve: TimeSeries, *names: str) -> list[np.ndarray]:
    """Columns of a curve of one band or of several, each of shape (n_int, n_bands)."""
    columns = (curve[name] for name in names)
    return [np.asarray(getattr(c, "value", c)).reshape(len(curve), -1) for c in columns]


def _separation(flux: np.ndarray, outlier: np.ndarray) -> float:
    """How far to draw the curves of neighbouring bands apart."""
    kept = np.where(outlier, np.nan, flux)
    ranges = [np.ptp(band[np.isfinite(band)]) for band in kept.T if np.isfinite(band).any()]
    return _SEPARATION * max(ranges, default=0.0)


def _cursor_words(curves: LightCurves, label: str) -> str:
    trace, rows = curves.traces[label], curves.rows_at_cursor(label)
    text = cursor_sentence(trace, rows, curves.row_at_cursor(label), curves.times.of(trace))
    names = [other.label for other in curves.traces.values()]
    name = trace.label if names.count(trace.label) == 1 else label
    return f"{name}: {text}." if len(names) > 1 else text
