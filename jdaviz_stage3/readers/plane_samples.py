"""A few values of an array that stays in its file, for limits of colours and histograms."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["PlaneSamples"]

_PLANES = 24


class PlaneSamples:
    """Values of some planes all over the first axis of an array; the last ones are kept.

    Parameters
    ----------
    values : object
        Has a ``shape``, and reads what it is indexed with.
    """

    def __init__(self, values: Any):
        self._values = values
        self._kept: tuple[int, np.ndarray] | None = None

    def read(self, count: int) -> np.ndarray:
        """Read about so many values.

        Parameters
        ----------
        count : int

        Returns
        -------
        ndarray, shape (n,)
            The same at each call with the same number.
        """
        if self._kept is None or self._kept[0] != count:
            length = self._values.shape[0]
            places = np.unique(np.linspace(0, length - 1, min(length, _PLANES)).astype(int))
            found = np.concatenate([self._values[int(place)].ravel() for place in places])
            self._kept = (count, found[:: max(1, len(found) // count)].copy())
        return self._kept[1]
