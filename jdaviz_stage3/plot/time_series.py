"""Dynamic spectra and light curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from astropy.time import Time
from astropy.timeseries import TimeSeries
from matplotlib.axes import Axes

from ..analysis import white_light_curve
from ..analysis.light_curves.time_medians import time_median
from ..errors import Stage3Error
from ..readers.spectral_trace import SpectralTrace
from ..readers.time_systems import TIME_SYSTEMS
from .frame import FLAGGED, INK, add_color_bar, as_read, axes_for, in_words, norm_of

__all__ = ["dynamic_spectrum", "first_flux", "light_curve"]

# Integrations and wavelengths of a picture; of more, as many as fit are taken together.
_MOST_ROWS, _MOST_COLUMNS = 600, 1500


def dynamic_spectrum(data: Any, *, ax: Axes | None = None, dq_bits: Any = "DO_NOT_USE") -> Axes:
    """Draw the spectra of a time series above one another, each wavelength by its median.

    Parameters
    ----------
    data : path-like, SpectralTimeSeries or SpectralTrace, shape (n_int, n_wave)
        An x1dints product, of which the first trace is drawn.
    ax : matplotlib.axes.Axes, optional
        Those of a new figure by default.
    dq_bits : optional
        Which flags exclude a sample: see `jdaviz_stage3.readers.quality.dq_value`.

    Returns
    -------
    matplotlib.axes.Axes
        The number of the integration is upwards, counted from 1.

    Raises
    ------
    Stage3Error
        If no sample is usable.

    Notes
    -----
    Excluded samples, and wavelengths whose median is not positive, are grey. Of more than 600
    integrations the mean of neighbouring ones is drawn, of more than 1500 wavelengths every n-th.
    """
    trace = _trace(data)
    x = trace.wavelength
    across = np.isfinite(x.value)
    step = max(1, -(-across.sum() // _MOST_COLUMNS))
    shown = np.flatnonzero(across)[::step]
    relative = _relative(trace, shown, dq_bits)
    if not np.isfinite(relative).any():
        raise Stage3Error("plot.dynamic_spectrum: no sample is usable")
    rows, taken = _together(relative)
    number = 1 + (taken - 1) / 2 + taken * np.arange(len(rows))  # of their middle
    ax = axes_for(ax, size=(8.0, 4.2))
    drawn = ax.pcolormesh(
        x.value[shown], number, rows,
        cmap="viridis", norm=norm_of(rows, "linear"), shading="nearest", rasterized=True,
    )  # fmt: skip
    ax.set(xlabel=in_words("Wavelength", x.unit), ylabel="Integration")
    add_color_bar(drawn, ax, "Flux / median of its wavelength")
    return ax


def light_curve(
    data: Any, column: str | None = None, *, ax: Axes | None = None, **settings: Any
) -> Axes:
    """Draw a light curve with its errors.

    Parameters
    ----------
    data : path-like, astropy.timeseries.TimeSeries, SpectralTimeSeries or SpectralTrace
        A whtlt or phot product; an x1dints product, whose white light curve is made of the first
        trace; or a curve of `jdaviz_stage3.analysis.white_light_curve`.
    column : str, optional
        Which column; ``'flux'``, the first white-light flux, or the aperture's flux less its
        background by default.
    ax : matplotlib.axes.Axes, optional
        Those of a new figure by default.
    **settings
        For `jdaviz_stage3.analysis.white_light_curve`, of an x1dints product.

    Returns
    -------
    matplotlib.axes.Axes
        Crosses are points that are flagged as outliers.

    Raises
    ------
    Stage3Error
        If there is no such column, or no value in it.
    """
    data = as_read(data)
    if isinstance(data, SpectralTrace) or (
        isinstance(data, Mapping) and not isinstance(data, TimeSeries)
    ):
        data = white_light_curve(_trace(data), **settings)
    elif settings:
        raise Stage3Error(
            f"plot.light_curve: {', '.join(settings)} is for spectra in time, and this is a light "
            "curve already"
        )
    name = column or first_flux(data)
    if name not in data.colnames:
        raise Stage3Error(
            f"plot.light_curve: no column {name}; there are {', '.join(data.colnames)}"
        )
    flux = data[name]
    if np.ndim(flux) != 1:
        raise Stage3Error(f"plot.light_curve: {name} has several bands; give one of them")
    values = np.ma.filled(np.ma.asarray(getattr(flux, "value", flux), float), np.nan)
    days, label = _days(data)
    flagged = np.zeros(len(data), bool)
    if name == "flux" and "outlier" in data.colnames:
        flagged = np.asarray(data["outlier"], bool)
    shown = np.isfinite(values) & np.isfinite(days)
    if not shown.any():
        raise Stage3Error(f"plot.light_curve: no value of {name} is finite")
    ax = axes_for(ax)
    good = shown & ~flagged
    sigma = _errors(data, name)
    style: dict[str, Any] = {"color": INK, "fmt": ".", "ms": 3, "elinewidth": 0.5}
    ax.errorbar(days[good], values[good], None if sigma is None else sigma[good], **style)
    out = shown & flagged
    if out.any():
        ax.plot(days[out], values[out], "x", color=FLAGGED, ms=5, label=f"{out.sum()} outliers")
        ax.legend(fontsize="small")
    words = "Relative flux" if data.meta.get("normalization") == "median" else "Flux"
    words = words if name == "flux" else name.replace("_", " ").capitalize()
    ax.set(xlabel=label, ylabel=in_words(words, getattr(flux, "unit", None)))
    return ax


def _trace(data: Any) -> SpectralTrace:
    data = as_read(data)
    return data if isinstance(data, SpectralTrace) else data.traces[0]


def _relative(trace: SpectralTrace, columns: np.ndarray, dq_bits: Any) -> np.ndarray:
    """Flux of some wavelengths over its median in time; NaN where that is not positive."""
    flux = trace.usable_flux(dq_bits).value[:, columns]
    middle = time_median(flux, np.isfinite(flux))
    with np.errstate(invalid="ignore"):
        flux /= np.where(middle > 0, middle, np.nan)
    return flux


def _together(values: np.ndarray) -> tuple[np.ndarray, int]:
    """Means of neighbouring rows, so that there are not too many, and of how many each is."""
    taken = max(1, -(-len(values) // _MOST_ROWS))
    if taken == 1:
        return values, 1
    starts = np.arange(0, len(values), taken)
    usable = np.isfinite(values)
    count = np.add.reduceat(usable, starts, axis=0, dtype=int)
    total = np.add.reduceat(np.where(usable, values, 0), starts, axis=0)
    # not a number where none of them has a sample
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0), taken


def first_flux(series: TimeSeries) -> str:
    """Return the column that a light curve is of.

    Parameters
    ----------
    series : astropy.timeseries.TimeSeries

    Returns
    -------
    str
        ``'flux'``, the first white-light flux, or the aperture's flux less its background.

    Raises
    ------
    Stage3Error
        If there is none of them.
    """
    names = [name for name in series.colnames if name.startswith("whitelight_flux")]
    for name in ("flux", *names, "net_aperture_sum", "aperture_sum"):
        if name in series.colnames:
            return name
    raise Stage3Error(f"plot.light_curve: none of {', '.join(series.colnames)} is a flux; give one")


def _errors(series: TimeSeries, name: str) -> np.ndarray | None:
    for error in (f"{name}_err", f"{name}_error"):
        if error in series.colnames:
            return np.asarray(getattr(series[error], "value", series[error]), float)
    return None


def _days(series: TimeSeries) -> tuple[np.ndarray, str]:
    """Times in days since the whole day before the first, and what that is called."""
    time: Time = series.time
    jd = np.ma.filled(np.ma.asarray(time.jd, float), np.nan)
    if not np.isfinite(jd).any():
        raise Stage3Error("plot.light_curve: no integration has a time stamp")
    system = TIME_SYSTEMS.get(series.meta.get("time_system", ""))
    start = np.floor(np.nanmin(jd))
    days = (time - Time(start, format="jd", scale=time.scale)).jd
    label = f"JD ({time.scale.upper()}) − {start:.0f} (d)"
    return np.ma.filled(np.ma.asarray(days, float), np.nan), (
        label if system is None else system.date_label(start)
    )
