"""Time-series photometry (phot) as `~astropy.timeseries.TimeSeries`."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
from astropy.table import QTable
from astropy.timeseries import TimeSeries

from ..errors import Stage3Warning, UnreadableProductError
from .light_curve import TIME_SCALES, float_quantity, read_ecsv
from .time_systems import time_system_of
from .times import days_to_time

__all__ = ["read_photometry"]

_NET, _TOTAL = "net_aperture_sum", "aperture_sum"

_WORDS = {
    "aperture_sum": "Aperture flux, background not subtracted",
    "annulus_sum": "Flux in the background annulus",
    "annulus_mean": "Mean flux per pixel in the background annulus",
    "aperture_bkg": "Background flux in the aperture",
    "net_aperture_sum": "Aperture flux, background subtracted",
    "aperture_x": "Aperture centre, x",
    "aperture_y": "Aperture centre, y",
    "aperture_ra_icrs": "Aperture centre, right ascension",
    "aperture_dec_icrs": "Aperture centre, declination",
    "centroid_x": "Centroid, x",
    "centroid_y": "Centroid, y",
    "psf_width_x": "PSF width, x",
    "psf_width_y": "PSF width, y",
    "psf_flux": "Flux of the fitted PSF",
}


def read_photometry(path: str | os.PathLike) -> TimeSeries:
    """Read the aperture photometry of a time series of images, of any version of the pipeline.

    Parameters
    ----------
    path : path-like
        A phot.ecsv file.

    Returns
    -------
    astropy.timeseries.TimeSeries
        ``time``: the mid-times (n_int,), BJD_TDB where the file has them (jwst 2.0 on), else UTC
        at the telescope; ``meta['time_system']`` is ``'BJD_TDB'`` or ``'MJD_UTC'``. Times are
        masked where there are none. ``time_utc``: the times at the telescope where ``time`` is
        BJD_TDB and the file has both. Then each numeric column of the file, in its order, as a
        float64 Quantity (n_int,) in the file's unit (Jy or electron for fluxes), NaN where a value
        is missing, with ``X_err`` beside ``X``; what it is in words is ``info.description``.
        ``meta['default_column']`` names the column to look at first: ``'net_aperture_sum'``, or
        ``'aperture_sum'`` where that has no finite value.

    Raises
    ------
    UnreadableProductError
        If the table cannot be parsed, or has no times, no aperture photometry or no rows.

    Warns
    -----
    Stage3Warning
        If there is no background-subtracted flux (the annulus does not fit on a SUB64P subarray
        with WLP8, so that its columns are all NaN), or no finite flux at all.

    Notes
    -----
    The file's ``BJD_TDB`` holds BJD - 2400000.5: ``time.jd`` is the barycentric Julian date.
    """
    name = Path(path).name
    table = read_ecsv(path)
    columns = {c: float_quantity(table[c]) for c in table.colnames if _is_numeric(table[c])}
    days = {c: columns.pop(c).value for c in list(columns) if c in TIME_SCALES}
    if not days or not {_NET, _TOTAL} & set(columns) or not len(table):
        missing = "times (BJD_TDB or MJD)" if not days else f"{_TOTAL}" if len(table) else "rows"
        raise UnreadableProductError(
            f"{name}: no {missing} in the table (found {', '.join(table.colnames)}); expected what "
            "the tso_photometry step writes, download it again"
        )
    days = {c: values for c, values in days.items() if np.isfinite(values).any()}
    if not days:
        raise UnreadableProductError(
            f"{name}: no finite time in {len(table)} rows; expected one for each integration, "
            "download it again"
        )
    series = _series(days)
    for column in _errors_beside_values(list(columns)):
        series[column] = columns[column]
        series[column].info.description = _description(column)
    series.meta.update(_file_meta(table), default_column=_default_column(columns, name))
    return series


def _is_numeric(column) -> bool:
    return getattr(column, "dtype", np.dtype(object)).kind in "iuf" and column.ndim == 1


def _series(days: dict[str, np.ndarray]) -> TimeSeries:
    """Make a series of the file's times alone."""
    times = {TIME_SCALES[c]: days_to_time(days[c], TIME_SCALES[c]) for c in days}
    series = TimeSeries(time=times["tdb"] if "tdb" in times else times["utc"])
    if len(times) == 2:
        series["time_utc"] = times["utc"]
    series.meta["time_system"] = time_system_of(series.time).name
    return series


def _errors_beside_values(names: list[str]) -> list[str]:
    values = [name for name in names if name.removesuffix("_err") not in set(names) - {name}]
    return [part for name in values for part in (name, f"{name}_err") if part in names]


def _description(column: str) -> str | None:
    words = _WORDS.get(column.removesuffix("_err"))
    return f"Error of: {words}" if words and column.endswith("_err") else words


def _file_meta(table: QTable) -> dict:
    return {key: value for key, value in table.meta.items() if not key.startswith("__")}


def _default_column(columns: dict, name: str) -> str:
    """Choose the flux to look at first, and warn where it is not what one would expect."""
    finite = [c for c in (_NET, _TOTAL) if c in columns and np.isfinite(columns[c]).any()]
    if not finite:
        warnings.warn(
            f"{name}: no finite flux in {' or '.join(c for c in (_NET, _TOTAL) if c in columns)}",
            Stage3Warning,
            stacklevel=3,
        )
        return _NET if _NET in columns else _TOTAL
    if finite[0] != _NET:
        why = "has no finite value" if _NET in columns else "is not in the file"
        warnings.warn(
            f"{name}: {_NET} {why}, so {_TOTAL} is taken: the background is not subtracted",
            Stage3Warning,
            stacklevel=3,
        )
    return finite[0]
