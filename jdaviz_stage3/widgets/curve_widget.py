"""A light curve as a widget."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import QTable
from astropy.timeseries import TimeSeries
from bqplot import Lines, Scatter
from ipywidgets import BoundedIntText, Checkbox, Dropdown, FloatRangeSlider

from ..analysis import bin_light_curve, flag_outliers, normalization, white_light_curve
from ..analysis.light_curves.table import LightCurveColumns, light_curve_table
from ..errors import Stage3Error
from ..loaders.light_curve import series_against
from ..readers.time_series import SpectralTimeSeries
from ..readers.time_systems import TIME_SYSTEMS, time_system_of
from ..viewers.plain_figures import MOST_POINTS, extremes, plot, range_of, zoom_button
from .product_widget import ProductWidget, read_given

__all__ = ["CurveWidget", "light_curve"]

_WHITE = "whitelight_flux"
_MOST_BARS = 500
_POINT, _OUTLIER, _BAR = "#1f77b4", "#d62728", "#9db8cf"
_SMALL = {"width": "auto", "min_width": "150px"}


class CurveWidget(ProductWidget):
    """A light curve: points with errors, outliers hollow.

    Of a spectral time series the band is chosen with a slider; see `light_curve`.

    Attributes
    ----------
    table : astropy.table.QTable
        What is drawn, all of it: ``time``, ``flux`` and what is known of each point.
    band : ipywidgets.FloatRangeSlider or None
        Limits of the band, in the unit of the wavelengths.
    trace, column, time_system, statistic : ipywidgets.Dropdown
    bin_width : ipywidgets.BoundedIntText
        Integrations.
    normalize : ipywidgets.Checkbox
        Whether the flux is divided by its median.
    """

    def __init__(self, data: SpectralTimeSeries | TimeSeries, name: str) -> None:
        self._data = data
        self.table = QTable()
        self._spectral = isinstance(data, SpectralTimeSeries)
        traces = {t.label or "all": key for key, t in data.items()} if self._spectral else {}
        self.trace = Dropdown(description="Trace", options=traces, layout=_SMALL)
        names = [] if self._spectral else _flux_columns(data)
        self.column = Dropdown(description="Column", options=names, layout=_SMALL)
        self.time_system = Dropdown(description="Times", options=list(TIME_SYSTEMS), layout=_SMALL)
        self.statistic = Dropdown(
            description="Statistic", options=["sum", "weighted mean"], layout=_SMALL
        )
        self.bin_width = BoundedIntText(
            description="Bin", value=1, min=1, max=100_000, layout={"width": "150px"},
            tooltip="Integrations in a bin",
        )  # fmt: skip
        self.normalize = Checkbox(description="Divide by median", value=True, indent=False)
        self.band: FloatRangeSlider | None = None
        controls: list[Any] = []
        if self._spectral:
            self.band = FloatRangeSlider(
                description="Band", continuous_update=False, readout_format=".4f",
                layout={"width": "420px"},
            )  # fmt: skip
            controls = [self.trace] if len(traces) > 1 else []
            controls += [self.band, self.statistic]
            self._fit_band()
        else:
            if data.meta.get("default_column") in names:
                self.column.value = data.meta["default_column"]
            self.normalize.value = False
            controls = [self.column] if len(self.column.options) > 1 else []
        controls += [self.time_system, self.bin_width, self.normalize]
        self.figure = plot("", "")
        scales = {"x": self.figure.axes[0].scale, "y": self.figure.axes[1].scale}
        nothing = np.array([])
        self._bars = Lines(x=nothing, y=nothing, scales=scales, colors=[_BAR], stroke_width=1)
        self._points = Scatter(
            x=nothing, y=nothing, scales=scales, colors=[_POINT], default_size=18
        )
        self._outliers = Scatter(
            x=nothing, y=nothing, scales=scales, colors=[_OUTLIER], fill=False,
            stroke=_OUTLIER, default_size=40,
        )  # fmt: skip
        self.figure.marks = [self._bars, self._points, self._outliers]
        controls += [zoom_button(self.figure), self.png_button(self._save_png)]
        super().__init__(name, controls, self.figure)
        self.trace.observe(lambda _: self._fit_band(), "value")
        for control in (
            self.trace, self.column, self.time_system, self.statistic, self.bin_width,
            self.normalize, *([self.band] if self.band is not None else []),
        ):  # fmt: skip
            control.observe(lambda _: self._update(), "value")
        self._update()

    def _save_png(self) -> None:
        self.figure.save_png(f"{self._title or 'light_curve'}.png")

    def _fit_band(self) -> None:
        """Give the slider the range of the trace."""
        wavelength = u.Quantity(self._data[self.trace.value].wavelength)
        finite = wavelength.value[np.isfinite(wavelength.value)]
        if not finite.size:
            raise Stage3Error(f"{self._data.path.name}: no finite wavelength, so no band to choose")
        low, high = float(finite.min()), float(finite.max())
        slider = self.band
        with slider.hold_trait_notifications():
            slider.min, slider.max = min(low, slider.min), max(high, slider.max)
            slider.value = (low, high)
            slider.min, slider.max = low, high
            slider.step = (high - low) / 1000 or 1e-6
        slider.description = f"Band ({wavelength.unit})"

    def _update(self) -> None:
        """Compute the curve anew and draw it; what cannot be computed leaves what is drawn."""
        with self._in_words():
            self.table = self._computed()
            self._draw()

    def _computed(self) -> QTable:
        width = None if self.bin_width.value == 1 else self.bin_width.value
        system = self.time_system.value
        if self._spectral:
            trace = self._data[self.trace.value]
            band = u.Quantity(list(self.band.value), u.Quantity(trace.wavelength).unit)
            whole = np.isclose(self.band.value, (self.band.min, self.band.max)).all()
            curve = white_light_curve(
                trace, None if whole else band, statistic=self.statistic.value,
                normalize="median" if self.normalize.value else None, bin_width=width,
                time_system=system,
            )  # fmt: skip
            words = "Relative flux" if self.normalize.value else "Flux"
            flag = "outlier" if "outlier" in curve.colnames else None
            return light_curve_table(curve, "flux", words, flux_err="flux_err", flag=flag)
        return self._of_series(system, width)

    def _of_series(self, system: str, width: int | None) -> QTable:
        column = self.column.value
        taken = {column: "flux"}
        if f"{column}_err" in self._data.colnames:
            taken[f"{column}_err"] = "flux_err"
        try:
            curve = series_against(self._data, system, taken)
        except KeyError as err:
            raise Stage3Error(str(err.args[0])) from None
        for name in taken.values():
            if hasattr(curve[name], "filled"):  # masked
                curve[name] = curve[name].filled(np.nan)
        flux = u.Quantity(curve["flux"])
        curve["outlier"] = flag_outliers(flux.value)
        words = "White-light flux" if column.startswith(_WHITE) else column
        if self.normalize.value:
            factor = normalization(np.where(curve["outlier"], np.nan, flux.value)) * flux.unit
            words = f"{words}, relative"
            for name in taken.values():
                curve[name] = (u.Quantity(curve[name]) / factor).to(u.one)
        if width is not None:
            if "flux_err" not in curve.colnames:
                curve["flux_err"] = np.full(len(curve), np.nan) * u.Quantity(curve["flux"]).unit
            curve = bin_light_curve(curve, width)
        return light_curve_table(
            curve, "flux", words,
            flux_err="flux_err" if "flux_err" in curve.colnames else None,
            flag="outlier" if "outlier" in curve.colnames else None,
        )  # fmt: skip

    def _draw(self) -> None:
        columns = LightCurveColumns.of(self.table.meta)
        x = self.table[columns.time].to_value(u.day)
        flux = u.Quantity(self.table[columns.flux])
        y = flux.value
        outlier = (
            np.asarray(self.table[columns.flag], bool) if columns.flag else np.zeros(len(y), bool)
        )
        rows = np.argsort(x, kind="stable")
        good = rows[~outlier[rows]]
        good = good[extremes(x[good], y[good])]
        odd = rows[outlier[rows] & np.isfinite(y[rows])][:MOST_POINTS]
        with self.figure.hold_sync():
            self._points.x, self._points.y = x[good], y[good]
            self._outliers.x, self._outliers.y = x[odd], y[odd]
            self._bars.x, self._bars.y = self._error_bars(columns, x, y, good)
        scale_x, scale_y = (axis.scale for axis in self.figure.axes[:2])
        scale_x.min, scale_x.max = range_of(x)
        drawn = y[~outlier] if not outlier.all() else y
        scale_y.min, scale_y.max = range_of(drawn)
        system = TIME_SYSTEMS[columns.time_system]
        self.figure.axes[0].label = system.date_label(columns.zero)
        unit = "" if flux.unit == u.one else f" ({flux.unit})"
        words = columns.words.get(columns.flux) or columns.flux
        self.figure.axes[1].label = f"{words}{unit}"
        if good.size < np.count_nonzero(np.isfinite(x) & np.isfinite(y) & ~outlier):
            self._say(
                f"{len(x)} points: of each of {MOST_POINTS // 2} stretches the lowest and the "
                "highest are drawn"
            )

    def _error_bars(
        self, columns: LightCurveColumns, x: np.ndarray, y: np.ndarray, rows: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        if columns.flux_err is None or rows.size > _MOST_BARS:
            return np.array([]), np.array([])
        error = u.Quantity(self.table[columns.flux_err]).value[rows]
        gap = np.full(rows.size, np.nan)
        return (
            np.column_stack([x[rows], x[rows], gap]).ravel(),
            np.column_stack([y[rows] - error, y[rows] + error, gap]).ravel(),
        )


def _flux_columns(series: TimeSeries) -> list[str]:
    """The columns that are brightnesses: white light, or else all numbers but errors."""
    names = [name for name in series.colnames if not name.startswith("time")]
    names = [n for n in names if series[n].dtype.kind == "f" and not n.endswith("_err")]
    return [name for name in names if name.startswith(_WHITE)] or names


def light_curve(given: str | os.PathLike | SpectralTimeSeries | TimeSeries) -> CurveWidget:
    """Show a light curve.

    Parameters
    ----------
    given : path-like, SpectralTimeSeries or TimeSeries
        A whtlt, phot or x1dints product, or what `jdaviz_stage3.read` made of it.

    Returns
    -------
    CurveWidget
        With controls for the band, the statistic, the times and the width of bins. Outliers, beyond
        5 standard deviations from a running median of 15 integrations, are hollow, and in no bin.

    Raises
    ------
    Stage3Error
        If it is another product, or cannot be read.

    Examples
    --------
    >>> import jdaviz_stage3 as stage3
    >>> stage3.widgets.light_curve("jw…_x1dints.fits")    # doctest: +SKIP
    """
    data, name = read_given(
        given, ("whtlt", "phot", "x1dints"), "a light curve", (SpectralTimeSeries, TimeSeries)
    )
    if isinstance(data, TimeSeries):
        if not len(data) or not _flux_columns(data):
            raise Stage3Error("a light curve without a row, or without a column of numbers")
        if "time_system" not in data.meta:  # one of the user's own
            data = data.copy()
            data.meta["time_system"] = time_system_of(data.time).name
    return CurveWidget(data, name)
