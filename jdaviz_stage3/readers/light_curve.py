"""White light curves (whtlt) as `~astropy.timeseries.TimeSeries`."""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import QTable
from astropy.timeseries import TimeSeries

from ..errors import Stage3Warning, UnreadableProductError, reason_of
from ..products import ecsv_header, is_written_curve
from .stacked_curves import unstack_curves
from .time_systems import TIME_SYSTEMS
from .times import days_to_time, inspect_time_stamps
from .written_curves import read_written_curve

__all__ = ["TIME_SCALES", "float_quantity", "read_ecsv", "read_white_light"]

_FLUX = "whitelight_flux"
_DETECTOR = re.compile(r"_(NRS\d|NRC\w+|MIR\w+|NIS)$")
#: Name of a time column, without the detector -> time scale.
TIME_SCALES = {
    column: system.scale for system in TIME_SYSTEMS.values() for column in system.columns
}


def read_ecsv(path: str | os.PathLike) -> QTable:
    """Read an ECSV table with one row an integration.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    astropy.table.QTable

    Raises
    ------
    UnreadableProductError
        If it cannot be parsed.
    """
    ecsv_header(path)
    try:
        return QTable.read(path, format="ascii.ecsv")  # small: one row an integration
    except Exception as err:  # the parsers (yaml, astropy) share no base class
        raise UnreadableProductError(
            f"{Path(path).name}: not a readable ECSV table ({reason_of(err)}); download it again"
        ) from err


def float_quantity(column: Any) -> u.Quantity:
    """Turn a table's column into floats with a unit.

    Parameters
    ----------
    column : Column, MaskedColumn, Quantity or Masked Quantity
        Of numbers (n,).

    Returns
    -------
    astropy.units.Quantity
        Float64 (n,), NaN where masked; dimensionless where the column has no unit.
    """
    unit = getattr(column, "unit", None) or u.dimensionless_unscaled
    values = np.ma.filled(np.ma.asarray(getattr(column, "value", column), dtype=float), np.nan)
    return u.Quantity(values, unit)


def read_white_light(path: str | os.PathLike) -> TimeSeries:
    """Read the pipeline's white light curve of any version.

    Parameters
    ----------
    path : path-like
        A whtlt.ecsv file; or one that `jdaviz_stage3.analysis.write_light_curve` has written, which
        comes back as it was, see `jdaviz_stage3.readers.written_curves.read_written_curve`.

    Returns
    -------
    astropy.timeseries.TimeSeries
        ``time``: the mid-times, BJD_TDB where the file has them (jwst 1.19 on), else UTC at the
        telescope; ``meta['time_system']`` says which. Where the detectors have times of their own,
        ``time`` is the first one's and the others are in ``time_DETECTOR``; times are masked where
        the shorter detector's columns are padded. ``time_utc``, ``time_utc_DETECTOR``: likewise the
        times at the telescope where ``time`` is BJD_TDB and the file has both. The flux columns are
        named as in jwst 3.0 (``whitelight_flux[_order_N][_DETECTOR]``), each with
        ``info.meta['time']`` naming its time column, and ``info.meta['time_utc']`` that of UTC
        where there is one beside it. Units are the file's; dimensionless before jwst 3.0, which
        wrote none.

    Raises
    ------
    UnreadableProductError
        If the table cannot be parsed, or has no times, no flux or no rows.

    Warns
    -----
    Stage3Warning
        For integrations whose flux is exactly 0: the white_light step gives an integration
        without a finite sample the sum of nothing. They become NaN. For time stamps that are
        missing, repeat or jump back; they are kept as they are. For rows of several curves in one
        column: see `jdaviz_stage3.readers.stacked_curves.unstack_curves`.

    Notes
    -----
    The step sums FLUX over wavelength without looking at DQ and gives no errors. Up to jwst 1.18
    the rows of several orders are stacked without saying which order is which; they become
    ``whitelight_flux_1``, ``_2``, … in the order of the file. So are NIRSpec's two detectors, which
    become ``whitelight_flux_NRS1`` and ``_NRS2``.
    """
    name = Path(path).name
    if is_written_curve(*ecsv_header(path)):
        return read_written_curve(Path(path))
    table = read_ecsv(path)
    times = [c for c in table.colnames if TIME_SCALES.get(_DETECTOR.sub("", c))]
    fluxes = [c for c in table.colnames if c.startswith(_FLUX)]
    if not times or not fluxes or not len(table):
        raise UnreadableProductError(
            f"{name}: no {'times' if not times else _FLUX if not fluxes else 'rows'} in the table "
            f"(found {', '.join(table.colnames)})"
        )
    columns = {c: float_quantity(table[c]) for c in fluxes}
    days = {c: float_quantity(table[c]).value for c in times}
    days = {c: values for c, values in days.items() if np.isfinite(values).any()}
    if not days:
        raise UnreadableProductError(f"{name}: no finite time in {', '.join(times)}")
    system = "BJD_TDB" if any(c.startswith("BJD_TDB") for c in days) else "MJD_UTC"
    if system == "MJD_UTC" and len(columns) == len(days) == 1:
        (flux,), (stamps,) = columns.items(), days.items()
        columns, days = unstack_curves(flux, stamps, table.meta, Path(path))
    series = _series(columns, days, system)
    series.meta.update(table.meta, time_system=system)
    _empty_integrations_to_nan(series, name)
    _warn_of_times(series, name)
    if not any(np.isfinite(series[column]).any() for column in columns):
        warnings.warn(f"{name}: no finite flux", Stage3Warning, stacklevel=2)
    return series


