"""Time stamps, some of which may be missing."""

from __future__ import annotations

import numpy as np
from astropy.time import Time

__all__ = ["days_to_time"]


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
