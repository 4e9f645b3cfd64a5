"""Of many points those that can be told apart on the screen."""

from __future__ import annotations

import numpy as np

__all__ = ["MOST_POINTS", "seen_points"]

#: With more points than this, those are drawn that can be told apart.
MOST_POINTS = 10_000
_CELLS = (1000, 500)  # of the screen, across and up: as many places as points can be seen at


def seen_points(
    x: np.ndarray, y: np.ndarray, rows: np.ndarray, limits: tuple[float, float, float, float]
) -> np.ndarray:
    """Return which points are in view, one for each place on the screen.

    Parameters
    ----------
    x, y : ndarray of float, shape (n,)
    rows : ndarray of bool, shape (n,)
        Which of them may be drawn.
    limits : tuple of float
        x_min, x_max, y_min and y_max of the view, the first of a pair may be the larger one.

    Returns
    -------
    ndarray of int, shape (m,)
        In their order; m is no larger than the number of places that points lie at.
    """
    across, up = _CELLS
    x_low, x_high, y_low, y_high = limits
    with np.errstate(invalid="ignore"):  # of infinite values
        column = np.floor((x - x_low) / ((x_high - x_low) or 1.0) * across)
        row = np.floor((y - y_low) / ((y_high - y_low) or 1.0) * up)
    inside = rows & (column >= 0) & (column <= across) & (row >= 0) & (row <= up)
    [numbers] = np.nonzero(inside)
    place = (row[numbers] * (across + 1) + column[numbers]).astype(np.intp)
    last = np.full((across + 1) * (up + 1), -1, np.intp)
    last[place] = numbers
    return np.sort(last[last >= 0])
