"""A dynamic spectrum as a widget: flux over wavelength and time."""

from __future__ import annotations

import os

import numpy as np
from astropy import units as u
from astropy.time import Time
from bottleneck import nanmedian
from bqplot import ColorAxis, ColorScale, Image
from ipywidgets import Checkbox, Dropdown, FloatRangeSlider
from matplotlib import colormaps
from matplotlib.colors import to_hex

from ..errors import Stage3Error
from ..readers.time_series import SpectralTimeSeries
from ..readers.time_systems import TIME_SYSTEMS
from ..readers.times import days_between
from ..viewers.cells import Cells
from ..viewers.plain_figures import COLORS, empty_png, plot, png_of, repainting, zoom_button
from .product_widget import ProductWidget, read_given

__all__ = ["DynamicWidget", "dynamic_spectrum"]

_COLUMNS, _ROWS = 900, 500  # cells of the picture at most: as many as a screen shows
_SMALL = {"width": "auto", "min_width": "150px"}


class DynamicWidget(ProductWidget):
    """Flux over wavelength and time; see `dynamic_spectrum`.

    Attributes
    ----------
    trace, colors : ipywidgets.Dropdown
    normalize : ipywidgets.Checkbox
        Whether each wavelength is divided by its median over the integrations.
    percentiles : ipywidgets.FloatRangeSlider
        Of the values, that have the first and the last colour.
    shown : ndarray of float, shape (n_int, n_wave)
        The values that are drawn, NaN where flagged.
    """

    def __init__(self, data: SpectralTimeSeries, name: str) -> None:
        self._data = data
        self.shown = np.empty((0, 0))
        traces = {trace.label or "all": key for key, trace in data.items()}
        self.trace = Dropdown(description="Trace", options=traces, layout=_SMALL)
        self.normalize = Checkbox(
            description="Divide each wavelength by its median", indent=False,
            value=any(trace.n_integrations > 1 for trace in data.values()),
        )  # fmt: skip
        self.percentiles = FloatRangeSlider(
            description="Percentiles", value=(1, 99), min=0, max=100, step=0.5,
            continuous_update=False, layout={"width": "320px"},
        )  # fmt: skip
        self.colors = Dropdown(description="Colours", options=COLORS, layout=_SMALL)
        self.figure = plot("", "", height=420)
        self._scale = ColorScale()
        self._legend = ColorAxis(
            scale=self._scale, orientation="vertical", side="right", label_offset="62px"
        )
        self.figure.axes = [*self.figure.axes, self._legend]
        self.figure.fig_margin = {"top": 15, "bottom": 50, "left": 80, "right": 100}
        scales = {"x": self.figure.axes[0].scale, "y": self.figure.axes[1].scale}
        self._image = Image(image=empty_png(), scales=scales)
        self.figure.marks = [self._image]
        controls = [self.trace] if len(traces) > 1 else []
        controls += [self.normalize, self.percentiles, self.colors, zoom_button(self.figure)]
        controls += [self.png_button(self._save_png)]
        super().__init__(name, controls, self.figure)
        for control in (self.trace, self.normalize):
            control.observe(lambda _: self._update(), "value")
        for control in (self.percentiles, self.colors):
            control.observe(lambda _: self._paint(), "value")
        self._update()

    def _save_png(self) -> None:
        self.figure.save_png(f"{self._title or 'dynamic_spectrum'}.png")

    def _update(self) -> None:
        with self._in_words():
            trace = self._data[self.trace.value]
            flux = trace.usable_flux()
            values, unit = flux.value, flux.unit
            if not np.isfinite(values).any():
                raise Stage3Error(f"{trace.label or 'the trace'}: no usable sample")
            if self.normalize.value:
                level = nanmedian(values, axis=0)
                level[level == 0] = np.nan
                values = values / level
            self.shown = values
            wavelength = u.Quantity(trace.wavelength)
            axis = wavelength[0] if wavelength.ndim > 1 else wavelength
            rows, label = _rows_of(trace)
            self._cells = Cells.around(axis.value), rows
            self.figure.axes[0].label = f"Wavelength ({axis.unit})"
            self.figure.axes[1].label = label
            self._legend.label = "Flux / median" if self.normalize.value else f"Flux ({unit})"
            for drawn, cells in zip(self.figure.axes[:2], self._cells, strict=True):
                drawn.scale.min, drawn.scale.max = cells.limits
            self._picture = self._resampled()
            self._paint()

    def _resampled(self) -> np.ndarray:
        """The values on an even grid of wavelength and time, no finer than the screen."""
        columns, rows = (
            cells.at(_middles(*cells.limits, min(most, 4 * cells.sample.size)))
            for cells, most in zip(self._cells, (_COLUMNS, _ROWS), strict=True)
        )
        picture = self.shown[np.ix_(rows, columns)]
        picture[rows < 0] = np.nan
        picture[:, columns < 0] = np.nan
        return picture

    def _paint(self) -> None:
        finite = self.shown[np.isfinite(self.shown)]
        if not finite.size:
            return
        low, high = (float(v) for v in np.percentile(finite, self.percentiles.value))
        across, up = (cells.limits for cells in self._cells)
        with repainting(self._image, png_of(self._picture, low, high, self.colors.value)):
            self._image.x, self._image.y = np.array(across), np.array(up)
        with self._scale.hold_sync():
            steps = colormaps[self.colors.value](np.linspace(0, 1, 9))
            self._scale.colors = [to_hex(color) for color in steps]
            self._scale.min, self._scale.max = low, high if high > low else low + 1e-12


def _middles(low: float, high: float, count: int) -> np.ndarray:
    return low + (np.arange(count) + 0.5) * (high - low) / count


def _rows_of(trace) -> tuple[Cells, str]:
    """Where each integration is drawn, and the label of that axis."""
    time = trace.time
    days = None if time is None else np.ma.filled(time.mjd, np.nan)
    known = np.array([]) if days is None else np.sort(days[np.isfinite(days)])
    if known.size < 2 or np.any(np.diff(known) == 0):
        numbers = np.asarray(trace.int_num, float)
        if np.unique(numbers).size < numbers.size:  # several segments, each counted from 1
            return Cells.around(np.arange(1.0, numbers.size + 1)), "Row"
        return Cells.around(numbers), "Integration"
    system = TIME_SYSTEMS["BJD_TDB"]
    zero = Time(np.floor(known[0] + 2400000.5), format="jd", scale=time.scale)
    return Cells.around(days_between(zero, time)), system.date_label(zero.jd)


def dynamic_spectrum(given: str | os.PathLike | SpectralTimeSeries) -> DynamicWidget:
    """Show the spectra of a time series as a picture, flagged samples grey.

    Parameters
    ----------
    given : path-like or SpectralTimeSeries
        An x1dints product, or what `jdaviz_stage3.read` made of it.

    Returns
    -------
    DynamicWidget
        Of several integrations, each wavelength divided by its median.

    Raises
    ------
    Stage3Error
        If it is another product, or cannot be read.

    Examples
    --------
    >>> import jdaviz_stage3 as stage3
    >>> stage3.widgets.dynamic_spectrum("jw…_x1dints.fits")    # doctest: +SKIP
    """
    given = read_given(given, ("x1dints",), "a dynamic spectrum", (SpectralTimeSeries,))
    return DynamicWidget(*given)
