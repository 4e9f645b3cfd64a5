"""Time stamps, some of which may be missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.time import Time

from .extensions import native, open_product

__all__ = ["days_between", "days_to_time", "int_times_of", "time_oddities"]


def days_to_time(days: np.ndarray, scale: str) -> Time:
    """Turn modified Julian dates into times.

    Parameters
    ----------
    days : ndarray of float
        NaN where there is no time stamp.
    scale : str
        ``'tdb'`` or ``'utc'``.

    Returns
    -------
    astropy.time.Time
        Masked where there is no time stamp, for astropy refuses NaN; not masked if all are there.
    """
    missing = ~np.isfinite(days)
    values = np.ma.masked_array(days, missing) if missing.any() else days
    return Time(values, format="mjd", scale=scale)


def days_between(zero: Time, time: Time) -> np.ndarray:
    """Return the days from a time to others; microseconds survive, as in one float they do not.

    Parameters
    ----------
    zero : Time
        Of the same scale.
    time : Time

    Returns
    -------
    ndarray of float
        NaN where there is no time stamp.
    """
    jd1, jd2 = (np.ma.filled(part, np.nan) for part in (time.jd1, time.jd2))
    return (jd1 - zero.jd1) + (jd2 - zero.jd2)


def int_times_of(path: Path, column: str, int_num: np.ndarray) -> np.ndarray | None:
    """Look up integrations in INT_TIMES, for files whose spectral tables have no times.

    Parameters
    ----------
    path : path
    column : str
        For example ``'int_mid_BJD_TDB'``.
    int_num : ndarray of int, shape (n_int,)

    Returns
    -------
    ndarray of float, shape (n_int,), or None
        Days, NaN for a number that is not in the table; None without the table or the column, or
        where numbers repeat: which of the integrations of one number a time is of, nothing says.
    """
    with open_product(path) as hdus:
        if "INT_TIMES" not in hdus or column not in hdus["INT_TIMES"].columns.names:
            return None
        table = hdus["INT_TIMES"].data
        number = np.array(table["integration_number"], dtype=int)
        days = native(table[column], float)
    if np.unique(int_num).size < int_num.size:
        return None
    by_number = dict(zip(number.tolist(), days.tolist(), strict=True))
    return np.array([by_number.get(int(n), np.nan) for n in int_num])


def time_oddities(time: Time | None) -> list[str]:
    """Say what is odd about time stamps.

    Parameters
    ----------
    time : Time, shape (n_int,), or None

    Returns
    -------
    list of str
        One sentence for each oddity: missing or repeated time stamps, times that jump back.
    """
    if time is None:
        return ["no time stamps"]
    days = np.ma.filled(time.mjd, np.nan)
    steps = np.diff(days)
    found = []
    if missing := int(np.sum(np.isnan(days))):
        found.append(f"{missing} integration{'s' if missing > 1 else ''} without a time stamp")
    if repeated := int(np.sum(steps == 0)):
        found.append(f"{repeated} repeated time stamp{'s' if repeated > 1 else ''}")
    if back := int(np.sum(steps < 0)):
        found.append(f"times jump back {back} time{'s' if back > 1 else ''}")
    return found
