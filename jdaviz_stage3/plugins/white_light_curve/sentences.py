"""What the panel, the axes and the read-out say of light curves."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.time import Time
from astropy.timeseries import TimeSeries

from ...analysis import PipelineComparison
from ...errors import Stage3Error
from ...readers.time_systems import time_system_of
from .traces import integration_numbers

__all__ = [
    "band_name",
    "curve_sentence",
    "cursor_sentence",
    "described",
    "flux_label",
    "pipeline_sentence",
]


def band_name(low: float, high: float, unit: str) -> str:
    """Name a band by its edges, to the digits that tell it from its neighbours."""
    digits = max(4, int(np.ceil(-np.log10(max(abs(high - low) / high, 1e-12)))) + 2)
    return f"{low:.{digits}g}–{high:.{digits}g} {unit}"


def curve_sentence(curve: TimeSeries) -> str:
    """Say which channels and samples a light curve is of, and what is odd about it."""
    meta = curve.meta
    channels, dropped = np.atleast_1d(meta["n_channels"]), np.atleast_1d(meta["n_dropped"])
    name = meta["trace"] or "trace"
    text = f"{name[0].upper()}{name[1:]}: {int(channels.sum())} channels"
    if dropped.sum():
        text += f", {int(dropped.sum())} left out"
    if filled := int(np.sum(meta["n_filled"])):
        text += f", {filled} samples filled"
    if outliers := int(np.sum(curve["outlier"])):
        text += f"; {outliers} point{'s' if outliers > 1 else ''} flagged"
    remarks = [remark[0].upper() + remark[1:] for remark in meta["remarks"]]
    return " ".join(f"{part.rstrip('.')}." for part in [text, *remarks])


def cursor_sentence(trace: Any, rows: np.ndarray, row: int, time: Time | None) -> str:
    """Say which integrations the time cursor is at."""
    numbers = integration_numbers(trace)
    text = f"Integration {numbers[row]}"
    if time is not None and not np.ma.is_masked(time[row].jd1):
        text += f", {time_system_of(time).date} {time[row].jd:.6f}"
    if rows.sum() > 1:
        chosen = numbers[rows]
        text += f"; spectrum of integrations {chosen[0]} to {chosen[-1]}"
    return text


def pipeline_sentence(comparisons: list[PipelineComparison]) -> str:
    """Say what the pipeline's curve is of, for each trace that it is of."""
    if not comparisons:
        return "That curve is of another trace than the chosen one."
    return " ".join(comparison.sentence() for comparison in comparisons)


def flux_label(curves: dict[str, TimeSeries]) -> str:
    """Label the flux axis; raises Stage3Error where curves are in different units."""
    units = {str(curve["flux"].unit) for curve in curves.values()}
    if len(units) > 1:
        raise Stage3Error(
            f"the traces are in different units ({', '.join(sorted(units))}); normalise them, or "
            "choose one"
        )
    several = any(curve["flux"].ndim == 2 for curve in curves.values())
    unit = units.pop()
    if unit:
        return f"Flux ({unit})"
    return "Relative flux, bands shifted" if several else "Relative flux"


def described(curve: TimeSeries, band: int | None, icon: str, point: int) -> dict[str, tuple]:
    """Describe a point of a light curve for the read-out, as its viewer wants it.

    Parameters
    ----------
    curve : astropy.timeseries.TimeSeries
    band : int or None
        Which one, where the curve has several.
    icon : str
        Of the trace in the app.
    point : int

    Returns
    -------
    dict of str to tuple
        Title and text; of the flux title, value, error and unit.
    """
    flux, err, outlier = (curve[name][point] for name in ("flux", "flux_err", "outlier"))
    name = "Flux"
    if band is not None:
        flux, err, outlier = flux[band], err[band], outlier[band]
        name = band_name(*curve.meta["bands"][band], curve.meta["band_unit"])
    time = curve["time"][point]
    date = time_system_of(time).date
    facts = {
        "icon": (icon,),
        "number": ("Integration", str(int(curve["int_num"][point]))),
        "flux": (name, flux.value, err.value, str(flux.unit)),
        "time": (date, "no time stamp" if np.ma.is_masked(time.jd) else f"{time.jd:.6f}"),
    }
    if outlier:
        facts["flag"] = ("Flagged", "as an outlier")
    return facts
