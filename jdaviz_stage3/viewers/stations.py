"""Which stations the points of observables are of."""

from __future__ import annotations

import numpy as np
from glue.core import Data

__all__ = ["stations_by_row", "stations_of"]


def stations_by_row(data: Data) -> tuple[list[str], np.ndarray] | None:
    """Return the stations that there are, and which of them each row is of.

    Parameters
    ----------
    data : glue Data
        Of a table of points of observables.

    Returns
    -------
    names : list of str
        ``'A1-A2'``.
    numbers : ndarray of int, shape (n_rows,)
        Place in ``names`` of each row.
        None where the data have no stations.
    """
    names = {component.label for component in data.components}
    if "stations" in names:
        labels = np.asarray(data.get_component(data.id["stations"]).labels)
        found, numbers = np.unique(labels, return_inverse=True)
        return [str(name) for name in found], numbers
    if "row" in names and "stations" in data.meta:
        return list(data.meta["stations"]), np.asarray(data[data.id["row"]], int)
    return None


def stations_of(data: Data, row: int) -> str:
    """Return the stations of a point.

    Parameters
    ----------
    data : glue Data
    row : int

    Returns
    -------
    str
        ``'A1-A2'``; empty where the data have none.
    """
    found = stations_by_row(data)
    return "" if found is None else found[0][int(found[1][row])]
