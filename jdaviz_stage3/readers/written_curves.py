"""Light curves that `jdaviz_stage3.analysis.write_light_curve` has written, read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.time import Time
from astropy.timeseries import TimeSeries

from ..errors import UnreadableProductError, reason_of
from .time_systems import time_system_of

__all__ = ["read_written_curve"]


def read_written_curve(path: Path) -> TimeSeries:
    """Read a light curve of ours.

    Parameters
    ----------
    path : path

    Returns
    -------
    astropy.timeseries.TimeSeries
        As it was written; of several bands, ``flux`` and the other columns with a value for each
        are taken apart into ``flux_band1``, ``flux_band1_err``, … ``meta['default_column']`` is the
        first, ``meta['time_system']`` that of ``time``.

    Raises
    ------
    UnreadableProductError
        If it cannot be parsed, has no rows, or a flux is no number.
    """
    try:
        series = TimeSeries.read(path, format="ascii.ecsv")
    except Exception as err:  # the parsers (yaml, astropy) share no base class
        raise UnreadableProductError(
            f"{path.name}: not a readable light curve ({reason_of(err)}); save it again"
        ) from err
    if not len(series):
        raise UnreadableProductError(f"{path.name}: no rows in the table; save it again")
    curve = TimeSeries(time=series.time, meta=dict(series.meta))
    for name in series.colnames:
        column = series[name]
        if name == "time":
            continue
        if isinstance(column, Time) or column.ndim == 1:
            curve[name] = column
            continue
        stem, _, end = name.partition("_err")
        for band in range(column.shape[1]):
            error = "_err" if name.endswith("_err") and not end else ""
            curve[f"{stem}_band{band + 1}{error}"] = column[:, band]
    for name in curve.colnames:
        if name.startswith("flux") and not isinstance(curve[name], u.Quantity):
            try:
                values = np.ma.filled(np.ma.asarray(curve[name], float), np.nan)
            except (TypeError, ValueError) as err:
                raise UnreadableProductError(
                    f"{path.name}: {name} holds what is no number; save it again"
                ) from err
            curve[name] = values * u.one
    first = "flux" if "flux" in curve.colnames else "flux_band1"
    relative = curve.meta.get("normalization") not in (None, "none")
    for name in curve.colnames:
        if name.startswith("flux") and not name.endswith("_err"):
            band = name.partition("_band")[2]
            words = "Relative flux" if relative else "Flux"
            curve[name].info.description = f"{words}, band {band}" if band else words
    curve.meta |= {
        "default_column": first,
        "time_system": time_system_of(curve.time).name,
    }
    return curve
