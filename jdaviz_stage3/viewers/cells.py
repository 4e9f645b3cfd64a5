"""Where on an axis each sample of an uneven, gappy or descending grid is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter

__all__ = ["Cells"]

# A step longer than this many typical steps is a gap: a missing integration or channel makes it
# 2, and grids whose step changes smoothly (prisms) stay far below.
_GAP = 1.5
_NEIGHBOURS = 9  # steps whose median is the typical one


@dataclass(frozen=True)
class Cells:
    """The stretch of an axis that each sample covers, gaps left out.

    Attributes
    ----------
    sample : ndarray of int, shape (n,)
        Index of the sample of each cell; cells are in ascending order of position.
    low, high : ndarray of float, shape (n,)
        Where each cell begins and ends.
    """

    sample: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def around(cls, centres: np.ndarray) -> Cells:
        """Lay cells around the positions of samples.

        Neighbours meet half-way; next to a gap, longer than 1.5 times the steps around it, a cell
        ends half a typical step from its centre.

        Parameters
        ----------
        centres : ndarray, shape (n,)
            In any order; samples at NaN get no cell.

        Returns
        -------
        Cells
        """
        centres = np.asarray(centres, dtype=float)
        sample = np.argsort(centres, kind="stable")
        sample = sample[np.isfinite(centres[sample])]
        middle = centres[sample]
        if middle.size < 2:
            return cls(sample, middle - 0.5, middle + 0.5)
        steps = np.diff(middle)
        typical = median_filter(steps, min(_NEIGHBOURS, steps.size), mode="nearest")
        half = np.where(steps > _GAP * typical, typical, steps) / 2
        # where most steps around are nothing (equal positions), nothing is typical
        half = np.where(typical > 0, half, steps / 2)
        return cls(sample, middle - np.append(half[0], half), middle + np.append(half, half[-1]))

    @property
    def limits(self) -> tuple[float, float]:
        """Where the first cell begins and the last one ends; NaN if there is none."""
        if not self.sample.size:
            return np.nan, np.nan
        return float(self.low[0]), float(self.high[-1])

    def at(self, positions: np.ndarray) -> np.ndarray:
        """Return the sample whose cell is at each position.

        Parameters
        ----------
        positions : ndarray

        Returns
        -------
        ndarray of int
            Same shape; -1 in gaps and beyond the ends.
        """
        if not self.sample.size:
            return np.full(np.shape(positions), -1)
        cell = np.clip(np.searchsorted(self.low, positions, side="right") - 1, 0, None)
        inside = (positions >= self.low[cell]) & (positions <= self.high[cell])
        return np.where(inside, self.sample[cell], -1)
