"""The bands, the time cursor and the spectra at it, in the viewers of the traces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from astropy import units as u
from astropy.timeseries import TimeSeries
from bqplot import LinearScale, Lines, Scatter
from specutils import Spectrum

from ...errors import Stage3Error
from ...jdaviz_compat import (
    data_of,
    in_display_units,
    spectrum_viewers_of_file,
    viewer_kind,
    viewers_of_kind_showing,
)
from ...origin import origin_of
from ...viewers.figure_marks import FigureMarks
from .curves import LightCurves
from .settings import number

__all__ = ["CURSOR_COLOR", "BandEdges", "SpectrumLines", "TraceViews"]

#: Of the time cursor, and of all that is of the integration there.
CURSOR_COLOR = "#ff7f0e"
_BAND_COLOR = "#c75d2c"
_HANDLES = {
    "colors": [_BAND_COLOR], "marker": "diamond", "default_size": 110, "stroke": "#ffffff",
    "stroke_width": 1.5, "enable_hover": False,
}  # fmt: skip
# The name that the dynamic-spectrum viewer is registered under.
_DYNAMIC = "stage3-dynamic-spectrum-viewer"


class TraceViews:
    """What is drawn in the viewers of the chosen traces.

    Parameters
    ----------
    app : jdaviz helper, inner application or plugin
    """

    def __init__(self, app: Any):
        self._app = app
        self._edges, self._spectra = BandEdges(), SpectrumLines()

    def viewers(self, labels: list[str]) -> list[tuple[Any, str, str]]:
        """The viewers that show a trace: (viewer, label of the trace, unit of its x)."""
        found = []
        for label in labels:
            data = data_of(self._app, label)
            for viewer in self._dynamic(label):
                found.append((viewer, label, viewer.state.wavelength_axis_of(data).unit))
            for viewer in self._of_file(label):
                found.append((viewer, label, str(viewer.state.x_display_unit)))
        return found

    def _dynamic(self, label: str) -> list[Any]:
        return viewers_of_kind_showing(self._app, _DYNAMIC, label)

    def _of_file(self, label: str) -> list[Any]:
        return spectrum_viewers_of_file(self._app, data_of(self._app, label))

    def draw_bands(self, curves: LightCurves, taken: dict[str, TimeSeries]) -> None:
        """Draw the bands of light curves that were taken, else the one that is asked for."""
        viewers = self.viewers(list(curves.traces))
        self._edges.keep_only([(viewer, label) for viewer, label, _ in viewers])
        for viewer, label, unit in viewers:
            if label in taken and "bands" in taken[label].meta:
                bands = u.Quantity(taken[label].meta["bands"], taken[label].meta["band_unit"])
            else:
                bands = [curves.band_of(label)]
            shade = viewer_kind(viewer) != _DYNAMIC
            self._edges.show(viewer, label, bands, unit, shade=shade)
            self._edges.show_handles(viewer, label, curves.band_of(label), unit)

    def mark_time(self, curves: LightCurves, shown: bool) -> None:
        """Draw the time cursor in the dynamic spectra, or take it away."""
        for label in curves.traces:
            row = curves.row_at_cursor(label) if shown else None
            for viewer in self._dynamic(label):
                cells = viewer.state.time_axis_of(data_of(self._app, label)).cells
                cell = np.flatnonzero(cells.sample == row)
                middle = (cells.low[cell] + cells.high[cell]) / 2
                self._edges.show_time(viewer, label, float(middle[0]) if middle.size else None)

    def draw_spectra(self, curves: LightCurves) -> bool:
        """Draw the spectra at the cursor, one of each trace, where its file is shown."""
        wanted = {}
        for label in curves.traces:
            spectrum = curves.spectrum(label)
            for viewer in self._of_file(label):
                wanted[viewer, label] = spectrum
        self._spectra.show(wanted)
        return True

    def clear_spectra(self) -> None:
        """Take the spectra away."""
        self._spectra.clear()

    def clear(self) -> None:
        """Take everything away."""
        self._edges.clear()
        self._spectra.clear()

    def show_dynamic(self, curves: LightCurves, normalize: str, percentile: Any) -> None:
        """Give the dynamic spectra the time axis of the light curve, and divide their channels.

        Parameters
        ----------
        curves : LightCurves
        normalize : {'none', 'median', 'baseline'}
            By what each channel is divided; by all integrations where there is no baseline.
        percentile : float
            Of the values that the grey scale spans, as it is typed.

        Raises
        ------
        Stage3Error
            If the percentile is none, or no integration is in the baseline.
        """
        times = curves.times
        for label in curves.traces:
            for viewer in self._dynamic(label):
                reference = times.zero_of_hours if times.in_hours else None
                scale = getattr(origin_of(data_of(self._app, label)).axes.time, "scale", None)
                if reference is not None and reference.scale != scale:
                    reference = None  # from the first integration, as in the light curve
                viewer.show_time_as("hours" if times.in_hours else "date", reference)
                rows = None
                if normalize == "baseline":
                    rows = np.ones(curves.traces[label].n_integrations, dtype=bool)
                    rows = curves.in_baseline(label) if curves.has_baseline else rows
                viewer.normalize_by(normalize, rows, _percentile(percentile))


def _percentile(value: Any) -> float:
    percentile = number(value, "dynamic_percentile")
    if not 0 < percentile <= 100:
        raise Stage3Error(f"dynamic_percentile = {value!r} must be above 0 and at most 100")
    return percentile


class BandEdges:
    """Shaded bands in viewers, one mark each; edges that are dragged are the plugin's concern."""

    def __init__(self):
        self._marks = FigureMarks()  # by viewer, label, what it is, and number
        self._full = LinearScale(min=0, max=1)

    def show(
        self, viewer: Any, label: str, bands: Sequence[u.Quantity], unit: str, shade: bool = True
    ) -> None:
        """Draw bands in a viewer whose x axis is in this unit, in place of those before.

        Parameters
        ----------
        viewer : glue viewer
        label : str
            Of the trace that they are of; a viewer can show several.
        bands : sequence of Quantity, shape (2,)
        unit : str
        shade : bool, optional
            Whether to shade them; not where a picture lies below.
        """
        scales = {"x": viewer.scales["x"], "y": self._full}
        for index, band in enumerate(bands):
            low, high = np.sort(band.to_value(unit, u.spectral()))
            values = {"x": [low, low, high, high], "y": [0.0, 1.0, 1.0, 0.0]}
            style = {
                "colors": [_BAND_COLOR], "fill": "inside", "fill_colors": [_BAND_COLOR],
                "stroke_width": 1.5,
                "fill_opacities": [(0.08, 0.16)[index % 2] if shade else 0.0], "opacities": [0.8],
            }  # fmt: skip
            self._marks.put(viewer, (viewer, label, "band", index), Lines, values, style, scales)
        self._marks.remove(
            [
                key
                for key in self._marks
                if key[0] is viewer and key[1:3] == (label, "band") and key[3] >= len(bands)
            ]
        )

    def show_handles(self, viewer: Any, label: str, band: u.Quantity, unit: str) -> None:
        """Show by what the edges of a band are dragged.

        Parameters
        ----------
        viewer : glue viewer
        label : str
        band : Quantity, shape (2,)
        unit : str
        """
        edges = np.sort(band.to_value(unit, u.spectral()))
        scales = {"x": viewer.scales["x"], "y": self._full}
        values = {"x": edges, "y": [0.5, 0.5]}
        self._marks.put(viewer, (viewer, label, "handles", 0), Scatter, values, _HANDLES, scales)

    def show_time(self, viewer: Any, label: str, y: float | None) -> None:
        """Draw the time cursor in a dynamic-spectrum viewer, or take it away."""
        key = (viewer, label, "cursor", 0)
        if y is None or not np.isfinite(y):
            self._marks.remove([key])
            return
        scales = {"x": self._full, "y": viewer.scales["y"]}
        style = {"colors": [CURSOR_COLOR], "stroke_width": 1.5}
        values = {"x": [0.0, 1.0], "y": [y, y]}
        self._marks.put(viewer, key, Lines, values, style, scales)

    def keep_only(self, shown: Sequence[tuple[Any, str]]) -> None:
        """Take the bands and cursors of all other viewers and traces away."""
        self._marks.remove([key for key in self._marks if key[:2] not in shown])

    def clear(self) -> None:
        """Take all bands and cursors out of the viewers."""
        self._marks.remove(list(self._marks))


class SpectrumLines:
    """Spectra as lines over spectrum viewers."""

    def __init__(self):
        self._lines = FigureMarks()  # by viewer and label

    def show(self, spectra: dict[tuple[Any, str], Spectrum]) -> None:
        """Draw spectra, by viewer and label, in place of those before."""
        for (viewer, label), spectrum in spectra.items():
            x, y = in_display_units(viewer, spectrum)
            there = np.flatnonzero(np.isfinite(y))
            # NaN within breaks the line; at its end it would make bqplot complain
            shown = slice(there[0], there[-1] + 1) if there.size else slice(0)
            values = {"x": x[shown], "y": y[shown], "visible": bool(there.size)}
            style = {"colors": [CURSOR_COLOR], "stroke_width": 1.5}
            self._lines.put(viewer, (viewer, label), Lines, values, style)
        self._lines.remove([key for key in self._lines if key not in spectra])

    def clear(self) -> None:
        """Take the lines out of the viewers."""
        self._lines.remove(list(self._lines))
