"""1-D and 2-D spectra."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from matplotlib.axes import Axes
from specutils import Spectrum

from ..analysis import smooth_spectrum
from ..errors import Stage3Error
from .frame import FLAGGED, INK, add_color_bar, as_read, axes_for, in_words, norm_of

__all__ = ["spectral_image", "spectrum"]


def spectrum(
    data: Any, *, median: int | u.Quantity | None = 11, ax: Axes | None = None, **chosen: Any
) -> Axes:
    """Draw a spectrum with its errors, its flagged samples and its running median.

    Parameters
    ----------
    data : path-like, SpectrumSequence or specutils.Spectrum, shape (n,)
        An x1d or c1d product, of which the first spectrum that agrees is drawn.
    median : int or `~astropy.units.Quantity`, optional
        Width of the running median, an odd number of samples or a wavelength; None for none. It is
        left out where the spectrum has fewer samples.
    ax : matplotlib.axes.Axes, optional
        Those of a new figure by default.
    **chosen
        Which spectrum of a file: ``source_id``, ``order``, ``exposure``, ``slit``; and ``quantity``
        (see `jdaviz_stage3.readers.spectra.read_spectra`).

    Returns
    -------
    matplotlib.axes.Axes
        The band around the line is ±1 standard deviation. Crosses are samples that the mask
        excludes and that have a value; the axis is chosen by the others.

    Raises
    ------
    Stage3Error
        If no spectrum agrees, or the one that does has no usable sample.
    """
    data = as_read(data, **chosen)
    if not isinstance(data, Spectrum):
        data = data[0]  # the others are not read
    x, y = data.spectral_axis, np.asarray(data.flux.value, float)
    masked = np.zeros(y.shape, bool) if data.mask is None else np.asarray(data.mask)
    good = np.isfinite(y) & np.isfinite(x.value) & ~masked
    if not good.any():
        raise Stage3Error("plot.spectrum: the spectrum has no usable sample")
    ax = axes_for(ax)
    line = np.where(good, y, np.nan)
    ax.plot(x.value, line, color=INK, lw=0.8, drawstyle="steps-mid", label="Spectrum")
    if data.uncertainty is not None:
        sigma = np.where(good, np.asarray(data.uncertainty.array, float), np.nan)
        ax.fill_between(
            x.value, line - sigma, line + sigma, color=INK, alpha=0.2, lw=0, step="mid",
            label="±1 standard deviation",
        )  # fmt: skip
    _limit(ax, y[good])
    flagged = masked & np.isfinite(y) & np.isfinite(x.value)
    if flagged.any():
        label = f"{flagged.sum()} flagged samples"
        ax.plot(x.value[flagged], y[flagged], "x", color=FLAGGED, ms=4, label=label)
    if median is not None and (not isinstance(median, int) or good.sum() > 2 * median):
        smooth = smooth_spectrum(data, "median", median)
        label = f"Running median, {median}{' samples' if isinstance(median, int) else ''}"
        ax.plot(x.value, smooth.flux.value, color="black", lw=1.0, label=label)
    ax.set(xlabel=in_words("Wavelength", x.unit), ylabel=in_words(_quantity(data), data.flux.unit))
    ax.legend(fontsize="small")
    return ax


def spectral_image(
    data: Any, *, ax: Axes | None = None, stretch: str = "linear", **chosen: Any
) -> Axes:
    """Draw a rectified 2-D spectrum: wavelength to the right, the slit upwards.

    Parameters
    ----------
    data : path-like, SpectralImageSequence or specutils.Spectrum, shape (n_rows, n_wave)
        An s2d product, of which the first that agrees is drawn.
    ax : matplotlib.axes.Axes, optional
        Those of a new figure by default.
    stretch : {'linear', 'asinh'}, optional
        See `jdaviz_stage3.plot.image`.
    **chosen
        Which one of a file, as for `spectrum`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    Stage3Error
        If nothing agrees, or no wavelength is known.
    """
    data = as_read(data, **chosen)
    if not isinstance(data, Spectrum):
        data = data[0]  # the others are not read
    values = np.array(data.flux.value, float)
    if data.mask is not None:
        values[np.asarray(data.mask)] = np.nan
    x = data.spectral_axis
    known = np.isfinite(x.value)
    if not known.any():
        raise Stage3Error("plot.spectral_image: no wavelength is known")
    ax = axes_for(ax, size=(8.0, 3.0))
    # cells between neighbouring wavelengths, which need not be even
    drawn = ax.pcolormesh(
        x.value[known], np.arange(values.shape[0]), values[:, known],
        cmap="viridis", norm=norm_of(values, stretch), shading="nearest", rasterized=True,
    )  # fmt: skip
    ax.set(xlabel=in_words("Wavelength", x.unit), ylabel="Across the slit (pixels)")
    add_color_bar(drawn, ax, in_words(_quantity(data), data.flux.unit))
    return ax


def _quantity(data: Spectrum) -> str:
    per_sr = (data.flux.unit * u.sr).is_equivalent(u.Jy)
    return "Surface brightness" if per_sr else "Flux"


def _limit(ax: Axes, values: np.ndarray) -> None:
    """Let the axis show all these values, and somewhat more."""
    low, high = values.min(), values.max()
    margin = 0.08 * ((high - low) or abs(high) or 1.0)
    ax.set_ylim(low - margin, high + margin)
