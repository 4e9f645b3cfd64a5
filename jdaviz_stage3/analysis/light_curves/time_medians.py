"""Medians over time of the channels of a time series."""

from __future__ import annotations

import bottleneck
import numpy as np

from ...readers.in_threads import in_threads

__all__ = ["time_median"]

# Samples that are worked on together: those of 64 channels and 1000 integrations stay in the
# processor's cache.
_AT_ONCE = 2**16


def time_median(
    values: np.ndarray,
    usable: np.ndarray,
    level: np.ndarray | None = None,
    channels: np.ndarray | None = None,
) -> np.ndarray:
    """Return the median over time of the usable samples of each channel.

    Parameters
    ----------
    values : ndarray of float64, shape (n_int, n_wave)
    usable : ndarray of bool, same shape
    level : ndarray of float64, shape (n_int,), optional
        What to divide each integration by; those where it is NaN do not count.
    channels : ndarray of int, shape (n,), optional
        Which channels, ascending; all by default.

    Returns
    -------
    ndarray of float64, shape (n,)
        The mean of the middle two where their number is even, as in `numpy.nanmedian`; NaN where
        there is none.
    """
    which = np.arange(values.shape[1]) if channels is None else channels
    factor = None if level is None else 1 / level
    n_int, median = len(values), np.empty(len(which))
    at_once = min(64, max(8, _AT_ONCE // max(n_int, 1)))
    starts = range(0, len(which), at_once)

    def find(start: int) -> None:
        part = which[start : start + at_once]
        series = _series(values, usable, factor, part)
        median[start : start + at_once] = bottleneck.nanmedian(series, axis=1)

    in_threads(find, starts, n_int * len(which))
    return median


def _series(
    values: np.ndarray, usable: np.ndarray, factor: np.ndarray | None, channels: np.ndarray
) -> np.ndarray:
    """Return channels as rows, NaN where not usable, divided by the level; a new array."""
    first, last = int(channels[0]), int(channels[-1]) + 1
    if last - first == len(channels):
        part: slice | np.ndarray = slice(first, last)
    else:
        part = channels
    there = usable[:, part]
    if values.flags.c_contiguous and len(values) > 1:
        # Rows a power of two apart share few lines of the processor's cache: transposing by way
        # of a copy whose rows are not is four times as fast.
        rows = np.empty((len(values), len(channels) + 8))[:, : len(channels)]
        if factor is None:
            rows[:] = values[:, part]
        else:
            np.multiply(values[:, part], factor[:, None], out=rows)
        np.copyto(rows, np.nan, where=~there)
        return np.ascontiguousarray(rows.T)
    series = np.array(values[:, part].T, order="C", copy=True)
    if factor is not None:
        series *= factor
    np.copyto(series, np.nan, where=~there.T)
    return series
