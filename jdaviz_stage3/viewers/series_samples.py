"""Integrations of a dynamic spectrum that stand for all of them, where these are many."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..readers.stored_series import StoredSeries, spread_over

__all__ = ["average_in_words", "integrations_for_average", "some_integrations"]


def average_in_words(data: Any, attribute: Any, name: str, among: np.ndarray | None = None) -> str:
    """Say of how many integrations an average over time is, where it is not of all.

    Parameters
    ----------
    data : glue data, shape (n_int, n_wave)
    attribute : glue component ID
    name : str
        Of the average.
    among : ndarray of bool, shape (n_int,), optional
        The integrations to choose from; all by default.

    Returns
    -------
    str
    """
    series = _series(data, attribute)
    return name if series is None else series.average_in_words(name, among)


def some_integrations(data: Any, attribute: Any, count: int) -> np.ndarray:
    """Return so many integrations, spread evenly over all.

    Parameters
    ----------
    data : glue data, shape (n_int, n_wave)
    attribute : glue component ID
    count : int

    Returns
    -------
    ndarray, shape (n, n_wave)
        All of them where there are no more.
    """
    series = _series(data, attribute)
    if series is not None:
        return series.some(count)
    return np.asarray(data[attribute])[spread_over(data.shape[0], count)]


def integrations_for_average(
    data: Any, attribute: Any, among: np.ndarray | None = None
) -> np.ndarray:
    """Return the integrations that an average over time is taken of.

    Parameters
    ----------
    data : glue data, shape (n_int, n_wave)
    attribute : glue component ID
    among : ndarray of bool, shape (n_int,), optional
        Those to choose from; all by default.

    Returns
    -------
    ndarray of float, shape (n, n_wave)
        Of a series that is read from its file, so many as are enough.
    """
    series = _series(data, attribute)
    if series is not None:
        return series.for_average(among)
    flux = np.asarray(data[attribute], dtype=float)
    return flux if among is None else flux[among]


def _series(data: Any, attribute: Any) -> StoredSeries | None:
    values = data.get_component(attribute).data
    return values if isinstance(values, StoredSeries) else None
