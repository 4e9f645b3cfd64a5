"""Which row of a white light curve (whtlt) belongs to which integration of its trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from astropy.time import Time
from astropy.timeseries import TimeSeries

from ...errors import Stage3Error
from ...readers.time_systems import time_system_of

if TYPE_CHECKING:
    from ...readers.time_series import SpectralTrace

__all__ = ["MatchedRows", "match_rows"]

# Times are the same if they differ by less than this part of an integration, and less than this.
_PART = 0.1
_SECOND = 1 / 86400


@dataclass(frozen=True)
class MatchedRows:
    """A column of a whtlt on the integrations of a trace.

    Parameters
    ----------
    flux : ndarray of float64, shape (n_int,)
        In the unit of the column; NaN where there is no row, or no flux in it.
    found : ndarray of bool, shape (n_int,)
        Whether there is a row.
    repeated : ndarray of bool, shape (n_int,)
        Whether the integration's time stamp is that of an earlier one.
    n_left_over : int
        Rows with a time that is that of no integration.
    in_order, in_file_order : ndarray of float64, shape (n_int,), or None
        As ``flux``, but the rows taken one after the other for the integrations that have one, in
        the order of the trace or of its file; None where that is nothing new.
    """

    flux: np.ndarray
    found: np.ndarray
    repeated: np.ndarray
    n_left_over: int
    in_order: np.ndarray | None
    in_file_order: np.ndarray | None


def match_rows(trace: SpectralTrace, pipeline: TimeSeries, column: str) -> MatchedRows:
    """Find the row of each integration by its time, in the time system of the whtlt.

    Parameters
    ----------
    trace : SpectralTrace
    pipeline : `~astropy.timeseries.TimeSeries`
        As `jdaviz_stage3.readers.light_curve.read_white_light` returns it.
    column : str
        Of the flux.

    Returns
    -------
    MatchedRows

    Raises
    ------
    Stage3Error
        If there is no such column, or the trace has no times of that system.

    Notes
    -----
    A row and an integration are one if their times agree to a tenth of the median time between
    integrations, but no more than a second. Of several integrations with one time stamp, the
    first has the row, unless the whtlt has a row for each integration in the same order.
    """
    if column not in pipeline.colnames:
        raise Stage3Error(
            f"the white light curve has no column {column}; it has {', '.join(pipeline.colnames)}"
        )
    flux = np.ma.filled(np.ma.asarray(getattr(pipeline[column], "value", pipeline[column])), np.nan)
    flux = np.asarray(flux, dtype=np.float64)
    rows = _days(pipeline[(pipeline[column].info.meta or {}).get("time", "time")])
    days = _days(_times_like(trace, pipeline.time))
    steps = np.diff(days)
    steps = steps[steps > 0]
    reach = min(_PART * float(np.median(steps)), _SECOND) if steps.size else _SECOND
    stamps, first = _first_of_each(days)
    repeated = np.isfinite(days)
    repeated[first] = False
    as_in_file = trace.file_order
    shuffled = not np.array_equal(as_in_file, np.arange(days.size))

    if rows.shape == days.shape and np.all(
        (np.abs(rows - days) <= reach) | (np.isnan(rows) & np.isnan(days))
    ):
        other = _in_sequence(flux, rows, days, reach, as_in_file) if shuffled else None
        return MatchedRows(flux, np.isfinite(days), repeated, 0, None, other)
    row, integration = _nearest(rows, stamps, first, reach)
    result = np.full(days.shape, np.nan)
    result[integration] = flux[row]
    found = np.zeros(days.shape, dtype=bool)
    found[integration] = True
    in_order = _in_sequence(flux, rows, days, reach, np.arange(days.size))
    same = np.array_equal(in_order, result, equal_nan=True)
    other = _in_sequence(flux, rows, days, reach, as_in_file) if shuffled else None
    left_over = int(np.isfinite(rows).sum()) - row.size
    return MatchedRows(result, found, repeated, left_over, None if same else in_order, other)


def _first_of_each(days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the different time stamps, ascending, and the first integration that has each."""
    stamps, first = np.unique(days, return_index=True)
    return stamps[np.isfinite(stamps)], first[np.isfinite(stamps)]


def _in_sequence(
    flux: np.ndarray, rows: np.ndarray, days: np.ndarray, reach: float, order: np.ndarray
) -> np.ndarray:
    """Give the rows, one after the other, to the integrations that have one, in this order."""
    stamps, first = _first_of_each(days[order])
    row, place = _nearest(rows, stamps, first, reach)
    result = np.full(days.shape, np.nan)
    result[order[np.sort(place)]] = flux[np.sort(row)]
    return result


def _nearest(
    rows: np.ndarray, stamps: np.ndarray, first: np.ndarray, reach: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of row and integration within reach of each other, each once."""
    if not stamps.size:
        return first, first
    after = np.clip(np.searchsorted(stamps, rows), 0, stamps.size - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(stamps[before] - rows) < np.abs(stamps[after] - rows), before, after)
    row = np.flatnonzero(np.abs(stamps[nearest] - rows) <= reach)
    integration, once = np.unique(first[nearest[row]], return_index=True)
    return row[once], integration


def _times_like(trace: SpectralTrace, time: Time) -> Time:
    """Return the trace's times in the system of these."""
    system = time_system_of(time)
    times = getattr(trace, system.attribute)
    if times is None:
        raise Stage3Error(
            f"{trace.path.name} {trace.label}: no times in {system.name}, the system of the "
            "white light curve; they cannot be matched"
        )
    return times


def _days(time: Time) -> np.ndarray:
    """Return modified Julian dates, NaN where masked."""
    return np.asarray(np.ma.filled(time.mjd, np.nan), dtype=np.float64)
