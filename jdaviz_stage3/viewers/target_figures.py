"""What is of a target as a whole: its light curves, and its spectra through time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from astropy.timeseries import TimeSeries
from bqplot import Lines
from ipywidgets import VBox

from ..errors import Stage3Error
from ..identity import SourceProduct
from ..readers.light_curve import read_white_light
from ..readers.photometry import read_photometry
from ..readers.time_series import read_spectral_time_series
from .plain_figures import extremes, plot, range_of
from .spectral_lines import RestLines
from .spectrum_figure import SpectrumFigure

__all__ = ["TargetFigures"]

_READERS = {"whtlt": read_white_light, "phot": read_photometry}
_WHITE = "whitelight_flux"
_MOST_CURVES = 4  # files
_MOST_TRACES = 6
_COLORS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd")


class _CurveFigure:
    """A figure that shows the light curves of one file after another."""

    def __init__(self) -> None:
        self.figure = plot("", "Flux / median", 230)
        self.figure.title_style = {"font-size": "13px"}
        self.figure.fig_margin = {"top": 24, "bottom": 44, "left": 80, "right": 16}
        self.figure.layout.flex = "0 0 auto"
        x, y = (axis.scale for axis in self.figure.axes)
        self._curves = Lines(
            x=np.array([]), y=np.array([]), scales={"x": x, "y": y}, colors=list(_COLORS),
            stroke_width=1, display_legend=True, labels=[],
        )  # fmt: skip
        self.figure.marks = [self._curves]
        self.figure.legend_location = "top-right"
        self.figure.legend_style = {"stroke-width": 0, "fill-opacity": 0.6}
        self.figure.legend_text = {"font-size": "11px"}

    def show(self, title: str, series: TimeSeries) -> None:
        """Show the curves of a file, each over its median.

        Parameters
        ----------
        title : str
        series : TimeSeries
            As the readers of white light curves and photometry give it.
        """
        names = [name for name in series.colnames if name.startswith(_WHITE)]
        names = names or [series.meta["default_column"]]
        hours, first = {}, {}
        for name in names:
            own = (series[name].info.meta or {}).get("time", "time")
            days = np.ma.filled(np.ma.asarray(series[own].mjd, float), np.nan)
            first[name], hours[name] = np.nanmin(days), days
        start = min(first.values())
        drawn = []
        for name in names:
            x, y = 24 * (hours[name] - start), np.asarray(series[name].value, float)
            good = np.isfinite(x) & np.isfinite(y)
            middle = np.median(y[good]) if good.any() else np.nan
            y = y / middle if np.isfinite(middle) and middle != 0 else np.full(y.shape, np.nan)
            rows = extremes(x, y)
            rows = rows[np.isfinite(y[rows])]
            drawn.append((x[rows], y[rows]))
        longest = max(x.size for x, _ in drawn)
        # a line goes on in its last point, for bqplot complains of names in NaN
        padded = [
            [np.pad(part, (0, longest - part.size), "edge") if part.size else np.zeros(longest)
             for part in pair]
            for pair in drawn
        ]  # fmt: skip
        with self._curves.hold_sync():
            self._curves.x, self._curves.y = np.array(padded).swapaxes(0, 1)
            self._curves.labels = [_short(name) for name in names]
            self._curves.display_legend = len(names) > 1
        for axis, values in zip(
            self.figure.axes, (np.concatenate(part) for part in zip(*drawn, strict=True)),
            strict=True,
        ):  # fmt: skip
            axis.scale.min, axis.scale.max = range_of(values)
        system = series.meta.get("time_system", "")
        self.figure.axes[0].label = f"Hours after MJD {start:.5f} ({system})"
        self.figure.title = title


class TargetFigures(VBox):
    """Figures of products of a target as a whole; the same ones show the next target.

    Parameters
    ----------
    drag : callable
        See `SpectrumFigure`.
    """

    def __init__(self, drag: Callable[[str, float, float], None]) -> None:
        self._drag = drag
        self._curves: list[_CurveFigure] = []
        self._panels: list[SpectrumFigure] = []
        self._shown: list[SpectrumFigure] = []
        super().__init__([], layout={"flex": "0 0 auto", "width": "100%"})

    def show(self, products: Sequence[SourceProduct], notes: list[str]) -> None:
        """Show products: light curves, and of each trace the first, middle and last integration.

        Parameters
        ----------
        products : sequence of SourceProduct
            Of a target; what is none of a time series is said.
        notes : list of str
            Takes what could not be shown.
        """
        curves = self._show_curves(products, notes)
        self._shown = []
        for product in products:
            if product.suffix == "x1dints":
                self._show_traces(product.path, notes)
            elif product.suffix == "s3d":
                notes.append(f"{product.path.name}: a cube is not drawn here; load opens it")
        self.children = [
            *(curve.figure for curve in self._curves[:curves]),
            *(panel.widget for panel in self._shown),
        ]

    def show_lines(self, lines: RestLines | None, redshift: float) -> None:
        """Draw lines over the spectra.

        Parameters
        ----------
        lines : RestLines or None
        redshift : float
            NaN for none.
        """
        for panel in self._shown:
            panel.show_lines(lines, redshift)

    def _show_curves(self, products: Sequence[SourceProduct], notes: list[str]) -> int:
        used = 0
        there = [product for product in products if product.suffix in _READERS]
        for product in there:
            if used == _MOST_CURVES:
                notes.append(f"the first {used} of {len(there)} light curves are shown")
                break
            try:
                series = _READERS[product.suffix](product.path)
            except Stage3Error as err:
                notes.append(str(err))
                continue
            if used == len(self._curves):
                self._curves.append(_CurveFigure())
            self._curves[used].show(product.path.name, series)
            used += 1
        return used

    def _show_traces(self, path: Path, notes: list[str]) -> None:
        try:
            traces = read_spectral_time_series(path).traces
        except Stage3Error as err:
            notes.append(str(err))
            return
        for trace in traces:
            if len(self._shown) == _MOST_TRACES:
                notes.append(f"{path.name}: the first {_MOST_TRACES} traces are shown")
                return
            places = dict.fromkeys((0, trace.n_integrations // 2, trace.n_integrations - 1))
            spectra = []
            for place in places:
                try:
                    one = trace.spectrum(place)
                except Stage3Error as err:
                    notes.append(str(err))
                    continue
                spectra.append((f"integration {one.meta['integration']}", one))
            if len(self._shown) == len(self._panels):
                self._panels.append(SpectrumFigure(self._drag))
            panel = self._panels[len(self._shown)]
            panel.show(f"{path.name} {trace.label}", spectra, None, None)
            self._shown.append(panel)


def _short(name: str) -> str:
    """What tells the curves of a file apart: order and detector."""
    return name.removeprefix(_WHITE).strip("_").replace("_", " ") or name
