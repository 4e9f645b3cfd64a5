"""Linear interpolation that carries errors, for two grids that are not the same."""

from __future__ import annotations

from itertools import product

import numpy as np

__all__ = ["interpolate"]


def interpolate(
    values: np.ndarray, errors: np.ndarray | None, *places: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """Interpolate linearly along each axis.

    Parameters
    ----------
    values : ndarray of float, any number of axes
        NaN where there is no usable sample.
    errors : ndarray of float, same shape, or None
        Standard deviations.
    *places : ndarray of float
        For each axis where to: 0 is the middle of the first sample. All of one shape.

    Returns
    -------
    values : ndarray of float, shape of a place
        NaN outside of the middles of the outermost samples, and where a sample that counts is NaN.
    errors : ndarray of float, same shape, or None
        The square root of the sum of squared weights times variances: of samples whose noise is
        independent. Neighbours that were interpolated from the same samples are correlated.
    """
    lower, upper, inside = [], [], np.ones(places[0].shape, bool)
    for place, size in zip(places, values.shape, strict=True):
        with np.errstate(invalid="ignore"):
            within = (place >= 0) & (place <= size - 1)
        inside &= within
        start = np.clip(np.floor(np.where(within, place, 0)), 0, max(size - 2, 0)).astype(int)
        part = np.where(within, place, 0) - start
        lower.append((start, 1 - part))
        upper.append((np.minimum(start + 1, size - 1), part))
    total = np.zeros(places[0].shape)
    variance = None if errors is None else np.zeros(places[0].shape)
    for corner in product(*zip(lower, upper, strict=True)):
        index = tuple(number for number, _ in corner)
        weight = np.prod([part for _, part in corner], axis=0)
        counts = weight > 0  # so that a neighbour that does not count may be NaN
        total += np.where(counts, weight * values[index], 0)
        if variance is not None and errors is not None:
            variance += np.where(counts, (weight * errors[index]) ** 2, 0)
    total[~inside] = np.nan
    if variance is None:
        return total, None
    variance[~inside] = np.nan
    return total, np.sqrt(variance)
