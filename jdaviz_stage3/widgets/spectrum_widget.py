"""A spectrum and its running median as a widget."""

from __future__ import annotations

import os

import numpy as np
from astropy import units as u
from bqplot import Lines, Scatter
from ipywidgets import BoundedIntText, Checkbox, Dropdown
from specutils import Spectrum

from ..analysis import smooth_spectrum
from ..errors import Stage3Error
from ..readers.spectrum_sequence import SpectrumSequence
from ..viewers.plain_figures import MOST_POINTS, extremes, plot, range_of, zoom_button
from .product_widget import ProductWidget, read_given

__all__ = ["SpectrumWidget", "spectrum"]

_FLUX, _MEDIAN, _FLAGGED = "#8c9aa8", "#c75109", "#d62728"


class SpectrumWidget(ProductWidget):
    """One spectrum of a product at a time, with its running median; see `spectrum`.

    Attributes
    ----------
    which : ipywidgets.Dropdown
        Which spectrum of the product.
    width : ipywidgets.BoundedIntText
        Full width of the running median, odd; 1 for none.
    show_flagged : ipywidgets.Checkbox
        Whether flagged samples are marked.
    spectrum, smoothed : specutils.Spectrum
        What is drawn.
    """

    def __init__(self, data: SpectrumSequence | Spectrum, name: str, median: int | None) -> None:
        self._data = [data] if isinstance(data, Spectrum) else data
        self.which = Dropdown(
            description="Spectrum", options=_labels(self._data), layout={"min_width": "320px"}
        )
        self.width = BoundedIntText(
            description="Median", value=median or 1, min=1, max=9999, step=2,
            layout={"width": "160px"}, tooltip="Full width of the running median in pixels",
        )  # fmt: skip
        self.show_flagged = Checkbox(description="Flagged", value=True, indent=False)
        self.figure = plot("", "")
        scales = {"x": self.figure.axes[0].scale, "y": self.figure.axes[1].scale}
        nothing = np.array([])
        self._line = Lines(x=nothing, y=nothing, scales=scales, colors=[_FLUX], stroke_width=1)
        self._median = Lines(x=nothing, y=nothing, scales=scales, colors=[_MEDIAN])
        self._flagged = Scatter(
            x=nothing, y=nothing, scales=scales, colors=[_FLAGGED], marker="cross", default_size=30
        )
        self.figure.marks = [self._line, self._median, self._flagged]
        controls = [self.which] if len(self.which.options) > 1 else []
        controls += [self.width, self.show_flagged, zoom_button(self.figure)]
        controls += [self.png_button(self._save_png)]
        super().__init__(name, controls, self.figure)
        for control in (self.which, self.width, self.show_flagged):
            control.observe(lambda _: self._update(), "value")
        self._update()

    def _save_png(self) -> None:
        self.figure.save_png(f"{self._title or 'spectrum'}.png")

    def _update(self) -> None:
        with self._in_words():
            if self.width.value % 2 == 0:
                self.width.value += 1  # which draws it
                return
            self.spectrum = self._data[self.which.value]
            self.smoothed: Spectrum | None = None
            try:
                if self.width.value > 1:
                    self.smoothed = smooth_spectrum(self.spectrum, "median", self.width.value)
            finally:  # a spectrum that is shorter than the window is shown without its median
                self._draw()

    def _draw(self) -> None:
        one = self.spectrum
        x, y = u.Quantity(one.spectral_axis).value, one.flux.value.astype(float)
        flagged = np.zeros(y.shape, bool) if one.mask is None else np.asarray(one.mask, bool)
        good = np.where(flagged, np.nan, y)
        order = np.argsort(x, kind="stable")
        rows = order[extremes(x[order], good[order])]
        self._line.x, self._line.y = x[rows], good[rows]
        if self.smoothed is not None:
            smooth = self.smoothed.flux.value
            rows = order[extremes(x[order], smooth[order])]
            self._median.x, self._median.y = x[rows], smooth[rows]
        else:
            self._median.x, self._median.y = np.array([]), np.array([])
        low, high = range_of(good, 0.1, 99.9)
        marked = np.flatnonzero(flagged & np.isfinite(y))[:MOST_POINTS]
        marked = marked if self.show_flagged.value else marked[:0]
        self._flagged.x = x[marked]
        self._flagged.y = np.clip(y[marked], low, high)
        x_scale, y_scale = (axis.scale for axis in self.figure.axes[:2])
        x_scale.min, x_scale.max = range_of(x)
        y_scale.min, y_scale.max = low, high
        self.figure.axes[0].label = f"Wavelength ({u.Quantity(one.spectral_axis).unit})"
        name = "Surface brightness" if u.sr in one.flux.unit.bases else "Flux"
        self.figure.axes[1].label = f"{name} ({one.flux.unit})"
        if not np.isfinite(good).any():
            self._say("no usable sample in this spectrum")


def _labels(data) -> dict[str, int]:
    """What each spectrum is called, and its number."""
    entries = getattr(data, "entries", None)
    if entries is None:
        return {"spectrum": 0}
    labels: dict[str, int] = {}
    for number, entry in enumerate(entries):
        parts = [
            f"{name} {value}"
            for name, value in (
                ("source", entry.source_id), ("order", entry.order), ("slit", entry.slit),
                ("exposure", entry.exposure),
            )
            if value not in (None, "")
        ]  # fmt: skip
        label = ", ".join(parts) or f"spectrum {number + 1}"
        labels[label if label not in labels else f"{label} ({number + 1})"] = number
    return labels


def spectrum(
    given: str | os.PathLike | SpectrumSequence | Spectrum, median: int | None = 11
) -> SpectrumWidget:
    """Show a spectrum, flagged samples marked, with its running median.

    Parameters
    ----------
    given : path-like, SpectrumSequence or Spectrum
        An x1d or c1d product, or what `jdaviz_stage3.read` made of it; one spectrum in one
        dimension.
    median : int or None, optional
        Full width of the running median in pixels, odd; None for none. Flagged samples, and those
        beyond a gap in wavelength, are in no window: see `jdaviz_stage3.analysis.median_smooth`.

    Returns
    -------
    SpectrumWidget

    Raises
    ------
    Stage3Error
        If it is another product, or cannot be read.

    Examples
    --------
    >>> import jdaviz_stage3 as stage3
    >>> stage3.widgets.spectrum("jw…_x1d.fits", median=11)    # doctest: +SKIP
    """
    data, name = read_given(given, ("x1d", "c1d"), "a spectrum", (SpectrumSequence, Spectrum))
    if isinstance(data, Spectrum) and data.flux.ndim != 1:
        raise Stage3Error(
            f"a spectrum of {data.flux.ndim} dimensions {data.flux.shape}, expected one; give one "
            "of its rows"
        )
    return SpectrumWidget(data, name, median)