def _series(columns: dict[str, u.Quantity], days: dict[str, np.ndarray], system: str) -> TimeSeries:
    """Put times and fluxes together; the first detector's times have names without it."""
    main = TIME_SYSTEMS[system].scale
    times = {
        (scale := TIME_SCALES[_DETECTOR.sub("", c)], _detector(c)): days_to_time(values, scale)
        for c, values in days.items()
    }
    first = next(detector for scale, detector in times if scale == main)
    series = TimeSeries(time=times.pop((main, first)))
    names = {first: {"time": "time"}}  # detector -> time or time_utc -> column of the series
    for (scale, detector), time in times.items():
        kind = "time" if scale == main else "time_utc"
        name = kind if detector == first else f"{kind}_{detector}"
        series[name] = time
        names.setdefault(detector, {"time": "time"})[kind] = name
    for column, flux in columns.items():
        series[column] = flux
        series[column].info.meta = dict(names.get(_detector(column), names[first]))
    return series


def _detector(column: str) -> str:
    found = _DETECTOR.search(column)
    return found.group(1) if found else ""


def _empty_integrations_to_nan(series: TimeSeries, name: str) -> None:
    for column in series.colnames:
        if not column.startswith(_FLUX):
            continue
        empty = series[column].value == 0
        if empty.any():
            series[column][empty] = np.nan * series[column].unit
            warnings.warn(
                f"{name}: {int(empty.sum())} integration(s) of {column} without a finite sample, "
                "written as 0 by the pipeline; shown as missing",
                Stage3Warning,
                stacklevel=3,
            )


def _warn_of_times(series: TimeSeries, name: str) -> None:
    """Say what is odd about the time stamps, as of those of spectra."""
    of_flux = {
        series[column].info.meta["time"]: column
        for column in series.colnames
        if column.startswith(_FLUX)
    }
    for time, column in of_flux.items():
        stamps = series[time]
        have = np.flatnonzero(np.isfinite(np.ma.filled(stamps.mjd, np.nan)))
        if len(of_flux) > 1 and have.size:
            stamps = stamps[: have[-1] + 1]  # the rest is padding: the other detector has more
        detector = f" {_detector(column)}".rstrip()
        for oddity in inspect_time_stamps(stamps).sentences(gaps=False):
            warnings.warn(
                f"{name}{detector}: {oddity}; the data are kept as they are",
                Stage3Warning,
                stacklevel=3,
            )
