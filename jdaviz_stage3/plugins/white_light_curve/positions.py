"""Where light curves lie on the axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from astropy.time import Time
from astropy.timeseries import TimeSeries

from ...errors import Stage3Error

__all__ = ["model_level", "separation", "whole_day"]

_SEPARATION = 1.25  # of the widest band's range, between the curves of neighbouring bands


def separation(flux: np.ndarray, outlier: np.ndarray) -> float:
    """How far to draw the curves of neighbouring bands apart."""
    kept = np.where(outlier, np.nan, flux)
    ranges = [np.ptp(band[np.isfinite(band)]) for band in kept.T if np.isfinite(band).any()]
    return _SEPARATION * max(ranges, default=0.0)


def model_level(curve: TimeSeries, model: np.ndarray) -> float:
    """What a model that is 1 out of transit is multiplied with to lie on the curve."""
    ratio = curve["flux"].value / model
    return float(np.nanmedian(ratio[~np.asarray(curve["outlier"])]))


def whole_day(times: Sequence[Time]) -> Time:
    """Return the whole Julian day before the first of all time stamps.

    Raises
    ------
    Stage3Error
        If there is none.
    """
    days = np.concatenate([np.ma.filled(time.jd, np.nan) for time in times])
    if not np.isfinite(days).any():
        raise Stage3Error("no integration has a time stamp: there is no time axis to draw on")
    return Time(np.floor(np.nanmin(days)), format="jd", scale=times[0].scale)
