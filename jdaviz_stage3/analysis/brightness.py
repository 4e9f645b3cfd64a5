"""How bright the star is in each integration of a spectral time series."""

from __future__ import annotations

import numpy as np

__all__ = ["brightness"]

# Parts of the spectrum that are asked.
_PARTS = 32


def brightness(flux: np.ndarray, usual: np.ndarray, missing_at: np.ndarray) -> np.ndarray | None:
    """Return how bright each integration is, against the others.

    Each part of the spectrum says how bright its usable samples are, against what these have on
    average; of the parts, the median by flux is taken, so that no hot pixel decides.

    Parameters
    ----------
    flux : ndarray of float64, shape (n_int, n_wave)
        0 where it is not usable.
    usual : ndarray of float64, shape (n_wave,)
        What each channel has on average, 0 for those that are left out.
    missing_at : ndarray of int
        Where samples are missing in channels that are not, in the flattened array.

    Returns
    -------
    ndarray of float64, shape (n_int,), or None
        1 in the median, 0 where too little is left to say; None for noise about 0.
    """
    n_int, n_wave = flux.shape
    starts = np.arange(0, n_wave, max(1, n_wave // _PARTS))
    of_part = np.add.reduceat(usual, starts)
    if of_part.sum() <= 0:
        return None
    row, channel = np.divmod(missing_at, n_wave)
    part = row * len(starts) + np.searchsorted(starts, channel, side="right") - 1
    gone = np.bincount(part, usual[channel], minlength=n_int * len(starts))
    left = of_part - gone.reshape(n_int, -1)
    told = (of_part > 0) & (left > of_part / 2)
    level = np.add.reduceat(flux, starts, axis=1) / np.where(told, left, 1)
    level = _weighted_median(np.where(told, level, np.inf), np.where(told, of_part, 0.0))
    middle = np.median(level[level > 0]) if (level > 0).any() else 0.0
    return level / middle if middle > 0 else None


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted median of each row; 0 where all weights are 0."""
    order = np.argsort(values, axis=1)
    running = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    which = np.argmax(running >= running[:, -1:] / 2, axis=1)
    found = np.take_along_axis(values, order, axis=1)[np.arange(len(values)), which]
    return np.where(running[:, -1] > 0, found, 0.0)
