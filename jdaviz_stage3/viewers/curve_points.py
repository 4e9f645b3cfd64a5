"""The points of a light curve on the axes of a figure, and their error bars."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

__all__ = ["MOST_ERROR_BARS", "CurvePoints", "span_of"]

#: Lowest and highest x, lowest and highest y.
Extent = tuple[float, float, float, float]
#: Error bars of more points than this are a solid block, and slow to draw: there are none.
MOST_ERROR_BARS = 10_000


@dataclass(frozen=True)
class CurvePoints:
    """Points of a light curve.

    Attributes
    ----------
    x, y : ndarray
        Float64 (n,), on the axes of the figure, NaN where missing.
    error : ndarray or None
        Float64 (n,), half the length of the error bars, in the unit of ``y``.
    flagged : ndarray or None
        Bool (n,), true for points flagged as outliers; None where none is.
    """

    x: np.ndarray
    y: np.ndarray
    error: np.ndarray | None = None
    flagged: np.ndarray | None = None

    @property
    def drawn(self) -> np.ndarray:
        """Bool (n,), true where there is a point to draw."""
        return np.isfinite(self.x) & np.isfinite(self.y)

    @property
    def outliers(self) -> np.ndarray:
        """Bool (n,), true where there is a point to draw that is flagged."""
        return self.drawn & (False if self.flagged is None else self.flagged)

    @property
    def good(self) -> np.ndarray:
        """Bool (n,), true where there is a point to draw that is not flagged."""
        return self.drawn & ~self.outliers

    @property
    def bars(self) -> np.ndarray:
        """Float64 (n,), half the length of the error bar that is drawn; 0 where there is none."""
        if self.error is None or len(self.x) > MOST_ERROR_BARS:
            return np.zeros(len(self.x))
        return np.where(np.isfinite(self.error) & (self.error > 0), self.error, 0.0)

    def error_bars(self, rows: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Make the polyline of error bars, with gaps between them.

        Parameters
        ----------
        rows : ndarray of bool, shape (n,), optional
            Of which points; by default of all.

        Returns
        -------
        x, y : ndarray
            Float64: foot and head of each bar, then NaN in ``y``; no NaN after the last, which
            bqplot complains about. Empty if there are no bars.
        """
        half = self.bars
        there = self.drawn & (half > 0) & (True if rows is None else rows)
        x, y, half = self.x[there], self.y[there], half[there]
        bars = np.column_stack([y - half, y + half, np.full(len(y), np.nan)])
        return np.repeat(x, 3)[:-1], bars.ravel()[:-1]

    def extent(self, rows: np.ndarray) -> Extent | None:
        """Return what points and their error bars span.

        Parameters
        ----------
        rows : ndarray of bool, shape (n,)
            Which points, all of them drawn.

        Returns
        -------
        tuple of float, or None
            Lowest and highest x, lowest and highest y; None without a point.
        """
        if not rows.any():
            return None
        x, y, half = self.x[rows], self.y[rows], self.bars[rows]
        return float(x.min()), float(x.max()), float((y - half).min()), float((y + half).max())


def span_of(extents: Iterable[Extent | None]) -> Extent | None:
    """Return what extents span together; None without any."""
    found = np.array([extent for extent in extents if extent is not None])
    if not found.size:
        return None
    low, high = found.min(axis=0), found.max(axis=0)
    return float(low[0]), float(high[1]), float(low[2]), float(high[3])
