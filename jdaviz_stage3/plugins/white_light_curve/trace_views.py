"""The bands, the time cursor and the spectra at it, in the viewers of the traces."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from astropy.timeseries import TimeSeries

from ...errors import Stage3Error
from ...jdaviz_compat import (
    data_of,
    spectrum_viewers_of_file,
    viewer_kind,
    viewers_of_kind_showing,
)
from ...origin import origin_of
from .curves import LightCurves
from .settings import number
from .trace_marks import BandEdges, SpectrumLines

__all__ = ["TraceViews"]

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
