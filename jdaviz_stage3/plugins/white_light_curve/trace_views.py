"""The bands, the time cursor and the spectra at it, in the viewers of the traces."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from astropy.timeseries import TimeSeries

from ...jdaviz_compat import (
    data_of,
    spectrum_viewers_of_file,
    viewer_kind,
    viewers_of_kind_showing,
)
from ...viewers.curve_canvas import DrawnCurve
from ...viewers.curve_points import CurvePoints
from .sentences import cursor_sentence
from .traces import row_of

__all__ = ["DYNAMIC", "TraceViews"]

#: The name that the dynamic-spectrum viewer is registered under.
DYNAMIC = "stage3-dynamic-spectrum-viewer"


class TraceViews:
    """The part of `Views` that draws in the viewers of the traces."""

    def trace_viewers(self) -> list[tuple[Any, str, str]]:
        """The viewers that show a chosen trace: (viewer, label of the trace, unit of its x)."""
        found = []
        for label in self.plugin._labels():
            data = data_of(self.plugin, label)
            for viewer in viewers_of_kind_showing(self.plugin, DYNAMIC, label):
                found.append((viewer, label, viewer.state.wavelength_axis_of(data).unit))
            for viewer in spectrum_viewers_of_file(self.plugin, data):
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
        self._edges.keep_only([(viewer, label) for viewer, label, _ in viewers])
        for viewer, label, unit in viewers:
            if label in curves and "bands" in curves[label].meta:
                bands = u.Quantity(curves[label].meta["bands"], curves[label].meta["band_unit"])
            else:
                bands = [self.band_of(label)]
            shade = viewer_kind(viewer) != DYNAMIC
            self._edges.show(viewer, label, bands, unit, shade=shade)

    def _draw_cursor(self) -> None:
        """The time cursor in all viewers, and the spectra that it points at."""
        plugin = self.plugin
        labels = plugin._labels()
        chosen = plugin.integration not in ("", None) and self.zero is not None
        for label in labels:
            row = self._row_at_cursor(label) if chosen else None
            for viewer in viewers_of_kind_showing(plugin, DYNAMIC, label):
                cells = viewer.state.time_axis_of(data_of(plugin, label)).cells
                cell = np.flatnonzero(cells.sample == row)
                middle = (cells.low[cell] + cells.high[cell]) / 2
                self._edges.show_time(viewer, label, float(middle[0]) if middle.size else None)
        if not chosen:
            plugin.cursor_text = ""
            self._canvas.mark_time(None)
            self._spectra.clear()
            self._panel.drop("ratio")
            return
        sums = plugin._sums(labels[0])
        row, time = self._row_at_cursor(labels[0]), self.times_of(sums.trace)
        self._canvas.mark_time(float(self.x_of(time)[row]))
        plugin.cursor_text = " ".join(self._cursor_words(label, len(labels)) for label in labels)
        if self._attempt(self._draw_spectra, labels) is None:
            self._spectra.clear()
        if not plugin.show_ratio or self._attempt(self._draw_ratio, sums) is None:
            self._panel.drop("ratio")

    def _cursor_words(self, label: str, count: int) -> str:
        plugin, sums = self.plugin, self.plugin._sums(label)
        rows, row = plugin._rows_at_cursor(sums), self._row_at_cursor(label)
        text = cursor_sentence(sums.trace, rows, row, self.times_of(sums.trace))
        names = [plugin._trace(other).label for other in plugin._labels()]
        name = sums.trace.label if names.count(sums.trace.label) == 1 else label
        return f"{name}: {text}." if count > 1 else text

    def _row_at_cursor(self, label: str) -> int:
        plugin = self.plugin
        return row_of(plugin._trace(label), plugin._integration())

    def _draw_spectra(self, labels: list[str]) -> bool:
        """The spectra at the cursor, one of each trace, where its file is shown."""
        plugin, wanted = self.plugin, {}
        for label in labels if plugin.show_spectrum else ():
            spectrum = plugin._spectrum_at_cursor(plugin._sums(label))
            for viewer in spectrum_viewers_of_file(plugin, data_of(plugin, label)):
                wanted[viewer, label] = spectrum
        self._spectra.show(wanted)
        return True

    def _draw_ratio(self, sums: Any) -> bool:
        ratio = self.plugin._ratio_at_cursor(sums)
        axis = u.Quantity(ratio.spectral_axis)
        points = CurvePoints(axis.value, ratio.flux.value, ratio.uncertainty.array)
        drawn = DrawnCurve(points, color="#ff7f0e")
        self._panel.draw("ratio", drawn, f"Wavelength ({axis.unit})", "At cursor / baseline")
        return True
