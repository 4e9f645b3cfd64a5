"""Light curves for other programs: lightkurve's class, and ECSV files."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u
from astropy.time import Time
from astropy.timeseries import TimeSeries

from ...errors import Stage3Error, Stage3Warning
from ...saving import save_files
from .curve_columns import column_of_band

if TYPE_CHECKING:
    from lightkurve import LightCurve

__all__ = ["to_lightkurve", "write_light_curve", "write_light_curves"]

# The columns that lightkurve's constructor takes, or that have other names there.
_OWN = ("time", "flux", "flux_err", "outlier")


def to_lightkurve(curve: TimeSeries, *, band: int | None = None) -> LightCurve:
    """Return a light curve as lightkurve's own class.

    Parameters
    ----------
    curve : `~astropy.timeseries.TimeSeries`
        With a column ``flux``, shape (n_int,).
    band : int, optional
        Which band, counted from 0, for spectroscopic curves with ``flux`` of shape
        (n_int, n_bands).

    Returns
    -------
    lightkurve.LightCurve
        Times, units and the other columns as they are. ``flux_err`` is NaN where the curve has
        none. Points flagged as outliers have 1 in the column ``quality`` (int), else 0. ``meta``
        is that of the curve, with lightkurve's LABEL and NORMALIZED.

    Raises
    ------
    Stage3Error
        lightkurve is not installed; the curve has no flux, several bands of which none is chosen,
        or no time at all.

    Warns
    -----
    Stage3Warning
        If points have no time: they are left out, for lightkurve needs the times of all.
    """
    try:
        with warnings.catch_warnings():
            # lightkurve tells on import what it cannot do for Kepler's target pixel files
            warnings.filterwarnings("ignore", message=".*oktopus.*")
            import lightkurve
    except ImportError as err:
        raise Stage3Error(
            f"a lightkurve.LightCurve needs lightkurve, which cannot be imported ({err}): "
            "pip install lightkurve"
        ) from err
    names = ["flux", *(name for name in curve.colnames if name not in ("time", "flux"))]
    columns = {name: column_of_band(curve, name, band) for name in names}
    there = ~np.broadcast_to(curve.time.mask, curve.time.shape)
    if not there.all():
        missing = int(np.sum(~there))
        if missing == there.size:
            raise Stage3Error("the light curve has no times; lightkurve needs them")
        warnings.warn(
            f"{missing} point{'s' if missing > 1 else ''} without a time left out of the "
            "lightkurve.LightCurve",
            Stage3Warning,
            stacklevel=2,
        )
    flux = u.Quantity(columns["flux"])[there]
    error = columns.get("flux_err")
    error = np.full(flux.shape, np.nan) * flux.unit if error is None else u.Quantity(error)[there]
    time = curve.time[there]
    result = lightkurve.LightCurve(
        time=time.unmasked if time.masked else time,
        flux=flux,
        flux_err=error,
        meta=_lightkurve_meta(curve, band),
    )
    flagged = columns.get("outlier")
    quality = np.zeros(flux.shape, int) if flagged is None else np.asarray(flagged, int)[there]
    result["quality"] = quality
    for name, column in columns.items():
        if name not in _OWN:
            result[name] = column[there]
    return result


def write_light_curve(curve: TimeSeries, path: str | os.PathLike, overwrite: bool = False) -> Path:
    """Write a light curve to an ECSV file.

    ``TimeSeries.read(path, format='ascii.ecsv')`` reads it back.

    Parameters
    ----------
    curve : `~astropy.timeseries.TimeSeries`
        Columns of one or more dimensions; ``meta`` of numbers, strings and lists.
    path : path-like
        Of the file.
    overwrite : bool, optional
        Whether a file that is there may be replaced.

    Returns
    -------
    pathlib.Path
        Of the file.

    Raises
    ------
    Stage3Error
        If the file is there already, or cannot be written; nothing is then changed.

    Notes
    -----
    Times are written as Julian dates in two columns, ``time.jd1`` and ``time.jd2``, whose sum is
    the time: one number of 64 bits holds a Julian date to 40 microseconds only. Scale and format
    are in the header. The file has its name only once it is complete.
    """
    return write_light_curves([curve], path, overwrite)[0]


def write_light_curves(
    curves: Sequence[TimeSeries], path: str | os.PathLike, overwrite: bool = False
) -> list[Path]:
    """Write light curves to ECSV files, all of them or none.

    Parameters
    ----------
    curves : sequence of `~astropy.timeseries.TimeSeries`
    path : path-like
        Of the file; of several curves, a number is put before its suffix.
    overwrite : bool, optional
        Whether files that are there may be replaced.

    Returns
    -------
    list of pathlib.Path
        Of the files, in the order of the curves.

    Raises
    ------
    Stage3Error
        If one of the files is there already, or cannot be written; nothing is then changed.
    """
    return save_files(path, [partial(_write_ecsv, curve) for curve in curves], overwrite)


def _write_ecsv(curve: TimeSeries, path: Path) -> None:
    table = curve.copy()
    for name in table.colnames:
        if isinstance(table[name], Time):
            table[name].info.serialize_method["ecsv"] = "jd1_jd2"
    table.write(path, format="ascii.ecsv")


def _lightkurve_meta(curve: TimeSeries, band: int | None) -> dict[str, Any]:
    """Return the curve's meta with what lightkurve's plots and methods look for."""
    meta = dict(curve.meta)
    limits = meta.get("bands", [])
    limits = limits[band] if band is not None and limits else meta.get("band")
    parts = [str(meta[name]) for name in ("file", "trace") if meta.get(name)]
    if limits is not None:
        parts.append(f"{limits[0]:.5g}-{limits[1]:.5g} {meta.get('band_unit', '')}".strip())
    meta["LABEL"] = " ".join(parts)
    meta["NORMALIZED"] = meta.get("normalization", "none") != "none"
    return meta
