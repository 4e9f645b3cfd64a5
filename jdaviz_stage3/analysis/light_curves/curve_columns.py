"""Columns of light curves, which have one value or one a band for each integration."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.timeseries import TimeSeries

from ...errors import Stage3Error

__all__ = ["column_of_band"]


def column_of_band(curve: TimeSeries, name: str, band: int | None) -> Any:
    """Return a column of a light curve, that of one band where it has several.

    Parameters
    ----------
    curve : `~astropy.timeseries.TimeSeries`
    name : str
    band : int or None
        Counted from 0 (from -1 backwards); of no consequence for a column of one dimension.

    Returns
    -------
    Column or Quantity, shape (n_int,)

    Raises
    ------
    Stage3Error
        If there is no such column, or it has several bands and ``band`` is none of them.
    """
    if name not in curve.colnames:
        raise Stage3Error(
            f"the light curve has no column {name}; it has {', '.join(curve.colnames)}"
        )
    column = curve[name]
    if column.ndim == 1:
        return column
    n_bands = column.shape[1]
    if not isinstance(band, (int, np.integer)) or not -n_bands <= band < n_bands:
        raise Stage3Error(
            f"the light curve has {n_bands} bands and band is {band!r}; choose one from 0 to "
            f"{n_bands - 1}"
        )
    return column[:, band]
